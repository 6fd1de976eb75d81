"""Two nodes share cameras on a real broker: one is cut off and comes back, the other ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.actors.lease_messages import DrainNode, RejoinNode
from edge_video.testing import eventually
from edge_video.testing.consumer import consume
from tests.support.broker_in_the_middle import BrokerInTheMiddle
from tests.support.cluster import ClusterNode, new_group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_video.testing.consumer import Consumer, Message
    from edge_video.testing.rabbit import RabbitNode

CAMERAS = {"door", "gate", "hall", "yard"}


@pytest.fixture
def start(exchange: str) -> Iterator[Callable[[str, int], ClusterNode]]:
    """Starts nodes of one cluster, at this port; they are stopped with the test."""
    nodes: list[ClusterNode] = []
    group = new_group()

    def node(name: str, port: int) -> ClusterNode:
        nodes.append(ClusterNode(name, port, sorted(CAMERAS), group, exchange))
        return nodes[-1]

    yield node
    for each in nodes:
        each.system.leave_at_once()
    for each in nodes:
        assert each.system.wait(20) is not None


def flows(messages: list[Message], cameras: set[str], node: str, above: int = 0) -> bool:
    """Whether frames of these cameras come from a node, with epochs above this."""
    found = {
        message.properties.headers["camera_id"]
        for message in messages[-200:]
        if message.properties.headers["node"] == node
        and message.properties.headers["epoch"] > above
    }
    return cameras <= found


def last_epoch(messages: list[Message]) -> int:
    return max(int(message.properties.headers["epoch"]) for message in messages)


def settled(*nodes: ClusterNode) -> bool:
    """Whether each camera streams on one node, and on one alone."""
    each = [node.streaming() for node in nodes]
    return set.union(*each) == CAMERAS and sum(map(len, each)) == len(CAMERAS)


def epochs_rise(consumer: Consumer) -> None:
    """A consumer that ignores what is below the highest epoch sees each camera without a break."""
    highest: dict[str, int] = {}
    seqs: dict[str, int] = {}
    for message in list(consumer.messages):
        headers = message.properties.headers
        camera, epoch, seq = headers["camera_id"], headers["epoch"], headers["seq"]
        if epoch < highest.get(camera, 0):
            continue
        if epoch == highest.get(camera):
            assert seq == seqs[camera] + 1 + headers.get("dropped", 0), (camera, headers)
        highest[camera], seqs[camera] = epoch, seq


def test_cameras_move_when_a_node_is_cut_off_and_when_one_is_stopped(
    broker: RabbitNode, exchange: str, start: Callable[[str, int], ClusterNode]
) -> None:
    with BrokerInTheMiddle(broker.port) as man, consume(broker, exchange) as consumer:
        a, b = start("edge-a", man.port), start("edge-b", broker.port)
        eventually(lambda: settled(a, b), timeout_s=30)
        assert a.streaming()
        assert b.streaming()
        man.greet = lambda client: client.close()
        man.cut()
        eventually(lambda: b.streaming() == CAMERAS, timeout_s=30)
        consumer.wait_until(lambda messages: flows(messages, CAMERAS, "edge-b"))
        assert a.streaming()  # nobody has told it yet, and nobody gets its frames
        before = last_epoch(consumer.messages)
        man.behave()
        eventually(lambda: settled(a, b) and not a.streaming(), timeout_s=30)
        b.system.begin_stop()
        consumer.wait_until(lambda messages: flows(messages, CAMERAS, "edge-a", before), 40)
        assert b.system.wait(20) is not None
        assert a.streaming() == CAMERAS
        epochs_rise(consumer)


def test_a_node_is_drained_and_rejoins(
    broker: RabbitNode, start: Callable[[str, int], ClusterNode]
) -> None:
    a = start("edge-a", broker.port)
    eventually(lambda: a.streaming() == CAMERAS, timeout_s=30)
    a.system.supervisor.tell(DrainNode())
    eventually(lambda: not a.streaming(), timeout_s=30)
    a.system.supervisor.tell(RejoinNode())
    eventually(lambda: a.streaming() == CAMERAS, timeout_s=30)
