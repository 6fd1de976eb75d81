"""Which of several brokers, and which of a broker's addresses, is tried next."""

from __future__ import annotations

import pytest

from edge_video.delivery.amqp.brokers import LAST_FOR_S, Broker, BrokerCycle
from edge_video.delivery.amqp.handshake import MAX_S
from edge_video.delivery.amqp.knowledge import BrokerKnowledge
from edge_video.delivery.amqp.settings import AmqpSettings
from edge_video.testing.clock import FakeClock


class Cluster:
    """Three brokers, a to c, in that order; each attempt takes no time unless it runs out."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        settings = [AmqpSettings(each, 5672, "/", "u", "p") for each in "abc"]
        self.cycle = BrokerCycle(settings, self.clock, lambda: 0.0)

    def next(self) -> Broker:
        return self.cycle.next()

    def silent(self) -> tuple[str, float]:
        """Try the next one, which never answers; return it, and what that took."""
        broker = self.next()
        broker.handshake.began(self.clock.monotonic())
        took_s = broker.handshake.limit_s
        self.clock.advance(took_s)
        broker.handshake.ran_out(self.clock.monotonic())
        return broker.settings.host, took_s

    def refused(self) -> str:
        return self.next().settings.host

    def connected(self, took_s: float = 0.1) -> str:
        """Connect to the next one, and lose the connection a second later."""
        broker = self.next()
        broker.handshake.began(self.clock.monotonic())
        self.clock.advance(took_s)
        broker.handshake.met(self.clock.monotonic())
        self.clock.advance(1.0)
        return broker.settings.host


def test_they_are_tried_in_turn_for_ever() -> None:
    cluster = Cluster()
    assert "".join(cluster.refused() for _ in range(7)) == "abcabca"


def test_a_lost_connection_goes_on_with_the_next_one() -> None:
    cluster = Cluster()
    assert "".join(cluster.connected() for _ in range(5)) == "abcab"


def test_one_that_stands_still_is_tried_after_the_others_for_a_minute() -> None:
    cluster = Cluster()
    assert cluster.silent() == ("a", 10.0)
    assert "".join(cluster.connected() for _ in range(6)) == "bcbcbc"
    cluster.clock.advance(LAST_FOR_S)
    assert cluster.connected() == "a"


def test_it_is_tried_in_each_round_all_the_same() -> None:
    cluster = Cluster()
    cluster.silent()
    assert "".join(cluster.refused() for _ in range(8)) == "bcbcabca"


def test_while_others_answer_its_time_outs_do_not_double() -> None:
    cluster = Cluster()
    took = []
    for _ in range(4):
        took.append(cluster.silent())
        assert [cluster.connected(), cluster.connected()] == ["b", "c"]
        cluster.clock.advance(LAST_FOR_S)
    assert took == [("a", 10.0)] * 4


def test_where_none_answers_in_time_each_gets_twice_as_long() -> None:
    cluster = Cluster()
    assert [cluster.silent() for _ in range(10)] == [
        *[(each, 10.0) for each in "abc"],
        *[(each, 20.0) for each in "abc"],
        *[(each, 40.0) for each in "abc"],
        ("a", MAX_S),
    ]


def test_what_a_slow_way_took_is_not_forgotten_with_the_time_outs() -> None:
    cluster = Cluster()
    assert cluster.connected(took_s=15.0) == "a"
    assert [cluster.silent()[0] for _ in "bc"] == ["b", "c"]
    assert cluster.silent() == ("a", 30.0)
    assert cluster.connected() == "b"
    cluster.clock.advance(LAST_FOR_S)
    assert [cluster.silent() for _ in "ca"] == [("c", 10.0), ("a", 30.0)]


@pytest.mark.parametrize("found", [["one"], ["one", "two", "three"]])
def test_addresses_are_tried_in_the_order_of_the_resolver(found: list[str]) -> None:
    assert BrokerKnowledge().in_order(found) == found


def test_an_address_that_failed_is_tried_last_until_all_have() -> None:
    knowledge = BrokerKnowledge()
    knowledge.failed_addresses.add("one")
    assert knowledge.in_order(["one", "two", "three"]) == ["two", "three", "one"]
    knowledge.failed_addresses.add("two")
    assert knowledge.in_order(["one", "two", "three"]) == ["three", "one", "two"]
    knowledge.failed_addresses.add("three")
    assert knowledge.in_order(["one", "two", "three"]) == ["one", "two", "three"]


def test_addresses_that_the_name_has_no_more_are_forgotten() -> None:
    knowledge = BrokerKnowledge()
    for number in range(1000):
        knowledge.failed_addresses.add(f"10.0.0.{number}")
        knowledge.in_order(["new", f"10.0.0.{number}"])
    assert len(knowledge.failed_addresses) == 1
