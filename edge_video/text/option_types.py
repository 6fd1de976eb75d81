"""Reads the values of command line options that several commands have in common."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from edge_video.text.duration import format_duration, parse_duration
from edge_video.text.help_texts import help_text

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_S: Final = 366 * 86_400.0
"""Of any wait that a command line may ask for: a year."""


def seconds_between(
    lowest_s: float, highest_s: float = _MAX_S, *, above: bool = False
) -> Callable[[str], float]:
    """Make the type of an option that is a length of time: `90`, `90s`, `1m30s` or `500ms`.

    A plain number is one of seconds; all else is Go's notation, as in the configuration.

    Args:
        lowest_s: the shortest one, in seconds.
        highest_s: the longest one, in seconds.
        above: whether the shortest one itself is refused.
    """

    def seconds(text: str) -> float:
        value = _seconds(text)
        if not (lowest_s < value if above else lowest_s <= value):
            key = "option.not_above" if above else "option.too_short"
            raise _bad(key, text, format_duration(lowest_s))
        if value > highest_s:
            raise _bad("option.too_long", text, format_duration(highest_s))
        return value

    return seconds


positive_seconds: Final = seconds_between(0.0, above=True)
"""The type of an option that is a length of time, and not zero."""


def megabytes_per_s(text: str) -> float:
    """The type of an option that is a rate in MB of a million bytes a second: `12.5`.

    Returns:
        Bytes a second.
    """
    value = float(text) if _is_plain_number(text) and text.count(".") <= 1 and text != "." else 0.0
    if value <= 0:
        raise _bad("option.no_rate", text)
    return value * 1_000_000


def _seconds(text: str) -> float:
    try:
        return float(text) if _is_plain_number(text) else parse_duration(text)
    except ValueError:
        raise _bad("option.no_duration", text) from None


def _is_plain_number(text: str) -> bool:
    """Whether it is made of digits and a point: `inf`, `nan`, `1e9` and `1_000` are none."""
    return bool(text) and set(text) <= set("0123456789.")


def _bad(key: str, text: str, bound: str = "") -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(help_text(key).format(value=text[:40], bound=bound))
