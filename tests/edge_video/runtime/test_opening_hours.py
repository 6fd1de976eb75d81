"""Opening hours are those of the clocks on the wall, also where the clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_video.runtime import opening_hours
from edge_video.runtime.opening_hours import (
    DAYS,
    OpeningHours,
    Stretch,
    days_between,
    parse_hours,
    time_zone,
)

ZONES = (
    "UTC",
    "America/Sao_Paulo",  # without summer time since 2019; its clocks jumped at midnight
    "Europe/Lisbon",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Apia",  # has skipped a day
)
FROM = datetime(2011, 1, 1, tzinfo=UTC)
MINUTES = st.integers(0, 24 * 4 - 1).map(lambda quarter: quarter * 15)
SPANS = st.tuples(MINUTES, st.integers(1, 24 * 4).map(lambda quarter: quarter * 15)).map(
    lambda span: (span[0], sum(span))
)
WEEKS = st.lists(st.lists(SPANS, max_size=2).map(tuple), min_size=7, max_size=7).filter(any)
HOURS = st.builds(OpeningHours, st.sampled_from(ZONES).map(ZoneInfo), WEEKS.map(tuple))
TIMES = st.integers(0, 12 * 366 * 86_400).map(lambda later: int(FROM.timestamp()) + later)


def hours(zone: str, **days: str) -> OpeningHours:
    return OpeningHours(ZoneInfo(zone), tuple(parse_hours(days.get(day, "")) for day in DAYS))


def every_day(zone: str, text: str) -> OpeningHours:
    return hours(zone, **dict.fromkeys(DAYS, text))


def unix(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def changes(asked: OpeningHours, begin: str, until: str) -> list[str]:
    """Each opening and closing of a time, as the clocks show it."""
    now_s, found = unix(begin), []
    while (stretch := asked.at(now_s)).until_s < unix(until):
        now_s = stretch.until_s
        found.append(f"{'closes' if stretch.is_open else 'opens'} {asked.local(now_s).isoformat()}")
    return found


@settings(max_examples=40)
@given(HOURS, TIMES, st.floats(0, 1))
def test_the_next_change_is_ahead_and_nothing_changes_before_it(
    asked: OpeningHours, now_s: int, share: float
) -> None:
    stretch = asked.at(now_s)
    assert stretch.until_s > now_s
    between = now_s + int((stretch.until_s - now_s - 1) * share)
    assert asked.at(between).is_open is stretch.is_open
    assert asked.at(stretch.until_s - 1).is_open is stretch.is_open
    is_always_open = stretch.is_open and stretch.until_s - now_s > 8 * 86_400
    if not is_always_open:
        assert asked.at(between).until_s == stretch.until_s
        assert asked.at(stretch.until_s).is_open is not stretch.is_open


@settings(max_examples=40)
@given(HOURS, TIMES)
def test_where_no_clock_is_changed_it_is_what_the_clock_on_the_wall_says(
    asked: OpeningHours, now_s: int
) -> None:
    now = asked.local(now_s)
    days = (-1, 0, 1, 2)
    if len({asked.local(now_s + each * 86_400).utcoffset() for each in days}) == 1:
        minute = now.hour * 60 + now.minute
        today, before = asked.week[now.weekday()], asked.week[now.weekday() - 1]
        spans = [*today, *((start - 1440, end - 1440) for start, end in before)]
        assert asked.at(now_s).is_open is any(start <= minute < end for start, end in spans)


def test_a_week_of_a_shop_opens_and_closes_when_its_sign_says() -> None:
    shop = hours("America/Sao_Paulo", fri="08:00-12:00, 13:00-19:00", sat="22:00-02:00")
    assert changes(shop, "2026-11-27T00:00-03:00", "2026-12-04T00:00-03:00") == [
        "opens 2026-11-27T08:00:00-03:00",
        "closes 2026-11-27T12:00:00-03:00",
        "opens 2026-11-27T13:00:00-03:00",
        "closes 2026-11-27T19:00:00-03:00",
        "opens 2026-11-28T22:00:00-03:00",
        "closes 2026-11-29T02:00:00-03:00",
    ]


def test_times_that_touch_or_overlap_are_one() -> None:
    bar = hours("UTC", fri="22:00-03:00, 12:00-22:00", sat="00:00-24:00", sun="00:00-01:00")
    assert changes(bar, "2026-11-26T00:00+00:00", "2026-12-03T00:00+00:00") == [
        "opens 2026-11-27T12:00:00+00:00",
        "closes 2026-11-29T01:00:00+00:00",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # 02:00 becomes 03:00, then 02:00 becomes 01:00.
        ("02:15-05:00", ["opens 03-08T03:00:00-04:00", "closes 03-08T05:00:00-04:00"]),
        ("00:30-02:30", ["opens 03-08T00:30:00-05:00", "closes 03-08T03:00:00-04:00"]),
        ("02:10-02:50", []),
    ],
)
def test_clocks_that_jump_forward_skip_what_never_comes(text: str, expected: list[str]) -> None:
    found = changes(
        every_day("America/New_York", text), "2026-03-08T00:00-05:00", "2026-03-08T20:00-04:00"
    )
    assert [each.replace("2026-", "") for each in found] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("01:30-05:00", ["opens 11-01T01:30:00-04:00", "closes 11-01T05:00:00-05:00"]),
        ("00:30-01:30", ["opens 11-01T00:30:00-04:00", "closes 11-01T01:30:00-05:00"]),
        ("01:10-01:20", ["opens 11-01T01:10:00-04:00", "closes 11-01T01:20:00-05:00"]),
    ],
)
def test_an_hour_that_comes_twice_opens_and_closes_once(text: str, expected: list[str]) -> None:
    found = changes(
        every_day("America/New_York", text), "2026-11-01T00:00-04:00", "2026-11-01T20:00-05:00"
    )
    assert [each.replace("2026-", "") for each in found] == expected


def test_what_never_closes_stays_open_through_a_midnight_that_does_not_come() -> None:
    always = every_day("America/Sao_Paulo", "00:00-24:00")
    jump = unix("2018-11-04T01:00-02:00")  # no midnight: 24:00 was 01:00
    for before_s in (3 * 86_400, 60, 1, 0, -60):
        assert always.at(jump - before_s) == Stretch(
            is_open=True, until_s=always.at(jump - before_s).until_s
        )


def test_a_schedule_whose_only_hour_is_jumped_over_opens_a_week_later() -> None:
    sunday = hours("America/New_York", sun="02:10-02:50")
    stretch = sunday.at(unix("2026-03-07T12:00-05:00"))
    assert stretch == Stretch(is_open=False, until_s=unix("2026-03-15T02:10-04:00"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("7-19", "hours are written like"),
        ("07:00 19:00", "hours are written like"),
        ("07:00-19:60", "hours are written like"),
        ("07:00-19:00;", "hours are written like"),
        ("07:00-24:30", "ends at 24:00"),
        ("07:00-07:00", "00:00-24:00"),
        (",".join(["07:00-08:00"] * 25), "24 times at most"),
    ],
)
def test_hours_that_are_none_are_refused_with_what_would_be_right(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_hours(text)


def test_a_pair_of_days_is_all_between_them_also_over_the_weekend() -> None:
    assert days_between("mon-fri") == ("mon", "tue", "wed", "thu", "fri")
    assert days_between("sat-mon") == ("sat", "sun", "mon")
    assert [days_between(each) for each in ("mon", "mon-", "monday-fri", "timezone")] == [()] * 4


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("America/SaoPaulo", 'did you mean "America/Sao_Paulo"'),
        ("America", "no such time zone"),
        ("../../etc/passwd", "no such time zone"),
    ],
)
def test_a_zone_that_is_none_is_refused(name: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        time_zone(name)


def test_a_machine_without_zones_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening_hours, "available_timezones", set)
    with pytest.raises(ValueError, match="tzdata"):
        time_zone("Mars/Olympus")
