"""Renders a log record or a report as text: language, redaction, escaping, in one place."""

from __future__ import annotations

import json
import logging
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from edge_video.log.events import LogEvent, event_text
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten
from edge_video.text.json import json_ready
from edge_video.text.phrases import translated

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    import loguru

    from edge_video.text.catalog import Language

_TEXT_LIMIT: Final = 4096
_EXCEPTION_LINES: Final = 120
_CONTINUED: Final = "    | "
"""Begins every further line of an entry, so that none can pass for an entry of its own."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One entry, rendered and clean: nothing in it refers to what was logged."""

    level: str
    instant: str
    body: str


@dataclass(frozen=True, slots=True)
class Block:
    """A report for stdout, clean."""

    text: str


class Renderer:
    """Renders log records and reports, without secrets and control characters.

    Args:
        language: of the events' texts.
        redact: masks secrets.
        as_json: one JSON object a line.
    """

    def __init__(self, language: Language, redact: Callable[[str], str], *, as_json: bool) -> None:
        self._language = language
        self._redact = redact
        self._as_json = as_json

    def clean(self, text: str) -> str:
        """One line without secrets."""
        return one_line(self._redact(text))

    def record(self, record: logging.LogRecord) -> LogLine:
        """A record of the standard `logging`. Never raises: a bad record becomes a remark."""
        event, fields = getattr(record, "event", None), getattr(record, "fields", None)
        trace: list[str] = []
        try:
            trace = self._trace(record)
            if isinstance(event, LogEvent) and isinstance(fields, dict):
                text = event_text(event, fields, self._language)
            else:
                event, fields = None, {}
                text = f"{record.name}: {translated(record.getMessage(), self._language)}"
            return self._line_of(record, text, event, fields, trace)
        except Exception as error:  # noqa: BLE001 - foreign __str__ methods run in here
            # Not logging's own way out, which prints the record with its secrets.
            text = f"{record.name}: a log record cannot be rendered ({type(error).__name__})"
            return self._line_of(record, text, None, {}, [])

    def _line_of(
        self,
        record: logging.LogRecord,
        text: str,
        event: LogEvent | None,
        fields: Mapping[str, object],
        trace: list[str],
    ) -> LogLine:
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
        event: LogEvent | None,
        fields: Mapping[str, object],
        trace: list[str],
    ) -> LogLine:
        """An entry from its parts; `text`, `fields` and `trace` may hold anything."""
        name = _level_name(level)
        # Shortened after redaction: half a secret would not be recognised.
        text = shorten(self.clean(text), _TEXT_LIMIT)
        trace = _middle_cut([self.clean(each) for each in trace])
        moment = datetime.fromtimestamp(wall_s, tz=UTC).astimezone()
        if not self._as_json:
            instant = moment.strftime("%Y-%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}"
            return LogLine(name, instant, "\n".join([text, *(_CONTINUED + each for each in trace)]))
        entry = {
            "ts": moment.isoformat(timespec="milliseconds"),
            "level": name,
            "event": None if event is None else event.value,
            "text": text,
            "fields": json_ready(fields, self.clean),
            "logger": self.clean(source),
            "exception": "\n".join(trace) or None,
        }
        return LogLine(name, "", json.dumps(entry, ensure_ascii=False))

    def block(self, text: str) -> Block:
        """A report: its line ends stay."""
        return Block("\n".join(self.clean(each) for each in text.split("\n")))

    def foreign(self, record: loguru.Record) -> LogLine:
        """What somebody else logged with loguru itself."""
        raised = record["exception"]
        return self.line(
            wall_s=record["time"].timestamp(),
            level=record["level"].no,
            source=record["name"] or "",
            text=record["message"],
            event=None,
            fields={},
            trace=_trace_lines(raised.type, raised.value, raised.traceback) if raised else [],
        )

    def remark(self, level: int, event: LogEvent, **fields: object) -> LogLine:
        """A line about the log itself, which goes past logging."""
        extra = {"event": event, "fields": fields}
        return self.record(
            _log.makeRecord(_log.name, level, __file__, 0, "", (), None, extra=extra)
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
