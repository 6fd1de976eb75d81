"""Another program that publishes under the same node name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from edge_video.testing import eventually

if TYPE_CHECKING:
    from edge_video.testing.rabbit import RabbitNode
    from tests.support.amqp import (
        MakeRig,
    )


@pytest.mark.rabbitmq
def test_another_program_of_the_same_node_is_told_and_both_go_on(
    broker: RabbitNode, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    first = make_rig(broker, node="twin", heartbeat_s=1).connect()
    second = make_rig(broker, node="twin", heartbeat_s=1, route_retry_s=0.5).connect()
    told = "Another program publishes to this broker as node twin"
    eventually(lambda: told in caplog.text, 20, "it is told")
    for rig in (first, second):
        rig.put()
        assert rig.settle().confirmed == 1
    time.sleep(2.0)  # some further refusals
    assert caplog.text.count(told) == 1


@pytest.mark.rabbitmq
def test_a_name_that_is_free_again_within_three_heartbeats_is_no_other_program(
    broker: RabbitNode, make_rig: MakeRig, caplog: pytest.LogCaptureFixture
) -> None:
    """The broker holds a connection that died without a word for so long."""
    first = make_rig(broker, node="ghost", heartbeat_s=1).connect()
    second = make_rig(broker, node="ghost", heartbeat_s=1, route_retry_s=0.2).connect()
    time.sleep(1.0)
    first.sink.close(5.0)
    time.sleep(4.0)
    assert "Another program" not in caplog.text
    second.put()
    assert second.settle().confirmed == 1
