"""The program's own log: loguru behind one bounded queue, redacted in one place.

Only the command line calls this; a program that embeds edge-video configures its own logging.

Records of the standard `logging` are rendered, redacted and freed of control characters on the
thread that logs, into plain strings; one writer thread hands these to loguru, which writes the
terminal and the file and rotates it. loguru's own queue (`enqueue=True`) blocks whoever logs as
soon as a pipe is full; this one drops lines instead, says how many, and holds at most
`QUEUE_LIMIT`: neither a slow disk nor a blocked terminal ever stops the capture.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, TextIO

from loguru import logger as loguru_logger

from edge_video.events import Event, event_text
from edge_video.log_budget import LogBudget
from edge_video.report.as_json import json_ready
from edge_video.report.text import one_line, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    import loguru

    from edge_video.report.catalog import Language

QUEUE_LIMIT: Final = 1000
"""Most lines that wait for the writer; more are dropped and counted."""

FORWARDED: Final = ("edge_video", "actors", "pykka", "pika", "uvicorn", "asyncio")
"""The loggers whose records, and those of their children, are written."""

_ECHOES: Final = (
    "pika.adapters.base_connection",
    "pika.adapters.utils.connection_workflow",
    "pika.adapters.utils.io_services_utils",
    "pika.channel",
    "pika.connection",
    "pika.heartbeat",
)
"""Loggers of pika that only repeat, in its own jargon, what the publisher says in words."""

_TEXT_LIMIT: Final = 4096
_EXCEPTION_LINES: Final = 120
_CONTINUED: Final = "    | "
"""Begins every further line of an entry, so that none can pass for an entry of its own."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What the configuration says about the log.

    Attributes:
        level: a level of loguru, in any case: TRACE, DEBUG, INFO, SUCCESS, WARNING, ERROR or
            CRITICAL.
        format: `text`, or `json` for one object per line.
        file: written in addition to the stream; None for no file.
        rotation: when a new file begins, as loguru reads it: `10 MB`, `1 day`.
        retention: how many old files are kept.
    """

    level: str = "INFO"
    format: Literal["text", "json"] = "text"
    file: Path | None = None
    rotation: str = "10 MB"
    retention: int = 5


@dataclass(frozen=True, slots=True)
class _Line:
    """One entry, rendered and clean: nothing in it refers to what was logged."""

    level: str
    instant: str
    body: str


@dataclass(frozen=True, slots=True)
class _Block:
    """A report for stdout, clean."""

    text: str


_WAKE: Final = _Line("", "", "")
"""Nothing to write: the writer looks at what else is due."""


class _Renderer:
    """The one place where text becomes a line: words, redaction, control characters."""

    def __init__(self, language: Language, redact: Callable[[str], str], *, as_json: bool) -> None:
        self._language = language
        self._redact = redact
        self._as_json = as_json

    def clean(self, text: str) -> str:
        """One line without secrets."""
        return one_line(self._redact(text))

    def record(self, record: logging.LogRecord) -> _Line:
        """A record of the standard `logging`. Never raises: a bad record becomes a remark."""
        event, fields = getattr(record, "event", None), getattr(record, "fields", None)
        trace: list[str] = []
        try:
            trace = self._trace(record)
            if isinstance(event, Event) and isinstance(fields, dict):
                text = event_text(event, fields, self._language)
            else:
                event, fields = None, {}
                text = f"{record.name}: {record.getMessage()}"
            return self._line_of(record, text, event, fields, trace)
        except Exception as error:  # noqa: BLE001 - foreign __str__ methods run in here
            # Not logging's own way out, which prints the record with its secrets.
            text = f"{record.name}: a log record cannot be rendered ({type(error).__name__})"
            return self._line_of(record, text, None, {}, [])

    def _line_of(
        self,
        record: logging.LogRecord,
        text: str,
        event: Event | None,
        fields: Mapping[str, object],
        trace: list[str],
    ) -> _Line:
        return self.line(
            wall_s=record.created,
            level=record.levelno,
            source=record.name,
            text=text,
            event=event,
            fields=fields,
            trace=trace,
        )

    def line(
        self,
        *,
        wall_s: float,
        level: int,
        source: str,
        text: str,
        event: Event | None,
        fields: Mapping[str, object],
        trace: list[str],
    ) -> _Line:
        """An entry from its parts; `text`, `fields` and `trace` may hold anything."""
        name = _level_name(level)
        # Cut off only what is redacted already: half a secret would not be recognised.
        text = shorten(self.clean(text), _TEXT_LIMIT)
        trace = _middle_cut([self.clean(each) for each in trace])
        moment = datetime.fromtimestamp(wall_s, tz=UTC).astimezone()
        if not self._as_json:
            instant = moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}"
            return _Line(name, instant, "\n".join([text, *(_CONTINUED + each for each in trace)]))
        entry = {
            "ts": moment.isoformat(timespec="milliseconds"),
            "level": name,
            "event": None if event is None else event.value,
            "text": text,
            "fields": json_ready(fields, self.clean),
            "logger": self.clean(source),
            "exception": "\n".join(trace) or None,
        }
        return _Line(name, "", json.dumps(entry, ensure_ascii=False))

    def block(self, text: str) -> _Block:
        """A report: its line ends stay."""
        return _Block("\n".join(self.clean(each) for each in text.split("\n")))

    def complete(self, record: loguru.Record) -> None:
        """Loguru's patcher: renders what was logged with loguru itself."""
        if "line" not in record["extra"]:
            raised = record["exception"]
            trace = _trace_lines(raised.type, raised.value, raised.traceback) if raised else []
            record["extra"]["line"] = self.line(
                wall_s=record["time"].timestamp(),
                level=record["level"].no,
                source=record["name"] or "",
                text=record["message"],
                event=None,
                fields={},
                trace=trace,
            )

    def template(self, _record: loguru.Record) -> str:
        """Loguru's format function; nothing of the entry itself is ever read as markup."""
        if self._as_json:
            return "{extra[line].body}\n"
        return "{extra[line].instant} | <level>{extra[line].level}</level> | {extra[line].body}\n"

    @staticmethod
    def _trace(record: logging.LogRecord) -> list[str]:
        lines: list[str] = []
        if record.exc_info and record.exc_info[0] is not None:
            lines += _trace_lines(*record.exc_info)
        elif record.exc_text:
            lines += record.exc_text.split("\n")
        if record.stack_info:
            lines += record.stack_info.split("\n")
        return lines


def _trace_lines(
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: TracebackType | None,
) -> list[str]:
    """A traceback as Python prints it: file names and code, never the values of variables."""
    return "".join(traceback.format_exception(kind, error, trace)).rstrip("\n").split("\n")


def _middle_cut(lines: list[str]) -> list[str]:
    """At most so many lines; the middle goes, because the last line says what happened."""
    lines = [shorten(each, _TEXT_LIMIT) for each in lines]
    if len(lines) <= _EXCEPTION_LINES:
        return lines
    half = _EXCEPTION_LINES // 2
    return [*lines[:half], f"… ({len(lines) - 2 * half} lines)", *lines[-half:]]


def _level_name(level: int) -> str:
    """The nearest of the five levels that is not above; a level of one's own has no name here."""
    names = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    return names[min(max(level // 10, 1), len(names)) - 1]


class _InterceptHandler(logging.Handler):
    """Puts records of the standard `logging` into the queue. Never blocks, never raises."""

    def __init__(self, renderer: _Renderer, writer: _Writer) -> None:
        super().__init__()
        self._renderer = renderer
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        if self._writer.admits(record):
            self._writer.put(self._renderer.record(record))


class _Writer:
    """The queue, and the thread that empties it into loguru and stdout."""

    def __init__(self, renderer: _Renderer, stream: TextIO, budget: LogBudget | None) -> None:
        self._renderer = renderer
        self._stream = stream
        self._budget = budget
        self._budget_lock = threading.RLock()
        # A SimpleQueue may be put to from a signal handler that interrupted a put; a Queue not.
        self._queue: queue.SimpleQueue[_Line | _Block | None] = queue.SimpleQueue()
        self._lost = 0
        self._lost_lock = threading.RLock()
        self._file_is_broken = False
        # A daemon: a terminal that blocks for ever must not keep the program from ending.
        self._thread = threading.Thread(target=self._run, name="edge-video-log", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, item: _Line | _Block) -> None:
        """Hand over one item, or drop and count it when too many wait. Any thread."""
        if self._queue.qsize() < QUEUE_LIMIT:
            self._queue.put(item)
        else:
            with self._lost_lock:
                self._lost += 1

    def stop(self, timeout_s: float) -> bool:
        """Write what waits, then end; False when that took too long."""
        self._queue.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def write_stream(self, text: str) -> None:
        """Loguru's sink for the terminal."""
        _write(self._stream, text)

    def admits(self, record: logging.LogRecord) -> bool:
        """Whether a record is within the budget of lines about cameras. Any thread."""
        event, fields = getattr(record, "event", None), getattr(record, "fields", None)
        if self._budget is None or not isinstance(event, Event) or not isinstance(fields, dict):
            return True
        with self._budget_lock:
            admitted = self._budget.admits(event, fields, time.monotonic())
            first = not admitted and self._budget.held_lines == 1
        if first:
            self._queue.put(_WAKE)  # the writer may wait for ever otherwise
        return admitted

    def _run(self) -> None:
        while (item := self._next()) is not None:
            if isinstance(item, _Block):
                _write(sys.stdout, item.text + "\n")
            elif item is not _WAKE:
                self._write_line(item)
            self._report_losses()
            self._report_held_back()
        self._report_held_back(at_once=True)

    def _next(self) -> _Line | _Block | None:
        try:
            return self._queue.get(timeout=self._summary_in_s())
        except queue.Empty:
            return _WAKE

    def _summary_in_s(self) -> float | None:
        if self._budget is None:
            return None
        with self._budget_lock:
            return self._budget.summary_in_s(time.monotonic())

    def _report_held_back(self, *, at_once: bool = False) -> None:
        """One line about the many that many cameras would have written."""
        if self._budget is None:
            return
        with self._budget_lock:
            wait_s = self._budget.summary_in_s(time.monotonic())
            held = self._budget.sum_up() if at_once or wait_s == 0.0 else None
        if held is not None:
            self._remark(
                logging.WARNING,
                Event.CAMERA_LINES_HELD_BACK,
                cameras=len(held.cameras),
                failures=held.failures,
                opened=held.opened,
                streaming=held.streaming,
                lines=held.lines,
            )

    def _write_line(self, line: _Line) -> None:
        try:
            loguru_logger.bind(line=line).log(line.level, "")
        except Exception as error:  # noqa: BLE001 - whatever writing or rotating a file raises
            # The stream is loguru's first sink and does not raise, so it has the line already.
            if not self._file_is_broken:
                self._file_is_broken = True
                self._remark(logging.ERROR, Event.LOG_FILE_FAILED, reason=str(error))
        else:
            self._file_is_broken = False

    def _report_losses(self) -> None:
        if not self._lost:
            return
        with self._lost_lock:
            lost, self._lost = self._lost, 0
        self._remark(logging.WARNING, Event.LOG_LINES_LOST, lines=lost)

    def _remark(self, level: int, event: Event, **fields: object) -> None:
        """A line about the log itself; it goes past the queue, which this thread empties."""
        record = _log.makeRecord(
            _log.name,
            level,
            __file__,
            0,
            "",
            (),
            None,
            extra={"event": event, "fields": fields},
        )
        line = self._renderer.record(record)
        with contextlib.suppress(Exception):  # the file fails again; the stream has it
            loguru_logger.bind(line=line).log(line.level, "")


def _write(stream: TextIO | None, text: str) -> None:
    """Write and flush; a closed terminal or a broken pipe is not worth a crash."""
    if stream is None:  # pythonw, some service managers
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except (OSError, ValueError, LookupError):
        pass


class _Log:
    """Everything that is set up, so that it can be undone."""

    def __init__(
        self,
        settings: LogSettings,
        language: Language,
        redact: Callable[[str], str],
        stream: TextIO,
    ) -> None:
        self._level = loguru_logger.level(settings.level.upper()).no
        self.renderer = _Renderer(language, redact, as_json=settings.format == "json")
        # Who asks for DEBUG wants everything.
        budget = LogBudget() if self._level > logging.DEBUG else None
        self.writer = _Writer(self.renderer, stream, budget)
        self._handler = _InterceptHandler(self.renderer, self.writer)
        self._sinks = self._add_sinks(settings, stream)
        self._before = [
            (each, each.level, each.propagate) for each in map(logging.getLogger, FORWARDED)
        ]
        self._echoes = [(each, each.level) for each in map(logging.getLogger, _ECHOES)]
        self._hooks = (sys.excepthook, threading.excepthook)

    def start(self) -> None:
        for each, _, _ in self._before:
            each.addHandler(self._handler)
            each.propagate = False
            each.setLevel(self._level)
        if self._level > logging.DEBUG:
            # pika reports every step of a connection at INFO, and every failure up to five times.
            pika = logging.getLogger("pika")
            pika.setLevel(max(self._level, logging.WARNING))
            # uvicorn speaks of every malformed request and every slow reader: anybody could fill
            # the log. What matters of it is said in our own words.
            logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
            for echo, _ in self._echoes:
                echo.setLevel(logging.CRITICAL)
        sys.excepthook, threading.excepthook = self._uncaught, self._uncaught_in_thread
        self.writer.start()

    def stop(self, timeout_s: float) -> None:
        sys.excepthook, threading.excepthook = self._hooks
        for each, level, propagate in self._before:
            each.removeHandler(self._handler)
            each.propagate = propagate
            each.setLevel(level)
        for echo, level in self._echoes:
            echo.setLevel(level)
        if self.writer.stop(timeout_s):  # else loguru's lock is held by a write that hangs
            self._remove_sinks()

    def _add_sinks(self, settings: LogSettings, stream: TextIO) -> list[int]:
        loguru_logger.remove()
        loguru_logger.configure(patcher=self.renderer.complete)
        terminal = loguru_logger.add(
            self.writer.write_stream,
            level=self._level,
            format=self.renderer.template,
            colorize=stream.isatty() and "NO_COLOR" not in os.environ,
            backtrace=False,
            diagnose=False,
            catch=False,
        )
        if settings.file is None:
            return [terminal]
        try:
            file = loguru_logger.add(
                settings.file,
                level=self._level,
                format=self.renderer.template,
                colorize=False,
                rotation=settings.rotation,
                retention=settings.retention,
                encoding="utf-8",
                backtrace=False,
                diagnose=False,
                catch=False,
            )
        except BaseException:
            loguru_logger.remove(terminal)
            raise
        return [terminal, file]

    def _remove_sinks(self) -> None:
        for sink in self._sinks:
            with contextlib.suppress(Exception):  # a last flush to a full disk: nowhere to say so
                loguru_logger.remove(sink)
        loguru_logger.configure(patcher=lambda _record: None)

    def _uncaught(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._hooks[0](kind, error, trace)
        else:
            self._say_uncaught("MainThread", (kind, error, trace))

    def _uncaught_in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
            name = args.thread.name if args.thread else "?"
            self._say_uncaught(name, (args.exc_type, args.exc_value, args.exc_traceback))

    @staticmethod
    def _say_uncaught(
        thread: str,
        exc_info: tuple[type[BaseException], BaseException, TracebackType | None],
    ) -> None:
        event = Event.UNCAUGHT_EXCEPTION
        extra = {"event": event, "fields": {"thread": thread}}
        _log.critical("uncaught exception in thread %s", thread, exc_info=exc_info, extra=extra)


_active: _Log | None = None


def setup_log(
    settings: LogSettings,
    language: Language,
    redact: Callable[[str], str],
    stream: TextIO | None = None,
) -> None:
    """Send the loggers in `FORWARDED` to the stream (stderr by default) and to the file.

    Every line passes `redact` (words, fields and exceptions, line by line) before anything else
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


def print_block(text: str) -> None:
    """Print a report to stdout, redacted, in order with the log lines. Never blocks. Any thread.

    Without `setup_log` it is printed at once, by the calling thread, as it is.
    """
    log = _active
    if log is None:
        _write(sys.stdout, text + "\n")
    else:
        log.writer.put(log.renderer.block(text))
