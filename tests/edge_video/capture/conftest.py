"""Fixtures of the tests of captures."""

from __future__ import annotations

import sys
import textwrap
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.captures import (
    A_FRAME,
    CAM,
    RecordedCapture,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.support.captures import StartCapture, WriteScript


@pytest.fixture
def start() -> Iterator[StartCapture]:
    """Start captures; whatever the test does, nothing of them is left behind."""
    runs: list[RecordedCapture] = []

    def begin(command: Sequence[str], **keys: Any) -> RecordedCapture:
        run = RecordedCapture(command, **keys)
        runs.append(run)
        run.capture.start()
        return run

    yield begin
    for run in runs:
        run.capture.stop(0.5)
        assert run.capture.pid is None
        assert run.processes.snapshot() == {}
    assert not [t.name for t in threading.enumerate() if t.name.endswith(f"-{CAM}")]


@pytest.fixture
def script(tmp_path: Path) -> WriteScript:
    """A Python program in FFmpeg's place."""

    def write(code: str) -> list[str]:
        path = tmp_path / "ffmpeg.py"
        prelude = f"import os, signal, sys, time\nFRAME = {A_FRAME!r}\n"
        path.write_text(prelude + textwrap.dedent(code))
        return [sys.executable, "-S", "-E", str(path)]

    return write
