from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

import edge_video.report
from edge_video.resilience.failures import Cause
from edge_video.status.model import PublisherState
from edge_video.text.catalog import TEXTS, Language, language_from_locale, lookup


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


# All texts in one test: there are a thousand of them, and a test of its own costs more than a look.


def test_a_text_has_both_languages_with_the_same_placeholders() -> None:
    assert {key for key, text in TEXTS.items() if not (text.en and text.pt_br)} == set()
    assert {
        key for key, text in TEXTS.items() if placeholders(text.en) != placeholders(text.pt_br)
    } == set()


def test_a_text_is_one_line_with_plain_placeholders() -> None:
    every = [(key, template) for key, text in TEXTS.items() for template in text]
    assert [key for key, template in every if "\n" in template] == []
    assert [
        f"{key}: {name}"
        for key, template in every
        for name in placeholders(template)
        if not re.fullmatch(r"[a-z_]+", name)
    ] == []


def test_every_key_that_code_builds_exists() -> None:
    built = {f"cause.{cause.value}" for cause in Cause}
    built |= {f"publisher.{state.value}" for state in PublisherState}
    assert built <= TEXTS.keys()


def test_the_languages_differ_where_words_are_translated() -> None:
    assert lookup("never", Language.EN) == "never"
    assert lookup("never", Language.PT_BR) == "nunca"


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({}, Language.EN),
        ({"LANG": "C.UTF-8"}, Language.EN),
        ({"LANG": "en_US.UTF-8"}, Language.EN),
        ({"LANG": "pt_BR.UTF-8"}, Language.PT_BR),
        ({"LANG": "pt"}, Language.PT_BR),
        ({"LANG": "pt-BR"}, Language.PT_BR),
        ({"LANG": "pt.UTF-8"}, Language.PT_BR),
        ({"LANG": "ptx"}, Language.EN),
        ({"LANG": "pt_BR.UTF-8", "LC_ALL": "C"}, Language.EN),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "pt_BR.UTF-8"}, Language.PT_BR),
        ({"LANG": "pt_BR.UTF-8", "LC_ALL": "", "LC_MESSAGES": ""}, Language.PT_BR),
        ({"LC_ALL": "pt_PT", "LC_MESSAGES": "en_US"}, Language.PT_BR),
        ({"LC_ALL": "C", "EDGE_VIDEO_LANG": "pt-BR"}, Language.PT_BR),
        ({"LC_ALL": "pt_BR", "EDGE_VIDEO_LANG": "en"}, Language.EN),
    ],
)
def test_the_locale_chooses_the_language(environ: dict[str, str], language: Language) -> None:
    assert language_from_locale(environ) is language


def test_the_package_itself_imports_nothing() -> None:
    tree = ast.parse(Path(edge_video.report.__file__).read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
