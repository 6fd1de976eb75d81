"""The queues of leases, declared one after the other over channels and connections that end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from pika import frame, spec

from edge_video.delivery.amqp.lease_queues import LeaseQueues
from edge_video.delivery.amqp.queue_probes import PATIENCE_S, QueueProbes

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
        self.abandoned = ""

    def queue_declare(self, queue: str, *, callback: Callable[[Any], None], **_: Any) -> None:
        if not self.is_closing:
            self.asked.append((queue, callback))

    def confirm_delivery(
        self, on_settled: Callable[[Any], None], callback: Callable[[Any], None]
    ) -> None:
        self.confirm = on_settled
        callback(None)

    def on_returned(self, call: Callable[..., None]) -> None:
        self.give_back = call

    def basic_publish(self, _exchange: str, queue: str, _body: bytes, *, mandatory: bool) -> None:
        assert mandatory
        self.published.append(queue)

    def abandon(self, reason: str) -> None:
        self.abandoned = reason

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
        self.now_s = 100.0
        control = cast("ControlConnection", self.control)
        self.probes = QueueProbes(control, lambda: self.now_s)
        self.queues = LeaseQueues(control, self.probes, lambda: self.now_s)
        self.done: list[tuple[str, str]] = []

    def open(self) -> Channel:
        channel = Channel()
        self.queues.opened(cast("ControlChannel", channel))
        return channel

    def open_probes(self) -> Channel:
        channel = Channel()
        self.probes.opened(cast("ControlChannel", channel))
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


def test_a_silent_queue_is_probed_and_holds_up_no_declaration() -> None:
    here = Scenario()
    channel, probes = here.open(), here.open_probes()
    here.want("door", "gate", "hall")
    channel.answer(consumers=0)
    channel.answer(consumers=0, messages=1)
    assert (here.done, probes.published) == ([("gate", "")], ["door"])
    channel.answer(consumers=0)
    assert here.queues.asked_s is None
    here.want("yard")
    channel.answer()
    assert here.done[1:] == [("yard", "")]

    probes.confirm(None)
    assert (probes.published, here.done[2:]) == (["door", "hall"], [("door", "")])
    probes.confirm(None)
    assert here.done[3:] == [("hall", "")]
    here.want("hall")
    assert (channel.names[4:], here.done[4:]) == ([], [("hall", "")])


def silent(here: Scenario, *names: str) -> tuple[Channel, Channel]:
    """Have these declared, which answer nothing; the channels of declarations and of probes."""
    channel, probes = here.open(), here.open_probes()
    here.want(*names)
    for _ in names:
        channel.answer(consumers=0)
    return channel, probes


def test_a_probe_that_is_unanswered_for_long_costs_its_channel_and_goes_behind_the_others() -> None:
    here = Scenario()
    _, probes = silent(here, "door", "gate")
    here.now_s += PATIENCE_S - 1
    here.probes.give_up_overdue(0.0)
    assert probes.abandoned == ""
    here.now_s += 1
    here.probes.give_up_overdue(here.now_s - 1)
    assert probes.abandoned == "", "the broker was blocked meanwhile"
    here.probes.give_up_overdue(0.0)
    assert "the queue door has not answered for 90 s" in probes.abandoned

    here.probes.closed(probes.abandoned)
    others = here.open_probes()
    others.confirm(None)
    assert (others.published, here.done) == (["gate", "door"], [("gate", "")])
    others.confirm(None)
    assert here.done[1:] == [("door", "")]


def test_a_queue_that_was_deleted_before_its_probe_came_is_declared_again() -> None:
    here = Scenario()
    channel = here.open()
    probes = here.open_probes()
    here.want("door")
    channel.answer(consumers=0)
    probes.give_back(None, None, b"")
    probes.confirm(None)
    assert (channel.names, here.done) == (["door", "door"], [])
    channel.answer(consumers=0)
    probes.confirm(None)
    assert here.done == [("door", "")]


def test_a_probe_that_is_answered_after_beginning_anew_is_nobodys() -> None:
    here = Scenario()
    channel, probes = silent(here, "door", "gate")
    here.queues.forget_all()
    here.want("hall")
    channel.answer(consumers=0)
    assert probes.published == ["door"]
    probes.confirm(None)
    assert (probes.published, here.done) == (["door", "hall"], [])
    probes.confirm(None)
    assert here.done == [("hall", "")]


def test_what_was_probed_on_a_connection_that_is_lost_is_not_probed_on_the_next() -> None:
    here = Scenario()
    silent(here, "door", "gate")
    here.control.is_open = False
    here.probes.closed("connection lost")
    here.control.is_open = True
    assert (here.open_probes().published, here.done) == ([], [])
