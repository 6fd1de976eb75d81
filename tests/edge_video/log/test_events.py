from __future__ import annotations

import ast
import logging
import string
from pathlib import Path
from typing import Any

import pytest

from edge_video.log.events import LogEvent, event_text, level_of, log_event
from edge_video.metrics.memory import MemoryLevel
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause, Failure
from edge_video.text.catalog import Language

ROOT = Path(__file__).parents[3]
EOF = Failure(Cause.END_OF_STREAM)
OPENED: dict[str, object] = {
    "camera_id": "cam6",
    "before": BreakerState.CLOSED,
    "after": BreakerState.OPEN,
    "failures": 5,
    "backoff_s": 5.0,
}


def facts(event: LogEvent) -> dict[str, object]:
    """A value for each field, durations where the name says so."""
    spec = event.spec
    return {name: 1.5 if name.endswith("_s") else name for name in spec.fields}


@pytest.mark.parametrize(
    ("event", "fields", "line"),
    [
        (LogEvent.CAMERA_FAILED, {"camera_id": "cam6", "failure": EOF}, "[cam6] ERRO ao ler: EOF"),
        (
            LogEvent.CAMERA_RETRYING,
            {"camera_id": "cam6", "state": BreakerState.CLOSED},
            "[cam6] Tentando reconectar FFmpeg (estado: CLOSED)...",
        ),
        (
            LogEvent.BREAKER_CHANGED,
            OPENED,
            "🔴 Circuit Breaker [cam6]: CLOSED → OPEN (falhas: 5, backoff: 5s)",
        ),
        (
            LogEvent.BREAKER_WAITING,
            {"camera_id": "cam6", "wait_s": 10.0},
            "[cam6] Circuit breaker OPEN - aguardando 10s antes de retry...",
        ),
    ],
)
def test_the_users_own_lines_come_out_to_the_letter(
    event: LogEvent, fields: dict[str, object], line: str
) -> None:
    assert event_text(event, fields, Language.PT_BR) == line


@pytest.mark.parametrize(
    ("event", "fields", "line"),
    [
        (
            LogEvent.CAMERA_FAILED,
            {"camera_id": "cam6", "failure": Failure(Cause.WRONG_PASSWORD, "401 Unauthorized", 1)},
            "[cam6] ERROR reading: wrong password (401 Unauthorized)",
        ),
        (
            LogEvent.BREAKER_CHANGED,
            {**OPENED, "before": BreakerState.OPEN, "after": BreakerState.HALF_OPEN},
            "🟡 Circuit Breaker [cam6]: OPEN → HALF_OPEN",
        ),
        (
            LogEvent.BREAKER_CHANGED,
            {**OPENED, "before": BreakerState.HALF_OPEN, "after": BreakerState.CLOSED},
            "🟢 Circuit Breaker [cam6]: HALF_OPEN → CLOSED",
        ),
        (
            LogEvent.CAMERA_START_REJECTED,
            {"camera_id": "cam6", "retry_in_s": 65.04},
            "[cam6] Start refused, circuit breaker OPEN: next try in 1m5s",
        ),
        (
            LogEvent.CAMERA_START_REJECTED,
            {"camera_id": "cam6", "retry_in_s": None},
            "[cam6] Start refused, circuit breaker held OPEN by the operator until it is reset",
        ),
        (
            LogEvent.MEMORY_LEVEL_CHANGED,
            {"level": MemoryLevel.WARNING, "used_mb": 61.52, "limit_mb": 96.0, "percent": 64.08},
            "Memory WARNING: 61.5 of 96 MB (64.1%)",
        ),
    ],
)
def test_lines_in_english(event: LogEvent, fields: dict[str, object], line: str) -> None:
    assert event_text(event, fields, Language.EN) == line


def named_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("event", list(LogEvent))
def test_both_languages_of_an_event_are_there_and_name_the_same_fields(event: LogEvent) -> None:
    for text in event.spec.texts:
        assert text.en
        assert text.pt_br
        assert named_in(text.en) == named_in(text.pt_br)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("event", list(LogEvent))
def test_every_event_has_a_text(event: LogEvent, language: Language) -> None:
    text = event_text(event, facts(event), language)
    assert text
    assert "n/a" not in text
    assert "{" not in text


@pytest.mark.parametrize(
    ("event", "fields", "level"),
    [
        (LogEvent.CAMERA_FAILED, {}, logging.ERROR),
        (LogEvent.CAMERA_CONNECTING, {}, logging.DEBUG),
        (LogEvent.ESCALATED, {}, logging.CRITICAL),
        (LogEvent.BREAKER_CHANGED, {"after": BreakerState.OPEN}, logging.WARNING),
        (LogEvent.BREAKER_CHANGED, {"after": BreakerState.HALF_OPEN}, logging.INFO),
        (LogEvent.BREAKER_CHANGED, {"after": BreakerState.CLOSED}, logging.INFO),
        (LogEvent.MEMORY_LEVEL_CHANGED, {"level": MemoryLevel.WARNING}, logging.WARNING),
        (LogEvent.MEMORY_LEVEL_CHANGED, {"level": MemoryLevel.NORMAL}, logging.INFO),
        (
            LogEvent.MEMORY_LEVEL_CHANGED,
            {"level": MemoryLevel.CRITICAL, "before": MemoryLevel.EMERGENCY},
            logging.INFO,
        ),
        (
            LogEvent.MEMORY_LEVEL_CHANGED,
            {"level": MemoryLevel.CRITICAL, "before": MemoryLevel.WARNING},
            logging.WARNING,
        ),
    ],
)
def test_the_level_of_a_line(event: LogEvent, fields: dict[str, object], level: int) -> None:
    assert level_of(event, fields) == level


def test_a_line_is_a_record_with_its_event_and_fields(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("edge_video.test_events")
    with caplog.at_level(logging.INFO, logger.name):
        log_event(logger, LogEvent.CAMERA_FAILED, camera_id="100%s", failure=EOF)
    (record,) = caplog.records
    assert record.getMessage() == "[100%s] ERROR reading: EOF"
    assert record.levelno == logging.ERROR
    assert record.funcName == "test_a_line_is_a_record_with_its_event_and_fields"
    assert vars(record)["event"] is LogEvent.CAMERA_FAILED
    assert vars(record)["fields"] == {"camera_id": "100%s", "failure": EOF}


class Unspeakable:
    def __str__(self) -> str:
        raise AssertionError("rendered although nobody listens")


def test_nothing_is_rendered_when_nobody_listens() -> None:
    logger = logging.getLogger("edge_video.test_events.quiet")
    logger.setLevel(logging.CRITICAL)
    log_event(logger, LogEvent.ACTOR_CRASHED, actor=Unspeakable(), error="")


def test_a_missing_field_shows_as_not_available() -> None:
    assert event_text(LogEvent.CAMERA_STOPPED, {}, Language.EN) == "[n/a] Camera stopped"
    assert event_text(LogEvent.BREAKER_CHANGED, {}, Language.EN).startswith("🔴")


def test_a_field_can_neither_forge_a_line_nor_be_a_template() -> None:
    fields = {"actor": "{error}", "error": "x\n2026-01-31 | INFO | all is well"}
    text = event_text(LogEvent.ACTOR_CRASHED, fields, Language.EN)
    assert text == "Actor {error} crashed: x\\n2026-01-31 | INFO | all is well"


def logged_in(path: Path) -> list[tuple[str, str, set[str]]]:
    """Where, which event, which fields: each `log_event(logger, LogEvent.X, …)` of a module."""
    calls = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(
                func=ast.Name(id="log_event"),
                args=[_, ast.Attribute(value=ast.Name(id="LogEvent"), attr=name)],
                keywords=keywords,
            ) if all(each.arg for each in keywords):
                names = {each.arg for each in keywords if each.arg}
                calls.append((f"{path.relative_to(ROOT)}:{node.lineno}", name, names))
    return calls


def test_every_line_that_the_code_logs_has_exactly_its_fields() -> None:
    calls: list[Any] = []
    for package in ("edge_video", "actors"):
        for path in sorted((ROOT / package).rglob("*.py")):
            calls += logged_in(path)
    assert calls
    wrong = []
    for where, name, fields in calls:
        spec = LogEvent[name].spec
        if not set(spec.fields) <= fields <= {*spec.fields, *spec.optional}:
            wrong.append(f"{where}: {name} has {sorted(fields)}, wants {sorted(spec.fields)}")
    assert wrong == []


def test_portuguese_has_decimal_commas_but_in_the_users_own_layouts() -> None:
    def shown(event: LogEvent, **fields: object) -> str:
        return event_text(event, {"camera_id": "door", **fields}, Language.PT_BR)

    waiting = shown(LogEvent.BREAKER_WAITING, wait_s=33.6)
    assert waiting == "[door] Circuit breaker OPEN - aguardando 33.6s antes de retry..."
    assert "em 33,6s" in shown(LogEvent.CAMERA_START_REJECTED, retry_in_s=33.6)


def test_what_became_of_a_command_is_in_the_language_of_the_log() -> None:
    fields = {"target": "door", "command": "stop", "result": "already", "origin": "token"}
    english, portuguese = (
        event_text(LogEvent.COMMAND_EXECUTED, fields, each)
        for each in (Language.EN, Language.PT_BR)
    )
    assert english == "[door] Command stop: already (by token)"
    assert portuguese == "[door] Comando stop: já estava assim (por token)"
    foreign = event_text(LogEvent.COMMAND_EXECUTED, fields | {"result": "odd"}, Language.PT_BR)
    assert foreign == "[door] Comando stop: odd (por token)"


def test_each_detail_of_a_refused_reload_is_translated() -> None:
    fields = {"origin": "", "details": "there is no camera door; there is no FFmpeg"}
    told = event_text(LogEvent.CONFIG_RELOAD_FAILED, fields, Language.PT_BR)
    assert "a câmera door não existe; não há FFmpeg" in told
