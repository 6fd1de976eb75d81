"""The log's file: written and rotated by loguru; opened anew when somebody else has moved it.

Whatever happens to the file is survived, and costs the lines of that time at most: logrotate
renames or truncates it, its directory is deleted, the disk is full or read-only, it may be written
but not renamed, the machine's clock was years ahead.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from loguru import logger as loguru_logger

from edge_video.log.events import LogEvent
from edge_video.log.renderer import Block, LogLine
from edge_video.log.sinks import write_descriptor

if TYPE_CHECKING:
    from collections.abc import Callable

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
    """A `Destination` that is a file; anything but a regular file is written to as it is.

    Args:
        path: created with its directory if it is not there. A symbolic link is followed, and what
            it points to is rotated, not the link.
        rotation: as loguru reads it.
        retention: how many old files are kept.
        renderer: makes the line that says why the file begins.
        tell: gives a line to every sink.
        level: loguru's number.

    Raises:
        ValueError: the rotation is not understood.
        OSError: the file cannot be opened.
    """

    name = "file"

    def __init__(
        self,
        path: Path,
        *,
        rotation: str,
        retention: int,
        renderer: Renderer,
        tell: Callable[[LogLine], None],
        level: int,
    ) -> None:
        self._path = Path(os.path.realpath(path)) if _is_regular_or_new(path) else path
        self._rotation = rotation
        self._retention = retention
        self._renderer = renderer
        self._tell = tell
        self._level = level
        self._is_device = self._path is path and not _is_regular_or_new(path)
        self._oversized: tuple[int, int] | None = None
        self._is_timed = _SIZE.fullmatch(rotation) is None
        self._identity: tuple[int, int] | None = None
        self._handler: int | None = None
        self._plain_until_s: float | None = None
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
            self._emit(item)
        except Exception as error:  # noqa: BLE001 - loguru rotates in here
            self._write_without_rotation(item, error)
        if self._was_given_up:
            self._was_given_up = False
            self._say_reopened()  # not before: a full disk lets a file be opened

    def look(self) -> None:
        """See `Destination.look`."""
        if time.monotonic() >= self._retry_at_s:
            self._prepare()

    def reopen(self) -> None:
        """See `Destination.reopen`."""
        self._open(self._rotation)
        self._say_reopened()

    def close(self) -> None:
        """See `Destination.close`."""
        handler, self._handler = self._handler, None
        if handler is not None:
            with contextlib.suppress(Exception):  # a last flush to a full disk
                loguru_logger.remove(handler)

    # --- opening ----------------------------------------------------------------------------

    def _prepare(self) -> None:
        """See that the file is the one that stands under the path."""
        try:
            if self._handler is None:
                self._open(self._rotation)
                self._was_given_up = True
            elif self._is_device:
                return
            elif self._is_gone():
                self.reopen()
            elif self._oversized not in (None, self._identity):
                self._open(self._rotation)  # which counts from the new file's beginning
            elif self._plain_until_s is not None and time.monotonic() >= self._plain_until_s:
                self._open(self._rotation)
        except OSError:
            self._retry_at_s = time.monotonic() + _RETRY_S
            raise

    def _is_gone(self) -> bool:
        """Whether another file, or none, stands under the path; rotates a timed one by size."""
        try:
            found = self._path.stat()
        except OSError:
            return True
        if (found.st_dev, found.st_ino) != self._identity:
            return True
        if self._is_timed and self._plain_until_s is None and found.st_size > TIMED_LIMIT:
            self._open(_TIMED_ROTATION)  # loguru sets the file aside with the next line
            self._oversized = self._identity
        return False

    def _open(self, rotation: str | None) -> None:
        self.close()
        self._oversized = None
        self._plain_until_s = None if rotation else time.monotonic() + _ROTATE_AGAIN_S
        options: dict[str, Any] = {
            "level": self._level,
            "format": self._renderer.template,
            "filter": lambda record: record["extra"].get("sink") == self.name,
            "colorize": False,
            "backtrace": False,
            "diagnose": False,
            "catch": False,
        }
        if self._is_device:
            self._handler = loguru_logger.add(self._write_device, **options)
            return
        self._handler = loguru_logger.add(
            str(self._path).replace("{", "{{").replace("}", "}}"),
            rotation=rotation,
            retention=self._retention if rotation else None,
            encoding="utf-8",
            errors="backslashreplace",
            opener=self._opener,
            **options,
        )

    def _opener(self, path: str, flags: int) -> int:
        """Opens a regular file, and remembers which it is; the umask decides who may read it."""
        descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, 0o666)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise OSError(f"{path} is not a regular file any more")
        self._identity = (found.st_dev, found.st_ino)
        return descriptor

    def _say_reopened(self) -> None:
        path = str(self._path)
        self._tell(self._renderer.remark(logging.INFO, LogEvent.LOG_FILE_REOPENED, path=path))

    # --- writing ----------------------------------------------------------------------------

    def _emit(self, line: LogLine) -> None:
        loguru_logger.bind(line=line, sink=self.name).log(line.level, "")

    def _write_without_rotation(self, line: LogLine, error: Exception) -> None:
        """What failed may have been the rotation alone: the file then just grows for a while."""
        try:
            self._open(None)
            self._emit(line)
        except Exception as second:
            self.close()  # and with it the part of the line that waits in its buffer
            self._retry_at_s = time.monotonic() + _RETRY_S
            raise second from error
        if not self._cannot_rotate and not self._is_device:
            self._cannot_rotate = True
            reason = str(error)
            event = LogEvent.LOG_ROTATION_FAILED
            self._tell(self._renderer.remark(logging.WARNING, event, reason=reason))

    def _write_device(self, text: str) -> None:
        """Loguru's sink for a terminal, a named pipe, `/dev/null`: opened for each line.

        A pipe without a reader is an error, and no reason to wait.
        """
        flags = os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
        descriptor = os.open(self._path, flags)
        try:
            write_descriptor(descriptor, text.encode("utf-8", "backslashreplace"))
        finally:
            os.close(descriptor)


def _is_regular_or_new(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode) or path.is_dir()  # loguru refuses a directory
    except OSError:
        return True
