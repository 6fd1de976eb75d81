"""The page's texts: complete, and the same in both languages."""

from __future__ import annotations

import re
from importlib import resources
from string import Formatter

import pytest

from edge_video.http.openapi import ACTIONS
from edge_video.http.texts import PAGE, accepted_language, page_texts
from edge_video.metrics.cpu import CpuBound
from edge_video.metrics.memory import MemoryLevel
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause
from edge_video.status.configuration import ReloadReason, ReloadResult
from edge_video.status.health import CameraHealth, Delivery
from edge_video.status.timeline import EntryKind
from edge_video.text.catalog import Language, Text

STATIC = resources.files("edge_video.http") / "static"
SCRIPTS = {
    each.name: each.read_text(encoding="utf-8")
    for each in STATIC.iterdir()
    if each.name.endswith(".js")
}
SCRIPT = "\n".join(SCRIPTS.values())
PAGE_HTML = (STATIC / "index.html").read_text(encoding="utf-8")
WORDS = (
    *("OK", "SLOW", "WARN", "CB_OPEN", "HALF_OPEN", "KEY_WAIT", "STARTING"),
    *("PAUSED", "STOPPED", "DISABLED"),
)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize(("key", "text"), PAGE.items(), ids=list(PAGE))
def test_both_languages_name_the_same_facts(key: str, text: Text) -> None:
    assert all(text), key
    assert placeholders(text.en) == placeholders(text.pt_br)


def test_every_text_that_the_page_asks_for_is_there() -> None:
    asked = set(re.findall(r"""\bt\(["']([\w.-]+)["']""", SCRIPT))
    asked |= set(re.findall(r'data-(?:t|placeholder|label)="([\w.-]+)"', PAGE_HTML))
    asked |= {f"word.{word}" for word in WORDS}
    asked |= {f"{part}.{word}" for part in ("doing", "legend") for word in WORDS}
    asked |= {f"verdict.{health}" for health in CameraHealth if health != "healthy"}
    asked |= {f"{part}.{health}" for part in ("verdict.single", "state") for health in CameraHealth}
    asked |= {
        f"{part}.{delivery}.{kind}"
        for part in ("delivery", "verdict.delivery")
        for delivery in Delivery
        for kind in ("broker", "files")
        if (part, delivery) != ("verdict.delivery", "ok")
    }
    asked |= {f"memory.{level.value}" for level in MemoryLevel}
    asked |= {f"cpu.short.{bound.value}" for bound in CpuBound} | {"cpu.short", "cpu.enough"}
    asked |= {f"entry.{kind.value}" for kind in EntryKind}
    asked |= {f"cause.{cause.value}" for cause in Cause}
    asked |= {f"reload.reason.{reason}" for reason in ReloadReason if reason}
    asked |= {f"reload.result.{result}" for result in ReloadResult}
    asked |= {
        f"{part}.{action}"
        for action in ACTIONS
        if action != "force-open"
        for part in ("action", "action_hint")
    }
    assert asked - set(page_texts(Language.EN)) == set()


def test_every_state_has_a_shape() -> None:
    assert {f'id="shape-{word}"' for word in WORDS} <= set(re.findall(r'id="[^"]+"', PAGE_HTML))
    assert set(BreakerState) == {"CLOSED", "OPEN", "HALF_OPEN"}


def test_the_page_fetches_nothing_from_elsewhere() -> None:
    styles = [each.read_text("utf-8") for each in STATIC.iterdir() if each.name.endswith(".css")]
    for text in (SCRIPT, PAGE_HTML, *styles):
        elsewhere = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text)
        assert [each for each in elsewhere if "w3.org" not in each] == []
    assert "innerHTML" not in SCRIPT  # what a camera says is text, never markup
    assert " style=" not in PAGE_HTML  # the content security policy would refuse it


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_module_of_the_page_is_one_concern(name: str) -> None:
    assert len(SCRIPTS[name].splitlines()) < 400


def test_every_text_for_a_single_thing_has_one_for_many() -> None:
    alone = {key.removesuffix(".one") for key in PAGE if key.endswith(".one")}
    assert alone <= set(PAGE)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, Language.EN),
        ("pt-BR,pt;q=0.9,en;q=0.8", Language.PT_BR),
        ("en-US,en;q=0.9,pt;q=0.8", Language.EN),
        ("de, pt;q=0.3, en;q=0.2", Language.PT_BR),
        ("de", Language.EN),
        ("pt;q=0", Language.EN),
        (";;;q=x,,pt;q=9", Language.EN),
    ],
)
def test_the_browsers_language_is_respected(header: str | None, language: Language) -> None:
    assert accepted_language(header, Language.EN) is language
