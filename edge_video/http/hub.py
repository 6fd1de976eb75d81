"""Sends server-sent events: one rendered update for all viewers, and none waits for a slow one."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

_log = logging.getLogger(__name__)

UPDATE_S: Final = 1.0
_MAX_STREAM_S: Final = 3600.0  # then the browser asks again, and shows its cookie again


class Hub:
    """Renders an update each second while there are viewers, never otherwise.

    Each viewer has room for one update; one that was not read in time is replaced by the next.
    Everything here runs in the event loop's thread.

    Args:
        render: makes the update; called once for all viewers.
        max_viewers: at once.
    """

    def __init__(self, render: Callable[[], bytes], max_viewers: int = 128) -> None:
        self._render = render
        self._max_viewers = max_viewers
        self._viewers: set[asyncio.Queue[bytes | None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def viewers(self) -> int:
        """The number of viewers."""
        return len(self._viewers)

    @property
    def is_full(self) -> bool:
        """Whether no further viewer is taken."""
        return self._closed or len(self._viewers) >= self._max_viewers

    async def updates(self) -> AsyncIterator[bytes]:
        """Updates for one viewer, at once and then each second, until `close` or an hour later."""
        loop = asyncio.get_running_loop()
        ends_at_s = loop.time() + _MAX_STREAM_S
        room: asyncio.Queue[bytes | None] = asyncio.Queue(1)
        self._viewers.add(room)
        try:
            yield b"retry: 2000\n\n" + self._render()
            if self._task is None:
                self._task = asyncio.create_task(self._broadcast())
            while loop.time() < ends_at_s:
                update = await room.get()
                if update is None:
                    return
                yield update
        finally:
            self._viewers.discard(room)

    async def _broadcast(self) -> None:
        try:
            while self._viewers:
                await asyncio.sleep(UPDATE_S)
                if self._viewers:
                    self._offer(self._render())
        except Exception:  # noqa: BLE001 - nobody awaits this task, so nobody else would log it
            _log.exception("an update of the page could not be made")
        finally:
            self._task = None
            self._offer(None)  # nobody waits for an update that could not be made

    def _offer(self, update: bytes | None) -> None:
        for room in self._viewers:
            if room.full():
                room.get_nowait()
            room.put_nowait(update)

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        self._offer(None)
        if self._task is not None:
            self._task.cancel()
