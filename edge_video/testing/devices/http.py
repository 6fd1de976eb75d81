"""Implements an HTTP camera: any status, any head, any multipart body, at any pace."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Final

from edge_video.testing.devices.authentication import CODEC
from edge_video.testing.devices.device import Device
from edge_video.testing.devices.pacing import even
from edge_video.testing.devices.requests import RequestReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from edge_video.testing.devices.authentication import Authentication
    from edge_video.testing.devices.loopback import Connection
    from edge_video.testing.devices.requests import Request

    Part = Callable[[int, bytes], bytes]
    Answer = Callable[[Request], bytes | Iterable[bytes] | None]

MULTIPART: Final = "multipart/x-mixed-replace; boundary=frame"


def usual_part(_: int, image: bytes) -> bytes:
    """A part as most cameras send it, for `boundary=frame`."""
    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(image)}\r\n\r\n"
    return head.encode() + image + b"\r\n"


def http_head(status: str = "200 OK", **headers: str) -> bytes:
    """A status line and headers; `_` in a header's name stands for a hyphen."""
    lines = [f"HTTP/1.1 {status}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def http_answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer with its length."""
    return http_head(status, **headers, Content_Length=str(len(body))) + body


class HttpDevice(Device):
    """Sends motion JPEG to every client that asks, whatever the path.

    Args:
        images: the pictures; they begin again after the last (`jpegs` makes some).
        part: picture number and image → the bytes that are sent for it.
        content_type: of the answer; None leaves the header out.
        head: status line and headers up to the blank line, in place of the usual ones.
        prefix: sent once, before the first part.
        chunked: the body in chunks, one per part.
        fps: pictures a second, for the default of `due`.
        due: when picture i leaves, in seconds since the request (`pacing` has some).
        pictures: the answer ends after so many; None: never.
        session_s: the answer ends before the picture that is due so late, in seconds; None: never.
        closes: whether an answer that ended closes the connection.
        answer: is given each request first; bytes, or an iterable of them, that it returns are the
            answer, and the connection stays open for the next request; None is as usual. It may
            raise `HangUp`.
        authentication: asked for first.
        port: to listen on; 0: any.
        path: of the URL.
    """

    scheme = "http"

    def __init__(
        self,
        images: Sequence[bytes],
        *,
        part: Part = usual_part,
        content_type: str | None = MULTIPART,
        head: bytes | None = None,
        prefix: bytes = b"",
        chunked: bool = False,
        fps: float = 10,
        due: Callable[[int], float] | None = None,
        pictures: int | None = None,
        session_s: float | None = None,
        closes: bool = True,
        answer: Answer | None = None,
        authentication: Authentication | None = None,
        port: int = 0,
        path: str = "/video",
    ) -> None:
        super().__init__(port=port, path=path)
        self.images = list(images)
        self.part = part
        self.prefix = prefix
        self.chunked = chunked
        self.due = due or even(fps)
        self.pictures = pictures
        self.session_s = session_s
        self.closes = closes
        self.answer = answer
        self.authentication = authentication
        self.head = head if head is not None else self._usual_head(content_type)

    def serve(self, connection: Connection) -> None:
        """Answer requests, one after the other."""
        requests = RequestReader(connection)
        while (request := requests.read()) is not None:
            self._remember(request)
            if self._answer(connection, request) and self.closes:
                return

    def _answer(self, connection: Connection, request: Request) -> bool:
        """Answer one request; whether it was with pictures."""
        own = self.answer(request) if self.answer else None
        if own is not None:
            for each in [own] if isinstance(own, bytes) else own:
                connection.send(each)
        elif self._is_let_in(request):
            self.show(connection, request)
            return True
        else:
            assert self.authentication is not None
            asked = "".join(
                f"WWW-Authenticate: {each}\r\n" for each in self.authentication.challenges()
            )
            connection.send(
                f"HTTP/1.1 401 Unauthorized\r\n{asked}Content-Length: 0\r\n\r\n".encode(*CODEC)
            )
        return False

    def _is_let_in(self, request: Request) -> bool:
        asks = self.authentication
        sent = request.headers.get("authorization", "")
        return asks is None or asks.accepts(request.method, sent)

    def show(self, connection: Connection, request: Request) -> None:
        """Send pictures for a request."""
        del request
        self._count_session()
        connection.send(self.head)
        self._send(connection, self.prefix)
        began = time.monotonic()
        for number in itertools.count():
            due = self.due(number)
            if number == self.pictures or (self.session_s is not None and due >= self.session_s):
                break
            wait = began + due - time.monotonic()
            if wait > 0:
                connection.sleep(wait)
            self._send(connection, self.part(number, self.images[number % len(self.images)]))
        if self.chunked:
            connection.send(b"0\r\n\r\n")

    def _send(self, connection: Connection, raw: bytes) -> None:
        if raw:
            connection.send(b"%x\r\n%s\r\n" % (len(raw), raw) if self.chunked else raw)

    def _usual_head(self, content_type: str | None) -> bytes:
        headers = {"Content_Type": content_type} if content_type is not None else {}
        if self.chunked:
            headers["Transfer_Encoding"] = "chunked"
        return http_head(**headers)
