"""Says when something is open by the hours of weekdays on the clocks of one time zone. Pure.

Hours are what a clock on the wall shows. Where clocks are set back, an hour that comes twice counts
from its first beginning to its last end; where they are set forward, an hour that never comes
begins and ends at the jump. So no change of the clocks opens or closes anything twice.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo, available_timezones

if TYPE_CHECKING:
    from collections.abc import Iterator

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Minutes: TypeAlias = tuple[int, int]
"""From and until, in minutes since midnight; an end beyond 24 hours lies in the next day."""

_DAY: Final = 24 * 60
_SPAN: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)")
_MAX_SPANS: Final = 24
_BEFORE_DAYS: Final = 2
"""A span of the day before may reach into this one, and a zone may skip a whole day."""
_AHEAD_DAYS: Final = 15
"""Two weeks: the clocks may jump over the only span of one of them."""


class Stretch(NamedTuple):
    """A time in which nothing opens or closes."""

    is_open: bool
    until_s: int
    """Unix time of the next change; of something that is always open, when to look again."""


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Holds the hours of each day of a week.

    Attributes:
        zone: on whose clocks.
        week: the hours of each day, Monday first; see `Minutes`.
    """

    zone: ZoneInfo
    week: tuple[tuple[Minutes, ...], ...]

    def at(self, now_s: int) -> Stretch:
        """Whether it is open at this Unix time, and until when that stays so."""
        today = datetime.fromtimestamp(now_s, self.zone).date()
        for start_s, end_s in self._open_around(today):
            if now_s < start_s:
                return Stretch(is_open=False, until_s=start_s)
            if now_s < end_s:
                return Stretch(is_open=True, until_s=end_s)
        horizon = datetime.combine(today + timedelta(_AHEAD_DAYS), time(), UTC)
        return Stretch(is_open=False, until_s=int(horizon.timestamp()))

    def local(self, at_s: int) -> datetime:
        """The date and time that the clocks show at this Unix time."""
        return datetime.fromtimestamp(at_s, self.zone)

    def _open_around(self, today: date) -> Iterator[tuple[int, int]]:
        """From and until of each time that it is open, in their order, none touching another."""
        last: tuple[int, int] | None = None
        for start_s, end_s in sorted(self._spans_around(today)):
            if last is not None and start_s <= last[1]:
                last = last[0], max(last[1], end_s)
                continue
            if last is not None:
                yield last
            last = start_s, end_s
        if last is not None:
            yield last

    def _spans_around(self, today: date) -> Iterator[tuple[int, int]]:
        for ahead in range(-_BEFORE_DAYS, _AHEAD_DAYS):
            day = today + timedelta(ahead)
            midnight = datetime.combine(day, time())
            for start, end in self.week[day.weekday()]:
                start_s = self._unix(midnight + timedelta(minutes=start), is_end=False)
                end_s = self._unix(midnight + timedelta(minutes=end), is_end=True)
                if start_s < end_s:  # not where the clocks jump over all of it
                    yield start_s, end_s

    def _unix(self, shown: datetime, *, is_end: bool) -> int:
        """When the clocks show this: at first for a beginning, at last for an end."""
        first, last = (
            int(shown.replace(tzinfo=self.zone, fold=fold).timestamp()) for fold in (0, 1)
        )
        if first <= last:
            return last if is_end else first
        return self._jump(last, first)

    def _jump(self, low_s: int, high_s: int) -> int:
        """When the clocks jump forward in between."""
        before = self.local(low_s).utcoffset()
        seconds = range(low_s, high_s + 1)
        at = bisect_left(seconds, True, key=lambda each: self.local(each).utcoffset() != before)
        return seconds[at]


def parse_hours(text: str) -> tuple[Minutes, ...]:
    """Read the hours of one day, like `08:00-12:00, 13:00-19:00`; empty text has none.

    Raises:
        ValueError: it is none; the message says what would be right.
    """
    parts = text.split(",") if text.strip() else []
    if len(parts) > _MAX_SPANS:
        raise ValueError(f"a day is opened {_MAX_SPANS} times at most")
    found = [_span(part.strip()) for part in parts]
    return tuple(sorted(found))


def _span(text: str) -> Minutes:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError("hours are written like 07:00-19:00, several with a comma between them")
    hour, minute, end_hour, end_minute = map(int, match.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if end > _DAY:
        raise ValueError("a day ends at 24:00")
    if start == end:
        raise ValueError("it ends when it begins; a whole day is 00:00-24:00")
    return start, end if end > start else end + _DAY


def days_between(text: str) -> tuple[str, ...]:
    """The days that a name like `mon-fri` stands for; none for any other text."""
    first, _, last = text.partition("-")
    if first not in DAYS or last not in DAYS:
        return ()
    begin, end = DAYS.index(first), DAYS.index(last)
    return DAYS[begin : end + 1] if begin <= end else (*DAYS[begin:], *DAYS[: end + 1])


def time_zone(name: str) -> ZoneInfo:
    """The time zone of this name.

    Raises:
        ValueError: there is none here; the message says what would help.
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # a folder, a path, an unknown name
        known = available_timezones()
    if not known:
        raise ValueError(
            "this machine knows no time zones; install its package tzdata, or the Python package"
            " tzdata beside edge-video"
        )
    close = get_close_matches(name, known, n=1)
    if close:
        raise ValueError(f'there is no such time zone; did you mean "{close[0]}"?')
    raise ValueError("there is no such time zone; America/Sao_Paulo is one")
