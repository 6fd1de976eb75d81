"""Defines the events of the log: stable names with fields, over the standard `logging`.

A line is a `LogEvent` and its fields. The English text is the message of the log record, so any
program that embeds edge-video reads it as usual; the record also carries `event` and `fields`,
from which the command line renders the operator's language or JSON. The names are public.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_video.metrics.memory import MemoryLevel
from edge_video.resilience.breaker import BreakerState
from edge_video.text.catalog import Language, lookup
from edge_video.text.formatting import format_field

if TYPE_CHECKING:
    from collections.abc import Mapping


class LogEvent(StrEnum):
    """The events that are logged; the value is the name in JSON lines."""

    PROGRAM_STARTED = "program_started"
    CONFIG_NOTE = "config_note"
    CAMERA_CONNECTING = "camera_connecting"
    CAMERA_STREAMING = "camera_streaming"
    CAMERA_RESIZED = "camera_resized"
    CAMERA_WAITS_FOR_KEY_FRAME = "camera_waits_for_key_frame"
    CAMERA_FAILED = "camera_failed"
    CAMERA_SESSION_ENDED = "camera_session_ended"
    CAMERA_RETRYING = "camera_retrying"
    CAMERA_PROTECTED = "camera_protected"
    CAMERA_STARTED = "camera_started"
    CAMERA_STOPPED = "camera_stopped"
    CAMERA_START_REJECTED = "camera_start_rejected"
    BREAKER_CHANGED = "breaker_changed"
    BREAKER_WAITING = "breaker_waiting"
    BREAKER_FORCED = "breaker_forced"
    BREAKER_RESET = "breaker_reset"
    BINARY_MISSING = "binary_missing"
    PUBLISHER_CONNECTED = "publisher_connected"
    PUBLISHER_LOST = "publisher_lost"
    PUBLISHER_BLOCKED = "publisher_blocked"
    PUBLISHER_UNBLOCKED = "publisher_unblocked"
    ROUTE_REFUSED = "route_refused"
    EVENTS_REFUSED = "events_refused"
    FRAMES_REFUSED = "frames_refused"
    FRAMES_TOO_LARGE = "frames_too_large"
    FRAMES_UNROUTABLE = "frames_unroutable"
    EVENTS_LOST = "events_lost"
    MEMORY_LEVEL_CHANGED = "memory_level_changed"
    ACTOR_CRASHED = "actor_crashed"
    ACTOR_RESTARTED = "actor_restarted"
    MACHINE_SHORT = "machine_short"
    MEASURING_FAILED = "measuring_failed"
    MEASURING_RESUMED = "measuring_resumed"
    ESCALATED = "escalated"
    SUPERVISOR_CRASHED = "supervisor_crashed"
    SHUTDOWN_STARTED = "shutdown_started"
    DRAIN_FINISHED = "drain_finished"
    SHUTDOWN_FINISHED = "shutdown_finished"
    SURVIVOR = "survivor"
    SECOND_SIGNAL = "second_signal"
    FAULT_INJECTED = "fault_injected"
    FAULT_REFUSED = "fault_refused"
    FAULT_ARMED = "fault_armed"
    FAULT_MISSED = "fault_missed"
    FAULTS_CLEARED = "faults_cleared"
    LEDGER_IMBALANCE = "ledger_imbalance"
    CAMERA_LINES_HELD_BACK = "camera_lines_held_back"
    HTTP_LISTENING = "http_listening"
    HTTP_UNAVAILABLE = "http_unavailable"
    HTTP_TOKEN_REFUSED = "http_token_refused"  # noqa: S105 - an event's name
    LOG_LINES_LOST = "log_lines_lost"
    LOG_FILE_FAILED = "log_file_failed"
    LOG_FILE_REOPENED = "log_file_reopened"
    LOG_ROTATION_FAILED = "log_rotation_failed"
    LOG_SINK_BLOCKED = "log_sink_blocked"
    LOG_STREAM_FAILED = "log_stream_failed"
    NODE_NAME_TAKEN = "node_name_taken"
    REPORT_NOT_WRITTEN = "report_not_written"
    UNCAUGHT_EXCEPTION = "uncaught_exception"


@dataclass(frozen=True, slots=True)
class EventSpec:
    """What belongs to an event: its level and the names of its fields.

    `level` is that of `logging`; see `level_of` for the events whose level depends on a field.
    `optional` fields may be left out.
    """

    level: int
    fields: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


_DEBUG, _INFO, _WARNING = logging.DEBUG, logging.INFO, logging.WARNING
_ERROR, _CRITICAL = logging.ERROR, logging.CRITICAL

SPECS: Final[Mapping[LogEvent, EventSpec]] = {
    LogEvent.PROGRAM_STARTED: EventSpec(_INFO, ("version", "cameras", "sink", "config")),
    LogEvent.CONFIG_NOTE: EventSpec(_INFO, ("text",)),
    LogEvent.CAMERA_CONNECTING: EventSpec(_DEBUG, ("camera_id", "url", "attempt")),
    LogEvent.CAMERA_STREAMING: EventSpec(_INFO, ("camera_id", "width", "height", "after_s")),
    LogEvent.CAMERA_RESIZED: EventSpec(_INFO, ("camera_id", "before", "after", "width", "height")),
    LogEvent.CAMERA_WAITS_FOR_KEY_FRAME: EventSpec(
        _WARNING, ("camera_id", "waited_s", "limit_s", "interval_s")
    ),
    LogEvent.CAMERA_FAILED: EventSpec(_ERROR, ("camera_id", "failure")),
    LogEvent.CAMERA_SESSION_ENDED: EventSpec(_INFO, ("camera_id", "failure", "after_s")),
    LogEvent.CAMERA_RETRYING: EventSpec(_INFO, ("camera_id", "state")),
    LogEvent.CAMERA_PROTECTED: EventSpec(_WARNING, ("camera_id", "wait_s")),
    LogEvent.CAMERA_STARTED: EventSpec(_INFO, ("camera_id",)),
    LogEvent.CAMERA_STOPPED: EventSpec(_INFO, ("camera_id",)),
    LogEvent.CAMERA_START_REJECTED: EventSpec(_WARNING, ("camera_id", "retry_in_s")),
    LogEvent.BREAKER_CHANGED: EventSpec(
        _INFO, ("camera_id", "before", "after", "failures", "backoff_s")
    ),
    LogEvent.BREAKER_WAITING: EventSpec(_WARNING, ("camera_id", "wait_s")),
    LogEvent.BREAKER_FORCED: EventSpec(_WARNING, ("camera_id",)),
    LogEvent.BREAKER_RESET: EventSpec(_INFO, ("camera_id",)),
    LogEvent.BINARY_MISSING: EventSpec(_ERROR, ("detail",)),
    LogEvent.PUBLISHER_CONNECTED: EventSpec(_INFO, ("target",)),
    LogEvent.PUBLISHER_LOST: EventSpec(_ERROR, ("reason", "retry_in_s")),
    LogEvent.PUBLISHER_BLOCKED: EventSpec(_WARNING, ("reason",)),
    LogEvent.PUBLISHER_UNBLOCKED: EventSpec(_INFO),
    LogEvent.ROUTE_REFUSED: EventSpec(_ERROR, ("route", "reason", "retry_in_s")),
    LogEvent.EVENTS_REFUSED: EventSpec(_ERROR, ("route", "reason", "retry_in_s")),
    LogEvent.FRAMES_REFUSED: EventSpec(_ERROR, ("camera_id", "reason", "retry_in_s")),
    LogEvent.FRAMES_TOO_LARGE: EventSpec(_ERROR, ("camera_id", "reason")),
    LogEvent.FRAMES_UNROUTABLE: EventSpec(_WARNING, ("returned", "nacked", "route")),
    LogEvent.EVENTS_LOST: EventSpec(_WARNING, ("dropped", "refused", "waiting")),
    LogEvent.MEMORY_LEVEL_CHANGED: EventSpec(
        _WARNING, ("level", "used_mb", "limit_mb", "percent"), optional=("before",)
    ),
    LogEvent.ACTOR_CRASHED: EventSpec(_ERROR, ("actor", "error")),
    LogEvent.ACTOR_RESTARTED: EventSpec(_WARNING, ("actor", "restarts")),
    LogEvent.MACHINE_SHORT: EventSpec(_WARNING, ("actor", "error")),
    LogEvent.MEASURING_FAILED: EventSpec(_WARNING, ("reason",)),
    LogEvent.MEASURING_RESUMED: EventSpec(_INFO, ()),
    LogEvent.ESCALATED: EventSpec(_CRITICAL, ("actor", "restarts", "period_s")),
    LogEvent.SUPERVISOR_CRASHED: EventSpec(_CRITICAL, ("error",)),
    LogEvent.SHUTDOWN_STARTED: EventSpec(_INFO, ("reason",)),
    LogEvent.DRAIN_FINISHED: EventSpec(_INFO, ("confirmed", "abandoned")),
    LogEvent.SHUTDOWN_FINISHED: EventSpec(_INFO, ("after_s",)),
    LogEvent.SURVIVOR: EventSpec(_ERROR, ("actor",)),
    LogEvent.SECOND_SIGNAL: EventSpec(_WARNING),
    LogEvent.FAULT_INJECTED: EventSpec(_WARNING, ("target", "fault")),
    LogEvent.FAULT_REFUSED: EventSpec(_WARNING, ("target", "fault")),
    LogEvent.FAULT_ARMED: EventSpec(_WARNING, ("target", "fault")),
    LogEvent.FAULT_MISSED: EventSpec(_WARNING, ("target", "fault")),
    LogEvent.FAULTS_CLEARED: EventSpec(_INFO, ("target",)),
    LogEvent.LEDGER_IMBALANCE: EventSpec(_ERROR, ("detail",)),
    LogEvent.CAMERA_LINES_HELD_BACK: EventSpec(
        _WARNING, ("cameras", "failures", "opened", "streaming", "lines")
    ),
    LogEvent.HTTP_LISTENING: EventSpec(_INFO, ("url",)),
    LogEvent.HTTP_UNAVAILABLE: EventSpec(_ERROR, ("address", "reason")),
    LogEvent.HTTP_TOKEN_REFUSED: EventSpec(_WARNING, ("client", "count")),
    LogEvent.LOG_LINES_LOST: EventSpec(_WARNING, ("lines", "sink")),
    LogEvent.LOG_FILE_FAILED: EventSpec(_ERROR, ("reason",)),
    LogEvent.LOG_FILE_REOPENED: EventSpec(_INFO, ("path",)),
    LogEvent.LOG_ROTATION_FAILED: EventSpec(_WARNING, ("reason",)),
    LogEvent.LOG_SINK_BLOCKED: EventSpec(_WARNING, ("sink",)),
    LogEvent.LOG_STREAM_FAILED: EventSpec(_WARNING, ("sink", "reason")),
    LogEvent.NODE_NAME_TAKEN: EventSpec(_WARNING, ("node",)),
    LogEvent.REPORT_NOT_WRITTEN: EventSpec(_ERROR, ("option", "path", "reason")),
    LogEvent.UNCAUGHT_EXCEPTION: EventSpec(_CRITICAL, ("thread",)),
}

_MEMORY_ORDER: Final = tuple(MemoryLevel)


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
    return SPECS[event].level


def _rank(level: object) -> int:
    return [each.value for each in _MEMORY_ORDER].index(str(level))


def event_text(event: LogEvent, fields: Mapping[str, object], language: Language) -> str:
    """The text of a line; one line, whatever the fields contain."""
    texts = _FieldTexts(
        (name, format_field(name, value, language)) for name, value in fields.items()
    )
    if isinstance(level := fields.get("level"), MemoryLevel):
        texts["level"] = level.name  # as in the monitor
    return lookup(_key(event, fields), language).format_map(texts)


class _FieldTexts(dict[str, str]):
    """Field → text; a field that is not there shows as `n/a`."""

    def __missing__(self, name: str) -> str:
        return "n/a"


def _key(event: LogEvent, fields: Mapping[str, object]) -> str:
    if event is LogEvent.BREAKER_CHANGED:
        after = fields.get("after")
        known = after if after in tuple(BreakerState) else BreakerState.OPEN
        return f"event.{event.value}.{known}"
    if event is LogEvent.CAMERA_START_REJECTED and fields.get("retry_in_s") is None:
        return f"event.{event.value}.forced"
    if event is LogEvent.CAMERA_WAITS_FOR_KEY_FRAME and fields.get("interval_s") is not None:
        return f"event.{event.value}.known"
    return f"event.{event.value}"
