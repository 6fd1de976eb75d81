"""Keeps the last lines that FFmpeg wrote to its standard error, with secrets masked."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from edge_video.capture.classification import printable
from edge_video.capture.resizing import announced_size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_video.capture.resizing import Size
    from edge_video.frames import CameraId
    from edge_video.runtime.child_pipes import ChildPipe
    from edge_video.runtime.reactor import Member

_log = logging.getLogger(__name__)

_TAIL_LINES: Final = 50
_LINE_LENGTH: Final = 500
_RAW_LINE_BYTES: Final = 4 * _LINE_LENGTH
"""Kept of a line until it is masked: masking needs a secret whole, wherever the line is cut."""
_LOGGED_PER_S: Final = 10
_READ_BYTES: Final = 65536
_LAST_READS: Final = 64
"""How many reads are made at most of what an FFmpeg that is gone left in its pipe."""


class StderrTail:
    """The last lines of a pipe, whatever its volume; masked and cleaned only when looked at.

    Lines that announce a picture's size are not kept: `on_size` gets them. It belongs to one
    thread; `lines` may be called from any.

    Args:
        camera_id: the camera that the logged lines are marked with.
        redact: masks secrets in a line.
        on_size: called with each size that is announced.
    """

    def __init__(
        self,
        camera_id: CameraId,
        redact: Callable[[str], str],
        on_size: Callable[[Size], object] | None = None,
    ) -> None:
        self._camera_id = camera_id
        self._redact = redact
        self._on_size = on_size
        self._lock = threading.Lock()
        self._tail: deque[tuple[bytes, int]] = deque(maxlen=_TAIL_LINES)
        self._partial = b""
        self._window_s = 0.0
        self._logged = 0
        self._unlogged = 0

    @property
    def partial_bytes(self) -> int:
        """How many bytes are kept of a line whose end has not come yet."""
        return len(self._partial)

    def take(self, chunk: bytes) -> None:
        """Take bytes in, cut anywhere."""
        # FFmpeg ends some lines with a carriage return only.
        *whole, rest = (self._partial + chunk).replace(b"\r", b"\n").split(b"\n")
        self._partial = rest[:_RAW_LINE_BYTES]
        whole = [
            line[:_RAW_LINE_BYTES] for line in whole if line.strip() and not self._is_size(line)
        ]
        if not whole:
            return
        with self._lock:
            tail = self._tail
            for line in whole:
                if tail and tail[-1][0] == line:
                    tail[-1] = (line, tail[-1][1] + 1)
                else:
                    tail.append((line, 1))
        if _log.isEnabledFor(logging.DEBUG):
            self._log_some(whole)

    def finish(self) -> None:
        """Take what is there as a line, since nothing more will come; `on_size` is forgotten."""
        self.take(b"\n")
        self._log_unlogged()
        self._on_size = None  # it holds the capture that holds this

    def lines(self) -> tuple[str, ...]:
        """Return the lines, oldest first; a repeated line once, with its number."""
        with self._lock:
            tail = tuple(self._tail)
        return tuple(
            f"{self._shown(line)} (×{times})" if times > 1 else self._shown(line)
            for line, times in tail
        )

    def _is_size(self, line: bytes) -> bool:
        size = announced_size(line)
        if size is not None and self._on_size is not None:
            self._on_size(size)
        return size is not None

    def _shown(self, line: bytes) -> str:
        text = printable(line.decode(errors="replace"))
        return printable(self._redact(text))[:_LINE_LENGTH]

    def _log_some(self, whole: Sequence[bytes]) -> None:
        now_s = time.monotonic()
        if now_s - self._window_s >= 1.0:
            self._log_unlogged()
            self._window_s, self._logged = now_s, 0
        room = _LOGGED_PER_S - self._logged
        for line in whole[:room]:
            _log.debug("[%s] FFmpeg: %s", self._camera_id, self._shown(line))
        self._logged += len(whole[:room])
        self._unlogged += len(whole[room:])

    def _log_unlogged(self) -> None:
        if self._unlogged:
            _log.debug("[%s] FFmpeg: … %d more lines", self._camera_id, self._unlogged)
            self._unlogged = 0


class StderrReader:
    """Reads the pipe with FFmpeg's standard error into a `StderrTail`. The reactor's thread.

    Attributes:
        tail: what was read.
        is_open: whether more may come; False before `attach`, too.
    """

    def __init__(self, tail: StderrTail) -> None:
        self.tail: Final = tail
        self.is_open = False
        self._member: Member | None = None
        self._pipe: ChildPipe | None = None

    def attach(self, member: Member, pipe: ChildPipe) -> None:
        """Read from this pipe from now on, whenever there is something in it."""
        self._member, self._pipe, self.is_open = member, pipe, True
        member.add_handler(pipe.fd, self._on_readable, member.READ)

    def read_available(self) -> bool | None:
        """Read once; whether there was something, and None at the end of the pipe."""
        pipe = self._pipe
        if not self.is_open or pipe is None:
            return False
        try:
            chunk = pipe.read(pipe.fd, _READ_BYTES)
        except BlockingIOError:
            return False
        if not chunk:
            return None
        self.tail.take(chunk)
        return True

    def read_the_rest(self) -> None:
        """Read what an FFmpeg that is gone left in the pipe, and no more than that."""
        for _ in range(_LAST_READS):
            if self.read_available() is not True:
                break
        self.end()

    def end(self) -> None:
        """Read nothing more; harmless when there is nothing to read from."""
        member, self._member = self._member, None
        if self.is_open and member is not None:
            self.is_open = False
            self.tail.finish()
            if self._pipe is not None:
                member.remove_handler(self._pipe.fd)

    def abandon(self) -> None:
        """Forget the pipe: the loop that read it is dead."""
        self.is_open = False
        self._member = None

    def _on_readable(self, _fd: int, _events: int) -> None:
        if self.read_available() is None:
            self.end()
