"""The channel of all leases is asked for nothing that a queue could hold it up with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from edge_video.delivery.amqp.lease_line import LeaseLine
from edge_video.resilience.cluster import CameraAction, Holder, Token
from edge_video.resilience.cluster.names import lease_queue
from edge_video.resilience.cluster.terms import PublishToken, Return, Subscribe, Unsubscribe

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.control import ControlChannel
    from edge_video.delivery.amqp.lease_line import LineListener
    from edge_video.delivery.amqp.lease_queues import LeaseQueues
    from edge_video.resilience.cluster.terms import LeaseAction


@dataclass
class Queues:
    """Satisfies what a line asks of `LeaseQueues`; a queue answers when a test says so."""

    asked: list[tuple[str, Callable[[str], None]]] = field(default_factory=list)
    asked_s: float | None = None

    def declare(self, queue: str, done: Callable[[str], None]) -> None:
        self.asked.append((queue, done))

    def forget(self, queue: str) -> None:
        pass

    def forget_all(self) -> None:
        pass

    def answer(self, reason: str = "") -> None:
        self.asked.pop(0)[1](reason)


class Channel:
    """Takes note of what is asked of the broker, and lets it answer."""

    def __init__(self) -> None:
        self.orders: list[str] = []
        self.answers: list[Callable[[Any], None]] = []

    def basic_qos(self, _count: int) -> None: ...

    def on_returned(self, _call: object) -> None: ...

    def on_cancelled(self, _call: object) -> None: ...

    def confirm_delivery(self, _on_settled: object, callback: Callable[[Any], None]) -> None:
        callback(None)

    def basic_consume(self, *_: object, callback: Callable[[Any], None], **__: object) -> None:
        self.orders.append("consume")
        self.answers.append(callback)

    def basic_cancel(self, _tag: str, callback: Callable[[Any], None]) -> None:
        self.orders.append("cancel")
        self.answers.append(callback)

    def basic_publish(self, *_: object, **__: object) -> None:
        self.orders.append("publish")

    def basic_nack(self, _tag: int) -> None:
        self.orders.append("return")


class Listener:
    def __init__(self) -> None:
        self.told: list[object] = []

    def line_opened(self, life: int) -> None:
        self.told.append(life)

    def line_closed(self, reason: str) -> None: ...

    def happened(self, _life: int, _camera: str, event: object) -> None:
        self.told.append(event)

    def queue_refused(self, _camera: str, _queue: str, reason: str) -> None:
        self.told.append(reason)


class Scenario:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.queues = Queues()
        self.line = LeaseLine(
            "group",
            cast("LeaseQueues", self.queues),
            lambda: self.now_s,
            cast("LineListener", Listener()),
        )
        self.open()

    def open(self) -> None:
        self.channel = Channel()
        self.line.opened(cast("ControlChannel", self.channel))

    def do(self, *actions: LeaseAction, camera: str = "door", life: int = 1) -> None:
        self.line.perform(life, [CameraAction(camera, each) for each in actions])

    def subscribed(self) -> None:
        self.do(Subscribe())
        self.queues.answer()
        self.channel.answers.pop()(None)


def token(*, is_claim: bool) -> Token:
    return Token(7, Holder("edge-a", "1"), 1, is_claim=is_claim)


def test_a_queue_that_does_not_answer_is_neither_consumed_nor_left() -> None:
    here = Scenario()
    here.do(Subscribe(), PublishToken(token(is_claim=False)))
    assert here.queues.asked[0][0] == lease_queue("group", "door")
    assert here.channel.orders == []
    here.queues.answer()
    here.channel.answers.pop()(None)
    assert here.channel.orders == ["consume", "publish"]

    here.do(Unsubscribe(), Return(3))
    assert here.channel.orders[2:] == []
    here.queues.answer()
    assert here.channel.orders[2:] == ["cancel"]
    here.channel.answers.pop()(None)
    assert here.channel.orders[3:] == ["return"]


def test_waiting_for_a_queue_holds_up_no_other_camera_and_is_no_debt_of_the_broker() -> None:
    here = Scenario()
    here.subscribed()
    here.do(Unsubscribe())
    here.do(Subscribe(), camera="gate")
    assert [queue for queue, _ in here.queues.asked] == [
        lease_queue("group", "door"),
        lease_queue("group", "gate"),
    ]
    assert here.line.owed_since_s() is None
    here.queues.asked.reverse()
    here.queues.answer()
    assert here.channel.orders == ["consume", "consume"]
    assert here.line.owed_since_s() == 100.0


def test_a_knock_at_a_queue_that_was_not_heard_of_lately_waits_and_a_claim_does_not() -> None:
    here = Scenario()
    here.subscribed()
    here.now_s += 20.0
    here.do(PublishToken(token(is_claim=False)))
    assert here.channel.orders == ["consume"]
    here.queues.answer()
    assert here.channel.orders == ["consume", "publish"]
    here.do(PublishToken(token(is_claim=False)))
    assert here.channel.orders[2:] == ["publish"]

    other = Scenario()
    other.subscribed()
    other.now_s += 20.0
    other.do(PublishToken(token(is_claim=True)))
    assert other.channel.orders == ["consume", "publish"]


def test_an_answer_for_an_older_channel_does_nothing() -> None:
    here = Scenario()
    here.do(Subscribe())
    here.line.closed("cut")
    here.open()
    here.queues.answer()
    assert here.channel.orders == []
