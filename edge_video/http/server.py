"""uvicorn on a thread of its own, with everything about a connection bounded."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from edge_video.http.application import Application

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.http.application import Act, HttpSettings
    from edge_video.http.board import Board
    from edge_video.timer import Clock

_log = logging.getLogger(__name__)

MOST_CONNECTIONS: Final = 256
IDLE_S: Final = 15.0
"""A connection that asks for nothing, or that takes so long to say what, is closed."""

_LARGEST_HEAD: Final = 16 * 1024
_SWEEP_S: Final = 2.0
_GRACE_S: Final = 1
_BACKLOG: Final = 64


class _Connection(H11Protocol):
    """uvicorn's own protocol with an end to idleness.

    uvicorn times out a connection between two requests, but neither one that never asks nor one
    that sends its header byte by byte.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access_log = False
        self.idle_since_s: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.idle_since_s = self.loop.time()
        if len(self.connections) > MOST_CONNECTIONS:
            _make_room(self.connections, self)

    @property
    def is_busy(self) -> bool:
        """Whether a whole request is being answered."""
        cycle: Any = self.cycle  # None before the first request, whatever its type says
        return cycle is not None and not cycle.response_complete

    def abort(self) -> None:
        self.transport.abort()


def _make_room(connections: set[Any], newcomer: _Connection) -> None:
    """Whoever idles longest goes; with everybody busy, the newcomer."""
    idle = [each for each in connections if each is not newcomer and not each.is_busy]
    victim = min(idle, key=lambda each: each.idle_since_s or 0.0, default=newcomer)
    victim.abort()


def _close_idle(connections: set[Any], now_s: float) -> None:
    for each in tuple(connections):
        if each.is_busy:
            each.idle_since_s = None
        elif each.idle_since_s is None:
            each.idle_since_s = now_s
        elif now_s - each.idle_since_s > IDLE_S:
            each.abort()


class HttpServer:
    """Serves from `start` until `stop`; one life.

    Args:
        settings: where, and for whom.
        board: where snapshots come from.
        act: asks the supervisor; called on two threads of the server's own.
        clock: monotonic and wall time.
        on_death: told in one line, on the dying thread, what ended it, should it end by itself.
        name: of the thread.
    """

    def __init__(
        self,
        settings: HttpSettings,
        board: Board,
        act: Act,
        clock: Clock,
        *,
        on_death: Callable[[str], None],
        name: str,
    ) -> None:
        self._settings = settings
        self._on_death = on_death
        self._executor = ThreadPoolExecutor(2, thread_name_prefix=f"{name}-act")
        self._application = Application(settings, board, act, self._executor, clock)
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{name}-server", daemon=True)

    def start(self) -> str:
        """Bind, and serve from now on; the address as a URL.

        Raises:
            OSError: the address cannot be had.
        """
        self._socket = _bound(self._settings.host, self._settings.port)
        port = self._socket.getsockname()[1]
        self._thread.start()
        host = self._settings.host
        return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"

    def stop(self, timeout_s: float) -> bool:
        """End every connection and the thread; False when it does not end in time. Idempotent."""
        self._stopping.set()
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it has just ended
                loop.call_soon_threadsafe(self._begin_exit)
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        elif self._socket is not None:
            self._socket.close()
        self._executor.shutdown(wait=False, cancel_futures=True)
        return not self._thread.is_alive()

    def _begin_exit(self) -> None:
        self._application.hub.close()
        if self._server is not None:
            self._server.should_exit = True

    def _run(self) -> None:
        words = "it ended by itself"
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - told to its owner, whatever it is
            words = f"{type(error).__name__}: {error}"
        finally:
            assert self._socket is not None
            self._socket.close()
        if not self._stopping.is_set():
            self._on_death(words)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        config = uvicorn.Config(
            self._application.asgi(),
            http=_Connection,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=int(IDLE_S),
            timeout_graceful_shutdown=_GRACE_S,
            h11_max_incomplete_event_size=_LARGEST_HEAD,
            backlog=_BACKLOG,
        )
        self._server = uvicorn.Server(config)
        if self._stopping.is_set():
            return
        assert self._socket is not None
        sweeper = asyncio.create_task(self._sweep(self._server))
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            sweeper.cancel()
            for each in tuple(self._server.server_state.connections):
                each.transport.abort()

    async def _sweep(self, server: uvicorn.Server) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_S)
            _close_idle(server.server_state.connections, loop.time())


def _bound(host: str, port: int) -> socket.socket:
    """A listening socket; `host` is an address or a name of this machine."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener
