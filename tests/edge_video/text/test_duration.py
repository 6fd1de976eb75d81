"""Durations in Go's notation, there and back."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge_video.text.duration import DURATION_PATTERN, MAX_TEXT, format_duration, parse_duration


def is_in_the_schema(text: str) -> bool:
    """Whether an editor that knows the schema takes it."""
    return len(text) <= MAX_TEXT and bool(re.fullmatch(DURATION_PATTERN.strip("^$"), text))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("+0", 0.0),
        ("0s", 0.0),
        ("5s", 5.0),
        ("+5s", 5.0),
        ("500ms", 0.5),
        ("5m", 300.0),
        ("1m30s", 90.0),
        ("1h15m30.918s", 4530.918),
        ("1.5h", 5400.0),
        (".5s", 0.5),
        ("5.s", 5.0),
        ("100us", 0.0001),
        ("100µs", 0.0001),
        ("100μs", 0.0001),
        ("7ns", 7e-9),
        ("0.9ns", 0.0),
        ("1s1s", 2.0),
        ("  30s ", 30.0),
        ("2562047h47m16s", 9223372036.0),
        ("3000000h", 10_800_000_000.0),
        ("9" * 99 + "h", 3.6e102),
    ],
)
def test_go_notation_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds, abs=1e-12)
    assert is_in_the_schema(text.strip())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("30", "30 has no unit after 30"),
        ("1m30", "no unit after 30"),
        ("-5s", "negative"),
        ("5x", "unknown unit x"),
        ("5 s", "has no unit"),
        ("12:30:00", "unknown unit :"),
        (".", "not a duration"),
        (".s", "not a duration"),
        ("s", "not a duration"),
        ("+", "not a duration"),
        ("fast", "not a duration"),
        ("5S", "unknown unit S"),
        ("٣s", "not a duration"),
        ("1e3s", "unknown unit e"),
        ("9" * 5000 + "s", "too long"),
    ],
)
def test_an_error_says_what_is_wrong_and_gives_examples(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as error:
        parse_duration(text)
    assert "1m30s" in str(error.value)
    assert len(str(error.value)) < 200
    assert not is_in_the_schema(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (5, "5s"),
        (0.5, "500ms"),
        (1.5, "1.5s"),
        (0.9999, "1s"),
        (0.0012, "1ms"),
        (59.9999, "1m"),
        (90, "1m30s"),
        (300, "5m"),
        (3600, "1h"),
        (3605, "1h5s"),
        (86_399.25, "23h59m59.25s"),
        (0.00025, "250µs"),
        (0.0009999, "1ms"),
        (0.000_000_3, "300ns"),
        (1e-12, "0s"),
        (-0.0, "0s"),
        (-90, "-1m30s"),
    ],
)
def test_durations_are_written_short(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), float("-inf")])
def test_what_is_no_length_of_time_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        format_duration(seconds)


@given(st.floats(min_value=0, max_value=9e8))
def test_a_written_duration_reads_back_to_the_millisecond(seconds: float) -> None:
    text = format_duration(seconds)
    assert abs(parse_duration(text) - seconds) <= 0.0005001
    assert is_in_the_schema(text)
    assert format_duration(parse_duration(text)) == text


@given(st.text(alphabet="0123456789.smhunµ+- ", max_size=12))
@example("3000000h")
@example("0" * 99 + "s")
@example("0" * 100 + "s")
def test_the_pattern_of_the_schema_and_the_parser_agree(text: str) -> None:
    try:
        parse_duration(text)
    except ValueError:
        accepted = False
    else:
        accepted = True
    assert accepted == is_in_the_schema(text.strip())


@given(st.text(max_size=30))
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_duration(text) >= 0
