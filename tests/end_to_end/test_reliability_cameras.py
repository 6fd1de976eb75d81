"""One test per row of docs/reliability.md, "Cameras": real FFmpegs, broken by message.

In all of them the accounting is read ten times a second and balances each time, before the fault,
while it acts and after it; and nothing is left behind (see `conftest.py`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psutil
import pytest

from edge_video.actors.messages import StopCamera
from edge_video.faults import (
    AfterFrames,
    AtNextStart,
    CrashActor,
    CrashInStart,
    DelayActor,
    FreezeFfmpeg,
    GarbageBytes,
    IgnoreSigterm,
    KillFfmpeg,
    OversizedFrame,
    RefuseSpawn,
    SilentEnd,
    SlowFrames,
    TruncatedFrame,
)
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent
from edge_video.resilience.failures import Cause
from edge_video.status.model import CameraPhase
from edge_video.testing import eventually
from edge_video.testing.clips import decode_jpeg, numbered_clip
from tests.support.reliability import (
    BROKEN,
    CONTROL,
    FPS,
    STALL_TIMEOUT_S,
    broken,
    now_s,
    two_cameras,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_video.resilience.failures import Failure
    from edge_video.testing.rtsp import RtspServer
    from tests.support.reliability import Broken

pytestmark = [pytest.mark.ffmpeg]


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Broken]:
    with broken(tmp_path) as running:
        yield running
        running.assert_control_undisturbed()


def last_failure(system: Broken) -> Failure:
    failure = system.camera(BROKEN).last_failure
    assert failure is not None
    return failure


def assert_same_attempt_goes_on(system: Broken, ffmpeg: psutil.Process) -> None:
    system.wait_until_streaming()
    assert system.ffmpeg_of(BROKEN) == ffmpeg
    assert system.camera(BROKEN).attempts == 1
    assert system.story.of(LogEvent.CAMERA_FAILED) == []


def test_a_killed_ffmpeg_is_replaced(system: Broken) -> None:
    old, broken_at_s = system.ffmpeg_of(BROKEN), now_s()
    system.inject(BROKEN, KillFfmpeg())
    system.recovered_s(since_s=broken_at_s)
    assert last_failure(system).cause is Cause.KILLED
    assert not old.is_running()


def test_a_frozen_ffmpeg_is_replaced_once_it_has_stalled(system: Broken) -> None:
    old = system.ffmpeg_of(BROKEN)
    system.inject(BROKEN, FreezeFfmpeg())
    eventually(lambda: old.status() == psutil.STATUS_STOPPED, 5, "it is really stopped")
    system.recovered_s(since_s=system.failed_at_s())
    assert last_failure(system).cause is Cause.STALLED
    assert not old.is_running()


def test_an_ffmpeg_frozen_for_a_moment_goes_on_in_the_same_attempt(system: Broken) -> None:
    ffmpeg, for_s, broken_at_s = system.ffmpeg_of(BROKEN), 0.5, now_s()
    system.inject(BROKEN, FreezeFfmpeg(for_s))
    eventually(lambda: ffmpeg.status() == psutil.STATUS_STOPPED, 5, "it is really stopped")
    eventually(lambda: ffmpeg.status() != psutil.STATUS_STOPPED, 5, "it is thawed")
    system.measured(now_s() - broken_at_s - for_s)
    assert_same_attempt_goes_on(system, ffmpeg)


def test_slow_frames_come_at_their_share_of_the_rate_until_cleared(system: Broken) -> None:
    ffmpeg = system.ffmpeg_of(BROKEN)
    system.inject(BROKEN, SlowFrames(share=0.2))
    first, began_s = system.camera(BROKEN).frames.received, now_s()
    time.sleep(3.0)  # the rate is what is measured
    slow_fps = (system.camera(BROKEN).frames.received - first) / (now_s() - began_s)
    print(f"{slow_fps:.1f} of {FPS} frames a second")
    assert 0.1 * FPS < slow_fps < 0.5 * FPS
    system.clear(BROKEN)
    cleared_at_s = now_s()
    assert_same_attempt_goes_on(system, ffmpeg)
    system.measured(now_s() - cleared_at_s)


def test_garbage_bytes_are_discarded_and_counted(system: Broken, tmp_path: Path) -> None:
    ffmpeg, size = system.ffmpeg_of(BROKEN), 300_000
    system.inject(BROKEN, GarbageBytes(size, seed=7))
    eventually(
        lambda: system.camera(BROKEN).capture.discarded_bytes >= size - 4096, 5, "it is discarded"
    )
    broken_at_s = now_s()
    assert_same_attempt_goes_on(system, ffmpeg)
    system.measured(now_s() - broken_at_s)
    assert_frames_are_whole(tmp_path)


def assert_frames_are_whole(folder: Path) -> None:
    newest = (folder / "frames" / BROKEN / "latest.jpg").read_bytes()
    assert decode_jpeg(newest).shape == (120, 160, 3)


def test_a_truncated_frame_is_lost_and_the_next_ones_are_whole(
    system: Broken, tmp_path: Path
) -> None:
    ffmpeg = system.ffmpeg_of(BROKEN)
    before = system.camera(BROKEN).capture.discarded_bytes
    system.inject(BROKEN, TruncatedFrame())
    eventually(lambda: system.camera(BROKEN).capture.discarded_bytes > before, 5, "it is torn")
    broken_at_s = now_s()
    assert_same_attempt_goes_on(system, ffmpeg)
    system.measured(now_s() - broken_at_s)
    assert_frames_are_whole(tmp_path)


def test_an_oversized_frame_is_refused_in_bounded_memory(system: Broken, tmp_path: Path) -> None:
    ffmpeg, own, size = system.ffmpeg_of(BROKEN), psutil.Process(), 100 * 2**20
    before_bytes = most_bytes = own.memory_info().rss
    system.inject(BROKEN, OversizedFrame(size))
    deadline_s = now_s() + 10
    while (capture := system.camera(BROKEN).capture).discarded_bytes < size - 4096:
        most_bytes = max(most_bytes, own.memory_info().rss)
        assert now_s() < deadline_s, capture
    broken_at_s = now_s()
    assert capture.oversized == 1
    assert most_bytes - before_bytes < 40 * 2**20
    assert_same_attempt_goes_on(system, ffmpeg)
    system.measured(now_s() - broken_at_s)
    assert_frames_are_whole(tmp_path)


def test_a_silent_end_is_an_end_of_stream(system: Broken) -> None:
    old, broken_at_s = system.ffmpeg_of(BROKEN), now_s()
    system.inject(BROKEN, SilentEnd())
    system.recovered_s(since_s=broken_at_s)
    failure = last_failure(system)
    assert (failure.cause, failure.exit_status) == (Cause.END_OF_STREAM, 0)
    assert not old.is_running()


def test_an_ffmpeg_that_ignores_sigterm_is_killed(system: Broken) -> None:
    old = system.ffmpeg_of(BROKEN)
    system.inject(BROKEN, IgnoreSigterm())
    began_s = now_s()
    system.system.supervisor.tell(StopCamera(CameraId(BROKEN)))
    eventually(lambda: not old.is_running(), 10, "it is gone")
    took_s = now_s() - began_s
    assert took_s > 1.5, "SIGTERM ended it"
    system.measured(took_s)
    eventually(lambda: system.camera(BROKEN).phase is CameraPhase.STOPPED, 5, "it has stopped")


def test_a_refused_spawn_is_a_failure_and_the_next_one_succeeds(system: Broken) -> None:
    system.inject(BROKEN, RefuseSpawn(), times=2)
    assert system.camera(BROKEN).attempts == 1
    system.inject(BROKEN, KillFfmpeg())
    system.recovered_s(since_s=system.failed_at_s(3))
    failure = last_failure(system)
    assert failure.cause is Cause.SPAWN_FAILED
    assert "Argument list too long" in failure.detail
    assert system.camera(BROKEN).attempts == 4


def test_a_crashed_camera_actor_is_replaced(system: Broken) -> None:
    old, broken_at_s = system.ffmpeg_of(BROKEN), now_s()
    system.inject(BROKEN, CrashActor("torn apart"))
    system.recovered_s(since_s=broken_at_s)
    failure = last_failure(system)
    assert failure.cause is Cause.CRASHED
    assert "torn apart" in failure.detail
    assert not old.is_running()


def test_a_camera_actor_that_crashes_in_start_is_replaced(system: Broken) -> None:
    system.inject(BROKEN, CrashInStart("stillborn"), times=2)
    broken_at_s = now_s()
    system.inject(BROKEN, KillFfmpeg())
    system.recovered_s(since_s=broken_at_s)
    assert system.camera(BROKEN).attempts == 4
    assert system.camera(BROKEN).breaker.failures == 3


def test_a_delayed_camera_actor_streams_on_and_is_released_by_clear_faults(
    system: Broken,
) -> None:
    ffmpeg = system.ffmpeg_of(BROKEN)
    system.inject(BROKEN, DelayActor(for_s=60.0))
    system.inject(BROKEN, DelayActor(for_s=60.0))  # waits in its mailbox, and is cleared as well
    received = system.camera(BROKEN).frames.received
    eventually(lambda: system.camera(BROKEN).frames.received > received + FPS, 10, "frames go on")
    stale = system.camera(BROKEN).breaker.successes
    time.sleep(STALL_TIMEOUT_S)  # that no verdict comes is what is looked at
    assert system.camera(BROKEN).breaker.successes == stale
    cleared_at_s = now_s()
    system.clear(BROKEN)
    eventually(lambda: system.camera(BROKEN).breaker.successes > stale, 5, "verdicts go on")
    system.measured(now_s() - cleared_at_s)
    assert_same_attempt_goes_on(system, ffmpeg)


@pytest.mark.rtsp
def test_a_camera_that_is_reachable_again_streams_at_once(
    tmp_path: Path, make_rtsp_server: Callable[..., RtspServer]
) -> None:
    server = make_rtsp_server({"/cam1": numbered_clip(1, size=(320, 180), fps=15, seconds=60)})
    config = two_cameras(tmp_path, server.url("/cam1"))
    with broken(tmp_path, config=config) as system:
        server.kill()
        system.failed_at_s(3)
        assert last_failure(system).cause is Cause.REFUSED
        server.start()
        system.recovered_s(since_s=now_s())
        system.assert_control_undisturbed()


def test_a_fault_after_frames_goes_on_across_attempts(system: Broken) -> None:
    broken_at_s = now_s()
    system.inject(BROKEN, KillFfmpeg(), AfterFrames(5), times=3)
    system.recovered_s(since_s=broken_at_s, count=4)
    system.wait_until_streaming(more=12)
    status = system.system.status()
    assert (status.faults_injected, status.faults_armed) == (3, 0)
    assert system.camera(BROKEN).attempts == 4


def test_cleared_faults_do_not_act_any_more(system: Broken) -> None:
    system.inject(BROKEN, KillFfmpeg(), AfterFrames(10_000))
    system.inject(BROKEN, RefuseSpawn(), times=5)
    system.inject(BROKEN, FreezeFfmpeg(), AtNextStart(), times=5)
    system.inject(CONTROL, KillFfmpeg(), AfterFrames(10_000))
    assert system.system.status().faults_armed == 4
    system.clear(BROKEN)
    assert system.system.status().faults_armed == 1
    system.inject(BROKEN, KillFfmpeg())
    system.recovered_s(since_s=now_s())
    assert system.camera(BROKEN).attempts == 2
    system.wait_until_streaming(more=2 * FPS)
