"""Outages: when they began, how long they lasted, what they cost."""

from __future__ import annotations

from edge_video.runtime.units import NS_PER_S
from edge_video.status.model import Outage, PublisherState, PublisherStatus
from edge_video.status.outages import MAX_OUTAGES, Instant, OutageLog, OutageOver
from edge_video.status.snapshot import PublisherMarks


def at(second: float, dropped: int = 0) -> Instant:
    return Instant(100.0 + second, round(second * NS_PER_S), dropped)


def known(log: OutageLog) -> tuple[float | None, int]:
    """Since when frames cannot be delivered, and how many outages there were."""
    return log.down_since_s, len(log.outages)


def test_a_first_connection_that_is_made_at_once_is_no_outage() -> None:
    log = OutageLog()
    log.disconnected(at(0))
    assert known(log) == (100.0, 0)
    assert log.connected(at(1)) is None
    assert known(log) == (None, 0)


def test_an_outage_lasts_from_the_loss_to_the_next_connection_however_many_attempts() -> None:
    log = OutageLog()
    log.disconnected(at(0))
    log.connected(at(1))
    log.failed("reset", at(10, dropped=7))
    log.failed("refused", at(20, dropped=57))
    assert log.outages == (Outage(10 * NS_PER_S, None, "refused", 50, 10.0),)
    assert log.connected(at(54, dropped=863)) == OutageOver(44.0, 856)
    assert log.outages == (Outage(10 * NS_PER_S, 54 * NS_PER_S, "refused", 856, 44.0),)


def test_a_broker_that_is_away_at_the_start_is_an_outage_since_the_start() -> None:
    log = OutageLog()
    log.disconnected(at(2))
    log.failed("refused", at(3, dropped=9))
    assert log.outages == (Outage(2 * NS_PER_S, None, "refused", 9, 1.0),)


def test_an_outage_lasts_as_long_as_it_does_when_the_wall_clock_is_set_meanwhile() -> None:
    log, year = OutageLog(), 365 * 24 * 3600 * NS_PER_S
    log.disconnected(at(0))
    log.failed("refused", at(1))
    began_s = log.outage_since_s
    assert log.connected(Instant(130.0, year, 0)) == OutageOver(30.0, 0)
    [over] = log.outages
    assert (over.started_at_ns, over.ended_at_ns, over.lasted_s) == (0, year, 30.0)
    assert (began_s, log.outage_since_s) == (100.0, None)
    successor = OutageLog((Outage(0, None, "refused", 5, 12.0),))
    successor.disconnected(Instant(200.0, year, 5))
    assert successor.connected(Instant(203.0, 0, 5)) == OutageOver(15.0, 5)


def test_a_successor_goes_on_with_the_outage_of_its_predecessor() -> None:
    log = OutageLog((Outage(10 * NS_PER_S, None, "refused", 50, 20.0),))
    log.disconnected(at(30, dropped=90))
    assert (log.down_since_s, log.dropped_before) == (110.0, 40)
    log.failed("refused", at(31, dropped=95))
    assert log.connected(at(40, dropped=100)) == OutageOver(30.0, 60)
    assert len(log.outages) == 1


def test_a_block_is_down_time_and_no_outage() -> None:
    log = OutageLog()
    log.disconnected(at(0))
    log.connected(at(1))
    log.blocked(105.0)
    log.blocked(106.0)
    assert known(log) == (105.0, 0)
    log.unblocked()
    assert known(log) == (None, 0)


def test_the_last_outages_are_kept() -> None:
    log = OutageLog()
    for number in range(MAX_OUTAGES + 3):
        log.failed(str(number), at(number))
        log.connected(at(number + 0.5))
    assert [each.reason for each in log.outages] == [str(3 + n) for n in range(MAX_OUTAGES)]


def test_marks_make_a_status_current_again() -> None:
    outages = (Outage(0, 1, "a", 5), Outage(2, None, "b", 7))
    status = PublisherStatus(PublisherState.WAITING, "broker", outages=outages, retry_in_s=30.0)
    marks = PublisherMarks(130.0, down_since_s=90.0, dropped_before=5, outage_since_s=95.0)
    now = marks.refresh(status, 110.0, 45)
    assert (now.retry_in_s, now.down_for_s) == (20.0, 20.0)
    assert [each.dropped for each in now.outages] == [5, 40]
    assert [each.lasted_s for each in now.outages] == [0.0, 15.0]
    assert PublisherMarks().refresh(status, 110.0, 0).retry_in_s is None
