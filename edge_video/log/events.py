"""Logs events: stable names with fields, through the standard `logging`.

A line is a `LogEvent` and its fields. The English text is the message of the log record, so any
program that embeds edge-video reads it as usual; the record also carries `event` and `fields`,
from which the command line renders the operator's language or JSON. The names are public.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Final

from edge_video.log.event_table import EventSpec, LogEvent
from edge_video.metrics.memory import MemoryLevel
from edge_video.resilience.breaker import BreakerState
from edge_video.text.catalog import lookup
from edge_video.text.formatting import format_field
from edge_video.text.language import Language

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["EventSpec", "LogEvent", "event_text", "level_of", "log_event"]


_MEMORY_ORDER: Final = tuple(MemoryLevel)
_LAYOUTS: Final = frozenset({LogEvent.BREAKER_CHANGED, LogEvent.BREAKER_WAITING})
"""The user's own layouts; their durations are Go's (33.6s) in every language."""


def log_event(logger: logging.Logger, event: LogEvent, /, **fields: object) -> None:
    """Log one line at the event's level; nothing is rendered when the logger is not enabled.

    Fields: durations in seconds end in `_s` and are written as in Go; a `Failure` is written as
    its text. A field that the text needs and that is missing shows as `n/a`: a log line must never
    bring an actor down. Any thread.
    """
    level = level_of(event, fields)
    if logger.isEnabledFor(level):
        text = event_text(event, fields, Language.EN)
        logger.log(level, "%s", text, extra={"event": event, "fields": fields}, stacklevel=2)


def level_of(event: LogEvent, fields: Mapping[str, object]) -> int:
    """The level of one line.

    A breaker that opens is a warning. Memory is a warning unless the level went down, which is
    known from `before` where it is given, else from NORMAL being the lowest.
    """
    if event is LogEvent.BREAKER_CHANGED and fields.get("after") == BreakerState.OPEN:
        return logging.WARNING
    if event is LogEvent.MEMORY_LEVEL_CHANGED:
        level, before = fields.get("level"), fields.get("before")
        known = level in _MEMORY_ORDER and before in _MEMORY_ORDER
        fell = known and _rank(level) < _rank(before)
        if fell or level == MemoryLevel.NORMAL:
            return logging.INFO
    return event.spec.level


def _rank(level: object) -> int:
    return [each.value for each in _MEMORY_ORDER].index(str(level))


def event_text(event: LogEvent, fields: Mapping[str, object], language: Language) -> str:
    """The text of a line; one line, whatever the fields contain."""
    written = Language.EN if event in _LAYOUTS else language
    texts = _FieldTexts(
        (name, format_field(name, value, written)) for name, value in fields.items()
    )
    if isinstance(level := fields.get("level"), MemoryLevel):
        texts["level"] = lookup(f"memory_level.{level.value}", language)
    if event is LogEvent.COMMAND_EXECUTED:
        result = str(fields.get("result"))
        with contextlib.suppress(KeyError):  # what a host of this program answers by itself
            texts["result"] = lookup(f"command_result.{result}", language)
    return _text(event, fields, language).format_map(texts)


class _FieldTexts(dict[str, str]):
    """Field → text; a field that is not there shows as `n/a`."""

    def __missing__(self, name: str) -> str:
        return "n/a"


def _text(event: LogEvent, fields: Mapping[str, object], language: Language) -> str:
    text = event.spec.variants.get(_variant(event, fields), event.spec.text)
    return text.pt_br if language is Language.PT_BR else text.en


def _variant(event: LogEvent, fields: Mapping[str, object]) -> str:
    """The name of the text that suits the fields; any other name stands for the plain text."""
    choose = _VARIANTS.get(event)
    return "" if choose is None else choose(fields)


def _connected(fields: Mapping[str, object]) -> str:
    if fields.get("away_s") is None:
        return ""
    return "again" if fields.get("again") else "late"


def _executed(fields: Mapping[str, object]) -> str:
    if fields.get("held_back"):
        return "more"
    return "" if fields.get("origin") else "unnamed"


_VARIANTS: Final[Mapping[LogEvent, Callable[[Mapping[str, object]], str]]] = {
    LogEvent.BREAKER_CHANGED: lambda fields: str(fields.get("after")),
    LogEvent.CAMERA_BACK: lambda fields: "" if fields.get("is_return", True) else "first",
    LogEvent.CAMERA_START_REJECTED: lambda fields: (
        "forced" if fields.get("retry_in_s") is None else ""
    ),
    LogEvent.CAMERA_WAITS_FOR_KEY_FRAME: lambda fields: (
        "" if fields.get("interval_s") is None else "known"
    ),
    LogEvent.COMMAND_EXECUTED: _executed,
    LogEvent.CONTROL_CONNECTED: lambda fields: "" if fields.get("away_s") is None else "again",
    LogEvent.COMMAND_REFUSED: lambda fields: "more" if fields.get("held_back") else "",
    LogEvent.CPU_SHORT: lambda fields: str(fields.get("bound")),
    LogEvent.FFMPEG_LIMITS: lambda fields: str(fields.get("way")),
    LogEvent.LEASE_GIVEN: lambda fields: "known" if fields.get("owner") else "",
    LogEvent.MEMORY_LEVEL_CHANGED: lambda fields: str(fields.get("level")),
    LogEvent.NODE_GONE: lambda fields: "left" if fields.get("has_left") else "",
    LogEvent.PICTURE_WRONG: lambda fields: str(fields.get("state")),
    LogEvent.PUBLISHER_CONNECTED: _connected,
    LogEvent.PUBLISHER_LOST: lambda fields: "still" if fields.get("tries") else "",
}
