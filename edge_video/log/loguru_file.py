"""Adds loguru's handler of a file, one at a time, and knows which file it has opened."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loguru import logger as loguru_logger

from edge_video.log.sinks import write_descriptor
from edge_video.runtime.system import WITHOUT_WAITING

if TYPE_CHECKING:
    from collections.abc import Callable

    import loguru

    from edge_video.log.renderer import LogLine

SINK: str = "file"
"""Marks the lines for the file, so that the streams' handlers ignore them."""


class LoguruFile:
    """One path to which loguru writes; anything but a regular file is written to as it is.

    Only the thread of the file's sink calls it.

    Args:
        path: created with its directory if it is not there. A symbolic link is followed, and what
            it points to is rotated, not the link.
        template: loguru's format function.
        level: loguru's number.
    """

    def __init__(self, path: Path, *, template: Callable[[loguru.Record], str], level: int) -> None:
        self.is_device = not _is_regular_or_new(path)
        """Whether it is a terminal, a named pipe, `/dev/null`: never rotated, opened per line."""
        self.path = path if self.is_device else Path(os.path.realpath(path))
        self.identity: tuple[int, int] | None = None
        """Device and number of the file that was opened last."""
        self._template = template
        self._level = level
        self._handler: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether lines can be written."""
        return self._handler is not None

    def open(self, rotation: str | None, retention: int | None) -> None:
        """Open it anew, with loguru's rotation and retention, or without either.

        Raises:
            ValueError: the rotation is not understood.
            OSError: the file cannot be opened.
        """
        self.close()
        options: dict[str, Any] = {
            "level": self._level,
            "format": self._template,
            "filter": lambda record: record["extra"].get("sink") == SINK,
            "colorize": False,
            "backtrace": False,
            "diagnose": False,
            "catch": False,
        }
        if self.is_device:
            self._handler = loguru_logger.add(self._write_device, **options)
            return
        self._handler = loguru_logger.add(
            str(self.path).replace("{", "{{").replace("}", "}}"),
            rotation=rotation,
            retention=retention,
            encoding="utf-8",
            errors="backslashreplace",
            opener=self._opener,
            **options,
        )

    def relevel(self, level: int) -> None:
        """Write lines from this level on, as soon as it is opened anew."""
        self._level = level

    def write(self, line: LogLine) -> None:
        """Write one line, and rotate the file when that is due. Raises whatever loguru raises."""
        loguru_logger.bind(line=line, sink=SINK).log(line.level, "")

    def close(self) -> None:
        """Close it. Never raises; idempotent."""
        handler, self._handler = self._handler, None
        if handler is not None:
            with contextlib.suppress(Exception):  # a last flush to a full disk
                loguru_logger.remove(handler)

    def _opener(self, path: str, flags: int) -> int:
        """Opens a regular file, and remembers which it is; the umask decides who may read it."""
        descriptor = os.open(path, flags | WITHOUT_WAITING, 0o666)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise OSError(f"{path} is not a regular file any more")
        self.identity = (found.st_dev, found.st_ino)
        return descriptor

    def _write_device(self, text: str) -> None:
        """Loguru's sink for a device, which is opened for each line.

        A pipe without a reader is an error, and no reason to wait.
        """
        flags = os.O_WRONLY | os.O_APPEND | WITHOUT_WAITING
        descriptor = os.open(self.path, flags)
        try:
            write_descriptor(descriptor, text.encode("utf-8", "backslashreplace"))
        finally:
            os.close(descriptor)


def _is_regular_or_new(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode) or path.is_dir()  # loguru refuses a directory
    except OSError:
        return True
