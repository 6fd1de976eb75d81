"""Reads and writes durations as Go does (`500ms`, `30s`, `1m30s`)."""

from __future__ import annotations

import math
import re
from typing import Final

from edge_video.runtime.units import NS_PER_MS, NS_PER_S, ns_to_s, s_to_ns

_UNIT_NS: Final = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,  # U+00B5, the micro sign
    "μs": 1_000,  # U+03BC, the Greek letter that looks the same
    "ms": NS_PER_MS,
    "s": NS_PER_S,
    "m": 60 * NS_PER_S,
    "h": 3600 * NS_PER_S,
}
_PART: Final = re.compile(r"(?P<whole>[0-9]*)(?:\.(?P<decimals>[0-9]*))?(?P<unit>[^0-9.\s+-]*)")
MAX_TEXT: Final = 100
"""Characters of a duration: more is a mistake, and would be a number too large to compute with."""
_EXAMPLES: Final = "write it like 500ms, 30s, 5m or 1m30s"

# What a JSON schema can say of the grammar (ECMAScript flavour); with `MAX_TEXT`, all of it.
DURATION_PATTERN: Final = r"^\+?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$"


def parse_duration(text: str) -> float:
    """Return the seconds of a duration in the notation of Go's `time.ParseDuration`.

    Units are ns, us (or µs), ms, s, m and h; decimals and sums are allowed (`1.5h`, `1m30s`), and
    `0` needs no unit. What is finer than a nanosecond is cut off, as in Go. There is no longest
    one (Go's is 292 years): each key of the configuration has bounds of its own.

    Raises:
        ValueError: the text is no such duration, is negative, or has more than 100 characters.
            The message says what is wrong and gives examples; it quotes only short texts.
    """
    stripped = text.strip()
    if not stripped:
        raise ValueError(f"a duration is empty; {_EXAMPLES}")
    if len(stripped) > MAX_TEXT:
        raise ValueError(f"a duration of {len(stripped)} characters is too long; {_EXAMPLES}")
    if stripped.startswith("-"):
        raise ValueError(f"{stripped} is negative; {_EXAMPLES}")
    unsigned = stripped.removeprefix("+")
    if unsigned == "0":
        return 0.0
    total_ns = _sum_of_parts(stripped, unsigned)
    return ns_to_s(total_ns)


def _sum_of_parts(shown: str, unsigned: str) -> int:
    """Return the nanoseconds of `1m30s` and the like; `shown` is what an error quotes."""
    total_ns = 0
    position = 0
    while position < len(unsigned) or position == 0:
        part = _PART.match(unsigned, position)
        whole, decimals = (part["whole"], part["decimals"] or "") if part else ("", "")
        if part is None or not whole + decimals:
            raise ValueError(f"{shown} is not a duration; {_EXAMPLES}")
        unit = part["unit"]
        if not unit:
            raise ValueError(f"{shown} has no unit after {whole or '0'}; {_EXAMPLES}")
        if unit not in _UNIT_NS:
            raise ValueError(
                f"{shown} has an unknown unit {unit}; use ns, us, ms, s, m or h: {_EXAMPLES}"
            )
        unit_ns = _UNIT_NS[unit]
        total_ns += int(whole or "0") * unit_ns
        total_ns += int(decimals or "0") * unit_ns // 10 ** len(decimals)
        position = part.end()
    return total_ns


def format_duration(seconds: float) -> str:
    """Write seconds in Go's shortest notation: `5s`, `500ms`, `1m30s`, `1h5s`; zero is `0s`.

    From a millisecond on, the value is rounded to whole milliseconds; below, to whole
    microseconds, then nanoseconds. `parse_duration` reads it back, except that a negative value
    (an overdue wait in a log line) is written with a minus.

    Raises:
        ValueError: the value is infinite or not a number.
    """
    if not math.isfinite(seconds):
        raise ValueError(f"{seconds} seconds cannot be written as a duration")
    if seconds < 0:
        positive = format_duration(-seconds)
        return positive if positive == "0s" else f"-{positive}"
    whole_ms = round(seconds * 1000)
    if whole_ms == 0 or seconds < 0.001:  # noqa: PLR2004 - a millisecond, in seconds
        return _below_a_millisecond(seconds)
    if whole_ms < 1000:  # noqa: PLR2004 - a second, in milliseconds
        return f"{whole_ms}ms"
    minutes, ms = divmod(whole_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}h" if hours else ""
    if minutes:
        text += f"{minutes}m"
    if ms:
        whole_s, rest_ms = divmod(ms, 1000)
        decimals = f".{rest_ms:03d}".rstrip("0") if rest_ms else ""
        text += f"{whole_s}{decimals}s"
    return text


def _below_a_millisecond(seconds: float) -> str:
    whole_ns = s_to_ns(seconds)
    if whole_ns == 0:
        return "0s"
    if whole_ns < 1000:  # noqa: PLR2004 - a microsecond, in nanoseconds
        return f"{whole_ns}ns"
    whole_us = round(seconds * 1e6)
    return "1ms" if whole_us == 1000 else f"{whole_us}µs"  # noqa: PLR2004 - a millisecond, in µs
