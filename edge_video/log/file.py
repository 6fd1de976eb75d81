"""Writes the log's file through loguru, and opens it anew when somebody else has moved it.

Whatever happens to the file is survived, and costs the lines of that time at most: logrotate
renames or truncates it, its directory is deleted, the disk is full or read-only, it may be written
but not renamed, the machine's clock was years ahead.
"""

from __future__ import annotations

import logging
import re
import time
from typing import TYPE_CHECKING, Final

from edge_video.log.events import LogEvent
from edge_video.log.loguru_file import SINK
from edge_video.log.renderer import Block, LogLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.log.loguru_file import LoguruFile
    from edge_video.log.renderer import Renderer

_RETRY_S: Final = 1.0
"""Between two tries to open or write a file that could not be."""
_ROTATE_AGAIN_S: Final = 60.0
"""Between two tries to rotate a file that could not be."""
TIMED_LIMIT: Final = 256 * 2**20
_TIMED_ROTATION: Final = "1 KB"
"""A file that goes by time is rotated as well when it has grown to `TIMED_LIMIT`.

A clock that was years ahead for a moment would else make the next rotation due in years.
"""
_SIZE: Final = re.compile(r"\s*[\d.]+\s*([kmgtpezy]i?)?b\s*", re.IGNORECASE)


class LogFile:
    """A `Destination` that is a file: when it is opened anew, rotated, and given up for a while.

    Args:
        file: what loguru writes to.
        rotation: as loguru reads it.
        retention: how many old files are kept.
        renderer: makes the lines about the file itself.
        tell: gives a line to every sink.

    Raises:
        ValueError: the rotation is not understood.
        OSError: the file cannot be opened.
    """

    name = SINK

    def __init__(
        self,
        file: LoguruFile,
        *,
        rotation: str,
        retention: int,
        renderer: Renderer,
        tell: Callable[[LogLine], None],
    ) -> None:
        self._file = file
        self._rotation = rotation
        self._retention = retention
        self._renderer = renderer
        self._tell = tell
        self._is_timed = _SIZE.fullmatch(rotation) is None
        self._oversized: tuple[int, int] | None = None
        """The file of a timed rotation that has grown too large and is about to be set aside."""
        self._plain_until_s: float | None = None
        """Until when the file is written without rotation, after that has failed."""
        self._cannot_rotate = False
        self._retry_at_s = 0.0
        self._was_given_up = False
        self._open(rotation)

    # --- Destination ------------------------------------------------------------------------

    def write(self, item: LogLine | Block) -> None:
        """See `Destination.write`."""
        if isinstance(item, Block):  # reports are for standard output
            return
        if time.monotonic() < self._retry_at_s:
            raise OSError("it could not be written a moment ago")
        self._prepare()
        try:
            self._file.write(item)
        except Exception as error:  # noqa: BLE001 - loguru rotates in here
            self._write_without_rotation(item, error)
        if self._was_given_up:
            self._was_given_up = False
            self._report_reopened()  # not before: a full disk lets a file be opened

    def idle(self) -> None:
        """See `Destination.idle`."""
        if time.monotonic() >= self._retry_at_s:
            self._prepare()

    def reopen(self) -> None:
        """See `Destination.reopen`."""
        self._open(self._rotation)
        self._report_reopened()

    def relevel(self, level: int) -> None:
        """See `Destination.relevel`."""
        self._file.relevel(level)
        self._open(self._rotation)

    def close(self) -> None:
        """See `Destination.close`."""
        self._file.close()

    # --- opening ----------------------------------------------------------------------------

    def _prepare(self) -> None:
        """See that the open file is the one that stands under the path."""
        try:
            if not self._file.is_open:
                self._open(self._rotation)
                self._was_given_up = True
            elif self._file.is_device:
                return
            elif self._is_gone():
                self.reopen()
            elif self._oversized not in (None, self._file.identity):
                self._open(self._rotation)  # which counts from the new file's beginning
            elif self._plain_until_s is not None and time.monotonic() >= self._plain_until_s:
                self._open(self._rotation)
        except OSError:
            self._retry_at_s = time.monotonic() + _RETRY_S
            raise

    def _is_gone(self) -> bool:
        """Whether another file, or none, stands under the path; rotates a timed one by size."""
        try:
            found = self._file.path.stat()
        except OSError:
            return True
        if (found.st_dev, found.st_ino) != self._file.identity:
            return True
        if self._is_timed and self._plain_until_s is None and found.st_size > TIMED_LIMIT:
            self._open(_TIMED_ROTATION)  # loguru sets the file aside with the next line
            self._oversized = self._file.identity
        return False

    def _open(self, rotation: str | None) -> None:
        self._oversized = None
        self._plain_until_s = None if rotation else time.monotonic() + _ROTATE_AGAIN_S
        self._file.open(rotation, self._retention if rotation else None)

    def _report_reopened(self) -> None:
        path = str(self._file.path)
        self._tell(self._renderer.remark(logging.INFO, LogEvent.LOG_FILE_REOPENED, path=path))

    # --- writing ----------------------------------------------------------------------------

    def _write_without_rotation(self, line: LogLine, error: Exception) -> None:
        """What failed may have been the rotation alone: the file then just grows for a while."""
        try:
            self._open(None)
            self._file.write(line)
        except Exception as second:
            self._file.close()  # and with it the part of the line that waits in its buffer
            self._retry_at_s = time.monotonic() + _RETRY_S
            raise second from error
        if not self._cannot_rotate and not self._file.is_device:
            self._cannot_rotate = True
            reason = str(error)
            event = LogEvent.LOG_ROTATION_FAILED
            self._tell(self._renderer.remark(logging.WARNING, event, reason=reason))
