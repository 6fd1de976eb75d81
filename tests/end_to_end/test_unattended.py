"""The program that nobody looks after: its terminal, its disk, its log file and its container."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import yaml

from edge_video.testing import eventually
from tests.support.program import living
from tests.support.unattended import (
    CAMERA_A,
    DEADLINE_S,
    ENVIRON,
    FAILING,
    STREAMING,
    WORDS,
    assert_ended_well,
    command,
    configuration,
    in_a_mount_namespace,
    log_of,
    needs_namespaces,
    running,
    until_logged,
)

pytestmark = pytest.mark.ffmpeg

SYSCALL = ctypes.CDLL(None, use_errno=True).syscall
SYS_TGKILL = 234 if platform.machine() == "x86_64" else 131


# --- standard streams -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "redirection",
    ["2>&-", ">&-", "<&- >&- 2>&-", "2>/dev/full", ">/dev/full", ">/dev/full 2>&1"],
)
def test_a_closed_or_full_standard_stream_ends_nothing_and_hides_no_log_file(
    tmp_path: Path, redirection: str
) -> None:
    words = command(tmp_path, "--seconds", "3")
    shell = ["sh", "-c", f'exec "$@" {redirection}', "sh", *words]
    with running(shell, tmp_path) as process:
        assert process.wait(40) == 0
    assert_ended_well(tmp_path)
    count = log_of(tmp_path).count("Log: cannot write to stderr")
    assert count == (1 if "2>" in redirection else 0)


def test_a_broken_pipe_ends_nothing_and_hides_no_log_file(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with running(command(tmp_path), tmp_path, stdout=writing, stderr=writing) as process:
        os.close(writing)
        until_logged(tmp_path, STREAMING)
        os.close(reading)
        until_logged(tmp_path, "Log: cannot write to stderr: [Errno 32] Broken pipe")
        before = log_of(tmp_path).count(FAILING)
        eventually(lambda: log_of(tmp_path).count(FAILING) > before, 20, "it goes on")
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    assert_ended_well(tmp_path)


@pytest.mark.parametrize("blocked", ["stderr", "stdout", "both"])
def test_a_stream_that_nobody_reads_holds_up_neither_the_log_file_nor_the_end(
    tmp_path: Path, blocked: str
) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    streams = {each: writing for each in ("stderr", "stdout") if blocked in (each, "both")}
    # Reports of many cameras fill standard output as fast as lines fill standard error.
    with running(command(tmp_path), tmp_path, **streams) as process:
        os.close(writing)
        until_logged(tmp_path, STREAMING)

        def is_full() -> bool:
            waiting = bytearray(4)
            fcntl.ioctl(reading, 0x541B, waiting)  # FIONREAD
            return int.from_bytes(waiting, sys.byteorder) > 4096 - 512

        eventually(is_full, 60, "the pipe is full")
        before = log_of(tmp_path).count(FAILING)
        eventually(lambda: log_of(tmp_path).count(FAILING) > before + 4, 20, "the file goes on")
        children = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGTERM)
        began_s = time.monotonic()
        assert process.wait(DEADLINE_S) == 0
        print(f"ended {time.monotonic() - began_s:.1f} s after SIGTERM")
        assert living(children) == []
    os.close(reading)
    log = log_of(tmp_path)
    assert (tmp_path / "final.json").stat().st_size > 1000
    assert "Shut down after" in log
    assert re.search(r"Log: std\w+ took nothing for a while \(.*\), lines lost: \d+", log)


def test_a_terminal_that_somebody_made_non_blocking_gets_every_line_whole(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    words = command(tmp_path, "--seconds", "6", log={"level": "DEBUG"})
    with running(words, tmp_path, stderr=writing) as process:
        os.close(writing)
        chunks = []
        while chunk := os.read(reading, 300):
            chunks.append(chunk)
        assert process.wait(30) == 0
    os.close(reading)
    lines = b"".join(chunks).decode().splitlines()
    assert len(lines) > 10
    assert all(re.match(r"\d{4}-\d\d-\d\d |    \| ", line) for line in lines)


# --- signals --------------------------------------------------------------------------------


def test_a_hang_up_reloads_whole_or_not_at_all(tmp_path: Path) -> None:
    """Nobody's terminal is gone: somebody asked for it, as `systemctl reload` does."""
    with running(command(tmp_path, "--seconds", "60"), tmp_path) as process:
        until_logged(tmp_path, STREAMING, FAILING)
        (ffmpeg,) = ffmpegs_of(process)
        command(tmp_path, buffer=0, quality=99, nonsense=1)
        process.send_signal(signal.SIGHUP)
        until_logged(tmp_path, "Configuration not reloaded (SIGHUP)")
        (line,) = [each for each in log_of(tmp_path).split("\n") if "not reloaded" in each]
        assert all(key in line for key in (": buffer: ", ": quality: ", ": nonsense: "))
        command(tmp_path, buffer=9, cameras=[CAMERA_A, {**CAMERA_A, "id": "c"}])
        process.send_signal(signal.SIGHUP)
        until_logged(tmp_path, "Configuration reloaded (SIGHUP)", "[c] Streaming", "[b] Camera rem")
        assert ffmpeg in ffmpegs_of(process)
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGHUP)
        assert process.wait(DEADLINE_S) == 0
    assert_ended_well(tmp_path)


def ffmpegs_of(process: subprocess.Popen[bytes]) -> list[int]:
    children = psutil.Process(process.pid).children(recursive=True)
    return [each.pid for each in children if "lavfi" in each.cmdline()]


def test_a_signal_that_another_thread_is_given_stops_in_order(tmp_path: Path) -> None:
    """The kernel may choose any thread; Python runs handlers in the main one only."""
    with running(command(tmp_path), tmp_path) as process:
        until_logged(tmp_path, STREAMING, FAILING)
        threads = [each.id for each in psutil.Process(process.pid).threads()]
        other = next(each for each in threads if each != process.pid)
        assert SYSCALL(SYS_TGKILL, process.pid, other, signal.SIGTERM) == 0
        assert process.wait(DEADLINE_S) == 0
    assert "Shutting down: SIGTERM" in log_of(tmp_path)
    assert_ended_well(tmp_path)


def test_a_terminal_that_vanishes_stops_in_order(tmp_path: Path) -> None:
    """The kernel's own SIGHUP, and EIO for every write from then on."""
    controller, terminal = os.openpty()
    how = {"stdout": terminal, "stderr": terminal, "start_new_session": True}
    words = ["sh", "-c", 'exec "$@" <"$0"', os.ttyname(terminal), *command(tmp_path)]
    with running(words, tmp_path, **how) as process:
        os.close(terminal)
        until_logged(tmp_path, STREAMING, FAILING)
        os.close(controller)
        assert process.wait(DEADLINE_S) == 0
    assert "Shutting down: SIGHUP" in log_of(tmp_path)
    assert_ended_well(tmp_path)


def test_a_hang_up_after_sigterm_is_no_lost_patience(tmp_path: Path) -> None:
    """Systemd's `SendSIGHUP=` does that."""
    with running(command(tmp_path), tmp_path) as process:
        until_logged(tmp_path, STREAMING, FAILING)
        for child in psutil.Process(process.pid).children():
            child.suspend()  # the orderly stop takes its time
        process.send_signal(signal.SIGTERM)
        until_logged(tmp_path, "Shutting down: SIGTERM")
        time.sleep(0.2)  # longer than an echo
        process.send_signal(signal.SIGHUP)
        assert process.wait(DEADLINE_S) == 0
    assert_ended_well(tmp_path)


def test_what_nohup_ignores_stays_ignored(tmp_path: Path) -> None:
    with running(["nohup", *command(tmp_path)], tmp_path) as process:
        until_logged(tmp_path, STREAMING)
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGUSR1)  # handled after it
        until_logged(tmp_path, "Log file opened anew")
        assert "Shutting down" not in log_of(tmp_path)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0


# --- the log file ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how", ["moved", "moved, created", "deleted", "directory deleted", "moved, SIGUSR1"]
)
def test_a_log_file_that_was_taken_away_is_opened_anew(tmp_path: Path, how: str) -> None:
    logs = tmp_path / "logs"
    # Nothing but the first lines is logged, so nothing but the clock makes it look.
    quiet = {"log": {"file": str(logs / "ev.log")}, "cameras": configuration(tmp_path)["cameras"]}
    quiet["cameras"].pop()
    with running(command(tmp_path, **quiet), tmp_path) as process:
        until_logged(logs, STREAMING)
        match how:
            case "deleted":
                (logs / "ev.log").unlink()
            case "directory deleted":
                shutil.rmtree(logs)
            case _:
                (logs / "ev.log").rename(logs / "ev.log.1")
        if "created" in how:
            (logs / "ev.log").touch()  # as logrotate does it by itself
        if "SIGUSR1" in how:
            process.send_signal(signal.SIGUSR1)
        began_s = time.monotonic()
        until_logged(logs, f"Log file opened anew: {logs / 'ev.log'}", within_s=5)
        print(f"opened anew after {time.monotonic() - began_s:.2f} s")
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    assert "Shut down after" in log_of(logs)
    assert log_of(logs).count("opened anew") in {1, 2}  # the signal, and the look before it


def test_a_log_file_that_was_truncated_goes_on_from_its_beginning(tmp_path: Path) -> None:
    """Logrotate's `copytruncate`: a file without O_APPEND would have a hole of zeros."""
    with running(command(tmp_path), tmp_path) as process:
        until_logged(tmp_path, STREAMING)
        os.truncate(tmp_path / "ev.log", 0)
        until_logged(tmp_path, FAILING)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    assert "\0" not in log_of(tmp_path)
    assert "Shut down after" in log_of(tmp_path)


# --- what commands print --------------------------------------------------------------------


@pytest.mark.parametrize("what", ["check", "probe"])
@pytest.mark.parametrize(
    ("redirection", "code"), [(">/dev/full", 74), (">&-", 74), ("| true", 141), (">/dev/null", 0)]
)
def test_output_that_cannot_be_printed_has_an_exit_code_of_its_own(
    tmp_path: Path, what: str, redirection: str, code: int
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(configuration(tmp_path)))
    words = [*WORDS, what, "--config", str(path), *(["a"] if what == "probe" else [])]
    # `true` ends before anything is printed: there is a moment of imports before.
    script = f'set -o pipefail; "$@" {redirection}'
    run = subprocess.run(
        ["bash", "-c", script, "bash", *words],
        cwd=tmp_path,
        env=ENVIRON,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == code
    assert "Traceback" not in run.stderr
    assert "Exception ignored" not in run.stderr
    assert ("cannot print" in run.stderr) == (code == 74)


@pytest.mark.parametrize("what", ["--version", "--help", "run --help"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    ("redirection", "code"), [(">/dev/full", 74), (">&-", 74), (">/dev/null", 0)]
)
def test_help_that_cannot_be_printed_has_the_exit_code_of_that(
    what: str, unbuffered: str, redirection: str, code: int
) -> None:
    run = subprocess.run(
        ["bash", "-c", f'"$@" {redirection}', "bash", *WORDS, *what.split()],
        env={**ENVIRON, "PYTHONUNBUFFERED": unbuffered},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, "cannot print" in run.stderr) == (code, code == 74)


def test_a_terminal_that_knows_no_such_letter_is_no_reason_to_fail(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    sink = {"type": "directory", "path": "Übersicht-東"}
    path.write_text(yaml.safe_dump(configuration(tmp_path, sink=sink), allow_unicode=True))
    run = subprocess.run(
        [*WORDS, "check", "--config", str(path)],
        cwd=tmp_path,
        env={**ENVIRON, "PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0
    assert "Übersicht-\\u6771" in run.stdout.decode("latin-1")


# --- containers and mounts ------------------------------------------------------------------


@needs_namespaces
def test_as_pid_1_it_reaps_the_orphans_of_others_and_still_stops_in_order(tmp_path: Path) -> None:
    """What `docker exec` and health checks leave behind."""
    orphans = "for i in 1 2 3; do (setsid sh -c 'sleep 0.3 & exit 0'); done; sleep 2"
    script = tmp_path / "pid1.sh"
    script.write_text(
        f"cd {tmp_path}\n"
        "( until grep -qs Streaming ev.log && grep -qs ERROR ev.log; do sleep 0.2; done\n"
        f"  {orphans}\n"
        "  ps -eo pid,ppid,stat,comm > seen; kill -TERM 1 ) &\n"
        'exec "$@"\n'
    )
    words = ["unshare", "-pf", "--mount-proc", "bash", str(script), *command(tmp_path)]
    with running(words, tmp_path) as process:
        assert process.wait(40) == 0
    seen = (tmp_path / "seen").read_text()
    assert "ffmpeg" in seen
    assert [line for line in seen.splitlines() if " Z" in line] == []
    assert "Shutting down: SIGTERM" in log_of(tmp_path)
    assert_ended_well(tmp_path)


@needs_namespaces
@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM])
def test_as_pid_1_it_ends_as_the_program_below_it_ends(
    tmp_path: Path, signum: signal.Signals
) -> None:
    words = ["unshare", "-pf", "--mount-proc", *command(tmp_path)]
    with running(words, tmp_path) as process:
        until_logged(tmp_path, STREAMING)
        (init,) = psutil.Process(process.pid).children()
        (program,) = init.children()
        program.send_signal(signum)
        assert process.wait(DEADLINE_S) == (0 if signum == signal.SIGTERM else 128 + signum)


def inside(process: subprocess.Popen[bytes], path: Path) -> Path:
    """A path as the process sees it."""
    return Path(f"/proc/{process.pid}/root{path}")


@needs_namespaces
def test_a_full_disk_costs_the_log_its_lines_and_says_how_many_afterwards(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    words = command(tmp_path, log={"file": str(disk / "ev.log")})
    mount, console = f"mount -t tmpfs -o size=64k x {disk}", tmp_path / "console"
    with (
        console.open("wb") as err,
        in_a_mount_namespace(tmp_path, mount, words, stderr=err) as process,
    ):
        seen = inside(process, disk)
        eventually(lambda: STREAMING in log_of(seen), 20, "it streams")
        ballast = seen / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        size = (seen / "ev.log").stat().st_size
        with contextlib.suppress(OSError):  # up to the end of its last block
            eventually(lambda: (seen / "ev.log").stat().st_size % 4096 == 0, 30, "the file is full")
        time.sleep(1.5)  # lines are lost meanwhile
        assert (seen / "ev.log").stat().st_size - size <= 4096
        assert "Log file opened anew" not in console.read_text(encoding="utf-8")  # it took nothing
        ballast.unlink()
        lost = r"Log: file took nothing for a while \(.*\), lines lost: \d+"
        eventually(lambda: re.search(lost, log_of(seen)) is not None, 10, "the loss is told")
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0


@needs_namespaces
def test_a_log_file_that_cannot_be_renamed_grows_and_loses_no_line(tmp_path: Path) -> None:
    """A single file that is mounted into a container: EBUSY. As with a directory of root's."""
    file = tmp_path / "ev.log"
    file.touch()
    words = command(tmp_path, log={"file": str(file), "rotation": "1 KB"})
    with in_a_mount_namespace(tmp_path, f"mount --bind {file} {file}", words) as process:
        until_logged(tmp_path, "Cannot rotate the log file, it grows meanwhile", STREAMING, FAILING)
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    assert_ended_well(tmp_path)
    assert "lines lost" not in log_of(tmp_path)
    assert log_of(tmp_path).count("Cannot rotate") == 1


@needs_namespaces
def test_a_disk_that_is_read_only_for_a_while_costs_the_log_that_while(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    words = command(tmp_path, log={"file": str(disk / "ev.log")})
    with in_a_mount_namespace(tmp_path, f"mount -t tmpfs x {disk}", words) as process:

        def within(*words: str) -> None:
            enter = ["nsenter", "-t", str(process.pid), "-m", "--wd=/", *words]
            subprocess.run(enter, check=True, timeout=10)

        seen = inside(process, disk)
        eventually(lambda: STREAMING in log_of(seen), 20, "it streams")
        within("mount", "-t", "tmpfs", "-o", "ro", "x", str(disk))
        time.sleep(2.0)  # lines are lost meanwhile
        within("umount", str(disk))
        lost = r"Log: file took nothing for a while \(.*\), lines lost: \d+"
        eventually(lambda: re.search(lost, log_of(seen)) is not None, 10, "the loss is told")
        before = log_of(seen).count(FAILING)
        eventually(lambda: log_of(seen).count(FAILING) > before, 20, "it goes on")
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
