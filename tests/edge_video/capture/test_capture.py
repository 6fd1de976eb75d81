from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from edge_video.capture import Capture, CaptureCounters, ProcessTable, pipes
from edge_video.capture.command import capture_command
from edge_video.capture.process import FfmpegProcess
from edge_video.capture.stderr import StderrTail
from edge_video.config import CameraConfig
from edge_video.resilience.failures import Cause, Failure
from edge_video.runtime.reactor import Reactor
from edge_video.testing.clips import clip_filter, clip_identity, decode_jpeg, numbered_clip
from edge_video.testing.rtsp import RtspAuth, RtspServer
from edge_video.testing.waiting import wait_until
from tests.support.captures import (
    CAM,
    PASSWORD,
    is_gone,
    lavfi,
    open_files,
)
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_video.capture.binary import Binary
    from tests.support.captures import StartCapture, WriteScript

# --- frames ---


@EVERY_FFMPEG
def test_frames_arrive_whole_and_show_what_the_camera_shows(
    any_ffmpeg: Binary, start: StartCapture
) -> None:
    run = start(lavfi(any_ffmpeg, clip_filter(137, 640, 360, 25), width=320))
    assert run.tenth.wait(15)
    run.capture.stop()
    pictures = [decode_jpeg(image) for image in run.images]
    assert {picture.shape for picture in pictures} == {(180, 320, 3)}
    assert {clip_identity(picture) for picture in pictures} == {137}
    assert run.threads == {"reader-cam1"}
    assert run.failures == []


def test_what_was_read_is_counted(ffmpeg: Binary, start: StartCapture) -> None:
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
    start: StartCapture, script: WriteScript
) -> None:
    code = "os.write(1, FRAME)\ntime.sleep(0.8)\nos.write(1, FRAME)\n"
    run = start(script(code))
    run.wait_for_failure()
    assert len(run.images) == 2
    assert run.counters.read_ns < 400_000_000


def test_counters_go_on_where_the_last_attempt_ended(
    script: WriteScript,
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
    start: StartCapture, script: WriteScript
) -> None:
    code = r"""
    big = b"\xff\xd8" + bytes(100_000) + b"\xff\xd9"
    os.write(1, b"--ffmpeg\r\nContent-length: %d\r\n\r\n" % len(big))
    sys.stdout.buffer.write(big + b"\r\n" + FRAME)
    """
    run = start(script(code), max_frame_bytes=50_000)
    run.wait_for_failure()
    assert len(run.images) == 1
    assert run.counters.oversized == 1
    assert run.counters.discarded_bytes > 0


@pytest.mark.rtsp
@EVERY_FFMPEG
def test_each_rtsp_camera_delivers_its_own_picture_at_its_rate(
    any_ffmpeg: Binary, rtsp_server: RtspServer, start: StartCapture
) -> None:
    runs = {}
    for number in (1, 2):
        camera = CameraConfig(id=CAM, url=rtsp_server.url(f"/cam{number}"), width=320)
        runs[number] = start(capture_command(any_ffmpeg, camera))
    for number, run in runs.items():
        assert run.tenth.wait(20)
        assert clip_identity(decode_jpeg(run.images[-1])) == number


@pytest.mark.rtsp
@EVERY_FFMPEG
def test_fifteen_of_twenty_five_frames_come_from_each_second(
    any_ffmpeg: Binary, rtsp_server: RtspServer, start: StartCapture
) -> None:
    """Of a clip of two seconds; what FFmpeg kept while it looked at the stream comes at once."""
    run = start(capture_command(any_ffmpeg, CameraConfig(id=CAM, url=rtsp_server.url("/short"))))
    assert run.wait_for_failure().cause is Cause.END_OF_STREAM
    assert 22 <= len(run.images) <= 33


@pytest.mark.rtsp
def test_hevc_cameras_work(ffmpeg: Binary, rtsp_server: RtspServer, start: StartCapture) -> None:
    run = start(capture_command(ffmpeg, CameraConfig(id=CAM, url=rtsp_server.url("/hevc"))))
    assert run.first.wait(15)
    assert clip_identity(decode_jpeg(run.images[0])) == 7


def test_cameras_of_one_launcher_share_a_thread_and_nothing_else(
    start: StartCapture, script: WriteScript
) -> None:
    def explode(_image: bytes) -> None:
        raise LookupError("bug")

    reactor = Reactor("shared-reactor")
    endless = script("while True: os.write(1, FRAME); time.sleep(0.01)\n")
    sound = start(endless, reactor=reactor)
    broken = start(endless, reactor=reactor, on_frame=explode)
    assert broken.wait_for_failure().cause is Cause.CRASHED
    broken.capture.stop()
    frames = len(sound.images)
    assert wait_until(lambda: len(sound.images) > frames + 10)
    assert sound.threads == {"shared-reactor"}
    assert sound.failures == []


def test_the_death_of_the_shared_thread_is_told_as_a_crash_and_survived(
    start: StartCapture, script: WriteScript
) -> None:
    reactor = Reactor("shared-reactor")
    endless = script("while True: os.write(1, FRAME); time.sleep(0.01)\n")
    runs = [start(endless, reactor=reactor) for _ in range(2)]
    assert all(run.first.wait(15) for run in runs)
    other = reactor.enter(lambda _error: None)
    other.call_soon(other.run.poller.close)
    for run in runs:
        assert run.wait_for_failure().cause is Cause.CRASHED
    for run in runs:
        run.capture.stop(0.5)
    assert start(endless, reactor=reactor).tenth.wait(15)


def test_a_hung_thread_is_left_behind_by_the_next_attempt(
    start: StartCapture,
    script: WriteScript,
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
    files = open_files()
    release.set()
    assert wait_until(lambda: open_files() < files)


def _clip(path: Path, seconds: int, *encoding: str) -> Path:
    source = f"testsrc2=size=320x240:rate=25:duration={seconds}"
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", source]
    subprocess.run([*command, *encoding, str(path)], check=True, timeout=60)
    return path


@EVERY_FFMPEG
def test_images_that_are_passed_through_are_the_cameras_own(
    any_ffmpeg: Binary, tmp_path: Path, start: StartCapture
) -> None:
    clip = _clip(tmp_path / "clip.mkv", 4, "-c:v", "mjpeg", "-q:v", "3")
    camera = CameraConfig(id=CAM, url=str(clip), mode="passthrough", fps=15)
    run = start(capture_command(any_ffmpeg, camera))
    assert run.wait_for_failure().cause is Cause.END_OF_STREAM
    assert 48 <= len(run.images) <= 63, "15 of 25 in each second; recent FFmpegs begin in haste"
    assert all(image in clip.read_bytes() for image in run.images)
    assert decode_jpeg(run.images[0]).shape == (240, 320, 3)


@EVERY_FFMPEG
def test_frames_that_come_all_at_once_do_not_end_the_stream(
    any_ffmpeg: Binary, tmp_path: Path, start: StartCapture
) -> None:
    """As over HTTP after FFmpeg has looked at the beginning: their times are those of arrival."""
    clip = _clip(tmp_path / "clip.mkv", 40, "-c:v", "libx264", "-preset", "ultrafast")
    wallclock = ["-use_wallclock_as_timestamps", "1"]
    camera = CameraConfig(id=CAM, url=str(clip), fps=60, input_args=wallclock)
    run = start([each for each in capture_command(any_ffmpeg, camera) if each != "-re"])
    assert run.wait_for_failure().cause is Cause.END_OF_STREAM
    assert run.capture.exit_status == 0


@EVERY_FFMPEG
def test_other_video_is_not_passed_through(
    any_ffmpeg: Binary, tmp_path: Path, start: StartCapture
) -> None:
    clip = _clip(tmp_path / "clip.mkv", 1, "-c:v", "libx264", "-preset", "ultrafast")
    camera = CameraConfig(id=CAM, url=str(clip), mode="passthrough")
    run = start(capture_command(any_ffmpeg, camera))
    assert run.wait_for_failure().cause is Cause.NOT_MJPEG
    assert run.images == []


@EVERY_FFMPEG
def test_of_key_frames_only_those_come(
    any_ffmpeg: Binary, tmp_path: Path, start: StartCapture
) -> None:
    encoding = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-keyint_min", "10")
    clip = _clip(tmp_path / "clip.mkv", 2, *encoding, "-sc_threshold", "0")
    camera = CameraConfig(id=CAM, url=str(clip), keyframes_only=True)
    run = start(capture_command(any_ffmpeg, camera))
    assert run.wait_for_failure().cause is Cause.END_OF_STREAM
    assert len(run.images) == 5


# --- the end, told ---


def test_the_end_of_the_source_is_told_once(ffmpeg: Binary, start: StartCapture) -> None:
    run = start(lavfi(ffmpeg, "testsrc2=size=64x64:rate=25:duration=0.5"))
    assert run.wait_for_failure().cause is Cause.END_OF_STREAM
    run.capture.stop()
    assert run.capture.exit_status == 0
    assert len(run.failures) == 1
    assert run.threads == {"reader-cam1"}


@EVERY_FFMPEG
def test_ffmpeg_killed_from_outside_is_told_as_killed(
    any_ffmpeg: Binary, start: StartCapture
) -> None:
    run = start(lavfi(any_ffmpeg))
    assert run.first.wait(15)
    run.capture.signal(signal.SIGKILL)
    assert run.wait_for_failure() == Failure(Cause.KILLED, "killed by SIGKILL", -signal.SIGKILL)
    assert run.capture.pid is None


def test_a_frozen_ffmpeg_goes_on_when_it_is_thawed(ffmpeg: Binary, start: StartCapture) -> None:
    run = start(lavfi(ffmpeg))
    assert run.first.wait(15)
    pid = run.capture.pid
    assert pid is not None
    run.capture.signal(signal.SIGSTOP)
    assert wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
    run.capture.signal(signal.SIGCONT)
    assert run.tenth.wait(15)


def test_an_output_closed_by_a_process_that_lives_on_is_told_within_two_seconds(
    start: StartCapture, script: WriteScript
) -> None:
    run = start(script("os.write(1, FRAME); os.close(1); time.sleep(60)\n"))
    assert run.first.wait(15)
    before = time.monotonic()
    failure = run.wait_for_failure()
    assert failure == Failure(Cause.END_OF_STREAM, "the stream ended", None)
    assert time.monotonic() - before < 10
    pid = run.capture.pid
    assert pid is not None
    run.capture.stop()
    assert is_gone(pid)


def test_the_last_words_are_heard_even_when_the_output_closes_first(
    start: StartCapture, script: WriteScript
) -> None:
    code = """
    os.close(1)
    time.sleep(0.2)
    os.write(2, b"[rtsp @ 0x55] [error] method DESCRIBE failed: 401 Unauthorized")
    sys.exit(1)
    """
    failure = start(script(code)).wait_for_failure()
    assert failure == Failure(Cause.WRONG_PASSWORD, "method DESCRIBE failed: 401 Unauthorized", 1)


def test_the_verdict_waits_for_a_thread_that_has_not_got_round_to_the_last_words(
    start: StartCapture,
    script: WriteScript,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    take = StderrTail.take

    def take_late(tail: StderrTail, chunk: bytes) -> None:
        time.sleep(0.1)
        take(tail, chunk)

    monkeypatch.setattr(StderrTail, "take", take_late)
    run = start(script("os.write(2, b'[error] Connection refused'); sys.exit(1)\n"))
    assert run.wait_for_failure().cause is Cause.REFUSED


def test_what_an_ffmpeg_left_that_is_gone_is_read_by_a_thread_that_stood_still(
    start: StartCapture, script: WriteScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    exited = FfmpegProcess.has_exited

    def stand_still(process: FfmpegProcess) -> bool:
        return wait_until(lambda: exited(process))

    monkeypatch.setattr(pipes, "_LIVENESS_CHECK_S", 0.001)
    monkeypatch.setattr(FfmpegProcess, "has_exited", stand_still)
    code = "time.sleep(0.1); os.write(1, FRAME); os.write(2, b'[error] Broken pipe'); sys.exit(1)\n"
    run = start(script(code))
    failure = run.wait_for_failure()
    assert "Broken pipe" in failure.detail
    assert len(run.images) == 1


def test_an_exception_in_on_frame_ends_the_capture_as_crashed(
    ffmpeg: Binary, start: StartCapture, caplog: pytest.LogCaptureFixture
) -> None:
    def explode(_image: bytes) -> None:
        raise LookupError(f"with {PASSWORD}")

    run = start(lavfi(ffmpeg), on_frame=explode)
    pid = run.capture.pid
    assert pid is not None
    failure = run.wait_for_failure()
    assert failure.cause is Cause.CRASHED
    assert failure.detail.startswith("LookupError: with ")
    assert PASSWORD not in failure.detail
    assert "the reader of cam1 failed" in caplog.text
    # FFmpeg is ended although nobody has called stop yet.
    assert wait_until(lambda: is_gone(pid))


def test_system_exit_in_on_frame_does_not_end_the_reader_silently(
    start: StartCapture, script: WriteScript
) -> None:
    def leave(_image: bytes) -> None:
        sys.exit(3)

    run = start(script("os.write(1, FRAME); time.sleep(60)\n"), on_frame=leave)
    assert run.wait_for_failure().cause is Cause.CRASHED


# --- secrets ---


@pytest.mark.rtsp
@EVERY_FFMPEG
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
    start: StartCapture,
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
        failure = run.wait_for_failure()
        run.capture.stop()
    assert failure.cause is cause
    shown = "\n".join([repr(failure), repr(run.capture), caplog.text, *run.capture.stderr_tail()])
    assert "canary" not in shown
