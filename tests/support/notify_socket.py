"""A service manager's end of `$NOTIFY_SOCKET`: a real datagram socket."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable


class NotifySocket:
    """Receives what a program notifies; `@` in front of an address makes it abstract."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.heard: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def read(self) -> list[str]:
        """Everything that has come since the last look; nobody is waited for."""
        new = []
        self.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                new.append(self.socket.recv(65536).decode())
        self.heard += new
        return new

    def wait_for(self, wanted: Callable[[str], bool], timeout_s: float = 30.0) -> str:
        """The first notification of this kind among all that came, or the next one to come."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            found = next((each for each in self.heard if wanted(each)), None)
            if found is not None:
                return found
            self.socket.settimeout(max(0.001, deadline_s - time.monotonic()))
            try:
                self.heard.append(self.socket.recv(65536).decode())
            except TimeoutError:
                raise AssertionError(f"not heard among {self.heard}") from None
