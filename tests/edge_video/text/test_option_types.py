"""Lengths of time on the command line."""

from __future__ import annotations

import argparse

import pytest

from edge_video.text.option_types import positive_seconds, seconds_between


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90.0), ("0.5", 0.5), ("90s", 90.0), ("1m30s", 90.0), ("500ms", 0.5), ("2h", 7200.0)],
)
def test_a_length_of_time_is_a_number_of_seconds_or_a_duration(text: str, seconds: float) -> None:
    assert positive_seconds(text) == seconds


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("0", "0 is not more than 0s"),
        ("0s", "0s is not more than 0s"),
        ("-1", "-1 is no length of time"),
        ("nan", "nan is no length of time"),
        ("inf", "inf is no length of time"),
        ("1e3", "1e3 is no length of time"),
        ("1 m", "1 m is no length of time"),
        ("soon", "soon is no length of time; write it like 30, 30s, 5m or 1m30s"),
        ("9" * 400, "is more than 8784h"),
        ("", "is no length of time"),
    ],
)
def test_what_is_no_length_of_time_is_refused_in_words(text: str, complaint: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=complaint):
        positive_seconds(text)


def test_bounds_are_said_as_durations(monkeypatch: pytest.MonkeyPatch) -> None:
    interval = seconds_between(0.2, 3600.0)
    assert interval("200ms") == 0.2
    assert interval("1h") == 3600.0
    with pytest.raises(argparse.ArgumentTypeError, match="100ms is less than 200ms"):
        interval("100ms")
    monkeypatch.setenv("EDGE_VIDEO_LANG", "pt-BR")
    with pytest.raises(argparse.ArgumentTypeError, match="2h é mais que 1h"):
        interval("2h")
