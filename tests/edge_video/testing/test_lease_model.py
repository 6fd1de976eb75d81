"""Leases under random faults, and bugs that the model must find.

`python -m edge_video.testing.lease_model` runs as many schedules as one likes; `make fuzz` runs
ten thousand. A failure names its seed, and `--seed` tells what happened in that schedule.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_video.resilience.cluster import ClusterMember, Holder, Token, Uncertain
from edge_video.testing.lease_model import run_schedule
from edge_video.testing.lease_model.broker import Broker
from edge_video.testing.lease_model.loop import EventLoop
from edge_video.testing.lease_model.queue import RULES, QuorumQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_video.resilience.cluster import (
        Announcement,
        CameraTerms,
        LeasePolicy,
        Moment,
    )
    from edge_video.resilience.cluster.member import MemberAction
    from edge_video.resilience.cluster.terms import LeaseEvent
    from edge_video.testing.lease_model.broker import Connection

SCHEDULES = int(os.environ.get("EDGE_VIDEO_LEASE_SCHEDULES", "40"))


def test_no_schedule_of_faults_breaks_a_rule() -> None:
    broken = {
        seed: outcome.violations[0]
        for seed in range(SCHEDULES)
        if (outcome := run_schedule(seed)).violations
    }
    assert broken == {}


@pytest.mark.parametrize("seed", [100218, 100949])
def test_a_subscription_that_its_node_does_not_know_of_blocks_nobody(seed: int) -> None:
    """A queue is deleted while a node subscribes anew: it hears of the end of the one before."""
    assert run_schedule(seed).violations == ()


def test_broker_nodes_that_stand_still_are_part_of_it() -> None:
    """Who was there stays in line until it goes on, and its tokens with it: nobody loses by it."""
    found = [run_schedule(seed) for seed in range(3, 3 + 4 * 6, 4)]
    assert any("freeze_broker" in fault for each in found for fault in each.faults)
    assert [each.violations for each in found if each.violations] == []


def test_a_connection_that_ended_while_its_broker_node_stood_still_is_known_after_that() -> None:
    """Its client was deaf meanwhile; left in the belief that it is connected, it does nothing."""
    loop = EventLoop()
    broker = Broker(loop, random.Random(1), RULES[0], [])
    client = _Client()
    connection = broker.connect(client)
    assert connection is not None
    broker.set_frozen(connection, is_frozen=True)
    broker.set_down(is_down=True)
    loop.run_until(1.0)
    assert not client.is_told
    broker.set_frozen(connection, is_frozen=False)
    loop.run_until(2.0)
    assert client.is_told


class _Client:
    name = "a"
    is_silent = False
    connection: Connection | None = None
    is_told = False

    def receive(self, connection: Connection, call: Callable[[], None]) -> None:
        assert not connection.is_frozen
        call()

    def close(self) -> None:
        self.is_told = True

    def on_camera(self, camera: str, event: LeaseEvent) -> None:
        raise AssertionError(f"{camera}: {event}")

    def on_announcement(self, announcement: Announcement) -> None:
        raise AssertionError(str(announcement))


# --- planted bugs ---------------------------------------------------------------------------


class DeafMember(ClusterMember):
    """Hears who lives, and no epoch."""

    def on_announcement(self, announcement: Announcement, now: Moment) -> list[MemberAction]:
        return super().on_announcement(replace(announcement, owned={}), now)


def with_policy(
    change: Callable[[LeasePolicy], LeasePolicy],
) -> Callable[[Holder, Mapping[str, CameraTerms], Moment], ClusterMember]:
    def make(holder: Holder, cameras: Mapping[str, CameraTerms], now: Moment) -> ClusterMember:
        changed = {
            name: replace(each, policy=change(each.policy)) for name, each in cameras.items()
        }
        return ClusterMember(holder, changed, now)

    return make


class BlindMember(ClusterMember):
    """Sees no difference between definitions."""

    def on_announcement(self, announcement: Announcement, now: Moment) -> list[MemberAction]:
        same = dict.fromkeys(announcement.cameras, "same")
        return super().on_announcement(replace(announcement, cameras=same), now)


PLANTED = {
    "no look at definitions": (BlindMember, "told"),
    "no epoch check": (DeafMember, "one publisher"),
    "no renewal": (with_policy(lambda policy: replace(policy, renew_s=1e6)), "renewed"),
    "stop on SUSPECT": (
        with_policy(lambda policy: replace(policy, uncertain=Uncertain.STOP, uncertain_stop_s=0.0)),
        "no needless stop",
    ),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str) -> None:
    make_member, rule = PLANTED[bug]

    found = (
        violation.rule
        for seed in range(20)
        for violation in run_schedule(seed, make_member).violations
    )
    assert rule in found, "found by another rule, or not at all"


def test_a_schedule_is_always_the_same() -> None:
    assert run_schedule(3, DeafMember) == run_schedule(3, DeafMember)


# --- the model of the queue -----------------------------------------------------------------


class RecordedQueue:
    """A queue, and who was delivered what."""

    def __init__(self, version: str = "3.10") -> None:
        rules = next(each for each in RULES if each.version == version)
        self.delivered: list[tuple[int, int, int]] = []
        self.queue = QuorumQueue(
            rules,
            lambda consumer, message, tag: self.delivered.append(
                (consumer.connection, message.number, tag)
            ),
        )
        for connection in (1, 2, 3):
            self.queue.subscribe(connection, 1, 0.0)

    def publish(self) -> bool:
        return self.queue.publish(Token(1, Holder("edge-a", "1"), 1, is_claim=True), 0.0)


def test_one_consumer_gets_everything_until_it_is_gone_then_the_next_gets_it_again() -> None:
    line = RecordedQueue()
    line.publish()
    line.publish()
    line.queue.closed(1, 1.0)

    assert line.delivered == [(1, 1, 1), (1, 2, 2), (2, 1, 3), (2, 2, 4)]


def test_a_cancelled_consumer_keeps_what_it_holds_until_it_gives_it_back() -> None:
    line = RecordedQueue()
    line.publish()
    line.queue.cancel(1, 1.0)
    assert line.delivered == [(1, 1, 1)]
    line.queue.settle(1, 1, 1.0, requeue=True)

    assert line.delivered[1:] == [(2, 1, 2)]


@pytest.mark.parametrize(("version", "waits"), [("3.10", False), ("4.0", False), ("4.3", True)])
def test_from_4_3_on_a_consumer_out_of_reach_stays_active_for_a_while(
    version: str, waits: bool
) -> None:
    line = RecordedQueue(version)
    line.publish()
    line.queue.unreachable(1, 10.0)
    assert (len(line.delivered) == 1) is waits
    line.queue.look(15.0)

    assert line.delivered[1:] == [(2, 1, 2)]


@pytest.mark.parametrize(("version", "left"), [("3.10", 1), ("4.0", 0), ("4.3", 1)])
def test_a_message_given_back_too_often_is_dropped_by_some_versions(
    version: str, left: int
) -> None:
    line = RecordedQueue(version)
    line.publish()
    for tag in range(1, 22):
        line.queue.settle(1, tag, 1.0, requeue=True)

    assert line.queue.tokens == left


def test_a_full_queue_refuses_and_keeps_the_oldest() -> None:
    line = RecordedQueue()
    assert [line.publish() for _ in range(25)] == [True] * 24 + [False]
    assert [number for _, number, _ in line.delivered] == [*range(1, 17)]
