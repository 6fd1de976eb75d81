"""Machines that hide what most others give: no /proc, a hidden one, nothing to write to."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.support.program import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.ffmpeg,
    pytest.mark.skipif(
        os.getuid() != 0 or shutil.which("unshare") is None,
        reason="NOT TESTED: needs root, for a mount namespace of its own",
    ),
]

NO_PROC = "mount -t tmpfs none /proc"
HIDDEN_PROC = "mount -t proc -o hidepid=2 none /proc"
READ_ONLY = "mount --bind / / && mount -o remount,bind,ro /"
NOT_MEASURED = "CPU and memory cannot be measured, and are not shown"


def run(folder: Path, before: str, **keys: Any) -> tuple[list[str], dict[str, Any]]:
    """Five seconds of one camera after `before`, in a mount namespace; log and final report."""
    config = {
        "sink": {"type": "directory", "path": str(folder / "frames")},
        "language": "en",
        "report_interval": "1s",
        "cameras": [{"id": "a", "url": "lavfi:testsrc2=size=160x120:rate=5"}],
        "memory_controller": {"enabled": True, "check_interval": "500ms"},
        **keys,
    }
    (folder / "c.yaml").write_text(yaml.safe_dump(config))
    words = [sys.executable, "-m", "edge_video", "--config", "c.yaml", "--seconds", "5"]
    words += ["--report-file", "final.json"]
    # The folder itself stays writable where everything else is not.
    keep = f"mount --bind {shlex.quote(str(folder))} {shlex.quote(str(folder))}"
    script = f"{keep} && {before} && cd {shlex.quote(str(folder))} && exec {shlex.join(words)}"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script],
        env={**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr.splitlines(), json.loads((folder / "final.json").read_text())


def test_without_proc_frames_flow_and_figures_are_not_available(tmp_path: Path) -> None:
    log, report = run(tmp_path, NO_PROC)
    assert sum(NOT_MEASURED in line for line in log) == 1
    assert not [line for line in log if "crashed" in line or "Traceback" in line]
    assert report["process"] is None
    assert report["totals"]["confirmed"] >= 10


def test_a_proc_that_hides_others_is_enough(tmp_path: Path) -> None:
    log, report = run(tmp_path, HIDDEN_PROC)
    assert not [line for line in log if NOT_MEASURED in line or "crashed" in line]
    assert report["process"]["rss_bytes"] > 0
    assert report["totals"]["confirmed"] >= 10


def test_a_root_that_cannot_be_written_to_is_enough(tmp_path: Path) -> None:
    log, report = run(tmp_path, READ_ONLY)
    assert not [line for line in log if "crashed" in line or "Traceback" in line]
    assert report["totals"]["confirmed"] >= 10
