from __future__ import annotations

import math

import pytest

from edge_video.delivery.ledger import FrameCounts
from edge_video.report.camera_text import format_drops
from edge_video.resilience.failures import Cause, Failure
from edge_video.text.catalog import Language
from edge_video.text.escaping import one_line
from edge_video.text.formatting import (
    format_ago,
    format_failure,
    format_field,
    format_mean,
    format_percent,
    format_retry,
    format_rounded_duration,
    format_short_number,
    percent,
    shorten,
)

EN, PT = Language.EN, Language.PT_BR


@pytest.mark.parametrize(
    ("failure", "english", "portuguese"),
    [
        (Failure(Cause.END_OF_STREAM), "EOF", "EOF"),
        (Failure(Cause.END_OF_STREAM, exit_status=0), "EOF", "EOF"),
        (Failure(Cause.END_OF_STREAM, exit_status=1), "EOF", "EOF"),
        (
            Failure(Cause.WRONG_PASSWORD, "401 Unauthorized", 1),
            "wrong password (401 Unauthorized)",
            "senha incorreta (401 Unauthorized)",
        ),
        (
            Failure(Cause.KILLED, exit_status=-9),
            "FFmpeg was killed (signal 9)",
            "FFmpeg foi encerrado à força (sinal 9)",
        ),
        (
            Failure(Cause.UNKNOWN, exit_status=187),
            "unknown failure (exit status 187)",
            "falha desconhecida (código de saída 187)",
        ),
        (Failure(Cause.UNKNOWN, exit_status=0), "unknown failure", "falha desconhecida"),
        (Failure(Cause.TIMEOUT, "  "), "timed out", "tempo esgotado"),
    ],
)
def test_a_failure_in_words(failure: Failure, english: str, portuguese: str) -> None:
    assert format_failure(failure, EN) == english
    assert format_failure(failure, PT) == portuguese


def test_evidence_is_cut_to_its_limit() -> None:
    assert (
        format_failure(Failure(Cause.UNKNOWN, "a" * 50), EN, limit=5) == "unknown failure (aaaa…)"
    )
    assert shorten("abcde", 5) == "abcde"
    assert shorten("abcdef", 5) == "abcd…"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.25, "250ms"),
        (0.1234567, "123ms"),
        (9.7, "9.7s"),
        (9.94999, "9.9s"),
        (10.0, "10s"),
        (59.96, "1m"),
        (90.4, "1m30s"),
        (3690.4, "1h1m30s"),
        (-3.0, "-3s"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_a_duration_is_rounded_to_what_an_operator_reads(seconds: float, text: str) -> None:
    assert format_rounded_duration(seconds) == text


def test_what_is_past_counts_whole_seconds_gone_by() -> None:
    assert format_ago(None, PT) == "nunca"
    assert format_ago(0.99, PT) == "0s atrás"
    assert format_ago(-0.2, EN) == "0s ago"
    assert format_ago(65.9, EN) == "1m5s ago"


def test_a_countdown_never_promises_too_early() -> None:
    assert format_retry(7.01, PT) == "nova tentativa em 8s"
    assert format_retry(8.0, EN) == "retry in 8s"
    assert format_retry(0.0, EN) == "retrying"


def test_a_mean_has_the_unit_that_fits_and_none_when_nothing_was_measured() -> None:
    assert format_mean(135_200 * 10, 10, EN) == "135.2 µs"
    assert format_mean(4_210_000 * 3, 3, EN) == "4.21 ms"
    assert format_mean(999_900, 1, EN) == "999.9 µs"
    assert format_mean(0, 0, EN) == "n/a"


@pytest.mark.parametrize(
    "foreign",
    ["a\nb", "a\rb", "a\x1b[2Jb", "a\x85b", "a\u2028b", "a\u202eb", "a\x00b", "a\x9bb", "a\ud83db"],
)
def test_foreign_text_can_neither_break_a_line_nor_steer_a_terminal(foreign: str) -> None:
    shown = one_line(foreign)
    assert len(shown.splitlines()) == 1
    assert shown.isprintable()
    assert shown.startswith("a\\")
    assert shown.endswith("b")


def test_portuguese_and_operator_symbols_pass_unchanged() -> None:
    text = "🔴 câmera → não ✓ 🖥️ ⚠"
    assert one_line(text) == text


def test_a_short_number_has_no_needless_decimals() -> None:
    assert [format_short_number(each, EN) for each in (15.0, 12.5, 9.96, 0.04, 100)] == [
        *("15", "12.5", "10", "0", "100")
    ]
    assert [format_short_number(each, PT, digits=2) for each in (9.0, 29.97, 12.5)] == [
        *("9", "29,97", "12,5")
    ]


def test_fields_are_spelled_by_their_names_and_types() -> None:
    assert format_field("wait_s", 65, EN) == "1m5s"
    assert format_field("wait_s", None, EN) == "n/a"
    assert format_field("failures", 65, EN) == "65"
    assert format_field("used_mb", 61.49, EN) == "61.5"
    assert format_field("limit_mb", 512.0, EN) == "512"
    assert format_field("failure", Failure(Cause.END_OF_STREAM), PT) == "EOF"
    assert format_field("reason", "a\nb", EN) == "a\\nb"
    assert format_field("wait_s", True, EN) == "True"


def test_only_reasons_that_occurred_are_named() -> None:
    assert format_drops(FrameCounts(), EN) == ""
    counts = FrameCounts(dropped_overflow=3, dropped_memory=1, dropped_stale=2, dropped_shutdown=4)
    assert format_drops(counts, EN) == "buffer full 3, too old 2, shutdown 4, memory 1"
    assert format_drops(FrameCounts(dropped_stale=2), PT) == "antigos demais 2"


def test_percent_of_nothing_is_zero() -> None:
    assert percent(0, 0) == 0.0
    assert percent(1, 4) == 25.0


def test_a_share_that_was_not_measured_yet_is_not_available() -> None:
    assert format_percent(12.34, Language.EN) == "12.3%"
    assert format_percent(12.34, Language.EN, digits=0) == "12%"
    assert format_percent(None, Language.PT_BR) == "n/a"
