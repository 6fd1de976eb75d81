"""Accepts connections within limits: places for everybody, a few for probes, none for the idle."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from edge_video.http.guard import PROBE_PATHS
from edge_video.http.responses import error

if TYPE_CHECKING:
    import logging
    import socket
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

MAX_CONNECTIONS: Final = 256
PROBE_PLACES: Final = 16
"""Connections beyond the others', in which nothing but a probe is answered."""
IDLE_S: Final = 15.0
"""A connection that asks for nothing, or that takes so long to send a request, is closed."""

_SHORTAGE_PAUSE_S: Final = 1.0
_SHORTAGES: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Connection(H11Protocol):
    """uvicorn's own protocol with an end to idleness.

    uvicorn times out a connection between two requests, but neither one that never asks nor one
    that sends its header, or its body, byte by byte.

    Attributes:
        places: set by `Places.admit` on the way in.
        only_probes: whether it stands in a place that is kept for probes.
        idle_since_s: when it began to ask for nothing; None while it is being answered.
        has_asked: whether a whole request ever came.
    """

    def __init__(
        self, *args: Any, places: Places, log: logging.Logger, only_probes: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.access_log = False
        self.logger = log
        self.places = places
        self.only_probes = only_probes
        self.idle_since_s: float | None = None
        self.has_asked = False
        if only_probes:
            self.app = _ProbesOnly(self.app)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The loop's thread: it begins idle."""
        super().connection_made(transport)
        self.idle_since_s = self.loop.time()

    def connection_lost(self, exc: Exception | None) -> None:
        """The loop's thread: its place is free."""
        self.places.leave(self)
        super().connection_lost(exc)

    @property
    def is_busy(self) -> bool:
        """Whether a whole request, its body included, is being answered."""
        cycle: Any = self.cycle  # None before the first request, whatever its type says
        return cycle is not None and not cycle.response_complete and not cycle.more_body

    def note_idleness(self, now_s: float) -> float:
        """Seconds for which it has been idle by now; 0.0 while it is busy."""
        if self.is_busy:
            self.idle_since_s, self.has_asked = None, True
            return 0.0
        if self.idle_since_s is None:
            self.idle_since_s = now_s
        return now_s - self.idle_since_s

    def abort(self) -> None:
        """Close it at once; what was not sent is lost."""
        self.places.leave(self)
        self.transport.abort()


@dataclass(slots=True)
class Places:
    """Counts the connections and decides who makes room. The loop's thread only.

    The ordinary places are for everybody: whoever never asked and has been there longest makes
    room for a newcomer, then whoever idles longest; a request whose body does not come is idle.
    When all of them are being answered, the newcomer gets one of the places for probes, where
    anything but a probe is refused at once: clients that keep every place busy cannot keep
    `/health` and `/ready` from being answered.
    """

    ordinary: int = MAX_CONNECTIONS
    for_probes: int = PROBE_PLACES
    _taken: dict[Connection, None] = field(default_factory=dict)
    _probing: dict[Connection, None] = field(default_factory=dict)

    def make_room(self, now_s: float) -> bool:
        """Whether the next connection is for probes only; whoever must go for it has gone."""
        if len(self._taken) < self.ordinary or _evict(self._taken, now_s):
            return False
        if len(self._probing) >= self.for_probes and not _evict(self._probing, now_s):
            next(iter(self._probing)).abort()
        return True

    def take(self, connection: Connection) -> None:
        """A connection has come."""
        (self._probing if connection.only_probes else self._taken)[connection] = None

    def leave(self, connection: Connection) -> None:
        """It has gone; more than once does no harm."""
        self._taken.pop(connection, None)
        self._probing.pop(connection, None)

    def close_idle(self, now_s: float) -> None:
        """End those that idle for longer than `IDLE_S`."""
        for connection in (*self._taken, *self._probing):
            if connection.note_idleness(now_s) > IDLE_S:
                connection.abort()


def _evict(connections: dict[Connection, None], now_s: float) -> bool:
    """End the idlest of them; False when all are busy."""
    idle = [each for each in connections if each.note_idleness(now_s) > 0.0 or not each.is_busy]
    if not idle:
        return False
    # Silent ones first: a browser between two pictures, or a probe's keep-alive, has asked before.
    min(idle, key=lambda each: (each.has_asked, each.idle_since_s or 0.0)).abort()
    return True


class _ProbesOnly:
    """ASGI middleware that lets probes pass and answers anything else with 503."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in PROBE_PATHS:
            await self._app(scope, receive, send)
            return
        full = error(
            503, "too many connections at once", {"retry-after": "5", "connection": "close"}
        )
        await full(scope, receive, send)


async def accept(
    listener: socket.socket,
    places: Places,
    connection: Callable[[bool], Connection],
    on_shortage: Callable[[OSError], None],
) -> None:
    """Accept connections one by one, for ever; cancel it to end it.

    asyncio's own server accepts as many as wait, before any of them can be turned away: a
    thousand clients take every descriptor of the program. Here there is at most one beyond
    the places. A machine that is short of descriptors is asked again after a pause; meanwhile
    connections wait in the kernel.
    """
    loop = asyncio.get_running_loop()
    while True:
        try:
            client, _ = await loop.sock_accept(listener)
        except OSError as error:
            if error.errno in _SHORTAGES:
                on_shortage(error)
                await asyncio.sleep(_SHORTAGE_PAUSE_S)
            else:  # the client has gone again, mostly
                await asyncio.sleep(0)
            continue
        await _admit(client, places, connection)


async def _admit(
    client: socket.socket, places: Places, connection: Callable[[bool], Connection]
) -> None:
    """Give the client a place, which somebody else may have to leave first."""
    loop = asyncio.get_running_loop()
    only_probes = places.make_room(loop.time())
    await asyncio.sleep(0)  # the transport that was aborted closes its socket
    protocol = connection(only_probes)
    places.take(protocol)
    try:
        await loop.connect_accepted_socket(lambda: protocol, client)
    except OSError:  # it has gone again
        places.leave(protocol)
        client.close()
