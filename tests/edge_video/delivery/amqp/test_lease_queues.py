"""The queues of leases, declared one after the other over channels and connections that end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from pika import frame, spec

from edge_video.delivery.amqp.lease_queues import LeaseQueues

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.control import ControlChannel, ControlConnection


class Control:
    """What the queues ask of the connection."""

    is_open = True


class Channel:
    """A channel whose broker answers when the test says so, as pika holds a close back until."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Callable[[Any], None]]] = []
        self.published: list[str] = []
        self.is_closing = False

    def queue_declare(self, queue: str, *, callback: Callable[[Any], None], **_: Any) -> None:
        if not self.is_closing:
            self.asked.append((queue, callback))

    def confirm_delivery(
        self, on_settled: Callable[[Any], None], callback: Callable[[Any], None]
    ) -> None:
        self.confirm = on_settled
        callback(None)

    def basic_publish(self, _exchange: str, queue: str, _body: bytes) -> None:
        self.published.append(queue)

    def close(self) -> None:
        self.is_closing = True

    def answer(self, *, consumers: int = 1, messages: int = 0) -> None:
        method = spec.Queue.DeclareOk("", messages, consumers)
        self.asked[-1][1](frame.Method(1, method))

    @property
    def names(self) -> list[str]:
        return [queue for queue, _ in self.asked]


class Scenario:
    """The queues, and what became of each that was wanted."""

    def __init__(self) -> None:
        self.control = Control()
        self.queues = LeaseQueues(cast("ControlConnection", self.control), lambda: 100.0)
        self.done: list[tuple[str, str]] = []

    def open(self) -> Channel:
        channel = Channel()
        self.queues.opened(cast("ControlChannel", channel))
        return channel

    def want(self, *names: str) -> None:
        for name in names:
            self.queues.declare(name, partial(self._is_done, name))

    def _is_done(self, name: str, reason: str) -> None:
        self.done.append((name, reason))


def test_queues_are_asked_for_one_after_the_other() -> None:
    here = Scenario()
    channel = here.open()
    here.want("door", "gate")
    assert channel.names == ["door"]
    channel.answer()
    channel.answer()
    assert (channel.names, here.done) == (["door", "gate"], [("door", ""), ("gate", "")])


def test_a_refusal_costs_the_queue_that_was_asked_for_and_no_other() -> None:
    here = Scenario()
    here.open()
    here.want("door", "gate")
    here.queues.closed("no")
    assert here.done == [("door", "no")]
    assert here.open().names == ["gate"]


def test_what_was_wanted_on_a_connection_that_is_lost_is_not_asked_for_on_the_next() -> None:
    here = Scenario()
    here.open()
    here.want("door", "gate")
    here.control.is_open = False
    here.queues.closed("connection lost")
    here.control.is_open = True
    assert here.open().names == []
    assert (here.done, here.queues.asked_s) == ([], None)


def test_beginning_anew_takes_no_late_answer_for_that_of_another_queue() -> None:
    here = Scenario()
    old = here.open()
    here.want("door", "gate")
    here.queues.forget_all()
    here.want("hall", "yard")
    assert (old.is_closing, here.queues.asked_s) == (True, None)
    old.answer()
    here.queues.closed("it was to end")
    assert here.done == []
    new = here.open()
    new.answer()
    new.answer()
    assert (new.names, here.done) == (["hall", "yard"], [("hall", ""), ("yard", "")])


def test_a_queue_whose_leader_does_not_answer_lets_the_others_go_first() -> None:
    here = Scenario()
    channel = here.open()
    here.want("door", "gate", "hall")
    channel.answer(consumers=0)
    channel.answer(consumers=0, messages=1)
    assert (here.done, channel.published) == ([("gate", "")], [])
    channel.answer(consumers=0)
    assert channel.published == ["door"]
    assert here.queues.asked_s == 100.0
    here.want("yard")
    assert channel.names == ["door", "gate", "hall"]

    channel.confirm(None)
    assert (channel.names[3:], here.done[1:]) == (["yard"], [("door", "")])
    channel.answer()
    assert channel.published == ["door", "hall"]
    channel.confirm(None)
    assert here.done[2:] == [("yard", ""), ("hall", "")]


def test_an_answer_that_comes_after_beginning_anew_is_nobodys() -> None:
    here = Scenario()
    old = here.open()
    here.want("door")
    old.answer(consumers=0)
    here.queues.forget_all()
    here.want("hall")
    old.confirm(None)
    here.queues.closed("it was to end")
    new = here.open()
    assert (old.is_closing, here.done, new.names) == (True, [], ["hall"])
