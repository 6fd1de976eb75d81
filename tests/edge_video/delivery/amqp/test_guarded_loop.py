"""Callbacks behind the guard: what they raise ends the sink once, and nothing runs afterwards."""

from __future__ import annotations

import threading

import pika.exceptions

from edge_video.delivery.amqp.errors import ConnectionLoss
from edge_video.delivery.amqp.guarded_loop import GuardedLoop
from edge_video.runtime.reactor import Reactor


def fail() -> None:
    raise KeyError("bug")


def test_an_exception_ends_it_with_a_reason_and_the_first_reason_counts() -> None:
    loop = GuardedLoop("amqp://h")
    loop.guarded(fail)()
    loop.end(ConnectionLoss("another"))
    assert loop.loss == ConnectionLoss("internal error: KeyError: 'bug'")
    assert loop.over.is_set()


def test_a_broker_without_confirms_is_told_as_permanent() -> None:
    loop = GuardedLoop("amqp://h")

    def confirm() -> None:
        raise pika.exceptions.MethodNotImplemented("Confirm.Select")

    loop.guarded(confirm)()
    assert loop.loss == ConnectionLoss("the broker offers no publisher confirms", permanent=True)


def test_nothing_runs_after_the_end() -> None:
    loop, called = GuardedLoop("amqp://h"), list[str]()
    callback = loop.guarded(called.append)
    callback("before")
    loop.end(None)
    callback("after")
    assert called == ["before"]


def test_what_is_left_is_settled_once() -> None:
    loop, settled = GuardedLoop("amqp://h"), list[str]()
    loop.part(lambda: settled.append("first"))
    loop.part(lambda: settled.append("second"))
    assert settled == ["first"]


def test_parting_does_not_wait_longer_than_it_may_for_a_callback_that_hangs() -> None:
    loop, runs, release = GuardedLoop("amqp://h"), threading.Event(), threading.Event()

    def hang() -> None:
        runs.set()
        release.wait(20)

    thread = threading.Thread(target=loop.guarded(hang))
    thread.start()
    assert runs.wait(20)
    settled = threading.Event()
    loop.part(settled.set, timeout_s=0.01)
    assert settled.is_set()
    release.set()
    thread.join(20)


def test_without_a_loop_nothing_is_called() -> None:
    assert not GuardedLoop("amqp://h").call_soon(fail)


def test_a_call_reaches_the_reactors_thread() -> None:
    loop, reactor = GuardedLoop("amqp://h"), Reactor()
    member = loop.enter(reactor)
    called = threading.Event()
    assert loop.call_soon(called.set)
    assert called.wait(20)
    loop.leave()
    member.leave()
    reactor.join_if_idle(20)
    assert not loop.call_soon(called.set)
