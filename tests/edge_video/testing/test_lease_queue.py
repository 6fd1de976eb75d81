"""The model of the leases' queue does what RabbitMQ does: each story is told to both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.testing.lease_model.queue import RULES
from tests.support.lease_queues import CONSUMERS, BrokerQueue, ModelQueue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.testing.lease_model.queue import BrokerRules
    from edge_video.testing.rabbit import RabbitNode
    from tests.support.lease_queues import LeaseQueue


@pytest.fixture(
    params=[
        "model",
        pytest.param("rabbit", marks=pytest.mark.rabbitmq),
        pytest.param("newer_rabbit", marks=pytest.mark.rabbitmq),
    ]
)
def queue(request: pytest.FixtureRequest) -> Iterator[LeaseQueue]:
    if request.param == "model":
        yield ModelQueue(RULES[0])
        return
    node: RabbitNode = request.getfixturevalue(request.param)
    node.ensure_running()
    real = BrokerQueue(node)
    yield real
    real.close_all()


@pytest.fixture
def line(queue: LeaseQueue) -> LeaseQueue:
    """With three in line."""
    for each in CONSUMERS:
        queue.subscribe(each)
    return queue


def test_the_first_in_line_gets_everything_and_the_next_gets_it_again(line: LeaseQueue) -> None:
    for epoch in (1, 2):
        assert line.publish(epoch)
    assert line.deliveries(2) == [(1, 1), (1, 2)]

    line.close(1)
    assert line.deliveries(4)[2:] == [(2, 1), (2, 2)]
    line.close(2)
    assert line.deliveries(6)[4:] == [(3, 1), (3, 2)]


def test_who_leaves_the_line_keeps_what_it_holds_and_the_next_is_active(line: LeaseQueue) -> None:
    line.publish(1)
    line.deliveries(1)
    line.cancel(1)
    line.publish(2)
    assert line.deliveries(2)[1:] == [(2, 2)]

    line.settle(1, 1, requeue=True)
    assert line.deliveries(3)[2:] == [(2, 1)]


def test_who_subscribes_anew_is_the_last_in_line(line: LeaseQueue) -> None:
    line.publish(1)
    line.deliveries(1)
    line.cancel(2)
    line.subscribe(2)
    line.close(1)

    assert line.deliveries(2)[1:] == [(3, 1)]


def test_a_token_without_anybody_in_line_waits_for_the_first(queue: LeaseQueue) -> None:
    queue.publish(1)
    queue.subscribe(2)

    assert queue.deliveries(1) == [(2, 1)]


def test_a_settled_token_is_gone(line: LeaseQueue) -> None:
    for epoch in (1, 2):
        line.publish(epoch)
    line.deliveries(2)
    line.settle(1, 1, requeue=False)
    line.close(1)

    assert line.deliveries(3)[2:] == [(2, 2)]


def test_a_full_queue_refuses_and_keeps_the_first_tokens(line: LeaseQueue) -> None:
    taken = [line.publish(epoch) for epoch in range(1, 30)]

    assert taken[0]
    assert not taken[-1], "or a knock could push out the token with the epoch"
    assert line.deliveries(4)[:4] == [(1, 1), (1, 2), (1, 3), (1, 4)]


@pytest.mark.parametrize(
    "rules", [pytest.param(each, id=f"model of {each.version}") for each in RULES[:2]]
)
def test_by_the_model_3_10_never_drops_a_token_and_4_0_after_20_returns(rules: BrokerRules) -> None:
    assert returns_until_gone(ModelQueue(rules)) == rules.delivery_limit


@pytest.mark.rabbitmq
def test_4_0_drops_a_token_after_20_returns(newer_rabbit: RabbitNode) -> None:
    newer_rabbit.ensure_running()
    real = BrokerQueue(newer_rabbit)

    assert returns_until_gone(real) == RULES[1].delivery_limit
    real.close_all()


def returns_until_gone(queue: LeaseQueue) -> int | None:
    """How often a token comes back that is always given back; None: more than 25 times.

    A second token, published after each return, is what comes where the first does not.
    """
    queue.subscribe(1)
    queue.publish(1)
    queue.deliveries(1)
    for returned in range(26):
        queue.settle(1, 1, requeue=True)
        queue.publish(2)
        seen = 2 * returned + 1
        if (1, 1) not in queue.deliveries(seen + 1)[seen:][:1]:
            return returned
        queue.deliveries(seen + 2)
        queue.settle(1, 2, requeue=False)
    return None
