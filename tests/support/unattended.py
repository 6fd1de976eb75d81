"""The real program, alone with its terminal, its disk and its log file."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import yaml

from edge_video.testing import eventually
from tests.support.program import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


WORDS = [sys.executable, "-m", "edge_video"]
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
STREAMING = "[a] Streaming"
FAILING = "[b] ERROR reading"
CAMERA_A = {"id": "a", "url": "lavfi:testsrc2=size=64x48:rate=5", "fps": 5}
DEADLINE_S = 12.0
"""Of an orderly stop, with what a busy machine adds."""


def configuration(folder: Path, **more: Any) -> dict[str, Any]:
    """One camera that streams, one that fails twice a second, a log file."""
    return {
        "sink": {"type": "directory", "path": str(folder / "frames"), "keep": 3},
        "cameras": [
            CAMERA_A,
            {"id": "b", "url": "rtsp://127.0.0.1:9/x"},
        ],
        "circuit_breaker": {"enabled": False},
        "log": {"file": str(folder / "ev.log")},
        "language": "en",
        "report_interval": "1s",
        **more,
    }


def command(folder: Path, *words: str, **more: Any) -> list[str]:
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(configuration(folder, **more)))
    return [*WORDS, "--config", str(path), "--report-file", str(folder / "final.json"), *words]


@contextmanager
def running(words: list[str], folder: Path, **how: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not outlive the test, nor do its children."""
    how = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **how}
    # Whoever runs the tests under `nohup` has SIGHUP ignored, which children inherit.
    words = ["env", "--default-signal=HUP", *words]
    process = subprocess.Popen(words, cwd=folder, env=ENVIRON, stdin=subprocess.DEVNULL, **how)
    try:
        yield process
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            children = psutil.Process(process.pid).children(recursive=True)
            if process.poll() is None:
                process.kill()
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
        process.wait(10)


def log_of(folder: Path, name: str = "ev.log") -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def until_logged(folder: Path, *fragments: str, name: str = "ev.log", within_s: float = 20) -> None:
    eventually(
        lambda: all(each in log_of(folder, name) for each in fragments),
        within_s,
        f"{fragments} in {name}",
    )


def assert_ended_well(folder: Path) -> None:
    log = log_of(folder)
    assert STREAMING in log
    assert FAILING in log
    assert log.rstrip().split("\n")[-1].count("Shut down after") == 1
    assert (folder / "final.json").stat().st_size > 1000


needs_namespaces = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None,
    reason="needs root and unshare for namespaces of its own",
)


@contextmanager
def in_a_mount_namespace(
    folder: Path, mounts: str, words: list[str], **how: Any
) -> Iterator[subprocess.Popen[bytes]]:
    script = f'{mounts} && exec "$@"'
    with running(["unshare", "-m", "sh", "-c", script, "sh", *words], folder, **how) as process:
        yield process
