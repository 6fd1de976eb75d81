"""Brokers that are scripted: each greets, and answers a method by what stands in a table."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Any, Final

from pika import frame, spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONFIRMS: Final = {"capabilities": {"publisher_confirms": True, "basic.nack": True}}

ANSWERS: Final[dict[type, Any]] = {
    spec.Connection.StartOk: spec.Connection.Tune(10, 131_072, 0),
    spec.Connection.Open: spec.Connection.OpenOk(),
    spec.Channel.Open: spec.Channel.OpenOk(),
    spec.Confirm.Select: spec.Confirm.SelectOk(),
    spec.Channel.Close: spec.Channel.CloseOk(),
    spec.Connection.Close: spec.Connection.CloseOk(),
}
"""What a broker answers that is content with everything it is asked before an exchange."""


def start(server_properties: dict[str, Any]) -> Any:
    return spec.Connection.Start(0, 9, server_properties, "PLAIN", "en_US")


HANGS_UP: Final = "hangs up"
"""In an answer's place: the connection ends."""


@contextlib.contextmanager
def broker(greeting: Any, answers: Mapping[type, Any], *, asked: int = 1) -> Iterator[int]:
    """A broker that greets so many clients, and answers each method by its type; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(asked):
                with contextlib.suppress(OSError), server.accept()[0] as connection:
                    _answer(connection, greeting, answers)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
    thread.join(5)


def _answer(connection: socket.socket, greeting: Any, answers: Mapping[type, Any]) -> None:
    received = connection.recv(8)
    connection.sendall(frame.Method(0, greeting).marshal())
    received = b""
    while more := connection.recv(65_536):
        received += more
        used, method = frame.decode_frame(received)
        while used:
            received = received[used:]
            answer = answers.get(type(getattr(method, "method", None)))
            if answer is HANGS_UP:
                return
            if answer is not None:
                of_all = isinstance(answer, spec.Connection.Close)
                channel = 0 if of_all else method.channel_number
                connection.sendall(frame.Method(channel, answer).marshal())
            used, method = frame.decode_frame(received)
