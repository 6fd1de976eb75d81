from __future__ import annotations

import os
import select
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_video.runtime.reactor import Member, Reactor
from edge_video.runtime.system import is_portable
from edge_video.testing import eventually, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Pipe:
    """A pipe, and a member of the reactor that reads it and records what came."""

    def __init__(self, reactor: Reactor) -> None:
        self.errors: list[BaseException] = []
        self.read: list[bytes] = []
        self.out, self.into = os.pipe()
        self.member = reactor.enter(self.errors.append)
        self.raise_on_read: BaseException | None = None
        self.do(lambda: self.member.add_handler(self.out, self.on_ready, self.member.READ))

    def on_ready(self, fd: int, _events: int) -> None:
        """Read once, in the loop's thread; then raise what is asked for."""
        self.read.append(os.read(fd, 100))
        if self.raise_on_read is not None:
            raise self.raise_on_read

    def write(self, data: bytes) -> None:
        os.write(self.into, data)

    def do(self, call: Callable[[], object]) -> None:
        """Have something done in the loop's thread, and wait for it."""
        done = threading.Event()

        def run() -> None:
            call()
            done.set()

        assert self.member.call_soon(run)
        assert done.wait(10)

    def close(self) -> None:
        self.member.leave()
        eventually(lambda: self.member.gone)
        os.close(self.out)
        os.close(self.into)


@pytest.fixture
def reactor() -> Iterator[Reactor]:
    reactor = Reactor("reactor-under-test")
    yield reactor
    reactor.join_if_idle(10)
    assert "reactor-under-test" not in [thread.name for thread in threading.enumerate()]


@pytest.fixture
def make_pipe(reactor: Reactor) -> Iterator[Callable[[], Pipe]]:
    pipes: list[Pipe] = []

    def make() -> Pipe:
        pipes.append(Pipe(reactor))
        return pipes[-1]

    yield make
    for pipe in pipes:
        pipe.close()


def test_all_members_share_one_thread_that_ends_with_the_last(reactor: Reactor) -> None:
    def count() -> int:
        return [thread.name for thread in threading.enumerate()].count("reactor-under-test")

    assert count() == 0
    members = [reactor.enter(lambda _error: None) for _ in range(3)]
    assert count() == 1
    for member in members:
        member.leave()
    assert wait_until(lambda: count() == 0)
    again = reactor.enter(lambda _error: None)
    assert count() == 1
    again.leave()
    assert wait_until(lambda: count() == 0)


def test_what_is_written_is_handed_to_its_own_member(make_pipe: Callable[[], Pipe]) -> None:
    one, two = make_pipe(), make_pipe()
    one.write(b"for one")
    two.write(b"for two")
    assert wait_until(lambda: one.read and two.read)
    assert (one.read, two.read) == ([b"for one"], [b"for two"])


def test_an_exception_ends_its_own_member_and_no_other(
    make_pipe: Callable[[], Pipe], caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = make_pipe(), make_pipe()
    broken.raise_on_read = LookupError("bug")
    broken.write(b"x")
    assert wait_until(lambda: broken.errors)
    assert isinstance(broken.errors[0], LookupError)
    assert broken.member.gone
    broken.write(b"never read")
    sound.write(b"y")
    assert wait_until(lambda: sound.read)
    assert broken.read == [b"x"]
    assert sound.errors == []
    assert "a part of the reactor failed" in caplog.text


def test_system_exit_in_a_handler_ends_neither_the_program_nor_the_loop(
    make_pipe: Callable[[], Pipe],
) -> None:
    broken, sound = make_pipe(), make_pipe()
    broken.raise_on_read = SystemExit(3)
    broken.write(b"x")
    assert wait_until(lambda: broken.errors)
    sound.write(b"y")
    assert wait_until(lambda: sound.read)


def test_every_member_hears_of_the_death_of_the_loop_and_the_next_gets_another(
    make_pipe: Callable[[], Pipe],
) -> None:
    one, two = make_pipe(), make_pipe()
    one.member.call_soon(one.member.run.poller.close)
    assert wait_until(lambda: one.errors and two.errors)
    assert isinstance(one.errors[0], ValueError), "the poller is closed"
    assert one.errors == two.errors
    assert not one.member.call_soon(lambda: None), "a dead loop keeps nothing"
    assert wait_until(lambda: one.member.is_dead)
    three = make_pipe()
    three.write(b"z")
    assert wait_until(lambda: three.read)


def test_after_giving_a_hung_loop_up_new_members_get_another(
    reactor: Reactor, make_pipe: Callable[[], Pipe]
) -> None:
    hung = make_pipe()
    entered, release = threading.Event(), threading.Event()

    def hang() -> None:
        entered.set()
        release.wait(30)

    hung.member.call_soon(hang)
    assert entered.wait(10)
    reactor.give_up(hung.member)
    other = make_pipe()
    other.write(b"x")
    assert wait_until(lambda: other.read)
    release.set()


def test_a_call_later_comes_not_before_its_time_and_may_be_taken_back(
    make_pipe: Callable[[], Pipe],
) -> None:
    pipe = make_pipe()
    calls: list[tuple[str, float]] = []
    began = time.monotonic()

    def call(name: str) -> Callable[[], None]:
        return lambda: calls.append((name, time.monotonic() - began))

    def plan() -> None:
        pipe.member.call_later(0.1, call("second"))
        pipe.member.call_later(0.05, call("first"))
        pipe.member.remove_timeout(pipe.member.call_later(0.01, call("never")))

    pipe.do(plan)
    assert wait_until(lambda: len(calls) == 2)
    assert [name for name, _ in calls] == ["first", "second"]
    assert calls[0][1] >= 0.05
    assert calls[1][1] >= 0.1


def test_a_member_that_left_is_called_no_more(make_pipe: Callable[[], Pipe]) -> None:
    pipe, other = make_pipe(), make_pipe()
    calls: list[str] = []

    def plan_and_leave() -> None:
        pipe.member.call_later(0.01, lambda: calls.append("timer"))
        pipe.member.call_soon(lambda: calls.append("soon"))
        pipe.member.at_end_of_round(lambda: calls.append("end of round"))
        pipe.member.leave()

    pipe.member.call_soon(plan_and_leave)
    assert wait_until(lambda: pipe.member.gone)
    pipe.write(b"x")
    other.do(lambda: other.member.call_later(0.05, lambda: calls.append("other's timer")))
    assert wait_until(lambda: calls)
    assert calls == ["other's timer"]
    assert pipe.read == []


def test_the_end_of_a_round_comes_after_everything_that_was_ready(
    make_pipe: Callable[[], Pipe],
) -> None:
    one, two = make_pipe(), make_pipe()
    seen: list[int] = []

    def at_end() -> None:
        seen.append(len(one.read) + len(two.read))

    def write_both() -> None:
        one.write(b"x")
        two.write(b"y")

    # Both are ready when the next round begins; the first of them asks for its end.
    real = one.on_ready

    def ask(fd: int, events: int) -> None:
        real(fd, events)
        one.member.at_end_of_round(at_end)

    def replace() -> None:
        one.member.remove_handler(one.out)
        one.member.add_handler(one.out, ask, one.member.READ)
        write_both()

    one.do(replace)
    assert wait_until(lambda: seen)
    assert seen == [2]


class RecordedPipeEnd:
    """One end of a pipe, with a handler in a reactor; it records the events that this got."""

    def __init__(self, member: Member, fd: int, other_fd: int) -> None:
        self.events: list[int] = []
        self._member = member
        self._fd = fd
        self._other_fd = other_fd

    def add_handler(self, events: int) -> None:
        """Wait for these events, until the first that comes."""
        self._member.add_handler(self._fd, self._on_event, events)

    def close_other_end(self) -> None:
        os.close(self._other_fd)

    def wait_for_event(self) -> int:
        assert wait_until(lambda: self.events)
        os.close(self._fd)
        return self.events[0]

    def _on_event(self, _fd: int, events: int) -> None:
        self.events.append(events)
        self._member.remove_handler(self._fd)


def test_a_closed_pipe_is_ready_for_reading(make_pipe: Callable[[], Pipe]) -> None:
    """Linux reports a hang-up only, and a handler that waits to read must hear of it."""
    pipe = make_pipe()
    end = RecordedPipeEnd(pipe.member, *os.pipe())
    pipe.do(lambda: end.add_handler(pipe.member.READ))
    end.close_other_end()
    assert end.wait_for_event() & select.EPOLLIN


def test_a_hang_up_is_reported_as_the_event_that_was_asked_for(
    make_pipe: Callable[[], Pipe],
) -> None:
    """pika complains in the log about every event that it did not ask for."""
    pipe = make_pipe()
    reading, writing = os.pipe()
    end = RecordedPipeEnd(pipe.member, writing, reading)
    end.close_other_end()
    pipe.do(lambda: end.add_handler(pipe.member.WRITE))
    assert end.wait_for_event() == select.EPOLLOUT


@pytest.mark.skipif(is_portable(), reason="only epoll reports what nobody waits for")
def test_a_hang_up_reaches_a_handler_that_waits_for_nothing_yet(
    make_pipe: Callable[[], Pipe],
) -> None:
    pipe = make_pipe()
    reading, writing = os.pipe()
    end = RecordedPipeEnd(pipe.member, reading, writing)
    pipe.do(lambda: end.add_handler(pipe.member.READ))
    pipe.do(lambda: pipe.member.update_handler(reading, 0))
    end.close_other_end()
    assert end.wait_for_event()


def test_a_machine_without_threads_leaves_nothing_open(
    reactor: Reactor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    before = len(list(Path("/proc/self/fd").iterdir()))
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            reactor.enter(lambda _error: None)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_busy_member_does_not_starve_the_others(make_pipe: Callable[[], Pipe]) -> None:
    busy, quiet = make_pipe(), make_pipe()

    def again() -> None:
        busy.member.call_soon(again)

    busy.member.call_soon(again)
    for number in range(5):
        quiet.write(b"%d" % number)
        assert wait_until(lambda: len(quiet.read) == number + 1)  # noqa: B023 - of this round


def test_a_member_tells_its_own_thread_from_others(make_pipe: Callable[[], Pipe]) -> None:
    pipe = make_pipe()
    inside: list[bool] = []
    pipe.do(lambda: inside.append(pipe.member.in_thread))
    assert inside == [True]
    assert not pipe.member.in_thread
    assert isinstance(pipe.member, Member)
