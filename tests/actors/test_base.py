"""Every death of a supervised actor looks the same; and the private names of pykka we rely on."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from edge_video.actors.base import SupervisedActor, describe, is_running, join, tell
from edge_video.actors.messages import ActorEnded, Begin, Finish
from edge_video.testing import FakeClock, FakeTimer

if TYPE_CHECKING:
    from edge_video.runtime.timer import Timer


class Supervisor(pykka.ThreadingActor):
    """Keeps what it is told."""

    use_daemon_thread = True

    def __init__(self, heard: queue.Queue[object]) -> None:
        super().__init__()
        self._heard = heard

    def on_receive(self, message: object) -> None:
        self._heard.put(message)


class Mortal(SupervisedActor):
    """Dies as it is told."""

    def __init__(
        self,
        supervisor: pykka.ActorRef[Any],
        *,
        in_start: BaseException | None = None,
        in_release: BaseException | None = None,
    ) -> None:
        super().__init__(supervisor=supervisor, thread_name="mortal-0")
        self.in_start = in_start
        self.in_release = in_release
        self.releases = 0

    def on_start(self) -> None:
        if self.in_start is not None:
            raise self.in_start
        super().on_start()

    def handle(self, message: Any) -> object:
        if isinstance(message, BaseException):
            raise message
        return None

    def release(self, error: BaseException | None) -> None:
        del error
        self.releases += 1
        assert self.releases == 1
        if self.in_release is not None:
            raise self.in_release

    def exit_message(self, error: str | None) -> ActorEnded:
        return ActorEnded("mortal", self.releases, error)


class Ticking(Mortal):
    """Ticks, and dies of one of its ticks."""

    def __init__(self, supervisor: pykka.ActorRef[Any], timer: Timer) -> None:
        super().__init__(supervisor, in_release=OSError("stuck"))
        self.timer = timer

    def handle(self, message: Any) -> object:
        if isinstance(message, Begin):
            self.tick_every(self.timer, 2.0, "tick")
            self.tick_every(self.timer, 5.0, ValueError("enough"))
        return super().handle(message)


@pytest.fixture
def heard() -> queue.Queue[object]:
    return queue.Queue()


@pytest.fixture
def supervisor(heard: queue.Queue[object]) -> Any:
    ref = Supervisor.start(heard)
    yield ref
    ref.stop(timeout=5)


def test_an_orderly_stop_says_goodbye_without_an_error(
    supervisor: pykka.ActorRef[Any], heard: queue.Queue[object]
) -> None:
    Mortal.start(supervisor).stop(timeout=5)
    assert heard.get(timeout=5) == ActorEnded("mortal", 1, None)


def test_an_exception_in_a_handler_releases_once_and_says_what_it_was(
    supervisor: pykka.ActorRef[Any], heard: queue.Queue[object]
) -> None:
    Mortal.start(supervisor).tell(ValueError("odd\nline"))
    assert heard.get(timeout=5) == ActorEnded("mortal", 1, "ValueError: odd line")


def test_ticks_come_until_the_actor_ends_whatever_it_dies_of(
    supervisor: pykka.ActorRef[Any], heard: queue.Queue[object]
) -> None:
    timer = FakeTimer(FakeClock())
    ref = Ticking.start(supervisor, timer)
    assert ref.ask("has it begun?", timeout=5) is None
    timer.advance(4.0)
    assert (ref.is_alive(), timer.next_in_s()) == (True, 1.0)
    timer.advance(1.0)
    assert heard.get(timeout=5) == ActorEnded("mortal", 1, "ValueError: enough")
    assert timer.next_in_s() is None


@pytest.mark.parametrize("interrupt", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_an_interrupt_in_a_handler_ends_no_other_actor(
    supervisor: pykka.ActorRef[Any], heard: queue.Queue[object], interrupt: BaseException
) -> None:
    Mortal.start(supervisor).tell(interrupt)
    ended = heard.get(timeout=5)
    assert isinstance(ended, ActorEnded)
    assert ended.error is not None
    assert type(interrupt).__name__ in ended.error
    assert supervisor.is_alive()


def test_an_exception_in_on_start_is_noticed(
    supervisor: pykka.ActorRef[Any], heard: queue.Queue[object]
) -> None:
    Mortal.start(supervisor, in_start=ValueError("no"))
    assert heard.get(timeout=5) == ActorEnded("mortal", 1, "ValueError: no")


def test_an_interrupt_in_on_start_leaves_nobody_waiting_for_ever(
    supervisor: pykka.ActorRef[Any], heard: queue.Queue[object]
) -> None:
    ref = Mortal.start(supervisor, in_start=SystemExit(1))
    assert heard.get(timeout=5) == ActorEnded("mortal", 1, "SystemExit: 1")
    assert ref not in pykka.ActorRegistry.get_all()
    with pytest.raises(pykka.ActorDeadError):
        ref.ask("anybody there?", timeout=5)


@pytest.mark.parametrize("error", [OSError("disk"), SystemExit(1)])
def test_an_exception_in_release_still_says_goodbye(
    supervisor: pykka.ActorRef[Any], heard: queue.Queue[object], error: BaseException
) -> None:
    Mortal.start(supervisor, in_release=error).stop(timeout=5)
    assert isinstance(heard.get(timeout=5), ActorEnded)
    assert supervisor.is_alive()


def test_the_goodbye_comes_after_the_release(
    supervisor: pykka.ActorRef[Any], heard: queue.Queue[object]
) -> None:
    ref = Mortal.start(supervisor)
    ref.tell(ValueError())
    assert heard.get(timeout=5) == ActorEnded("mortal", 1, "ValueError: ")


def test_telling_the_dead_is_no_error(supervisor: pykka.ActorRef[Any]) -> None:
    ref = Mortal.start(supervisor)
    ref.stop(timeout=5)
    assert tell(ref, "hello") is False
    assert tell(None, "hello") is False


def test_pykka_still_runs_an_actor_s_whole_life_in_actor_loop() -> None:
    """`SupervisedActor` hangs its exit message on this private name, and on `_handle_failure`."""
    calls: list[str] = []

    class Probe(pykka.ThreadingActor):
        def _actor_loop(self) -> None:
            calls.append("begin")
            super()._actor_loop()
            calls.append(threading.current_thread().name)

        def on_start(self) -> None:
            raise ValueError("noticed by _handle_failure only")

        def _handle_failure(self, *error: Any) -> None:
            calls.append("failure")
            super()._handle_failure(*error)

    ref = Probe.start()
    ref.actor_stopped.wait(5)
    for thread in threading.enumerate():
        if thread.name.startswith("Probe"):
            thread.join(5)
    assert calls[:2] == ["begin", "failure"]
    assert calls[2].startswith("Probe")


class Gated(SupervisedActor):
    """Handles and releases only when its gates are open; keeps what it handled."""

    UNDERSTOOD = (str,)

    def __init__(self, supervisor: pykka.ActorRef[Any] | None) -> None:
        super().__init__(supervisor=supervisor, thread_name="gated-0")
        self.handling = threading.Event()
        self.may_handle = threading.Event()
        self.releasing = threading.Event()
        self.may_release = threading.Event()
        self.handled: list[str] = []

    def on_start(self) -> None:
        """Without `Begin`, which it does not understand."""

    def handle(self, message: str) -> object:
        self.handling.set()
        assert self.may_handle.wait(5)
        self.handled.append(message)
        return None

    def release(self, error: BaseException | None) -> None:
        del error
        self.releasing.set()
        assert self.may_release.wait(5)

    def exit_message(self, error: str | None) -> ActorEnded:
        return ActorEnded("gated", 0, error)


def actor_of(ref: pykka.ActorRef[Any]) -> Any:
    actor = ref._actor_weakref()
    assert actor is not None
    return actor


def test_what_waits_behind_finish_brings_nothing_to_life(
    supervisor: pykka.ActorRef[Any],
) -> None:
    ref = Gated.start(supervisor)
    gated = actor_of(ref)
    gated.may_release.set()
    ref.tell("before")
    assert gated.handling.wait(5)
    answer = ref.ask(Finish(), block=False)
    ref.tell("behind")
    gated.may_handle.set()
    assert answer.get(timeout=5) == ActorEnded("gated", 0, None)
    join([ref], time.monotonic() + 5)
    assert gated.handled == ["before"]


def test_a_message_that_is_not_understood_is_dropped_with_a_remark(
    supervisor: pykka.ActorRef[Any], caplog: pytest.LogCaptureFixture
) -> None:
    ref = Gated.start(supervisor)
    gated = actor_of(ref)
    gated.may_handle.set()
    gated.may_release.set()
    ref.tell(42)
    ref.tell("word")
    ref.stop(timeout=5)
    assert gated.handled == ["word"]
    assert "gated-0 does not understand a message: int" in caplog.text


def test_an_actor_runs_until_its_cleanup_is_over_whatever_pykka_says(
    supervisor: pykka.ActorRef[Any],
) -> None:
    ref = Gated.start(supervisor)
    gated = actor_of(ref)
    ref.stop(block=False)
    assert gated.releasing.wait(5)
    assert not ref.is_alive()
    assert is_running(ref)
    began_s = time.monotonic()
    join([ref], time.monotonic())
    assert time.monotonic() - began_s < 5
    gated.may_release.set()
    join([ref], time.monotonic() + 5)
    assert not is_running(ref)


def test_an_actor_without_a_thread_is_not_left_in_the_registry(
    supervisor: pykka.ActorRef[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(RuntimeError, match="new thread"):
        Mortal.start(supervisor)
    monkeypatch.undo()
    assert pykka.ActorRegistry.get_all() == [supervisor]


def test_pykka_still_makes_the_thread_where_we_replace_it(
    supervisor: pykka.ActorRef[Any],
) -> None:
    ref = Gated.start(supervisor)
    threads = [thread for thread in threading.enumerate() if thread.name == "gated-0"]
    assert [thread.daemon for thread in threads] == [True]
    actor_of(ref).may_release.set()
    ref.stop(timeout=5)


def test_an_exception_is_described_in_one_short_line() -> None:
    words = describe(ValueError("first\nsecond\x1b[31m " + 300 * "x"))
    assert words.startswith("ValueError: first second\\x1b[31m xxx")
    assert len(words) == 200
