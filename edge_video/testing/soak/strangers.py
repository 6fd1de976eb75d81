"""Crowds the soak's HTTP port with strangers, and asks for its health all the while.

    python -m edge_video.testing.soak.strangers 127.0.0.1 8080

They come in turns, without a token: a flood of connections that say nothing, requests whose bodies
never come, viewers of the updates who read or do not, clients that hang up in mid-request. A line
of JSON a second says how the probes fared. It ends when it is killed.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import signal
import socket
import sys
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_ASKED_EVERY_S: Final = 0.5
_PROBE_S: Final = 10.0
_TURN_S: Final = 4.0


class Probes:
    """Asks for `/health`; every answer counts, also one that says no."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self.asked = 0
        self.unanswered = 0
        self.slowest_s = 0.0

    def run(self) -> None:
        """For ever; a thread of its own."""
        while True:
            began_s = time.monotonic()
            answered = self._ask()
            self.asked += 1
            self.unanswered += not answered
            self.slowest_s = max(self.slowest_s, time.monotonic() - began_s)
            time.sleep(_ASKED_EVERY_S)

    def _ask(self) -> bool:
        try:
            with socket.create_connection(self._address, _PROBE_S) as connection:
                connection.sendall(_request(self._address, "GET /health"))
                return connection.recv(64).startswith(b"HTTP/1.1 ")
        except OSError:
            return False


def _request(address: tuple[str, int], line: str, *headers: str) -> bytes:
    host = f"Host: {address[0]}:{address[1]}"
    return "\r\n".join([f"{line} HTTP/1.1", host, *headers, "", ""]).encode()


def _crowd(
    address: tuple[str, int], clients: int, request: bytes, stay: ExitStack
) -> list[socket.socket]:
    found = []
    for _ in range(clients):
        connection = stay.enter_context(socket.socket())
        connection.settimeout(2)
        with contextlib.suppress(OSError):
            connection.connect(address)
            connection.sendall(request)
        found.append(connection)
    return found


def _silent(address: tuple[str, int]) -> None:
    with ExitStack() as stay:
        _crowd(address, 400, b"", stay)
        time.sleep(_TURN_S)


def _bodies_that_never_come(address: tuple[str, int]) -> None:
    with ExitStack() as stay:
        _crowd(address, 300, _request(address, "POST /api/session", "Content-Length: 99"), stay)
        time.sleep(_TURN_S)


def _viewers(address: tuple[str, int]) -> None:
    with ExitStack() as stay:
        viewers = _crowd(address, 40, _request(address, "GET /api/updates"), stay)
        ends_s = time.monotonic() + _TURN_S
        while time.monotonic() < ends_s:
            for viewer in viewers[::2]:  # the others never read
                viewer.setblocking(False)
                with contextlib.suppress(OSError):
                    viewer.recv(65_536)
            time.sleep(0.5)


def _hang_up(address: tuple[str, int]) -> None:
    for _ in range(100):
        with ExitStack() as stay:
            _crowd(address, 1, _request(address, "POST /api/session", "Content-Length: 9"), stay)
        time.sleep(0.02)


TURNS: Final[tuple[Callable[[tuple[str, int]], None], ...]] = (
    _silent,
    _bodies_that_never_come,
    _viewers,
    _hang_up,
)


def main(host: str, port: int) -> None:
    """See the module."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the soak ends it
    address = (host, port)
    probes = Probes(address)
    threading.Thread(target=probes.run, daemon=True).start()

    def report() -> None:
        while True:
            time.sleep(1)
            figures = (probes.asked, probes.unanswered, round(probes.slowest_s, 3))
            print(json.dumps(dict(zip(NAMES, figures, strict=True))), flush=True)

    threading.Thread(target=report, daemon=True).start()
    for turn in itertools.cycle(TURNS):
        turn(address)
        time.sleep(1)


NAMES: Final = ("asked", "unanswered", "slowest_s")

if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
