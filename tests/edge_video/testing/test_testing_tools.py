"""The tools for users: recording publisher, accounting, leak check, waiting, fake timer, plugin."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pykka
import pytest

from edge_video.app import start_system
from edge_video.config import CameraConfig, CircuitBreakerConfig, Config, DirectorySinkConfig
from edge_video.delivery.ledger import Outcome
from edge_video.faults import (
    BlockConnection,
    DropConnection,
    NackFrames,
    RefuseConnections,
    ReturnFrames,
    SlowConfirms,
    StopConfirming,
)
from edge_video.frames import CameraId
from edge_video.status.model import PublisherState
from edge_video.testing import (
    CameraScript,
    FakeClock,
    FakeTimer,
    LeakError,
    RecordingPublisher,
    ScriptedCameras,
    assert_frames_accounted_for,
    eventually,
    ledger_differences,
    no_leaks,
    wait_until,
)
from edge_video.testing.rabbit import BOOT_TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.app import System
    from edge_video.faults import SinkFault


@pytest.fixture
def recorder() -> RecordingPublisher:
    return RecordingPublisher(keep=5, window=8)


@pytest.fixture
def system(recorder: RecordingPublisher) -> Iterator[System]:
    config = Config(
        cameras=[CameraConfig(id="door", url="rtsp://192.0.2.1/door")],
        circuit_breaker=CircuitBreakerConfig(),
        sink=DirectorySinkConfig(path="unused"),
        shutdown_timeout=0.5,
    )
    with ScriptedCameras(CameraScript(fps=50)) as cameras:
        system = start_system(config, capture=cameras, sink=recorder)
        eventually(lambda: recorder.counts.get(DOOR, 0) > 3, what="frames")
        yield system
        assert_frames_accounted_for(system.stop().status)


DOOR = CameraId("door")


def test_the_recorder_keeps_the_last_frames_and_counts_all(
    system: System, recorder: RecordingPublisher
) -> None:
    eventually(lambda: sum(recorder.counts.values()) > 10)
    frames = recorder.frames
    assert len(frames) == 5
    assert [frame.seq for frame in frames] == list(range(frames[0].seq, frames[0].seq + 5))
    assert recorder.outcomes[Outcome.CONFIRMED] > 5
    assert_frames_accounted_for(system.status())


@pytest.mark.parametrize("how", ["nack", "give_back"])
def test_the_recorder_refuses_frames_on_request(
    how: str, system: System, recorder: RecordingPublisher
) -> None:
    getattr(recorder, how)()
    eventually(lambda: system.status().totals.errors > 3)
    recorder.confirm()
    assert_frames_accounted_for(system.status())


def test_a_recorder_that_holds_takes_its_window_and_no_more(
    system: System, recorder: RecordingPublisher
) -> None:
    recorder.hold()
    eventually(lambda: system.status().totals.dropped > 3, what="the outbox overflows")
    assert recorder.held == 8
    assert system.status().totals.in_flight == 8
    recorder.confirm()
    eventually(lambda: system.status().totals.in_flight == 0)


def test_a_dropped_connection_is_made_again_unless_it_is_refused(
    system: System, recorder: RecordingPublisher
) -> None:
    recorder.refuse("no entry")
    recorder.hold()
    eventually(lambda: recorder.held > 0)
    recorder.drop()
    eventually(lambda: system.status().publisher.state is PublisherState.WAITING)
    assert system.status().totals.unknown > 0
    recorder.confirm()
    recorder.accept()
    eventually(lambda: recorder.connections == 2, what="a new connection")


def test_a_blocked_recorder_says_so_and_takes_nothing(
    system: System, recorder: RecordingPublisher
) -> None:
    recorder.block("low on disk")
    eventually(lambda: system.status().publisher.state is PublisherState.BLOCKED)
    before = sum(recorder.counts.values())
    eventually(lambda: system.status().totals.dropped > 0)
    assert sum(recorder.counts.values()) == before
    recorder.unblock()
    eventually(lambda: sum(recorder.counts.values()) > before)


def test_the_recorder_executes_the_publisher_s_faults_by_message(
    system: System, recorder: RecordingPublisher
) -> None:
    sink = recorder.sink
    assert sink is not None
    assert sink.inject(NackFrames(frames=3))
    eventually(lambda: recorder.outcomes.get(Outcome.NACKED) == 3)
    assert sink.inject(ReturnFrames(frames=2))
    eventually(lambda: recorder.outcomes.get(Outcome.RETURNED) == 2)
    faults: tuple[SinkFault, ...] = (StopConfirming(), BlockConnection())
    for fault in faults:
        assert sink.inject(fault)
        confirmed = system.status().totals.confirmed
        eventually(lambda: system.status().totals.dropped > 0)
        sink.end_fault(fault)
        eventually(lambda: system.status().totals.confirmed > confirmed)  # noqa: B023 - at once
    assert not sink.inject(SlowConfirms())
    assert sink.inject(RefuseConnections())
    assert sink.inject(DropConnection())
    eventually(lambda: system.status().publisher.state is PublisherState.WAITING)
    sink.clear_faults()
    eventually(lambda: recorder.connections == 2)


def test_books_that_do_not_balance_are_told_sum_by_sum(system: System) -> None:
    status = system.status()
    assert ledger_differences(status) == []
    camera = status.cameras[0]
    counts = replace(camera.frames, received=camera.frames.received + 2, confirmed=-1)
    cooked = replace(status, cameras=(replace(camera, frames=counts),))
    with pytest.raises(AssertionError, match=r"\[door\] received \d+ != published") as refused:
        assert_frames_accounted_for(cooked)
    assert "(+2)" in str(refused.value)
    assert "confirmed is negative: -1" in str(refused.value)


def test_a_thread_an_actor_and_a_pipe_that_stay_are_named() -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="forgotten")
    pipe: tuple[int, ...] = ()

    def leaks() -> None:
        nonlocal pipe
        with no_leaks(patience_s=0.1):
            thread.start()
            pykka.ThreadingActor.start()
            pipe = os.pipe()

    with pytest.raises(LeakError, match="left behind") as leak:
        leaks()
    stop.set()
    thread.join()
    for actor in pykka.ActorRegistry.get_all():
        actor.stop(timeout=5)
    for end in pipe:
        os.close(end)
    for word in ("forgotten", "actor ", "pipe:"):
        assert word in str(leak.value)


def test_a_child_process_that_stays_is_named() -> None:
    with pytest.raises(LeakError, match="process"), no_leaks(0.1, lambda _: True):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    child.kill()
    child.wait(10)


def test_what_ends_soon_enough_is_no_leak() -> None:
    with no_leaks():
        threading.Timer(0.2, lambda: None).start()


def test_waiting_ends_with_the_condition_or_with_the_time() -> None:
    seen = iter((False, False, True))
    assert wait_until(lambda: next(seen), 5.0)
    assert not wait_until(lambda: False, 0.02)
    with pytest.raises(AssertionError, match=r"not within 0\.02 s: rain"):
        eventually(lambda: False, 0.02, "rain")


def test_the_fake_timer_may_be_used_from_many_threads() -> None:
    clock = FakeClock()
    timer, calls = FakeTimer(clock), []

    def schedule() -> None:
        for n in range(300):
            timer.after(n / 100, lambda: calls.append(1))

    threads = [threading.Thread(target=schedule) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    timer.advance(3.0)
    assert len(calls) == 8 * 300


def test_the_plugin_fails_a_test_that_leaves_something_behind(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["edge_video.testing.pytest_plugin"]\n')
    (tmp_path / "test_it.py").write_text(
        "import os\n"
        "def test_clean(nothing_is_left_behind): pass\n"
        "def test_dirty(nothing_is_left_behind): os.pipe()\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--rootdir", str(tmp_path), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "2 passed, 1 error" in done.stdout, done.stdout
    assert "left behind: descriptor pipe:" in done.stdout


def test_a_node_that_does_not_boot_is_told_before_its_test_is_ended(
    pytestconfig: pytest.Config,
) -> None:
    limit_s = float(pytestconfig.getini("timeout"))
    assert limit_s > BOOT_TIMEOUT_S + 15
