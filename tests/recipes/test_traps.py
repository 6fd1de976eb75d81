"""What docs/recipes warn of is what RabbitMQ does: `make matrix` runs it, on each version."""

from __future__ import annotations

import runpy
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pika
import pika.exceptions
import pytest

from edge_video.delivery.amqp.settings import Route
from edge_video.testing import eventually
from tests.support.amqp import CAM1
from tests.support.mqtt import MqttClient
from tests.support.recipes import IN_THE_MATRIX
from tests.support.shell_blocks import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.amqp import MakeRig, Rig
    from tests.support.recipes import RecipeNode

pytestmark = [
    pytest.mark.rabbitmq,
    IN_THE_MATRIX,
]

STREAM: Final = {"x-queue-type": "stream"}


@pytest.fixture
def channel(node: RecipeNode) -> Iterator[Any]:
    connection = pika.BlockingConnection(node.parameters())
    yield connection.channel()
    if connection.is_open:  # the broker may have ended it
        connection.close()


def publisher(make_rig: MakeRig, node: RecipeNode, exchange: str, key: str = "door") -> Rig:
    rig: Rig = make_rig(node, {CAM1: Route(exchange, key)})
    return rig.connect()


def read_stream(channel: Any, stream: str, since: Any) -> list[int]:
    """The numbers of the frames that a stream gives from an offset on."""
    channel.basic_qos(prefetch_count=100)
    found = []
    offset = {"x-stream-offset": since}
    for method, properties, _ in channel.consume(stream, arguments=offset, inactivity_timeout=1):
        if method is None:
            break
        channel.basic_ack(method.delivery_tag)
        found.append(properties.headers["seq"])
    return found


def test_a_stream_refuses_a_consumer_without_a_prefetch(channel: Any, exchange: str) -> None:
    channel.queue_declare(exchange, durable=True, arguments=STREAM)
    with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="prefetch"):
        channel.basic_consume(exchange, lambda *_: None)


def test_a_stream_gives_nothing_back_that_is_rejected(
    channel: Any, exchange: str, node: RecipeNode, make_rig: MakeRig
) -> None:
    rig = publisher(make_rig, node, exchange)
    channel.queue_declare(exchange, durable=True, arguments=STREAM)
    channel.queue_bind(exchange, exchange, "#")
    rig.put_all(2)
    rig.settle()
    channel.basic_qos(prefetch_count=1)
    offset = {"x-stream-offset": "first"}
    frames = channel.consume(exchange, arguments=offset, inactivity_timeout=20)
    method, _, _ = next(frames)
    channel.basic_reject(method.delivery_tag, requeue=True)
    if node.programs.version == "4.0":
        assert next(frames)[1].headers["seq"] == 2
    else:
        with pytest.raises(pika.exceptions.ConnectionClosed, match="NOT_IMPLEMENTED"):
            list(islice(frames, 3))


def test_a_stream_keeps_what_is_too_old_while_nothing_comes(
    channel: Any, exchange: str, node: RecipeNode, make_rig: MakeRig
) -> None:
    rig = publisher(make_rig, node, exchange)
    channel.queue_declare(exchange, durable=True, arguments=STREAM | {"x-max-age": "1s"})
    channel.queue_bind(exchange, exchange, "#")
    rig.put_all(3)
    rig.settle()
    channel.connection.sleep(4)
    assert read_stream(channel, exchange, "first") == [1, 2, 3]


def test_an_integer_is_an_offset_and_a_moment_is_a_datetime(
    channel: Any, exchange: str, node: RecipeNode, make_rig: MakeRig
) -> None:
    rig = publisher(make_rig, node, exchange)
    channel.queue_declare(exchange, durable=True, arguments=STREAM)
    channel.queue_bind(exchange, exchange, "#")
    rig.put_all(3)
    rig.settle()
    assert read_stream(channel, exchange, datetime.now(UTC) - timedelta(hours=1)) == [1, 2, 3]
    with node.channel() as another:
        assert read_stream(another, exchange, 1) == [2, 3]


def test_a_full_queue_that_rejects_costs_the_newest_frames_everywhere(
    channel: Any, exchange: str, node: RecipeNode, make_rig: MakeRig
) -> None:
    rig = publisher(make_rig, node, exchange)
    full = {"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"}
    channel.queue_declare(exchange, durable=True, arguments=full)
    other = channel.queue_declare("", exclusive=True).method.queue
    for queue in (exchange, other):
        channel.queue_bind(queue, exchange, "#")
    for _ in range(10):
        rig.put_all(1)
        rig.settle()
    counts = rig.counts()
    assert counts.nacked > 0
    assert counts.nacked + counts.confirmed == 10
    assert channel.queue_declare(other, passive=True).method.message_count == 10


def test_overflow_is_dead_lettered_and_the_recipe_leaves_it_out(
    channel: Any, node: RecipeNode, make_rig: MakeRig
) -> None:
    worker = runpy.run_path(str(ROOT / "examples/recipes/work_queue.py"))
    rig = publisher(make_rig, node, "edge-video")
    channel.queue_delete(worker["WORK"])
    worker["QUEUE"]["x-max-length"] = 1
    worker["declare"](channel, "edge-video", in_order=True)
    dead = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(dead, worker["DEAD"], "")
    channel.queue_purge(worker["REJECTED"])
    rig.put_all(3)
    rig.settle()
    reasons: list[str] = []

    def are_there() -> bool:
        _, properties, _ = channel.basic_get(dead, auto_ack=True)
        if properties is not None:
            reasons.append(properties.headers["x-first-death-reason"])
        return len(reasons) == 2

    eventually(are_there)
    assert reasons == ["maxlen", "maxlen"]
    declared = channel.queue_declare(worker["REJECTED"], passive=True)
    assert declared.method.message_count == 0
    channel.queue_delete(worker["WORK"])


def test_mqtt_gives_nothing_to_who_comes_late_nor_for_a_key_with_a_slash(
    node: RecipeNode, make_rig: MakeRig
) -> None:
    rig = publisher(make_rig, node, "amq.topic", "late/door")
    with MqttClient(node.mqtt_port, "guest", "guest") as client:
        client.subscribe("late/door")
        rig.put_all(2)
        rig.settle()
        prompt = publisher(make_rig, node, "amq.topic", "late.door")
        prompt.put_all(1)
        prompt.settle()
        eventually(lambda: client.received)
        assert len(client.received) == 1
    with MqttClient(node.mqtt_port, "guest", "guest") as client:
        client.subscribe("late/door")
        prompt.put_all(1)
        prompt.settle()
        eventually(lambda: client.received)
        assert len(client.received) == 1, "and not the one from before"
