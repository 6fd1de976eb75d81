"""Sentences that are made in English are shown in the operator's language."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_video.text.catalog import Language
from edge_video.text.phrases import PHRASES, translated
from tests.support.languages import filled, placeholders

PT = Language.PT_BR


def test_both_languages_of_a_phrase_have_the_same_facts() -> None:
    assert [en for en, pt_br in PHRASES if placeholders(en) != placeholders(pt_br)] == []


def test_a_phrase_is_found_by_its_english_with_any_facts() -> None:
    found = {en: translated(filled(en), PT) for en, _ in PHRASES}
    assert found == {en: filled(pt_br) for en, pt_br in PHRASES}
    assert all(translated(filled(en), Language.EN) == filled(en) for en, _ in PHRASES)


def test_no_english_text_is_there_twice() -> None:
    texts = [phrase.en for phrase in PHRASES]
    assert sorted(set(texts)) == sorted(texts)


@pytest.mark.parametrize(
    ("english", "portuguese"),
    [
        ("connection refused by 127.0.0.1:5672", "conexão recusada por 127.0.0.1:5672"),
        ("frames/door: the disk is full", "frames/door: o disco está cheio"),
        (
            "YAML: a tab; YAML is indented with spaces",
            "YAML: um tab; em YAML o recuo é com espaços",
        ),
        (
            'fsp is not one of fps, id; did you mean "fps"?',
            'fsp não é um destes: fps, id; você quis dizer "fps"?',
        ),
        (
            "the secret file /run/x: this user may not read it",
            "o arquivo secreto /run/x: este usuário não pode ler o arquivo",
        ),
        (
            "a value that begins with | or > must be in quotes",
            "um valor que começa com | ou > deve estar entre aspas",
        ),
        ("the camera said: 453 Not Enough Bandwidth", "the camera said: 453 Not Enough Bandwidth"),
        ("", ""),
    ],
)
def test_facts_are_translated_too_and_foreign_words_stay(english: str, portuguese: str) -> None:
    assert translated(english, PT) == portuguese


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_comes_out_and_braces_in_it_mean_nothing(text: str) -> None:
    assert translated(text, Language.EN) == text
    assert "{" + text in translated("it contains a space {" + text, PT)


def test_the_longest_hostile_text_costs_little() -> None:
    began_s = time.process_time()
    for unit in (": ", "exchange '", " is ", " and ", "{"):
        translated(unit * 2000, PT)
    assert time.process_time() - began_s < 1.0
