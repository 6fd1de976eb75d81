"""Runs an application on uvicorn, on its own thread, with all about a connection bounded."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import uvicorn

from edge_video.http.acceptor import IDLE_S, Connection, Places, accept

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from edge_video.http.request_log import RequestLog

_MAX_HEAD: Final = 16 * 1024
_SWEEP_S: Final = 2.0
_GRACE_S: Final = 1
_BACKLOG: Final = 1024
"""Connections that the kernel keeps waiting, without a descriptor of ours."""


class _Server(uvicorn.Server):
    """uvicorn, which does not listen itself: connections come from `acceptor.accept`."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's signature
        """See the class; nothing is left for uvicorn to start or to close."""
        await self.lifespan.startup()
        self.servers = []
        self.started = True


@dataclass(frozen=True, slots=True)
class Served:
    """What is served, and how its end is told.

    Attributes:
        app: answers requests; in the thread of its event loop.
        close: ends what would last longer than a stop may take; in the same thread.
        on_death: called with the reason, on the dying thread, when serving ends by itself.
        log: for what requests can cause.
        max_connections: at once; a few more are kept for probes.
    """

    app: ASGIApp
    close: Callable[[], None]
    on_death: Callable[[str], None]
    log: RequestLog
    max_connections: int


class ServingThread:
    """Serves from `start` until `stop`; one life.

    Args:
        served: what.
        host: an address, or a name of this machine.
        port: 0 for any that is free.
        name: of the thread.
    """

    def __init__(self, served: Served, host: str, port: int, name: str) -> None:
        self._served = served
        self._address = (host, port)
        self._places = Places(served.max_connections)
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> str:
        """Bind, and serve from now on; the address as a URL.

        Raises:
            OSError: the address cannot be had.
        """
        host, port = self._address
        self._socket = _bound(host, port)
        port = self._socket.getsockname()[1]
        self._thread.start()
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
        return not self._thread.is_alive()

    def _begin_exit(self) -> None:
        self._served.close()
        if self._server is not None:
            self._server.should_exit = True

    def _run(self) -> None:
        reason = "it ended by itself"
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - reported to its owner, whatever it is
            reason = f"{type(error).__name__}: {error}"
        finally:
            assert self._socket is not None
            self._socket.close()
        if not self._stopping.is_set():
            self._served.on_death(reason)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._served.log.loop_failed)
        self._server = server = _Server(_uvicorn_config(self._served.app))
        if self._stopping.is_set():
            return
        tasks = self._start_tasks(server)
        try:
            await server.serve()
        finally:
            ended = [each for each in tasks if each.done()]
            for task in tasks:
                task.cancel()
            for connection in tuple(server.server_state.connections):
                connection.transport.abort()
        for task in ended:
            task.result()  # what ended it, should it not be us

    def _start_tasks(self, server: uvicorn.Server) -> list[asyncio.Task[None]]:
        """Accept connections, and close idle ones; when either task ends, the server does."""
        assert self._socket is not None
        accepting = accept(
            self._socket,
            self._places,
            lambda only_probes: self._connection(server, only_probes=only_probes),
            self._served.log.short_of_descriptors,
        )
        tasks = [asyncio.create_task(each) for each in (self._sweep(), accepting)]
        for each in tasks:
            each.add_done_callback(lambda _: setattr(server, "should_exit", True))
        return tasks

    def _connection(self, server: uvicorn.Server, *, only_probes: bool) -> Connection:
        return Connection(
            server.config,
            server.server_state,
            server.lifespan.state,
            places=self._places,
            log=self._served.log.requests,
            only_probes=only_probes,
        )

    async def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._places.close_idle(loop.time())


def _uvicorn_config(app: ASGIApp) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=Connection,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=int(IDLE_S),
        timeout_graceful_shutdown=_GRACE_S,
        h11_max_incomplete_event_size=_MAX_HEAD,
    )
    config.load()
    return config


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
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener
