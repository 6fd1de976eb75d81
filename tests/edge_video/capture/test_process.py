from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from edge_video.capture import CaptureStartError, process
from edge_video.capture.command import capture_command
from edge_video.config import CameraConfig
from edge_video.resilience.failures import Cause, Failure
from edge_video.runtime.system import lacks_posix
from edge_video.testing.clips import numbered_clip
from edge_video.testing.waiting import wait_until
from tests.support.captures import (
    CAM,
    PASSWORD,
    RecordedCapture,
    is_gone,
    lavfi,
    open_files,
)
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edge_video.capture.binary import Binary
    from edge_video.testing.rtsp import RtspServer
    from tests.support.captures import StartCapture, WriteScript

ROOT = Path(__file__).parents[3]

NEEDS_GROUPS = pytest.mark.skipif(lacks_posix(), reason="there are no process groups")


# --- starting ---


def test_a_missing_binary_is_a_failure_of_the_start(tmp_path: Path) -> None:
    run = RecordedCapture([str(tmp_path / "ffmpeg"), PASSWORD])
    with pytest.raises(CaptureStartError) as caught:
        run.capture.start()
    failure = caught.value.failure
    assert failure.cause is Cause.BINARY_MISSING
    assert str(tmp_path / "ffmpeg") in failure.detail
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None
    run.capture.stop()
    assert run.capture.pid is None


def test_a_binary_that_is_not_executable_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "ffmpeg"
    path.write_text("text")
    with pytest.raises(CaptureStartError) as caught:
        RecordedCapture([str(path)]).capture.start()
    assert caught.value.failure.cause is Cause.BINARY_MISSING


def test_a_machine_without_processes_is_a_failure_of_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(CaptureStartError) as caught:
        RecordedCapture(["ffmpeg"]).capture.start()
    expected = Failure(Cause.SPAWN_FAILED, "Resource temporarily unavailable")
    assert caught.value.failure == expected


def test_a_machine_without_threads_leaves_no_process_behind(
    ffmpeg: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RecordedCapture(lavfi(ffmpeg))
    real_start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("reader-"):
            raise RuntimeError("can't start new thread")
        real_start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(CaptureStartError) as caught:
        run.capture.start()
    assert caught.value.failure.cause is Cause.SPAWN_FAILED
    assert run.capture.pid is None
    assert run.capture.exit_status is not None
    assert run.processes.snapshot() == {}


def test_wrong_arguments_are_told_as_such(ffmpeg: Binary, start: StartCapture) -> None:
    run = start(lavfi(ffmpeg, input_args=["-no_such_option", "1"]))
    assert run.wait_for_failure().cause is Cause.BAD_ARGUMENTS


def test_a_capture_is_started_once(ffmpeg: Binary, start: StartCapture) -> None:
    run = start(lavfi(ffmpeg))
    with pytest.raises(RuntimeError):
        run.capture.start()


def test_a_capture_that_was_stopped_first_does_not_start(ffmpeg: Binary) -> None:
    run = RecordedCapture(lavfi(ffmpeg))
    run.capture.stop()
    with pytest.raises(RuntimeError):
        run.capture.start()


# --- stopping ---


@EVERY_FFMPEG
def test_twenty_rounds_leave_no_process_thread_or_file_behind(
    any_ffmpeg: Binary, start: StartCapture
) -> None:
    start(lavfi(any_ffmpeg)).capture.stop()  # whatever is made once is made before counting
    gc.collect()
    threads, files = threading.active_count(), open_files()
    pids = []
    for number in range(20):
        run = start(lavfi(any_ffmpeg, "testsrc2=size=64x64:rate=60", fps=60))
        pids.append(run.capture.pid)
        if number % 2:
            assert run.first.wait(15)
        run.capture.stop()
    gc.collect()
    assert (threading.active_count(), open_files()) == (threads, files)
    assert not [pid for pid in pids if pid is None or psutil.pid_exists(pid)]


def test_nothing_is_called_back_after_stop(start: StartCapture, script: WriteScript) -> None:
    run = start(script("while True: os.write(1, FRAME)\n"))
    assert run.tenth.wait(15)
    run.capture.stop()
    frames = len(run.images)
    assert not wait_until(lambda: len(run.images) > frames or run.failures, 0.2)
    assert run.failures == []


def test_what_ffmpeg_writes_while_it_stops_is_drained_and_not_handed_on(
    start: StartCapture, script: WriteScript
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
    ffmpeg: Binary, start: StartCapture
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


@EVERY_FFMPEG
def test_ffmpeg_gets_the_time_to_end_by_itself(any_ffmpeg: Binary, start: StartCapture) -> None:
    run = start(lavfi(any_ffmpeg))
    assert run.first.wait(15)
    run.capture.stop(20.0)
    assert run.capture.exit_status in (0, 255)  # not killed


@pytest.mark.rtsp
@EVERY_FFMPEG
def test_ffmpeg_signs_off_from_its_camera(
    any_ffmpeg: Binary,
    make_rtsp_server: Callable[..., RtspServer],
    start: StartCapture,
) -> None:
    server = make_rtsp_server({"/cam": numbered_clip(1)})
    run = start(capture_command(any_ffmpeg, CameraConfig(id=CAM, url=server.url("/cam"))))
    assert run.first.wait(15)
    assert server.clients() == 1
    run.capture.stop(20.0)
    assert run.capture.exit_status == 255
    assert wait_until(lambda: server.clients() == 0)


@EVERY_FFMPEG
def test_a_frozen_ffmpeg_is_killed_at_the_deadline(any_ffmpeg: Binary, start: StartCapture) -> None:
    run = start(lavfi(any_ffmpeg))
    assert run.first.wait(15)
    run.capture.signal(signal.SIGSTOP)
    before = time.monotonic()
    run.capture.stop(0.6)
    assert 0.5 < time.monotonic() - before < 10
    assert run.capture.exit_status == -signal.SIGKILL


@NEEDS_GROUPS
def test_an_ffmpeg_that_ignores_sigterm_is_killed_with_its_children(
    start: StartCapture, script: WriteScript
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


@NEEDS_GROUPS
def test_children_that_an_ended_ffmpeg_left_behind_are_killed(
    start: StartCapture, script: WriteScript
) -> None:
    code = """
    child = os.fork()
    if child:
        os.write(2, b"child %d\\n" % child)
        sys.exit(0)
    time.sleep(60)
    """
    run = start(script(code))
    assert run.wait_for_failure().cause is Cause.END_OF_STREAM
    child = int(run.capture.stderr_tail()[0].split()[1])
    assert wait_until(lambda: is_gone(child))


def test_the_process_table_lists_what_lives_and_can_kill_it(
    ffmpeg: Binary, start: StartCapture
) -> None:
    run = start(lavfi(ffmpeg))
    assert run.first.wait(15)
    assert run.processes.snapshot() == {run.capture.pid: CAM}
    run.processes.kill_all()
    assert run.wait_for_failure().cause is Cause.KILLED
    assert run.processes.snapshot() == {}
    run.processes.kill_all()


def test_an_ffmpeg_that_outlives_its_kill_is_listed_until_it_has_ended(
    ffmpeg: Binary,
    start: StartCapture,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As one does that waits for a disk or a driver, which no test can make it do."""
    caplog.set_level("INFO")
    run = start(lavfi(ffmpeg))
    pid = run.capture.pid
    assert pid is not None
    with monkeypatch.context() as stuck:
        stuck.setattr(process, "KILLED_WAIT_S", 0.05)
        stuck.setattr(process.FfmpegProcess, "has_exited", lambda _: False)
        run.capture.stop(0.05)
        assert run.processes.snapshot() == {pid: CAM}
    assert wait_until(lambda: run.processes.snapshot() == {})
    assert not psutil.pid_exists(pid), "reaped, not a zombie"
    run.processes.snapshot()
    assert [line for line in caplog.messages if str(pid) in line] == [
        f"FFmpeg {pid} of {CAM} cannot be killed",
        f"FFmpeg {pid} of {CAM} has ended after all",
    ]


@NEEDS_GROUPS
def test_ffmpeg_leads_a_process_group_of_its_own(ffmpeg: Binary, start: StartCapture) -> None:
    """So that a Ctrl-C in the terminal reaches us alone, and we end the cameras in order."""
    pid = start(lavfi(ffmpeg)).capture.pid
    assert pid is not None
    assert os.getpgid(pid) == pid != os.getpgrp()


def test_ffmpeg_is_not_asked_to_write_a_report(
    start: StartCapture,
    script: WriteScript,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FFREPORT", "file=secrets.log")
    run = start(script("os.write(2, repr('FFREPORT' in os.environ).encode())\n"))
    run.wait_for_failure()
    assert run.capture.stderr_tail() == ("False",)


# --- our own sudden death ---

_HOST = """
import sys, threading
from edge_video.capture import Capture, CaptureCounters, ProcessTable

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


@EVERY_FFMPEG
def test_no_ffmpeg_survives_our_own_sigkill(any_ffmpeg: Binary) -> None:
    """Two of them: a sibling that had inherited the pipe would keep the first one alive."""
    with host_of(lavfi(any_ffmpeg), lavfi(any_ffmpeg)) as (host, pids):
        host.kill()
        host.wait(10)
        assert wait_until(lambda: all(map(is_gone, pids))), "FFmpeg survived"


@pytest.mark.rtsp
@EVERY_FFMPEG
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
