"""Implements an HTTP camera that shows one picture for each request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.testing.devices.http import HttpDevice, http_answer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from edge_video.testing.devices.authentication import Authentication
    from edge_video.testing.devices.http import Answer
    from edge_video.testing.devices.loopback import Connection
    from edge_video.testing.devices.requests import Request

    Picture = Callable[[int, Request], bytes]
    """Number of the picture, and the request → the whole answer."""


class SnapshotDevice(HttpDevice):
    """Answers each request with the next picture, whatever the path.

    Args:
        images: the pictures; they begin again after the last.
        picture: makes the answer in place of the usual one.
        answer: as `HttpDevice`'s, which is given each request first.
        authentication: asked for first.
        closes: whether the connection ends after each picture.
        tls: speaks TLS with it; None: in the clear.
        port: to listen on; 0: any.
        path: of the URL.

    Attributes:
        connections: how many there were so far.
    """

    def __init__(
        self,
        images: Sequence[bytes],
        *,
        picture: Picture | None = None,
        answer: Answer | None = None,
        authentication: Authentication | None = None,
        closes: bool = False,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
        path: str = "/snapshot.jpg",
    ) -> None:
        super().__init__(
            images,
            answer=answer,
            authentication=authentication,
            closes=closes,
            port=port,
            path=path,
        )
        self.picture = picture or self._usual
        self.scheme = "http" if tls is None else "https"
        self.connections = 0
        self._tls = tls

    def serve(self, connection: Connection) -> None:
        """See `Device`."""
        self.connections += 1
        if self._tls is not None:
            connection.start_tls(self._tls)
        super().serve(connection)

    def show(self, connection: Connection, request: Request) -> None:
        """Send one picture."""
        number = self.sessions
        self._count_session()
        connection.send(self.picture(number, request))

    def _usual(self, number: int, _: Request) -> bytes:
        return http_answer(self.images[number % len(self.images)], Content_Type="image/jpeg")
