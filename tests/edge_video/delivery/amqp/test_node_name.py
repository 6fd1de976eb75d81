"""Another program of the same node name is noticed; a dead connection of our own is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pika.exceptions
import pytest

from edge_video.delivery.amqp.node import NodeClaim
from edge_video.testing import eventually
from tests.support.amqp import host_without_connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.testing.rabbit import RabbitNode
    from tests.support.amqp import MakeRig

RESOURCE_LOCKED, ACCESS_REFUSED = 405, 403


class ScriptedConnection:
    """A connection of pika's whose channels grant or refuse the queue that is asked for."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.asked = 0
        self.refuses_with: int | None = None
        self.is_open = True
        self.claim = NodeClaim("twin", 10.0, host_without_connection(lambda: self.now_s))
        self._on_closed: Callable[..., None] | None = None

    def channel(self, *, on_open_callback: Callable[[Any], None]) -> None:
        on_open_callback(self)

    def add_on_close_callback(self, callback: Callable[..., None]) -> None:
        self._on_closed = callback

    def queue_declare(
        self, _queue: str, *, callback: Callable[[Any], None], **_flags: bool
    ) -> None:
        self.asked += 1
        if self.refuses_with is None:
            callback(None)
        else:
            assert self._on_closed is not None
            self._on_closed(self, pika.exceptions.ChannelClosedByBroker(self.refuses_with, "no"))

    def close(self) -> None:
        """The question is answered."""

    def wait(self, seconds: float) -> None:
        """Let time pass, in ticks of a second."""
        for _ in range(round(seconds)):
            self.now_s += 1.0
            self.claim.retry_if_due()


def is_told(caplog: pytest.LogCaptureFixture) -> int:
    return caplog.text.count("Another program publishes to this broker as node twin")


def test_a_name_that_stays_taken_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    connection = ScriptedConnection()
    connection.refuses_with = RESOURCE_LOCKED
    connection.claim.open(connection)
    assert not is_told(caplog)
    connection.wait(300)
    assert is_told(caplog) == 1
    assert connection.asked == 6, "once a minute"


def test_a_name_that_is_free_again_within_three_heartbeats_is_no_other_program(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The broker holds a connection that died without a word for so long."""
    connection = ScriptedConnection()
    connection.refuses_with = RESOURCE_LOCKED
    connection.claim.open(connection)
    connection.refuses_with = None
    connection.wait(60)
    assert connection.asked == 2
    connection.wait(600)
    assert connection.asked == 2, "it is ours"
    assert not is_told(caplog)


def test_a_user_who_may_not_declare_the_queue_is_left_in_peace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection = ScriptedConnection()
    connection.refuses_with = ACCESS_REFUSED
    connection.claim.open(connection)
    connection.wait(300)
    assert (connection.asked, is_told(caplog)) == (1, 0)


@pytest.mark.rabbitmq
def test_another_program_of_the_same_node_is_told_and_both_go_on(
    broker: RabbitNode, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    first = make_rig(broker, node="twin", heartbeat_s=1).connect()
    second = make_rig(broker, node="twin", heartbeat_s=1, route_retry_s=0.5).connect()
    eventually(lambda: is_told(caplog), 20, "it is told")
    for rig in (first, second):
        rig.put()
        assert rig.settle().confirmed == 1
    assert is_told(caplog) == 1
