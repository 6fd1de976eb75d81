"""Code, texts and documents use the field's terms: words of a private language do not come back.

Each row has the word that is not used, as a pattern, and what is written in its place. Names are
compared whole, as Python's tokens; phrases are looked for in everything that people read.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
SOURCES: Final = ("edge_video", "actors", "bench", "examples", "scripts")

NAMES: Final = {
    "_?newsroom|Newsroom|NewsPolicy|Notices?|Notice[A-Z].*": "NotificationRules, Notification…",
    "Telling|_?telling|story_s": "StateChange, state_change, episode_start_s",
    "_?Board|pin_up|pins_up": "StatusStore, record",
    "Books|_?books(_.*)?": "FrameLedger, ledger_imbalance",
    "Patience|lost_patience": "ShutdownSignals, ShortDuration",
    "Birth|birth|ServantActor|_?farewell|_?last_words": "ChildOptions, ChildActor",
    "Known|Plan|_plan": "HandoverState, SystemSpec",
    "FaultBook": "FaultScheduler",
    "_?obey": "execute",
    "Doorkeeper|doorkeeper|Guard|Act": "Authenticator, SecurityMiddleware, …",
    "_Line": "ExchangeChannel, CameraQueue, LogEntry",
    "will_not_heal": "permanent",
    "_?bell": "_wakeup_fd",
    "Tampering|_?tampering": "StreamFaults",
    "_?(aim|detour|divert|withholds?)": "connect_target, redirect, delays_confirm, …",
    "_?(hear|patrol)": "read_available, _check_liveness",
    "relax": "defer_reads",
    "_?death_pact": "_parent_death_signal",
    "_patrol": "_check_liveness",
    "_GLANCE_S|_SECOND_ASKING": "_POLL_S, _SIGTERM_SPLIT",
    "spell_.*": "format_…",
    "_?(MOST|LONGEST|LARGEST)_.*": "MAX_…",
    "_Bad|_ELSEWHERE|_nothing_is_absent": "_INVALID, _KEY_PARENTS, _drop_nulls",
    "_as_they_are|_every_frame_once": "_passthrough_args, _vsync_args",
    "_Watching|_Looking": "WatchSession, TopSession",
    "EXIT_PROBE_FAILED": "EXIT_FAILURE",
    "words": "message, text, arguments",
    "_say(_.*)?|_SAY_.*": "_report_…, _tell_…",
    "hurry|deaf|as_it_is": "stop_requested, ignores_sigterm, unexplained",
}
"""Names of the program, and of what comes with it, that do not occur in its code."""

HELPERS: Final = {
    "Ears|Gallery|World|Storm|Story|Said": "RecordingListener, ScriptedSystem, LoggedEvent, …",
}
"""Names of classes that do not occur in the tests: helpers are named after what they are."""

TEST_NAMES: Final = {
    "_?worlds?": "system",
    "ears": "recorder",
    "(own_)?gallery": "painted",
    "said": "logged, printed, answer, …",
}
"""Names that do not occur in the code of the tests."""

EXCEPTIONS: Final = {"wrong", "refused", "missing"}
"""No names for a caught exception; it is an `error`."""

PHRASES: Final = {
    "doorkeeper": "authentication",
    "newsroom": "the rules of notifications",
    "farewell": "exit message",
    "hold open|held open by hand": "pause",
    "the books|books balance": "the accounting",
    "death pact": "parent-death signal",
    "pins? up|pinned up": "records",
    "is about nothing": "is ignored",
    "finds anybody unprepared": "handlers are installed before …",
    "of one signal, after those before it": "a full sentence",
}
"""Phrases that nobody reads, in any case."""


def python_files(*folders: str) -> list[Path]:
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.py")
        if path != Path(__file__) and path.relative_to(ROOT).parts[:2] != ("edge_video", "actors")
    )


@cache
def tokens_of(path: Path) -> frozenset[str]:
    readline = io.StringIO(path.read_text(encoding="utf-8")).readline
    tokens = tokenize.generate_tokens(readline)
    return frozenset(each.string for each in tokens if each.type == tokenize.NAME)


CLASS: Final = re.compile(r"^ *class (\w+)", re.MULTILINE)
CAUGHT: Final = re.compile(r"^ *except\b.* as (\w+):", re.MULTILINE)


def first_groups(pattern: re.Pattern[str], path: Path) -> set[str]:
    """What a pattern finds; a walk through the trees of all files takes twenty times as long."""
    return set(pattern.findall(path.read_text(encoding="utf-8")))


def readable_files() -> list[Path]:
    """Everything with words for people: code with its comments, page, texts and documents."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    page = [each for each in (ROOT / "edge_video/http/static").iterdir() if each.suffix != ".svg"]
    others = [*documents, *page, *(ROOT / "config").glob("*.yaml")]
    return [
        *python_files(*SOURCES, "tests"),
        *(each for each in others if "CHANGELOG" not in str(each)),
    ]


def places(found: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in found]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_the_fields_term(name: str) -> None:
    pattern = re.compile(name)
    found = [
        path for path in python_files(*SOURCES) if any(map(pattern.fullmatch, tokens_of(path)))
    ]
    assert places(found) == [], f"write {NAMES[name]}"


@pytest.mark.parametrize("name", TEST_NAMES)
def test_a_name_of_the_tests_is_the_common_one(name: str) -> None:
    pattern = re.compile(name)
    found = [path for path in python_files("tests") if any(map(pattern.fullmatch, tokens_of(path)))]
    assert places(found) == [], f"write {TEST_NAMES[name]}"


@pytest.mark.parametrize("name", HELPERS)
def test_a_helper_of_the_tests_is_named_after_what_it_is(name: str) -> None:
    pattern = re.compile(name)
    found = [
        path
        for path in python_files("tests")
        if any(map(pattern.fullmatch, first_groups(CLASS, path)))
    ]
    assert places(found) == [], f"write {HELPERS[name]}"


def test_a_caught_exception_is_an_error() -> None:
    files = python_files(*SOURCES, "tests")
    assert any(first_groups(CAUGHT, path) for path in files)
    assert places([path for path in files if first_groups(CAUGHT, path) & EXCEPTIONS]) == []


def test_a_module_says_first_what_it_does() -> None:
    first = {
        path: ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        for path in python_files("edge_video", "actors")
    }
    verbs = re.compile(r"[A-Z][a-z]+s\b")
    assert places([path for path, text in first.items() if not verbs.match(text)]) == []


def test_no_class_is_called_event_alone() -> None:
    found = [path for path in python_files(*SOURCES) if "Event" in first_groups(CLASS, path)]
    assert places(found) == [], "write LogEvent, Notification or SinkEvent"


@pytest.mark.parametrize("phrase", PHRASES)
def test_a_phrase_is_not_used(phrase: str) -> None:
    pattern = re.compile(rf"\b({phrase})\b", re.IGNORECASE)
    found = [path for path in readable_files() if pattern.search(path.read_text(encoding="utf-8"))]
    assert places(found) == [], f"write {PHRASES[phrase]}"
