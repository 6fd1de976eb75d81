"""Real RTSP cameras that fail in every way cameras do, in front of a whole system.

Every test runs under two watches: the accounting is read ten times a second and must balance each
time, and (as in all tests, see `conftest.py`) no actor, thread, FFmpeg or descriptor outlives it.
"""

from __future__ import annotations

import gc
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from edge_video.actors.camera import CameraActor
from edge_video.actors.messages import ClearFaults, CommandAnswer, CommandResult
from edge_video.capture import Capture
from edge_video.config import (
    AmqpConfig,
    AmqpSinkConfig,
    CameraConfig,
    CircuitBreakerConfig,
    Config,
    DirectorySinkConfig,
)
from edge_video.faults import CrashActor, FreezeFfmpeg, KillFfmpeg
from edge_video.log.events import LogEvent
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause
from edge_video.status.model import CameraPhase
from edge_video.testing import eventually
from edge_video.testing.clips import clip_identity, decode_jpeg, numbered_clip
from edge_video.testing.consumer import consume
from edge_video.testing.rtsp import RtspAuth
from tests.support.program import Program, cpu_seconds
from tests.support.watched import RecordedLog, Running, listening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from edge_video.testing.consumer import Consumer
    from edge_video.testing.rabbit import RabbitNode
    from edge_video.testing.rtsp import RtspServer

    MakeServer = Callable[..., RtspServer]
    RunSystem = Callable[..., Running]

pytestmark = [pytest.mark.rtsp, pytest.mark.ffmpeg]

FPS = 10
NEVER_OPENS = CircuitBreakerConfig(enabled=False)


def small_clip(number: int) -> Path:
    """A camera that costs little: what these tests break is not the picture."""
    return numbered_clip(number, size=(320, 180), fps=15, seconds=60)


def mounts(count: int) -> dict[str, Path]:
    return {f"/cam{number}": small_clip(number) for number in range(1, count + 1)}


# --- a running system -----------------------------------------------------------------------


@pytest.fixture
def story() -> Iterator[RecordedLog]:
    with listening() as heard:
        yield heard


@pytest.fixture
def run(tmp_path: Path, story: RecordedLog) -> Iterator[RunSystem]:
    """Start a system on some cameras (id → URL); stopped, accounting checked, after the test."""
    running: list[Running] = []

    def start(
        urls: Mapping[str, str],
        *,
        breaker: CircuitBreakerConfig = NEVER_OPENS,
        per_camera: Mapping[str, Mapping[str, Any]] | None = None,
        **more: Any,
    ) -> Running:
        config = Config(
            **{
                "sink": DirectorySinkConfig(path=str(tmp_path / "frames"), keep=3),
                "circuit_breaker": breaker,
                **more,
            },
            cameras=[
                CameraConfig(
                    id=camera_id,
                    url=url,
                    **{
                        "fps": FPS,
                        "stall_timeout": 2.0,
                        "first_frame_timeout": 4.0,
                        **(per_camera or {}).get(camera_id, {}),
                    },
                )
                for camera_id, url in urls.items()
            ],
        )
        running.append(Running(config, story))
        return running[-1]

    yield start
    for each in running:
        each.stop()


def urls(server: RtspServer, count: int) -> dict[str, str]:
    return {f"cam{number}": server.url(f"/cam{number}") for number in range(1, count + 1)}


# --- cameras that come and go ---------------------------------------------------------------


def test_a_camera_that_begins_to_exist_closes_its_breaker(
    run: RunSystem, story: RecordedLog, make_rtsp_server: MakeServer
) -> None:
    server = make_rtsp_server(mounts(1))
    breaker = CircuitBreakerConfig(
        max_failures=2, initial_backoff=0.5, reset_timeout=0.0, stable_after=4.0, jitter=0.0
    )
    running = run({"late": server.url("/late")}, breaker=breaker)
    story.wait_for(LogEvent.BREAKER_WAITING, count=2, camera_id="late")
    assert running.camera("late").breaker.backoff_s == 1.0
    failure = running.camera("late").last_failure
    assert failure is not None
    assert failure.cause is Cause.NO_SUCH_STREAM
    server.add_mount("/late", small_clip(9))

    closed = story.wait_for(LogEvent.BREAKER_CHANGED, camera_id="late", after=BreakerState.CLOSED)
    assert closed.fields["before"] is BreakerState.HALF_OPEN
    probe = story.of(LogEvent.BREAKER_CHANGED, camera_id="late", after=BreakerState.HALF_OPEN)[-1]
    assert closed.at_s - probe.at_s >= 2.9  # three good seconds
    running.wait_until_streaming()
    camera = running.camera("late")
    assert camera.breaker.state is BreakerState.CLOSED
    assert camera.breaker.backoff_s == 0.5
    assert camera.breaker.successes >= 3

    eventually(lambda: running.camera("late").breaker.consecutive_failures == 0, 10, "stable")
    changes = running.camera("late").breaker.changes
    running.inject("late", KillFfmpeg())
    story.wait_for(LogEvent.CAMERA_RETRYING, camera_id="late", count=2)
    running.wait_until_streaming()
    # The level is forgotten, too: one failure of a stable camera opens nothing.
    assert running.camera("late").breaker.changes == changes


def test_cameras_resume_when_their_server_is_killed_and_comes_back(
    run: RunSystem, story: RecordedLog, make_rtsp_server: MakeServer
) -> None:
    server = make_rtsp_server(mounts(3))
    running = run(urls(server, 3))
    running.wait_until_streaming()
    server.kill()
    for camera_id in running.ids:
        story.wait_for(LogEvent.CAMERA_FAILED, camera_id=camera_id, count=2)
    server.start()
    running.wait_until_streaming()
    for camera_id, camera in running.cameras().items():
        assert camera.last_failure is not None, camera_id
        assert camera.last_failure.cause is Cause.REFUSED


def test_cameras_resume_when_their_server_was_frozen(
    run: RunSystem, story: RecordedLog, make_rtsp_server: MakeServer
) -> None:
    server = make_rtsp_server(mounts(3))
    running = run(urls(server, 3))
    running.wait_until_streaming()
    server.freeze()
    for camera_id in running.ids:
        failed = story.wait_for(LogEvent.CAMERA_FAILED, camera_id=camera_id)
        assert failed.fields["failure"].cause in (Cause.STALLED, Cause.TIMEOUT)
    server.thaw()
    running.wait_until_streaming()


def test_cameras_resume_when_their_server_hangs_up(
    run: RunSystem, story: RecordedLog, make_rtsp_server: MakeServer
) -> None:
    server = make_rtsp_server(mounts(3))
    running = run(urls(server, 3))
    running.wait_until_streaming()
    server.hang_up()
    for camera_id in running.ids:
        failed = story.wait_for(LogEvent.CAMERA_FAILED, camera_id=camera_id)
        assert failed.fields["failure"].cause is Cause.END_OF_STREAM
    running.wait_until_streaming()
    assert {camera.attempts for camera in running.cameras().values()} == {2}


# --- FFmpegs that fail ----------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.rabbitmq
def test_fifty_killed_ffmpegs_leave_nothing_behind(
    run: RunSystem, make_rtsp_server: MakeServer, broker: RabbitNode, exchange: str
) -> None:
    server = make_rtsp_server(mounts(5))
    with collector_off(), consume(broker, exchange) as consumer:
        running = run(
            urls(server, 5),
            sink=AmqpSinkConfig(),
            amqp=AmqpConfig(url=broker.url(), exchange=exchange),
        )
        running.wait_until_streaming()
        steady, warm_bytes = owned_while_streaming(), 0

        def all_in(attempt: int) -> bool:
            return all(camera.attempts == attempt for camera in running.cameras().values())

        for kills in range(1, 11):
            for camera_id in running.ids:
                running.inject(camera_id, KillFfmpeg())
            eventually(partial(all_in, 1 + kills), 20, f"attempt {1 + kills} of every camera")
            running.wait_until_streaming(more=3)
            if kills == 2:
                warm_bytes = resident_bytes(consumer)
        grown_bytes = resident_bytes(consumer) - warm_bytes
        print(f"memory grown over 40 kills: {grown_bytes / 2**20:.1f} MB")
        # What is on its way out does not count, at either time.
        eventually(
            lambda: all(n <= steady[what] for what, n in owned_while_streaming().items()),
            10,
            f"no more than at first: {steady}",
        )
        assert steady["captures"] == steady["camera actors"] == 5
        assert grown_bytes < 8 * 2**20
        assert {camera.breaker.failures for camera in running.cameras().values()} == {10}
        status = running.stop()
        assert status.faults_injected == 50
        assert status.totals.confirmed == status.totals.published > 0
        consumer.wait_for(status.totals.confirmed)
        assert_one_count_through_every_session(consumer.messages, sessions=11)


@contextmanager
def collector_off() -> Iterator[None]:
    """Whatever an attempt leaves in a cycle stays and is counted."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def owned_while_streaming() -> dict[str, int]:
    """How much of everything that an attempt is made of there is now, uncollected rubbish too."""
    kinds = [type(each) for each in gc.get_objects()]
    process = psutil.Process()
    return {
        "threads": threading.active_count(),
        "descriptors": process.num_fds(),
        "children": len(process.children(recursive=True)),
        "camera actors": kinds.count(CameraActor),
        "captures": kinds.count(Capture),
    }


def resident_bytes(consumer: Consumer) -> int:
    """Of this process, without the pictures that the test itself collects."""
    collected_bytes = sum(len(each.body) for each in list(consumer.messages))
    resident: int = psutil.Process().memory_info().rss
    return resident - collected_bytes


def assert_one_count_through_every_session(messages: list[Any], *, sessions: int) -> None:
    numbers, names = defaultdict(list), defaultdict(set)
    for message in messages:
        headers = message.properties.headers
        numbers[headers["camera_id"]].append(headers["seq"])
        names[headers["camera_id"]].add(headers["session"])
    for camera_id, seqs in numbers.items():
        assert seqs == sorted(set(seqs)), camera_id
        assert len(names[camera_id]) == sessions, camera_id


def test_a_frozen_ffmpeg_is_replaced_after_the_stall_timeout(
    run: RunSystem, story: RecordedLog, make_rtsp_server: MakeServer
) -> None:
    server = make_rtsp_server(mounts(1))
    running = run(urls(server, 1))
    running.wait_until_streaming()
    frozen = running.ffmpeg_of("cam1")
    running.inject("cam1", FreezeFfmpeg())
    failed = story.wait_for(LogEvent.CAMERA_FAILED, camera_id="cam1")
    assert failed.fields["failure"].cause is Cause.STALLED
    running.wait_until_streaming()
    assert not frozen.is_running()
    assert running.camera().attempts == 2


def test_an_ffmpeg_thawed_in_time_goes_on_in_the_same_attempt(
    run: RunSystem, story: RecordedLog, make_rtsp_server: MakeServer
) -> None:
    server = make_rtsp_server(mounts(1))
    running = run(urls(server, 1), per_camera={"cam1": {"stall_timeout": 30.0}})
    running.wait_until_streaming()
    ffmpeg = running.ffmpeg_of("cam1")
    running.inject("cam1", FreezeFfmpeg())
    eventually(lambda: ffmpeg.status() == psutil.STATUS_STOPPED, 5, "FFmpeg is frozen")
    eventually(lambda: (running.camera().last_frame_ago_s or 0) > 1, 10, "frames stop")
    answer = running.system.supervisor.ask(ClearFaults("cam1"), timeout=5)
    assert answer == CommandAnswer(CommandResult.DONE)
    running.wait_until_streaming()
    assert running.ffmpeg_of("cam1") == ffmpeg
    assert running.camera().attempts == 1
    assert story.of(LogEvent.CAMERA_FAILED) == []


def test_a_crashed_camera_actor_comes_back_without_its_old_ffmpeg(
    run: RunSystem, make_rtsp_server: MakeServer
) -> None:
    server = make_rtsp_server(mounts(2))
    running = run(urls(server, 2))
    running.wait_until_streaming()
    old, other = running.ffmpeg_of("cam1"), running.ffmpeg_of("cam2")
    running.inject("cam1", CrashActor("torn apart"))
    eventually(lambda: running.camera().attempts == 2, 10, "a second attempt")
    assert not old.is_running()
    running.wait_until_streaming()
    assert running.ffmpeg_of("cam1") != old
    assert running.ffmpeg_of("cam2") == other
    failure = running.camera().last_failure
    assert failure is not None
    assert failure.cause is Cause.CRASHED
    assert "torn apart" in failure.detail


# --- kinds of cameras -----------------------------------------------------------------------


def test_an_hevc_camera_streams(run: RunSystem, rtsp_server: RtspServer, tmp_path: Path) -> None:
    running = run({"hevc": rtsp_server.url("/hevc")})
    running.wait_until_streaming()
    camera = running.camera("hevc")
    assert (camera.width, camera.height) == (640, 360)
    newest = (tmp_path / "frames" / "hevc" / "latest.jpg").read_bytes()
    assert clip_identity(decode_jpeg(newest)) == 7


def test_a_wrong_password_is_named_and_not_hammered(
    run: RunSystem, story: RecordedLog, make_rtsp_server: MakeServer
) -> None:
    auth = RtspAuth("digest")
    server = make_rtsp_server(mounts(2), auth)
    wrong = {"username": auth.user, "password": auth.password + "x"}
    running = run(
        {"right": server.url("/cam1", credentials=True), "wrong": server.url("/cam2")},
        breaker=CircuitBreakerConfig(initial_backoff=0.5, reset_timeout=0.0, jitter=0.5),
        per_camera={"wrong": wrong},
    )
    waiting = story.wait_for(LogEvent.BREAKER_WAITING, camera_id="wrong")
    assert waiting.fields["wait_s"] >= 59  # a minute from the failure, said once FFmpeg is gone
    story.wait_for(LogEvent.CAMERA_PROTECTED, camera_id="wrong")
    eventually(lambda: running.camera("right").frames.received >= 20, 20, "the right one streams")
    camera = running.camera("wrong")
    assert camera.phase is CameraPhase.WAITING
    assert camera.attempts == len(story.of(LogEvent.CAMERA_FAILED, camera_id="wrong")) == 2
    assert camera.last_failure is not None
    assert camera.last_failure.cause is Cause.WRONG_PASSWORD
    assert auth.password not in str(story.lines)
    assert set(running.system.processes().values()) == {"right"}


# --- many, and none -------------------------------------------------------------------------


def test_twenty_cameras_of_one_server_start_one_after_the_other(
    run: RunSystem, story: RecordedLog, make_rtsp_server: MakeServer
) -> None:
    spacing_s = 0.15
    server = make_rtsp_server({f"/cam{n}": small_clip(1 + n % 5) for n in range(1, 21)})
    began_s = time.monotonic()
    running = run(
        urls(server, 20),
        per_camera={f"cam{n}": {"fps": 2, "first_frame_timeout": 30.0} for n in range(1, 21)},
        start_spacing=spacing_s,
    )
    running.wait_until_streaming(more=2, timeout_s=40)
    starts_s = sorted(each.at_s - began_s for each in story.of(LogEvent.CAMERA_CONNECTING))
    assert len(starts_s) == 20
    # A busy machine can only delay: none of them may begin before its turn.
    early = [
        (place, at_s) for place, at_s in enumerate(starts_s) if at_s < place * spacing_s - 0.01
    ]
    assert early == []


def test_an_open_camera_costs_nothing(tmp_path: Path, make_rtsp_server: MakeServer) -> None:
    server = make_rtsp_server(mounts(1))
    nowhere = server.url("/nowhere")
    for name in ("idle", "open"):
        (tmp_path / name).mkdir()
    settings = {
        "sink": {"type": "directory", "path": "frames"},
        "circuit_breaker": {"max_failures": 1, "initial_backoff": "60s"},
        "language": "en",
    }
    idle_config = {**settings, "cameras": [{"id": "cam1", "url": nowhere, "enabled": False}]}
    open_config = {**settings, "cameras": [{"id": "cam1", "url": nowhere}]}
    with (
        Program(tmp_path / "idle", idle_config) as idle,
        Program(tmp_path / "open", open_config) as opened,
    ):
        opened.wait_for_log("[cam1] Circuit breaker OPEN - waiting")
        idle.wait_for_log("started")
        eventually(
            lambda: opened.psutil.num_threads() == idle.psutil.num_threads(),
            5,
            "the threads of an idle system",
        )
        used_s = {each: cpu_seconds(each.psutil) for each in (idle, opened)}
        assert server.clients() == 0
        began_s = time.monotonic()
        for _ in range(20):
            time.sleep(0.2)  # the length of the measurement, not a wait
            assert opened.psutil.children() == []
        took_s = time.monotonic() - began_s
        share = {each: (cpu_seconds(each.psutil) - used_s[each]) / took_s for each in used_s}
        print(f"CPU of a core: idle {share[idle]:.2%}, one camera OPEN {share[opened]:.2%}")
        assert share[opened] < 0.05
        assert opened.psutil.num_threads() == idle.psutil.num_threads()
        assert idle.stop() == 0
        assert opened.stop() == 0
