"""Servers that answer whatever a test wants, and remember what they were asked."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE_S: Final = 10.0


class HostileServer:
    """A TCP server on the loopback: each request up to its blank line gets `answer(request)`.

    Use it as a context manager. An answer of None ends the connection.
    """

    def __init__(self, answer: Callable[[str], bytes | None]) -> None:
        self._answer = answer
        self.requests: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._connections: list[socket.socket] = []

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        # Closing alone would not wake a thread that waits in accept or recv.
        for each in (self._listener, *self._connections):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(_PATIENCE_S)
        self._listener.close()
        for thread in self._threads[1:]:
            thread.join(_PATIENCE_S)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            pending = b""
            while chunk := connection.recv(65536):
                pending += chunk
                while b"\r\n\r\n" in pending:
                    head, _, pending = pending.partition(b"\r\n\r\n")
                    request = head.decode("latin-1")
                    self.requests.append(request)
                    answer = self._answer(request)
                    if answer is None:
                        return
                    connection.sendall(answer)


def http_reply(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole HTTP/1.1 reply; `_` in a header's name stands for a hyphen."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def http_pages(pages: dict[str, bytes]) -> Callable[[str], bytes | None]:
    """Answers with the reply that stands under the path; else 404."""

    def answer(request: str) -> bytes | None:
        path = request.split(" ", 2)[1]
        return pages.get(path, http_reply(status="404 Not Found"))

    return answer


def rtsp_reply(request: str, body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole RTSP reply with the request's own sequence number."""
    number = next(
        (line for line in request.split("\r\n") if line.lower().startswith("cseq:")), "CSeq: 1"
    )
    lines = [f"RTSP/1.0 {status}", number, f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
