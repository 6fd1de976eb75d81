"""Holds what every device has: a port, a life as a context manager, a memory of its requests."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote

from edge_video.testing.devices.loopback import LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.testing.devices.loopback import Connection
    from edge_video.testing.devices.requests import Request

_REMEMBERED: Final = 1000


class Device:
    """The part that RTSP and HTTP devices share.

    `with` opens it; at the end no thread and no socket of it is left. Methods may be called from
    any thread. `serve(connection)` of a subclass runs in a thread of each connection.
    """

    scheme = "tcp"

    def __init__(self, *, port: int = 0, path: str = "/stream", host: str = "127.0.0.1") -> None:
        self._server = LoopbackServer(self.serve, port=port, host=host)
        self.host = host
        self.path = path
        self._requests: deque[Request] = deque(maxlen=_REMEMBERED)
        self._changed = threading.Condition()
        self.sessions = 0
        """How often it began to send pictures."""

    def __enter__(self) -> Self:
        self._server.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    @property
    def port(self) -> int:
        """Known once it is open; the same after `restart`."""
        return self._server.port

    @property
    def url(self) -> str:
        """Without credentials."""
        return f"{self.scheme}://{self.host}:{self.port}{self.path}"

    def url_for(self, user: str, password: str) -> str:
        """With credentials, encoded."""
        userinfo = f"{quote(user, safe='')}:{quote(password, safe='')}@"
        return f"{self.scheme}://{userinfo}{self.host}:{self.port}{self.path}"

    def serve(self, connection: Connection) -> None:
        """Talk to one client until it or the device hangs up."""
        raise NotImplementedError

    def hang_up(self) -> None:
        """End every connection; clients may connect again."""
        self._server.hang_up()

    def freeze(self) -> None:
        """Connections stay open and silent, new ones too, until `thaw`."""
        self._server.freeze()

    def thaw(self) -> None:
        """Undo `freeze`."""
        self._server.thaw()

    def stop(self) -> None:
        """As if it were unplugged: connections are refused."""
        self._server.close()

    def restart(self) -> None:
        """Stop if it runs; open on the same port."""
        self._server.close()
        self._server.open()

    def clients(self) -> int:
        """Connections open now."""
        return self._server.clients()

    @property
    def requests(self) -> list[Request]:
        """What it was asked, the last thousand."""
        with self._changed:
            return list(self._requests)

    def wait_for_sessions(self, count: int, timeout_s: float = 20.0) -> None:
        """Wait until it began to send so often; fails with an AssertionError."""
        with self._changed:
            reached = self._changed.wait_for(lambda: self.sessions >= count, timeout_s)
        assert reached, f"{self.sessions} of {count} sessions within {timeout_s} s"

    def wait_for_request(
        self, wanted: Callable[[Request], bool], timeout_s: float = 20.0
    ) -> Request:
        """Wait for a request, past or coming; fails with an AssertionError."""
        with self._changed:
            reached = self._changed.wait_for(lambda: any(map(wanted, self._requests)), timeout_s)
            asked = [f"{each.method} {each.url}" for each in self._requests]
            assert reached, f"not within {timeout_s} s; it was asked {asked}"
            return next(filter(wanted, self._requests))

    def _remember(self, request: Request) -> None:
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()

    def _count_session(self) -> None:
        with self._changed:
            self.sessions += 1
            self._changed.notify_all()
