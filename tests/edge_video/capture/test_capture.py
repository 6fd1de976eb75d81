from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from edge_video.capture import pipes
from edge_video.capture.capture import Capture
from edge_video.capture.command import capture_command
from edge_video.capture.counters import CaptureCounters
from edge_video.capture.process import CaptureStartError, ProcessTable
from edge_video.capture.stderr import StderrTail
from edge_video.config import CameraConfig
from edge_video.frames import CameraId
from edge_video.resilience.failures import Cause, Failure
from edge_video.runtime import reactor as reactor_module
from edge_video.runtime.reactor import Reactor
from edge_video.testing.clips import clip_filter, clip_identity, decode_jpeg, numbered_clip
from edge_video.testing.rtsp import RtspAuth, RtspServer
from edge_video.testing.waiting import wait_until
from edge_video.text.redact import Redactor
from tests.support.rtsp import BOTH_FFMPEGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edge_video.capture.binary import Binary

ROOT = Path(__file__).parents[3]
CAM = CameraId("cam1")
PASSWORD = "canary-Zx9@%/ü"
A_FRAME = b"--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: 6\r\n\r\n\xff\xd8xx\xff\xd9\r\n"


class Run:
    """A capture with its ears: what it called back, on which thread, and when."""

    def __init__(self, command: Sequence[str], **keys: Any) -> None:
        self.images: list[bytes] = []
        self.failures: list[Failure] = []
        self.threads: set[str] = set()
        self.first = threading.Event()
        self.tenth = threading.Event()
        self.ended = threading.Event()
        self.counters = CaptureCounters()
        self.processes = ProcessTable()
        on_frame = keys.pop("on_frame", self._frame)
        self.capture = Capture(
            command,
            camera_id=CAM,
            on_frame=on_frame,
            on_end=self._end,
            counters=self.counters,
            processes=self.processes,
            redact=keys.pop("redact", Redactor([PASSWORD])),
            **keys,
        )

    def _frame(self, image: bytes) -> None:
        self.threads.add(threading.current_thread().name)
        self.images.append(image)
        self.first.set()
        if len(self.images) >= 10:
            self.tenth.set()

    def _end(self, failure: Failure) -> None:
        self.threads.add(threading.current_thread().name)
        self.failures.append(failure)
        self.ended.set()

    def failure(self, timeout_s: float = 15.0) -> Failure:
        assert self.ended.wait(timeout_s), "the end was not told"
        assert len(self.failures) == 1
        return self.failures[0]


@pytest.fixture
def start() -> Iterator[Callable[..., Run]]:
    """Start captures; whatever the test does, nothing of them is left behind."""
    runs: list[Run] = []

    def begin(command: Sequence[str], **keys: Any) -> Run:
        run = Run(command, **keys)
        runs.append(run)
        run.capture.start()
        return run

    yield begin
    for run in runs:
        run.capture.stop(0.5)
        assert run.capture.pid is None
        assert run.processes.snapshot() == {}
    assert not [t.name for t in threading.enumerate() if t.name.endswith(f"-{CAM}")]


def lavfi(binary: Binary, graph: str = "testsrc2=size=320x180:rate=25", **keys: Any) -> list[str]:
    return capture_command(binary, CameraConfig(id=CAM, url=f"lavfi:{graph}", **keys))


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], list[str]]:
    """A Python program in FFmpeg's place."""

    def write(code: str) -> list[str]:
        path = tmp_path / "ffmpeg.py"
        prelude = f"import os, signal, sys, time\nFRAME = {A_FRAME!r}\n"
        path.write_text(prelude + textwrap.dedent(code))
        return [sys.executable, "-S", "-E", str(path)]

    return write


def is_gone(pid: int) -> bool:
    """No such process; a zombie that nobody reaps after its parent's death counts as none."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


# --- frames ---


@BOTH_FFMPEGS
def test_frames_arrive_whole_and_show_what_the_camera_shows(
    any_ffmpeg: Binary, start: Callable[..., Run]
) -> None:
    run = start(lavfi(any_ffmpeg, clip_filter(137, 640, 360, 25), width=320))
    assert run.tenth.wait(15)
    run.capture.stop()
    pictures = [decode_jpeg(image) for image in run.images]
    assert {picture.shape for picture in pictures} == {(180, 320, 3)}
    assert {clip_identity(picture) for picture in pictures} == {137}
    assert run.threads == {"reader-cam1"}
    assert run.failures == []


def test_what_was_read_is_counted(ffmpeg: Binary, start: Callable[..., Run]) -> None:
    run = start(lavfi(ffmpeg))
    assert run.tenth.wait(15)
    run.capture.stop()
    totals = run.counters.totals()
    assert totals.splits == run.capture.frames >= len(run.images) >= 10
    assert totals.reads > 0
    assert totals.read_ns > 0
    assert totals.split_ns > 0
    assert totals.discarded_bytes == totals.oversized == 0


def test_the_time_of_waiting_for_a_frame_is_no_time_of_reading(
    start: Callable[..., Run], script: Callable[[str], list[str]]
) -> None:
    code = "os.write(1, FRAME)\ntime.sleep(0.8)\nos.write(1, FRAME)\n"
    run = start(script(code))
    run.failure()
    assert len(run.images) == 2
    assert run.counters.read_ns < 400_000_000


def test_counters_go_on_where_the_last_attempt_ended(
    script: Callable[[str], list[str]],
) -> None:
    command = script("os.write(1, b'garbage' + FRAME)\n")
    counters, processes = CaptureCounters(), ProcessTable()
    for attempt in (1, 2):
        ended = threading.Event()
        capture = Capture(
            command,
            camera_id=CAM,
            on_frame=lambda _image: None,
            on_end=lambda _failure: ended.set(),  # noqa: B023 - of this round, which ends here
            counters=counters,
            processes=processes,
            redact=str,
        )
        capture.start()
        assert ended.wait(15)
        capture.stop()
        assert capture.frames == 1
        assert counters.totals().splits == attempt
        assert counters.totals().discarded_bytes == attempt * len("garbage")


def test_an_image_over_the_limit_is_refused_and_counted(
    start: Callable[..., Run], script: Callable[[str], list[str]]
) -> None:
    code = r"""
    big = b"\xff\xd8" + bytes(100_000) + b"\xff\xd9"
    os.write(1, b"--ffmpeg\r\nContent-length: %d\r\n\r\n" % len(big))
    sys.stdout.buffer.write(big + b"\r\n" + FRAME)
    """
    run = start(script(code), max_frame_bytes=50_000)
    run.failure()
    assert len(run.images) == 1
    assert run.counters.oversized == 1
    assert run.counters.discarded_bytes > 0


@pytest.mark.rtsp
@BOTH_FFMPEGS
def test_each_rtsp_camera_delivers_its_own_picture_at_its_rate(
    any_ffmpeg: Binary, rtsp_server: RtspServer, start: Callable[..., Run]
) -> None:
    runs = {}
    for number in (1, 2):
        camera = CameraConfig(id=CAM, url=rtsp_server.url(f"/cam{number}"), width=320)
        runs[number] = start(capture_command(any_ffmpeg, camera))
    for number, run in runs.items():
        assert run.tenth.wait(20)
        assert clip_identity(decode_jpeg(run.images[-1])) == number


@pytest.mark.rtsp
@BOTH_FFMPEGS
def test_fifteen_of_twenty_five_frames_come_from_each_second(
    any_ffmpeg: Binary, rtsp_server: RtspServer, start: Callable[..., Run]
) -> None:
    """Of a clip of two seconds; what FFmpeg kept while it looked at the stream comes at once."""
    run = start(capture_command(any_ffmpeg, CameraConfig(id=CAM, url=rtsp_server.url("/short"))))
    assert run.failure().cause is Cause.END_OF_STREAM
    assert 22 <= len(run.images) <= 33


@pytest.mark.rtsp
def test_hevc_cameras_work(
    ffmpeg: Binary, rtsp_server: RtspServer, start: Callable[..., Run]
) -> None:
    run = start(capture_command(ffmpeg, CameraConfig(id=CAM, url=rtsp_server.url("/hevc"))))
    assert run.first.wait(15)
    assert clip_identity(decode_jpeg(run.images[0])) == 7


def test_cameras_of_one_launcher_share_a_thread_and_nothing_else(
    start: Callable[..., Run], script: Callable[[str], list[str]]
) -> None:
    def explode(_image: bytes) -> None:
        raise LookupError("bug")

    reactor = Reactor("shared-reactor")
    endless = script("while True: os.write(1, FRAME); time.sleep(0.01)\n")
    sound = start(endless, reactor=reactor)
    broken = start(endless, reactor=reactor, on_frame=explode)
    assert broken.failure().cause is Cause.CRASHED
    broken.capture.stop()
    frames = len(sound.images)
    assert wait_until(lambda: len(sound.images) > frames + 10)
    assert sound.threads == {"shared-reactor"}
    assert sound.failures == []


def test_the_death_of_the_shared_thread_is_told_as_a_crash_and_survived(
    start: Callable[..., Run],
    script: Callable[[str], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_run: object, _ready: object) -> None:
        raise OSError("the poller is broken")

    reactor = Reactor("shared-reactor")
    endless = script("while True: os.write(1, FRAME); time.sleep(0.01)\n")
    runs = [start(endless, reactor=reactor) for _ in range(2)]
    assert all(run.first.wait(15) for run in runs)
    with monkeypatch.context() as patch:
        patch.setattr(reactor_module._Run, "_handle", broken)
        for run in runs:
            assert run.failure().cause is Cause.CRASHED
    for run in runs:
        run.capture.stop(0.5)
    assert start(endless, reactor=reactor).tenth.wait(15)


def test_a_hung_thread_is_left_behind_by_the_next_attempt(
    start: Callable[..., Run],
    script: Callable[[str], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipes, "RELEASE_WAIT_S", 0.3)
    release = threading.Event()
    reactor = Reactor("shared-reactor")
    endless = script("while True: os.write(1, FRAME); time.sleep(0.01)\n")
    hung = start(endless, reactor=reactor, on_frame=lambda _image: release.wait(30))
    assert wait_until(lambda: hung.capture.frames)
    hung.capture.stop(0.5)
    assert start(endless, reactor=reactor).tenth.wait(15)
    files = _open_files()
    release.set()
    assert wait_until(lambda: _open_files() < files)


def _clip(path: Path, seconds: int, *encoding: str) -> Path:
    source = f"testsrc2=size=320x240:rate=25:duration={seconds}"
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", source]
    subprocess.run([*command, *encoding, str(path)], check=True, timeout=60)
    return path


@BOTH_FFMPEGS
def test_images_that_are_passed_through_are_the_cameras_own(
    any_ffmpeg: Binary, tmp_path: Path, start: Callable[..., Run]
) -> None:
    clip = _clip(tmp_path / "clip.mkv", 4, "-c:v", "mjpeg", "-q:v", "3")
    camera = CameraConfig(id=CAM, url=str(clip), mode="passthrough", fps=15)
    run = start(capture_command(any_ffmpeg, camera))
    assert run.failure().cause is Cause.END_OF_STREAM
    assert 48 <= len(run.images) <= 63, "15 of 25 in each second; recent FFmpegs begin in haste"
    assert all(image in clip.read_bytes() for image in run.images)
    assert decode_jpeg(run.images[0]).shape == (240, 320, 3)


@BOTH_FFMPEGS
def test_frames_that_come_all_at_once_do_not_end_the_stream(
    any_ffmpeg: Binary, tmp_path: Path, start: Callable[..., Run]
) -> None:
    """As over HTTP after FFmpeg has looked at the beginning: their times are those of arrival."""
    clip = _clip(tmp_path / "clip.mkv", 40, "-c:v", "libx264", "-preset", "ultrafast")
    wallclock = ["-use_wallclock_as_timestamps", "1"]
    camera = CameraConfig(id=CAM, url=str(clip), fps=60, input_args=wallclock)
    run = start([each for each in capture_command(any_ffmpeg, camera) if each != "-re"])
    assert run.failure().cause is Cause.END_OF_STREAM
    assert run.capture.exit_status == 0


@BOTH_FFMPEGS
def test_other_video_is_not_passed_through(
    any_ffmpeg: Binary, tmp_path: Path, start: Callable[..., Run]
) -> None:
    clip = _clip(tmp_path / "clip.mkv", 1, "-c:v", "libx264", "-preset", "ultrafast")
    camera = CameraConfig(id=CAM, url=str(clip), mode="passthrough")
    run = start(capture_command(any_ffmpeg, camera))
    assert run.failure().cause is Cause.NOT_MJPEG
    assert run.images == []


@BOTH_FFMPEGS
def test_of_key_frames_only_those_come(
    any_ffmpeg: Binary, tmp_path: Path, start: Callable[..., Run]
) -> None:
    encoding = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-keyint_min", "10")
    clip = _clip(tmp_path / "clip.mkv", 2, *encoding, "-sc_threshold", "0")
    camera = CameraConfig(id=CAM, url=str(clip), keyframes_only=True)
    run = start(capture_command(any_ffmpeg, camera))
    assert run.failure().cause is Cause.END_OF_STREAM
    assert len(run.images) == 5


# --- the end, told ---


def test_the_end_of_the_source_is_told_once(ffmpeg: Binary, start: Callable[..., Run]) -> None:
    run = start(lavfi(ffmpeg, "testsrc2=size=64x64:rate=25:duration=0.5"))
    assert run.failure().cause is Cause.END_OF_STREAM
    run.capture.stop()
    assert run.capture.exit_status == 0
    assert len(run.failures) == 1
    assert run.threads == {"reader-cam1"}


@BOTH_FFMPEGS
def test_ffmpeg_killed_from_outside_is_told_as_killed(
    any_ffmpeg: Binary, start: Callable[..., Run]
) -> None:
    run = start(lavfi(any_ffmpeg))
    assert run.first.wait(15)
    run.capture.signal(signal.SIGKILL)
    assert run.failure() == Failure(Cause.KILLED, "killed by SIGKILL", -signal.SIGKILL)
    assert run.capture.pid is None


def test_a_frozen_ffmpeg_goes_on_when_it_is_thawed(
    ffmpeg: Binary, start: Callable[..., Run]
) -> None:
    run = start(lavfi(ffmpeg))
    assert run.first.wait(15)
    pid = run.capture.pid
    assert pid is not None
    run.capture.signal(signal.SIGSTOP)
    assert wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    run.capture.signal(signal.SIGCONT)
    assert run.tenth.wait(15)


def test_an_output_closed_by_a_process_that_lives_on_is_told_within_two_seconds(
    start: Callable[..., Run], script: Callable[[str], list[str]]
) -> None:
    run = start(script("os.write(1, FRAME); os.close(1); time.sleep(60)\n"))
    assert run.first.wait(15)
    before = time.monotonic()
    failure = run.failure()
    assert failure == Failure(Cause.END_OF_STREAM, "the stream ended", None)
    assert time.monotonic() - before < 10
    pid = run.capture.pid
    assert pid is not None
    run.capture.stop()
    assert is_gone(pid)


def test_the_last_words_are_heard_even_when_the_output_closes_first(
    start: Callable[..., Run], script: Callable[[str], list[str]]
) -> None:
    code = """
    os.close(1)
    time.sleep(0.2)
    os.write(2, b"[rtsp @ 0x55] [error] method DESCRIBE failed: 401 Unauthorized")
    sys.exit(1)
    """
    failure = start(script(code)).failure()
    assert failure == Failure(Cause.WRONG_PASSWORD, "method DESCRIBE failed: 401 Unauthorized", 1)


def test_the_verdict_waits_for_a_thread_that_has_not_got_round_to_the_last_words(
    start: Callable[..., Run],
    script: Callable[[str], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take = StderrTail.take

    def take_late(tail: StderrTail, chunk: bytes) -> None:
        time.sleep(0.1)
        take(tail, chunk)

    monkeypatch.setattr(StderrTail, "take", take_late)
    run = start(script("os.write(2, b'[error] Connection refused'); sys.exit(1)\n"))
    assert run.failure().cause is Cause.REFUSED


def test_an_exception_in_on_frame_ends_the_capture_as_crashed(
    ffmpeg: Binary, start: Callable[..., Run], caplog: pytest.LogCaptureFixture
) -> None:
    def explode(_image: bytes) -> None:
        raise LookupError(f"with {PASSWORD}")

    run = start(lavfi(ffmpeg), on_frame=explode)
    pid = run.capture.pid
    assert pid is not None
    failure = run.failure()
    assert failure.cause is Cause.CRASHED
    assert failure.detail.startswith("LookupError: with ")
    assert PASSWORD not in failure.detail
    assert "the reader of cam1 failed" in caplog.text
    # FFmpeg is ended although nobody has called stop yet.
    assert wait_until(lambda: is_gone(pid))


def test_system_exit_in_on_frame_does_not_end_the_reader_silently(
    start: Callable[..., Run], script: Callable[[str], list[str]]
) -> None:
    def leave(_image: bytes) -> None:
        sys.exit(3)

    run = start(script("os.write(1, FRAME); time.sleep(60)\n"), on_frame=leave)
    assert run.failure().cause is Cause.CRASHED


# --- starting ---


def test_a_missing_binary_is_a_failure_of_the_start(tmp_path: Path) -> None:
    run = Run([str(tmp_path / "ffmpeg"), PASSWORD])
    with pytest.raises(CaptureStartError) as refused:
        run.capture.start()
    failure = refused.value.failure
    assert failure.cause is Cause.BINARY_MISSING
    assert str(tmp_path / "ffmpeg") in failure.detail
    assert PASSWORD not in str(refused.value)
    assert refused.value.__cause__ is None
    run.capture.stop()
    assert run.capture.pid is None


def test_a_binary_that_is_not_executable_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "ffmpeg"
    path.write_text("text")
    with pytest.raises(CaptureStartError) as refused:
        Run([str(path)]).capture.start()
    assert refused.value.failure.cause is Cause.BINARY_MISSING


def test_a_machine_without_processes_is_a_failure_of_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(CaptureStartError) as refused:
        Run(["ffmpeg"]).capture.start()
    expected = Failure(Cause.SPAWN_FAILED, "Resource temporarily unavailable")
    assert refused.value.failure == expected


def test_a_machine_without_threads_leaves_no_process_behind(
    ffmpeg: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(lavfi(ffmpeg))
    real_start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("reader-"):
            raise RuntimeError("can't start new thread")
        real_start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(CaptureStartError) as refused:
        run.capture.start()
    assert refused.value.failure.cause is Cause.SPAWN_FAILED
    assert run.capture.pid is None
    assert run.capture.exit_status is not None
    assert run.processes.snapshot() == {}


def test_wrong_arguments_are_told_as_such(ffmpeg: Binary, start: Callable[..., Run]) -> None:
    run = start(lavfi(ffmpeg, input_args=["-no_such_option", "1"]))
    assert run.failure().cause is Cause.BAD_ARGUMENTS


def test_a_capture_is_started_once(ffmpeg: Binary, start: Callable[..., Run]) -> None:
    run = start(lavfi(ffmpeg))
    with pytest.raises(RuntimeError):
        run.capture.start()


def test_a_capture_that_was_stopped_first_does_not_start(ffmpeg: Binary) -> None:
    run = Run(lavfi(ffmpeg))
    run.capture.stop()
    with pytest.raises(RuntimeError):
        run.capture.start()


# --- stopping ---


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@BOTH_FFMPEGS
def test_twenty_rounds_leave_no_process_thread_or_file_behind(
    any_ffmpeg: Binary, start: Callable[..., Run]
) -> None:
    start(lavfi(any_ffmpeg)).capture.stop()  # whatever is made once is made before counting
    gc.collect()
    threads, files = threading.active_count(), _open_files()
    pids = []
    for number in range(20):
        run = start(lavfi(any_ffmpeg, "testsrc2=size=64x64:rate=60", fps=60))
        pids.append(run.capture.pid)
        if number % 2:
            assert run.first.wait(15)
        run.capture.stop()
    gc.collect()
    assert (threading.active_count(), _open_files()) == (threads, files)
    assert not [pid for pid in pids if pid is None or psutil.pid_exists(pid)]


def test_nothing_is_called_back_after_stop(
    start: Callable[..., Run], script: Callable[[str], list[str]]
) -> None:
    run = start(script("while True: os.write(1, FRAME)\n"))
    assert run.tenth.wait(15)
    run.capture.stop()
    frames = len(run.images)
    assert not wait_until(lambda: len(run.images) > frames or run.failures, 0.2)
    assert run.failures == []


def test_what_ffmpeg_writes_while_it_stops_is_drained_and_not_handed_on(
    start: Callable[..., Run], script: Callable[[str], list[str]]
) -> None:
    code = """
    def finish(*_):
        sys.stdout.buffer.write(FRAME * 10_000)
        sys.exit(7)
    signal.signal(signal.SIGTERM, finish)
    os.write(1, FRAME)
    while True:
        time.sleep(1)
    """
    run = start(script(code))
    assert run.first.wait(15)
    run.capture.stop(20.0)
    assert run.capture.exit_status == 7
    assert run.capture.frames == 10_001
    assert len(run.images) == 1


def test_stop_is_idempotent_and_may_come_from_many_threads(
    ffmpeg: Binary, start: Callable[..., Run]
) -> None:
    run = start(lavfi(ffmpeg))
    assert run.first.wait(15)
    threads = [threading.Thread(target=run.capture.stop) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert run.capture.pid is None
    run.capture.stop()


@BOTH_FFMPEGS
def test_ffmpeg_gets_the_time_to_end_by_itself(
    any_ffmpeg: Binary, start: Callable[..., Run]
) -> None:
    run = start(lavfi(any_ffmpeg))
    assert run.first.wait(15)
    run.capture.stop(20.0)
    assert run.capture.exit_status in (0, 255)  # not killed


@pytest.mark.rtsp
@BOTH_FFMPEGS
def test_ffmpeg_signs_off_from_its_camera(
    any_ffmpeg: Binary, make_rtsp_server: Callable[..., RtspServer], start: Callable[..., Run]
) -> None:
    server = make_rtsp_server({"/cam": numbered_clip(1)})
    run = start(capture_command(any_ffmpeg, CameraConfig(id=CAM, url=server.url("/cam"))))
    assert run.first.wait(15)
    assert server.clients() == 1
    run.capture.stop(20.0)
    assert run.capture.exit_status == 255
    assert wait_until(lambda: server.clients() == 0)


@BOTH_FFMPEGS
def test_a_frozen_ffmpeg_is_killed_at_the_deadline(
    any_ffmpeg: Binary, start: Callable[..., Run]
) -> None:
    run = start(lavfi(any_ffmpeg))
    assert run.first.wait(15)
    run.capture.signal(signal.SIGSTOP)
    before = time.monotonic()
    run.capture.stop(0.6)
    assert 0.5 < time.monotonic() - before < 10
    assert run.capture.exit_status == -signal.SIGKILL


def test_an_ffmpeg_that_ignores_sigterm_is_killed_with_its_children(
    start: Callable[..., Run], script: Callable[[str], list[str]]
) -> None:
    code = """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = os.fork()
    if child:
        os.write(2, b"child %d\\n" % child)
        os.write(1, FRAME)
    while True:
        time.sleep(1)
    """
    run = start(script(code))
    assert run.first.wait(15)
    assert wait_until(run.capture.stderr_tail)
    child = int(run.capture.stderr_tail()[0].split()[1])
    run.capture.stop(0.3)
    assert run.capture.exit_status == -signal.SIGKILL
    assert wait_until(lambda: is_gone(child))


def test_children_that_an_ended_ffmpeg_left_behind_are_killed(
    start: Callable[..., Run], script: Callable[[str], list[str]]
) -> None:
    code = """
    child = os.fork()
    if child:
        os.write(2, b"child %d\\n" % child)
        sys.exit(0)
    time.sleep(60)
    """
    run = start(script(code))
    assert run.failure().cause is Cause.END_OF_STREAM
    child = int(run.capture.stderr_tail()[0].split()[1])
    assert wait_until(lambda: is_gone(child))


def test_the_process_table_lists_what_lives_and_can_kill_it(
    ffmpeg: Binary, start: Callable[..., Run]
) -> None:
    run = start(lavfi(ffmpeg))
    assert run.first.wait(15)
    assert run.processes.snapshot() == {run.capture.pid: CAM}
    run.processes.kill_all()
    assert run.failure().cause is Cause.KILLED
    assert run.processes.snapshot() == {}
    run.processes.kill_all()


def test_ffmpeg_leads_a_process_group_of_its_own(ffmpeg: Binary, start: Callable[..., Run]) -> None:
    """So that a Ctrl-C in the terminal reaches us alone, and we end the cameras in order."""
    pid = start(lavfi(ffmpeg)).capture.pid
    assert pid is not None
    assert os.getpgid(pid) == pid != os.getpgrp()


def test_ffmpeg_is_not_asked_to_write_a_report(
    start: Callable[..., Run],
    script: Callable[[str], list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FFREPORT", "file=secrets.log")
    run = start(script("os.write(2, repr('FFREPORT' in os.environ).encode())\n"))
    run.failure()
    assert run.capture.stderr_tail() == ("False",)


# --- our own sudden death ---

_HOST = """
import sys, threading
from edge_video.capture.capture import Capture
from edge_video.capture.counters import CaptureCounters
from edge_video.capture.process import ProcessTable

def start(command):
    first = threading.Event()
    capture = Capture(command, camera_id="cam1", on_frame=lambda image: first.set(),
                      on_end=print, counters=CaptureCounters(), processes=ProcessTable(),
                      redact=str)
    capture.start()
    assert first.wait(20)
    return capture

sizes = [int(each) for each in sys.argv[1].split(",")]
arguments, captures = sys.argv[2:], []
for size in sizes:
    captures.append(start(arguments[:size]))
    arguments = arguments[size:]
print(*(each.pid for each in captures), flush=True)
threading.Event().wait()
"""


@contextlib.contextmanager
def host_of(*commands: Sequence[str]) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A program of its own that runs captures; gives it and the pids of its FFmpegs."""
    sizes = ",".join(str(len(command)) for command in commands)
    arguments = [argument for command in commands for argument in command]
    host = subprocess.Popen(
        [sys.executable, "-c", _HOST, sizes, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    with host:
        assert host.stdout is not None
        pids = [int(pid) for pid in host.stdout.readline().split()]
        try:
            assert len(pids) == len(commands)
            yield host, pids
        finally:
            host.kill()
            for pid in pids:
                if not is_gone(pid):
                    os.kill(pid, signal.SIGKILL)


@BOTH_FFMPEGS
def test_no_ffmpeg_survives_our_own_sigkill(any_ffmpeg: Binary) -> None:
    """Two of them: a sibling that had inherited the pipe would keep the first one alive."""
    with host_of(lavfi(any_ffmpeg), lavfi(any_ffmpeg)) as (host, pids):
        host.kill()
        host.wait(10)
        assert wait_until(lambda: all(map(is_gone, pids))), "FFmpeg survived"


@pytest.mark.rtsp
@BOTH_FFMPEGS
def test_an_ffmpeg_on_a_frozen_camera_does_not_survive_our_own_sigkill_for_long(
    any_ffmpeg: Binary, make_rtsp_server: Callable[..., RtspServer]
) -> None:
    """It writes nothing, so only the time-out of its input can end it (up to four of them)."""
    server = make_rtsp_server({"/cam": numbered_clip(1)})
    camera = CameraConfig(id=CAM, url=server.url("/cam"), stall_timeout="1s")
    with host_of(capture_command(any_ffmpeg, camera)) as (host, (pid,)):
        server.freeze()
        host.kill()
        host.wait(10)
        assert wait_until(lambda: is_gone(pid), 30), "FFmpeg survived"


# --- stderr ---


def test_ten_thousand_lines_a_second_hurt_nobody(
    start: Callable[..., Run],
    script: Callable[[str], list[str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    code = """
    for number in range(20_000):
        os.write(2, b"[h264 @ 0x55] [error] broken macroblock %d\\n" % number)
        if number % 200 == 0:
            os.write(1, FRAME)
    os.write(2, b"[error] rtsp://h/x: Connection timed out\\n")
    """
    with caplog.at_level(logging.DEBUG, logger="edge_video.capture.stderr"):
        run = start(script(code))
        failure = run.failure(60)
    assert len(run.images) == 100
    assert failure.cause is Cause.TIMEOUT
    assert len(run.capture.stderr_tail()) == 50
    lines = [r.getMessage() for r in caplog.records if "FFmpeg" in r.getMessage()]
    # A second of writing, or a few on a busy machine: ten lines of each, not twenty thousand.
    assert 10 <= len(lines) < 500
    assert any(line.endswith("more lines") for line in lines)


def tail_of(*chunks: bytes, redact: Callable[[str], str] = str) -> tuple[str, ...]:
    tail = StderrTail(CAM, redact)
    for chunk in chunks:
        tail.take(chunk)
    return tail.lines()


def test_lines_may_be_cut_anywhere() -> None:
    whole = b"one\ntwo\rthree\r\n\n"
    assert tail_of(*(whole[at : at + 1] for at in range(len(whole)))) == ("one", "two", "three")
    assert tail_of(whole) == ("one", "two", "three")


def test_repeated_lines_are_one_line_with_a_number() -> None:
    assert tail_of(b"a\n" * 1000 + b"b\n") == ("a (×1000)", "b")


def test_the_tail_is_bounded_in_lines_and_in_their_length() -> None:
    lines = tail_of(*(b"%d" % number + b"x" * 3000 + b"\n" for number in range(200)), b"y" * 10**6)
    assert len(lines) == 50
    assert max(map(len, lines)) <= 500
    assert lines[-1].startswith("199x")


def test_escapes_and_control_characters_do_not_survive() -> None:
    lines = tail_of(b"\x1b[1;31mred\x1b[0m\x07\tand \x9b2J\xff\n")
    assert all(line.isprintable() for line in lines)
    assert lines[0].startswith("red and")


def test_a_secret_across_the_cut_of_a_long_line_is_masked() -> None:
    redact = Redactor([PASSWORD])
    for pad in range(480, 501):
        (line,) = tail_of(b"x" * pad + PASSWORD.encode() + b"\n", redact=redact)
        assert "canary" not in line


# --- secrets ---


@pytest.mark.rtsp
@BOTH_FFMPEGS
@pytest.mark.parametrize(
    ("what", "cause"),
    [
        ("wrong path", Cause.NO_SUCH_STREAM),
        ("wrong password", Cause.WRONG_PASSWORD),
        ("refused", Cause.REFUSED),
        ("unresolved", Cause.NAME_NOT_RESOLVED),
        ("camera gone", Cause.END_OF_STREAM),
    ],
)
def test_a_password_never_shows_whatever_fails(
    *,
    any_ffmpeg: Binary,
    make_rtsp_server: Callable[..., RtspServer],
    start: Callable[..., Run],
    caplog: pytest.LogCaptureFixture,
    what: str,
    cause: Cause,
) -> None:
    auth = RtspAuth("digest", "admin", "another" if what == "wrong password" else PASSWORD)
    server = make_rtsp_server({"/cam": numbered_clip(1)}, auth)
    url = server.url("/nope" if what == "wrong path" else "/cam")
    if what == "refused":
        server.kill()
    elif what == "unresolved":
        url = "rtsp://no-such-camera.invalid/cam"
    camera = CameraConfig(id=CAM, url=url, username="admin", password=PASSWORD)
    with caplog.at_level(logging.DEBUG):
        run = start(capture_command(any_ffmpeg, camera))
        if what == "camera gone":
            assert run.first.wait(15)
            server.kill()
        failure = run.failure()
        run.capture.stop()
    assert failure.cause is cause
    shown = "\n".join([repr(failure), repr(run.capture), caplog.text, *run.capture.stderr_tail()])
    assert "canary" not in shown
