"""Formats numbers, times and failures for an operator; shared by log and reports. Pure."""

from __future__ import annotations

import math
from typing import Final

from edge_video.resilience.failures import Cause, Failure
from edge_video.text.catalog import Language, lookup
from edge_video.text.duration import format_duration
from edge_video.text.escaping import one_line
from edge_video.text.phrases import translated

RULE: Final = "=" * 60
"""The line above and below a block."""

_SENTENCES: Final = frozenset({"config", "detail", "error", "reason", "text"})
"""Fields of log lines that hold what the program says in English."""

MB: Final = 1024 * 1024
"""Bytes in the MB of every report, as in `memory_controller.max_memory_mb`."""


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, the last one an ellipsis when something was cut off."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def format_number(value: float, language: Language, *, digits: int = 1) -> str:
    """A number with so many decimals, behind a comma where the language has one."""
    return localized(f"{value:.{digits}f}", language)


def format_short_number(value: float, language: Language, *, digits: int = 1) -> str:
    """A number with so many decimals at most, and none that is zero: 15, 12.5, and 12,5."""
    whole, _, decimals = f"{value:.{digits}f}".partition(".")
    decimals = decimals.rstrip("0")
    return localized(f"{whole}.{decimals}" if decimals else whole, language)


def localized(number: str, language: Language) -> str:
    """A number, or a duration, as the language writes it: 9.7s, and 9,7s in Portuguese."""
    return number.replace(".", ",") if language is Language.PT_BR else number


def format_rounded_duration(seconds: float, language: Language = Language.EN) -> str:
    """A duration as Go writes it, rounded to what an operator reads: 123ms, 9.7s, 1m30s.

    Infinity and not-a-number are written as such: a log line must not raise.
    """
    if not math.isfinite(seconds):
        return str(seconds)
    if seconds >= 60:  # noqa: PLR2004 - a minute
        return format_duration(float(round(seconds)))
    return localized(format_duration(round(seconds, 1 if seconds >= 1 else 3)), language)


def format_ago(seconds: float | None, language: Language) -> str:
    """How long ago, in whole seconds gone by; None is "never"."""
    if seconds is None:
        return lookup("never", language)
    whole = float(math.floor(max(0.0, seconds)))
    return lookup("ago", language).format(duration=format_duration(whole))


def format_retry(seconds: float, language: Language) -> str:
    """The countdown to the next attempt, in whole seconds, rounded up."""
    if seconds <= 0:
        return lookup("retry_now", language)
    return lookup("retry_in", language).format(duration=format_duration(float(math.ceil(seconds))))


def format_mean(total_ns: int, count: int, language: Language) -> str:
    """The mean of a measured time with its unit; `n/a` when nothing was measured."""
    if count <= 0:
        return lookup("not_available", language)
    mean_us = total_ns / count / 1000
    shown = f"{mean_us / 1000:.2f} ms" if mean_us >= 1000 else f"{mean_us:.1f} µs"  # noqa: PLR2004 - 1 ms
    return localized(shown, language)


def format_percent(value: float | None, language: Language, *, digits: int = 1) -> str:
    """A measured share: `12.3%`, or `n/a` when it was not measured yet."""
    if value is None:
        return lookup("not_available", language)
    return format_number(value, language, digits=digits) + "%"


def percent(part: float, whole: float) -> float:
    """`part` of `whole` in percent; 0 of nothing is 0."""
    return 100.0 * part / whole if whole else 0.0


def format_failure(failure: Failure, language: Language, *, limit: int | None = None) -> str:
    """The cause's text, then the evidence in parentheses: `wrong password (401 Unauthorized)`.

    Without a detail a failure shows its signal or exit status, except for a plain end of
    the stream, which is just `EOF`. `limit` is the most characters of evidence.
    """
    text = lookup(f"cause.{failure.cause.value}", language)
    detail = translated(one_line(failure.detail).strip(), language)
    evidence = detail or _exit_text(failure, language)
    if limit is not None:
        evidence = shorten(evidence, limit)
    return f"{text} ({evidence})" if evidence else text


def _exit_text(failure: Failure, language: Language) -> str:
    status = failure.exit_status
    if not status or failure.cause is Cause.END_OF_STREAM:
        return ""
    if status < 0:
        return lookup("signal", language).format(number=-status)
    return lookup("exit_status", language).format(status=status)


def format_field(name: str, value: object, language: Language) -> str:
    """One field of a log line: durations (`*_s`) as in Go, failures as their text."""
    if value is None:
        return lookup("not_available", language)
    if isinstance(value, Failure):
        return format_failure(value, language)
    if name == "details":
        return _details(one_line(str(value)), language)
    if name in _SENTENCES:
        return translated(one_line(str(value)), language)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _format_figure(name, value, language)
    return one_line(str(value))


def _details(text: str, language: Language) -> str:
    """Several sentences in one line; some have a semicolon in them."""
    parts = text.split("; ")
    told = [translated(each, language) for each in parts]
    is_each_known = all(each != part for each, part in zip(told, parts, strict=True))
    return "; ".join(told) if is_each_known else translated(text, language)


def _format_figure(name: str, value: float, language: Language) -> str:
    if name.endswith("_s"):
        return format_rounded_duration(value, language)
    if isinstance(value, int):
        return str(value)
    return format_short_number(value, language)
