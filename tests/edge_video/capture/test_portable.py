"""Capture where pipes cannot be waited for, and nobody kills an FFmpeg with its program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import IO, TYPE_CHECKING, Any

import pytest

from edge_video.capture import CaptureStartError
from edge_video.capture.orphan_guard import OrphanGuard
from edge_video.runtime.child_pipes import ReadRelay, WriteRelay
from edge_video.runtime.system import FORCED
from edge_video.testing.waiting import wait_until
from tests.support.captures import RecordedCapture, is_gone, lavfi

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_video.capture.binary import Binary
    from edge_video.runtime.child_pipes import ChildPipe
    from tests.support.captures import StartCapture, WriteScript


@pytest.fixture
def forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FORCED, "1")


def pipe() -> tuple[IO[bytes], IO[bytes]]:
    reading, writing = os.pipe()
    return os.fdopen(reading, "rb", buffering=0), os.fdopen(writing, "wb", buffering=0)


def read_all(end: ChildPipe) -> bytes:
    pieces: list[bytes] = []

    def read() -> bool:
        try:
            pieces.append(end.read(end.fd, 100_000))
        except BlockingIOError:
            return False
        return pieces[-1] == b""

    assert wait_until(read)
    return b"".join(pieces)


def test_a_list_that_was_cut_off_names_nobody() -> None:
    """The program was killed while it wrote: the list before holds, not half of a number."""
    with subprocess.Popen(["sleep", "60"], process_group=0) as child:
        command = [sys.executable, "-m", "edge_video.capture.orphan_program", "kill"]
        told = f"{child.pid}\n{2**22 + 1}".encode()  # no process has so high a number
        subprocess.run(command, input=told, check=True, timeout=30)
        assert child.wait(10) == -signal.SIGKILL


def test_a_thread_brings_everything_until_the_end() -> None:
    reading, writing = pipe()
    relay = ReadRelay(reading, "relay")
    with pytest.raises(BlockingIOError):
        relay.readv(relay.fd, (bytearray(10),))
    writing.write(b"x" * 50_000)
    writing.close()
    assert wait_until(relay.holds_bytes)
    room = bytearray(10)
    assert relay.readv(relay.fd, (room,)) == 10
    assert len(read_all(relay)) == 49_990
    relay.settle()
    relay.close()


def test_who_is_not_read_waits_behind_the_thread_as_well() -> None:
    reading, writing = pipe()
    relay = ReadRelay(reading, "relay")
    os.set_blocking(writing.fileno(), False)
    taken = [0]

    def is_full() -> bool:
        taken[0] += (n := write_some(writing))
        return n == 0 and not wait_until(lambda: write_some(writing) > 0, 0.1)

    assert wait_until(is_full)
    assert taken[0] < 4_000_000
    relay.close()
    writing.close()


def write_some(writing: IO[bytes]) -> int:
    return writing.write(b"x" * 4096) or 0


def test_a_thread_takes_everything_and_closes_the_pipe_after_it() -> None:
    reading, writing = pipe()
    relay = WriteRelay(writing, "relay")
    assert relay.writev(relay.fd, (b"ab", memoryview(b"cd"))) == 4
    relay.close()
    assert reading.read(100) == b"abcd"
    assert reading.read(100) == b""
    reading.close()


def test_a_process_that_reads_no_more_is_noticed_by_who_feeds_it() -> None:
    reading, writing = pipe()
    relay = WriteRelay(writing, "relay")
    reading.close()

    def is_refused() -> bool:
        try:
            relay.writev(relay.fd, (b"x",))
        except ConnectionError:
            return True
        return False

    assert wait_until(is_refused)
    relay.close()


@pytest.mark.usefixtures("forced")
def test_frames_and_last_words_come_through_threads(
    start: StartCapture, script: WriteScript
) -> None:
    run = start(script("os.write(1, FRAME * 1000)\nos.write(2, b'the end')\nsys.exit(3)\n"))
    run.wait_for_failure()
    assert len(run.images) == 1000
    assert run.capture.stderr_tail() == ("the end",)
    assert run.capture.exit_status == 3
    assert run.processes.snapshot() == {}


@pytest.mark.usefixtures("forced")
def test_ffmpeg_is_asked_to_end_where_there_are_no_groups(
    ffmpeg: Binary, start: StartCapture
) -> None:
    run = start(lavfi(ffmpeg))
    assert run.first.wait(15)
    run.capture.stop(20.0)
    assert run.capture.exit_status in (0, 255)


@pytest.mark.usefixtures("forced")
def test_a_machine_without_threads_leaves_no_process_behind_either(
    ffmpeg: Binary, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("stderr-"):
            raise RuntimeError("can't start new thread")
        real(thread)

    run = RecordedCapture(lavfi(ffmpeg))
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(CaptureStartError):
        run.capture.start()
    assert run.processes.snapshot() == {}


# --- our own sudden death ---


@pytest.fixture
def sleeper() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(["sleep", "60"], process_group=0))
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.wait()


_HOST = """
import sys, threading
from edge_video.capture import CaptureStartError
from edge_video.capture.orphan_guard import OrphanGuard
guard = OrphanGuard()
guard.watch([int(each) for each in sys.argv[1:]])
print("watched", flush=True)
threading.Event().wait()
"""


def test_what_a_program_listed_last_is_killed_with_it(
    sleeper: Callable[[], subprocess.Popen[bytes]],
) -> None:
    doomed, spared = sleeper(), sleeper()
    host = subprocess.Popen([sys.executable, "-c", _HOST, str(doomed.pid)], stdout=subprocess.PIPE)
    with host:
        assert host.stdout is not None
        assert host.stdout.readline() == b"watched\n"
        host.kill()
    assert doomed.wait(15) == -signal.SIGKILL
    assert spared.poll() is None


def test_the_guard_ends_when_there_is_nothing_left_to_kill(
    sleeper: Callable[[], subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def spawn(*arguments: Any, **keys: Any) -> subprocess.Popen[bytes]:
        started.append(real(*arguments, **keys))
        return started[-1]

    spared = sleeper()
    monkeypatch.setattr(subprocess, "Popen", spawn)
    guard = OrphanGuard()
    guard.watch([spared.pid])
    started[0].kill()  # somebody else's doing: the next word starts another one
    started[0].wait()
    guard.watch([spared.pid])
    guard.watch([])
    assert len(started) == 2
    assert all(is_gone(each.pid) for each in started)
    assert spared.poll() is None


def test_a_frozen_program_has_no_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its executable would start the program once more."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.delattr(subprocess, "Popen")
    OrphanGuard().watch([1])
