"""Writes to a process's standard input from a reactor's thread, without ever waiting for it."""

from __future__ import annotations

import itertools
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.runtime.child_pipes import ChildPipe
    from edge_video.runtime.reactor import Member

_PIECES_AT_ONCE: Final = 64


class PipeWriter:
    """A queue of bytes in front of a pipe. Everything belongs to the reactor's thread.

    The queue is bounded by whoever writes: he stops when `write` says that the pipe is full, and
    goes on when `on_drained` is called.

    Args:
        member: whose part of the reactor waits for the pipe.
        pipe: it is closed in the end.
        on_drained: called when the queue has become empty again.
    """

    def __init__(
        self,
        member: Member,
        pipe: ChildPipe,
        on_drained: Callable[[], object],
    ) -> None:
        self._member = member
        self._pipe = pipe
        self._on_drained = on_drained
        self._waiting: deque[memoryview] = deque()
        self._listening = False
        self._ending = False
        self._closed = False

    def write(self, *pieces: bytes) -> bool:
        """Write now or as soon as there is room; False when the pipe is full."""
        if self._closed or self._ending:
            return True
        self._waiting.extend(memoryview(piece) for piece in pieces)
        if not self._listening:
            self._flush()
            if self._waiting:
                self._listening = True
                self._member.add_handler(self._pipe.fd, self._on_room, self._member.WRITE)
        return not self._waiting

    def end(self) -> None:
        """Close the pipe once everything is written."""
        self._ending = True
        if not self._waiting:
            self.close()

    def close(self) -> None:
        """Close the pipe at once; what waits is forgotten."""
        if self._closed:
            return
        self._closed = True
        self._waiting.clear()
        self._stop_listening()
        self._pipe.close()

    def _on_room(self, _fd: int, _events: int) -> None:
        self._flush()
        if self._waiting or self._closed:
            return
        self._stop_listening()
        if self._ending:
            self.close()
        else:
            self._on_drained()

    def _stop_listening(self) -> None:
        if self._listening:
            self._listening = False
            self._member.remove_handler(self._pipe.fd)

    def _flush(self) -> None:
        waiting, pipe = self._waiting, self._pipe
        try:
            while waiting:
                pieces = list(itertools.islice(waiting, _PIECES_AT_ONCE))
                written = pipe.writev(pipe.fd, pieces)
                while waiting and written >= len(waiting[0]):
                    written -= len(waiting.popleft())
                if waiting:
                    waiting[0] = waiting[0][written:]
        except BlockingIOError:
            return
        except ConnectionError:  # a broken pipe: the process has ended, and its own end says why
            self.close()
