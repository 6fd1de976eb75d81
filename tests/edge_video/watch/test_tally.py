"""What a consumer concludes from headers: rates, latency, and which losses nobody explains."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_video.delivery.amqp.message import message_properties
from edge_video.frames import CameraId, Frame
from edge_video.text.catalog import Language
from edge_video.watch import view
from edge_video.watch.live_table import Room, live_table
from edge_video.watch.tally import (
    MAX_CAMERAS,
    OTHERS,
    Arrival,
    CameraView,
    Tally,
    read_arrival,
)

NOW_NS = 1_700_000_000_000_000_000
FRAME = Arrival("cam1", "s1", 1, 0, NOW_NS, 640, 360, 1000, 0.0, NOW_NS + 20_000_000)


def frame(seq: int, **changes: Any) -> Arrival:
    return replace(FRAME, seq=seq, at_s=seq / 15, **changes)


def tally_of(*frames: Arrival) -> Tally:
    tally = Tally()
    for each in frames:
        tally.take(each)
    return tally


def test_a_steady_camera_has_its_rate_its_latency_and_no_gap() -> None:
    [view_] = tally_of(*map(frame, range(1, 151))).views(10.0)
    assert view_.fps == pytest.approx(15, rel=0.05)
    assert view_.latency_ms == pytest.approx(20.0)
    assert (view_.gaps, view_.dropped, view_.frames, view_.sessions) == (0, 0, 150, 1)


def test_a_camera_that_publishes_changes_only_is_neither_lossy_nor_silent() -> None:
    since_ns = NOW_NS - 60 * 10**9
    quiet = frame(160, dropped=150, unchanged=148, next_within_s=10.0, unchanged_since_ns=since_ns)
    tally = tally_of(frame(9), replace(quiet, at_s=20.0))
    [view_] = tally.views(32.0)
    assert (view_.gaps, view_.dropped, view_.unchanged, view_.unchanged_s) == (0, 2, 148, 60.0)
    assert tally.silent_s(32.0) == {"cam1": 2.0}
    assert not view.is_overdue(view_)
    assert view.is_overdue(tally.views(33.1)[0])
    line = view.line(view_, Language.EN)
    assert "without a change 148" in line
    assert "the same picture for 1m" in line


def test_frames_of_a_node_that_was_replaced_are_counted_as_nothing_else() -> None:
    before = [frame(seq, epoch=7) for seq in range(1, 4)]
    after = [frame(seq, session="s2", epoch=9, at_ns=NOW_NS) for seq in (500, 501)]
    late = [frame(seq, epoch=7) for seq in (4, 5, 6)]
    [view_] = tally_of(*before, after[0], *late, after[1]).views(40.0)
    assert (view_.frames, view_.superseded) == (5, 3)
    assert (view_.gaps, view_.repeated, view_.restarts, view_.sessions) == (0, 0, 0, 2)
    assert "of a replaced node 3" in view.line(view_, Language.EN)


def test_a_lease_that_was_taken_anew_goes_on_with_the_same_sequence() -> None:
    [view_] = tally_of(frame(1, epoch=7), frame(2, epoch=9), frame(5, epoch=9)).views(1.0)
    assert (view_.frames, view_.gaps, view_.sessions) == (3, 2, 1)


def test_without_an_epoch_a_frame_is_below_every_other() -> None:
    [view_] = tally_of(frame(1), frame(1, session="s2", epoch=7), frame(2)).views(1.0)
    assert (view_.frames, view_.superseded) == (2, 1)


def test_the_epoch_is_that_of_the_header() -> None:
    wire = Frame(CameraId("cam1"), 1, "s", b"", NOW_NS, 0.0, 1, 1, 0, epoch=7)
    headers = message_properties(wire, node="n", app="a", published_at_ns=NOW_NS).headers
    found = read_arrival(headers, 10, 0.0, NOW_NS)
    assert found is not None
    assert found.epoch == 7


def test_there_is_no_rate_in_the_first_two_seconds_and_a_burst_at_first_is_none() -> None:
    waited = [replace(FRAME, seq=seq, at_s=0.01) for seq in range(1, 10)]
    steady = [replace(FRAME, seq=seq, at_s=0.2 * (seq - 9)) for seq in range(10, 60)]
    tally = Tally()
    rates = {}
    for each in [*waited, *steady]:
        tally.take(each)
        rates[each.at_s] = tally.views(each.at_s)[0].fps
    assert {rate for at_s, rate in rates.items() if at_s < 2.01} == {None}
    measured = [rate for at_s, rate in rates.items() if at_s > 2.01]
    assert measured == [pytest.approx(5, abs=0.21)] * len(measured)
    assert measured


def test_a_watch_of_six_seconds_has_a_rate_though_the_first_frame_is_late() -> None:
    tally = tally_of(*map(frame, range(1, 61)))
    assert tally.views(60 / 15)[0].fps == pytest.approx(15, rel=0.05)


def test_after_an_absence_the_rate_is_measured_anew() -> None:
    tally = tally_of(*map(frame, range(1, 151)))
    tally.interrupted()
    assert tally.views(10.0)[0].fps is None
    for seq in range(1000, 1120):
        tally.take(frame(seq))
    assert tally.views(1090 / 15)[0].fps == pytest.approx(15, rel=0.5)
    assert tally.views(1000 / 15 + 1.9)[0].fps is None
    assert tally.views(1119 / 15)[0].fps == pytest.approx(15, rel=0.05)


def test_a_line_says_which_latencies_it_shows() -> None:
    [view_] = tally_of(*map(frame, range(1, 151))).views(10.0)
    assert "latency p50 / p99 20 / 20 ms, gaps 0" in view.line(view_, Language.EN)
    assert "latência p50 / p99 20 / 20 ms, lacunas 0" in view.line(view_, Language.PT_BR)


def test_a_gap_that_the_node_explains_is_a_drop_and_the_rest_is_a_gap() -> None:
    [view_] = tally_of(frame(1), frame(5, dropped=3), frame(10, dropped=1)).views(1.0)
    assert (view_.dropped, view_.gaps) == (4, 3)


def test_a_new_session_goes_on_counting_and_a_restarted_program_begins_anew() -> None:
    [view_] = tally_of(
        frame(1),
        frame(2, session="s2"),
        frame(3, session="s2"),
        frame(1, session="s9"),
        frame(2, session="s9"),
    ).views(1.0)
    assert (view_.gaps, view_.restarts, view_.sessions, view_.repeated) == (0, 1, 3, 0)


def test_what_comes_twice_or_late_is_no_gap() -> None:
    [view_] = tally_of(frame(1), frame(2), frame(2), frame(1), frame(3)).views(1.0)
    assert (view_.gaps, view_.repeated) == (0, 2)


def after_an_absence(*frames: Arrival) -> CameraView:
    """What is known after the second frame was the last one before the connection was lost."""
    tally = tally_of(frame(1), frame(2))
    tally.interrupted()
    for each in frames:
        tally.take(each)
    return tally.views(1.0)[0]


def test_what_the_node_dropped_in_an_outage_of_both_is_known() -> None:
    view_ = after_an_absence(frame(73, dropped=70), frame(74))
    assert (view_.dropped, view_.gaps, view_.away, view_.away_at_least) == (70, 0, 0, False)


def test_what_is_missed_while_this_consumer_was_away_is_nobodys_gap_and_no_known_drop() -> None:
    view_ = after_an_absence(frame(500, dropped=1), frame(503))
    assert (view_.dropped, view_.away, view_.gaps) == (1, 496, 2)
    assert not view_.away_at_least


def test_of_a_stream_that_began_anew_meanwhile_nobody_knows_how_much_was_missed() -> None:
    for seq in (1, 500):
        view_ = after_an_absence(frame(seq, session="s2"), frame(seq + 1, session="s2"))
        assert (view_.dropped, view_.gaps, view_.away, view_.away_at_least) == (0, 0, 0, True)


def test_before_a_frame_has_come_after_an_absence_nothing_is_said_of_it() -> None:
    view_ = after_an_absence()
    assert view_.away_at_least
    words = "(dropped at the node: 0; not known while watch was away: 0 or more)"
    assert words in view.line(view_, Language.EN)
    assert "incertos enquanto o watch estava ausente: 0 ou mais" in view.line(view_, Language.PT_BR)


def test_without_an_absence_none_is_mentioned() -> None:
    [view_] = tally_of(frame(1), frame(2)).views(1.0)
    assert "away" not in view.line(view_, Language.EN)


def test_a_json_line_has_its_time_and_no_rate_before_there_is_one() -> None:
    views = tally_of(frame(1)).views(0.1)
    line = json.loads(view.json_line("interval", views, NOW_NS, unrecognised=0))
    assert (line["ts"], line["kind"]) == ("2023-11-14T22:13:20.000+00:00", "interval")
    assert line["cameras"][0]["fps"] is None


def test_names_are_bounded_in_number_and_length() -> None:
    tally = Tally()
    for number in range(MAX_CAMERAS + 50):
        tally.take(replace(FRAME, camera_id=f"c{number}"))
    views = tally.views(1.0)
    assert len(views) == MAX_CAMERAS + 1
    assert next(each for each in views if each.camera_id == OTHERS).frames == 50
    headers = {"camera_id": "x" * 1000, "session": "s", "seq": 1, "captured_at_ns": 1}
    arrival = read_arrival(headers, 1, 0.0, 0)
    assert arrival is not None
    assert len(arrival.camera_id) == 64


def test_the_headers_of_a_real_frame_are_understood() -> None:
    sent = Frame(CameraId("door"), 7, "s1", b"jpeg", NOW_NS, 0.0, 640, 360, 2)
    properties = message_properties(sent, node="n", app="edge-video", published_at_ns=NOW_NS)
    assert read_arrival(properties.headers, 4, 1.0, NOW_NS) == Arrival(
        "door", "s1", 7, 2, NOW_NS, 640, 360, 4, 1.0, NOW_NS
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"seq": -1},
        {"seq": True},
        {"captured_at_ns": -1},
        {"captured_at_ns": 2**63},
        {"captured_at_ns": "1"},
        {"camera_id": ""},
        {"camera_id": ["a"]},
        {"session": None},
    ],
)
def test_headers_that_count_nothing_are_no_frame(wrong: dict[str, Any]) -> None:
    good = {"camera_id": "a", "session": "s", "seq": 1, "captured_at_ns": 0}
    assert read_arrival(good, 1, 0.0, 0) is not None
    assert read_arrival(good | wrong, 1, 0.0, 0) is None


values = st.none() | st.integers() | st.text() | st.floats() | st.binary()


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["camera_id", "session", "seq", "captured_at_ns", "dropped", "width"]),
        values,
    )
)
def test_foreign_headers_are_no_frame_or_a_countable_one(headers: dict[str, Any]) -> None:
    arrival = read_arrival(headers, 1, 0.0, 0)
    if arrival is not None:
        tally = tally_of(arrival)
        for language in Language:
            assert "\n" not in view.line(tally.views(1.0)[0], language)
            live_table(tally.views(1.0), "header", language, Room(80, 24))
        view.json_line("summary", tally.views(1.0), NOW_NS)


fates = st.lists(st.sampled_from(["sent", "dropped at the node", "lost on the way"]), max_size=200)


@settings(deadline=None)
@given(fates)
def test_every_number_between_the_first_and_the_last_frame_is_accounted_for(
    happened: list[str],
) -> None:
    tally, dropped = Tally(), 0
    expected = {"sent": 0, "dropped at the node": 0, "lost on the way": 0}
    pending = {"dropped at the node": 0, "lost on the way": 0}
    for seq, fate in enumerate(happened, start=1):
        if fate == "sent":
            tally.take(frame(seq, dropped=dropped))
            if expected["sent"]:
                for name, count in pending.items():
                    expected[name] += count
            expected["sent"] += 1
            pending = dict.fromkeys(pending, 0)
            dropped = 0
        else:
            pending[fate] += 1
            if fate == "lost on the way":
                # It carried the news of the drops before it with it into the grave.
                pending["lost on the way"] += dropped
                pending["dropped at the node"] -= dropped
                dropped = 0
            else:
                dropped += 1
    if expected["sent"]:
        [view_] = tally.views(1.0)
        assert view_.frames == expected["sent"]
        assert view_.dropped == expected["dropped at the node"]
        assert view_.gaps == expected["lost on the way"]
