"""Sets the log up and undoes it: the loggers it takes over, its sinks, uncaught exceptions."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from typing import TYPE_CHECKING, Final, TextIO

from loguru import logger as loguru_logger

from edge_video.log.budget import LogBudget
from edge_video.log.events import LogEvent
from edge_video.log.file import LogFile
from edge_video.log.loguru_file import LoguruFile
from edge_video.log.renderer import Renderer
from edge_video.log.sinks import Relevel, Reopen, Stream, write_stream
from edge_video.log.writer import LogWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    import loguru

    from edge_video.log.settings import LogSettings
    from edge_video.text.catalog import Language

FORWARDED: Final = ("edge_video", "pykka", "pika", "uvicorn", "asyncio")
"""The loggers whose records, and those of their children, are written."""

_ECHOES: Final = (
    "pika.adapters.base_connection",
    "pika.callback",
    "pika.adapters.utils.connection_workflow",
    "pika.adapters.utils.io_services_utils",
    "pika.channel",
    "pika.connection",
    "pika.heartbeat",
)
"""Loggers of pika that only repeat, in its own jargon, what the publisher logs itself."""

_log = logging.getLogger(__name__)


class _InterceptHandler(logging.Handler):
    """Puts records of the standard `logging` into the queue. Never blocks, never raises."""

    def __init__(self, renderer: Renderer, writer: LogWriter) -> None:
        super().__init__()
        self._renderer = renderer
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        if self._writer.admits(record):
            self._writer.put(self._renderer.record(record))


class _Log:
    """Everything that is set up, so that it can be undone."""

    def __init__(
        self,
        settings: LogSettings,
        language: Language,
        redact: Callable[[str], str],
        stream: TextIO | None,
    ) -> None:
        self._level = loguru_logger.level(settings.level.upper()).no
        self.renderer = Renderer(language, redact, as_json=settings.format == "json")
        # Who asks for DEBUG wants everything.
        budget = LogBudget() if self._level > logging.DEBUG else None
        self.writer = LogWriter(self.renderer, budget)
        self._handler = _InterceptHandler(self.renderer, self.writer)
        self._add_sinks(settings, stream)
        self._before = [
            (each, each.level, each.propagate) for each in map(logging.getLogger, FORWARDED)
        ]
        self._echoes = [(each, each.level) for each in map(logging.getLogger, _ECHOES)]
        self._hooks = (sys.excepthook, threading.excepthook)
        self.is_left_behind: list[LogWriter] = []

    def start(self) -> None:
        for each, _, _ in self._before:
            each.addHandler(self._handler)
            each.propagate = False
        self._use_level()
        sys.excepthook, threading.excepthook = self._uncaught, self._uncaught_in_thread
        self.writer.start()

    def relevel(self, level: str) -> None:
        """Write lines from this level on. Any thread."""
        self._level = loguru_logger.level(level.upper()).no
        self.writer.put(Relevel(self._level))
        self._use_level()

    def _use_level(self) -> None:
        for each, _, _ in self._before:
            each.setLevel(self._level)
        for echo, level in self._echoes:
            echo.setLevel(level)
        if self._level > logging.DEBUG:
            # pika reports every step of a connection at INFO, and every failure up to five times.
            pika = logging.getLogger("pika")
            pika.setLevel(max(self._level, logging.WARNING))
            # uvicorn logs every malformed request and every slow reader: anybody could fill the
            # log. What matters of it is logged by the HTTP server itself.
            logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
            for echo, _ in self._echoes:
                echo.setLevel(logging.CRITICAL)

    def stop(self, timeout_s: float) -> None:
        sys.excepthook, threading.excepthook = self._hooks
        for each, level, propagate in self._before:
            each.removeHandler(self._handler)
            each.propagate = propagate
            each.setLevel(level)
        for echo, level in self._echoes:
            echo.setLevel(level)
        if not self.writer.stop(timeout_s):
            _left_behind.append(self.writer)
        loguru_logger.configure(patcher=_leave_alone)

    def _add_sinks(self, settings: LogSettings, stream: TextIO | None) -> None:
        loguru_logger.remove()
        loguru_logger.configure(patcher=self._take_foreign)
        template, level = self.renderer.template, self._level
        errors = Stream("stderr", stream, template, level)
        shared = _is_same_file(stream, sys.stdout)
        # One queue where both are one terminal: a report then stays in order with the lines.
        self.writer.add(errors, reports=shared)
        if not shared:
            self.writer.add(
                Stream("stdout", sys.stdout, template, level), lines=False, reports=True
            )
        if settings.file is None:
            return
        try:
            file = LogFile(
                LoguruFile(settings.file, template=template, level=level),
                rotation=settings.rotation,
                retention=settings.retention,
                renderer=self.renderer,
                tell=self.writer.put,
            )
        except BaseException:
            loguru_logger.remove()
            loguru_logger.configure(patcher=_leave_alone)
            raise
        self.writer.add(file)

    def _take_foreign(self, record: loguru.Record) -> None:
        """Loguru's patcher: what others log with loguru itself goes the way of all lines.

        No handler takes the record as it is, so its thread does not wait for a slow terminal.
        """
        if "sink" not in record["extra"]:
            self.writer.put(self.renderer.foreign(record))

    def _uncaught(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._hooks[0](kind, error, trace)
        else:
            self._log_uncaught("MainThread", (kind, error, trace))

    def _uncaught_in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            name = args.thread.name if args.thread else "?"
            self._log_uncaught(name, (args.exc_type, args.exc_value, args.exc_traceback))

    @staticmethod
    def _log_uncaught(
        thread: str,
        exc_info: tuple[type[BaseException], BaseException, TracebackType | None],
    ) -> None:
        event = LogEvent.UNCAUGHT_EXCEPTION
        extra = {"event": event, "fields": {"thread": thread}}
        _log.critical("uncaught exception in thread %s", thread, exc_info=exc_info, extra=extra)


def _leave_alone(_record: loguru.Record) -> None:
    """Loguru's patcher when nothing is set up."""


def _is_same_file(first: TextIO | None, second: TextIO | None) -> bool:
    """Whether both are one terminal, pipe or file."""
    try:
        assert first is not None
        assert second is not None
        return os.path.samestat(os.fstat(first.fileno()), os.fstat(second.fileno()))
    except (AssertionError, AttributeError, OSError, ValueError):
        return first is second


_active: _Log | None = None
_left_behind: list[LogWriter] = []
"""Those that could not end in time."""


def setup_log(
    settings: LogSettings,
    language: Language,
    redact: Callable[[str], str],
    stream: TextIO | None = None,
) -> None:
    """Send the loggers in `FORWARDED` to the stream (stderr by default) and to the file.

    Every line passes `redact` (text, fields and exceptions, line by line) before anything else
    sees it. Uncaught exceptions of any thread are logged instead of printed. Replaces an earlier
    set-up. Main thread.

    Raises:
        ValueError: the level, rotation or retention is not understood.
        OSError: the file cannot be opened.
    """
    global _active  # noqa: PLW0603 - logging itself is one per process
    teardown_log()
    log = _Log(settings, language, redact, sys.stderr if stream is None else stream)
    log.start()
    _active = log


def teardown_log(timeout_s: float = 2.0) -> None:
    """Write what waits, for at most so many seconds, then undo `setup_log`. Idempotent."""
    global _active
    log, _active = _active, None
    if log is not None:
        log.stop(timeout_s)


def log_is_stuck() -> bool:
    """Whether a sink did not end, because what it writes to takes nothing.

    Python's own way out then waits for it for ever (a stream's lock, loguru's last flush): leave by
    `os._exit`.
    """
    return not all(writer.has_ended for writer in _left_behind)


def settle_log(timeout_s: float = 2.0) -> None:
    """Wait until the reports that were printed so far are written, for at most so many seconds."""
    if _active is not None:
        _active.writer.settle(timeout_s)


def reopen_log_file() -> None:
    """Open the log's file anew, whatever stands under its path now. Signal handlers too."""
    if _active is not None:
        _active.writer.put(Reopen())


def change_log_level(level: str) -> None:
    """Write lines from this level on; nothing without `setup_log`. Any thread.

    The lines about cameras stay bounded as they were when the log was set up.

    Raises:
        ValueError: the level is not understood.
    """
    if _active is not None:
        _active.relevel(level)


def print_block(text: str) -> None:
    """Print a report to stdout, redacted, in order with the log lines. Never blocks. Any thread.

    Without `setup_log` it is printed at once, by the calling thread, as it is.
    """
    log = _active
    if log is None:
        with contextlib.suppress(OSError):
            write_stream(sys.stdout, text + "\n")
    else:
        log.writer.put(log.renderer.block(text))
