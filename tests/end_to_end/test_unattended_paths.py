"""The program that nobody looks after: what it writes, reads, and shares with others."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

from edge_video.testing import eventually
from tests.support.unattended import (
    ENVIRON,
    WORDS,
    command,
    configuration,
    in_a_mount_namespace,
    log_of,
    needs_namespaces,
    running,
    until_logged,
)

pytestmark = pytest.mark.ffmpeg


def test_reports_go_into_what_stands_under_their_path_and_never_in_its_place(
    tmp_path: Path,
) -> None:
    (tmp_path / "target.json").write_text("old")
    (tmp_path / "link.json").symlink_to("target.json")
    (tmp_path / "stdout").symlink_to("/proc/self/fd/1")
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    pages = {"link.json": "fifo", "stdout": "/dev/null"}
    for report, page in pages.items():
        words = command(tmp_path, "--seconds", "1", "--report-file", report, "--report-html", page)
        run = subprocess.run(
            words,
            cwd=tmp_path,
            env=ENVIRON,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        assert run.stdout.rstrip().endswith("}") == (report == "stdout")
        assert '"schema"' not in run.stdout.partition("FINAL REPORT")[0]
    assert (tmp_path / "link.json").is_symlink()
    assert '"schema"' in (tmp_path / "target.json").read_text()
    assert os.read(reader, 100).startswith(b"<!doctype html>")
    os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "fifo").lstat().st_mode)
    assert stat.S_ISCHR(Path("/dev/null").lstat().st_mode)


def test_a_report_for_a_pipe_that_nobody_reads_is_refused_in_words(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    words = command(tmp_path, "--seconds", "1", "--report-file", "fifo")
    with running(words, tmp_path) as process:
        assert process.wait(30) == 2
    assert "--report-file: fifo was not written: nobody reads this pipe" in log_of(tmp_path)


def test_what_it_writes_is_not_for_every_user(tmp_path: Path) -> None:
    words = command(tmp_path, "--seconds", "2", "--report-html", "page.html")
    with running(["sh", "-c", 'umask 022; exec "$@"', "sh", *words], tmp_path) as process:
        assert process.wait(30) == 0
    pictures = list((tmp_path / "frames" / "a").glob("*.jpg"))
    files = [*pictures, *(tmp_path / each for each in ("ev.log", "final.json", "page.html"))]
    assert len(pictures) > 1
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o640}
    directories = [tmp_path / "frames", tmp_path / "frames" / "a"]
    assert {stat.S_IMODE(each.stat().st_mode) for each in directories} == {0o750}


def test_the_umask_is_configured_and_never_gives_back_what_the_environment_denies(
    tmp_path: Path,
) -> None:
    words = command(tmp_path, "--seconds", "1", umask="022")
    for given, mode in (("002", 0o644), ("077", 0o600)):
        with running(["sh", "-c", f'umask {given}; exec "$@"', "sh", *words], tmp_path) as process:
            assert process.wait(30) == 0
        assert stat.S_IMODE((tmp_path / "ev.log").stat().st_mode) == mode
        (tmp_path / "ev.log").unlink()


def test_a_second_program_on_one_directory_is_told_who_has_it_and_writes_nothing(
    tmp_path: Path,
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    sink = {"type": "directory", "path": str(tmp_path / "frames"), "keep": 1000}
    with running(command(tmp_path, sink=sink), tmp_path) as first:
        eventually(lambda: len(list(tmp_path.glob("frames/a/*.jpg"))) > 3, 20, "the first writes")
        words = command(second, "--seconds", "3", sink=sink)
        with running(words, second) as other:
            refused = f"{tmp_path}/frames: process {first.pid} writes here already"
            until_logged(second, refused)
            assert other.wait(30) == 0
        report = json.loads((second / "final.json").read_text())
        assert report["totals"]["published"] == 0
        assert report["accounting"]["balanced"] is True
        # When the first has ended, nobody needs to clear anything away.
        first.kill()
        first.wait(10)
        with running(command(second, "--seconds", "3", sink=sink), second) as other:
            assert other.wait(30) == 0
    assert json.loads((second / "final.json").read_text())["totals"]["confirmed"] > 0


@pytest.mark.parametrize("node", ["fifo", "/dev/zero", "/dev/stdin"])
@pytest.mark.parametrize("place", ["configuration", "secret"])
def test_a_pipe_or_device_is_no_configuration_and_no_secret(
    tmp_path: Path, node: str, place: str
) -> None:
    os.mkfifo(tmp_path / "fifo")
    path = node
    if place == "secret":
        cameras = [{"id": "a", "url": "rtsp://h/x", "username": "u", "password": f"file:{node}"}]
        path = "config.yaml"
        (tmp_path / path).write_text(yaml.safe_dump(configuration(tmp_path, cameras=cameras)))
    run = subprocess.run(
        [*WORDS, "check", "--config", path],
        cwd=tmp_path,
        env=ENVIRON,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert run.returncode == 2
    kind = "a named pipe" if node == "fifo" else "a device"
    assert f"it is {kind}, and must be a regular file" in run.stderr


@needs_namespaces
def test_a_report_that_is_a_mount_point_is_written_in_place(tmp_path: Path) -> None:
    """One file of the host in a container: nothing can be renamed over it."""
    report = tmp_path / "final.json"
    report.write_text("{}")
    words = command(tmp_path, "--seconds", "1")
    mount = f"mount --bind {report} {report}"
    with in_a_mount_namespace(tmp_path, mount, words) as process:
        assert process.wait(30) == 0
    assert json.loads(report.read_text())["accounting"]["balanced"] is True
    assert list(tmp_path.glob(".edge-video-*")) == []
