"""Runs another way (`bench.peer`) for a while, and reads what it used and how much it published."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from bench.measure import between, read_process
from bench.rig import Bench, child

if TYPE_CHECKING:
    from bench.measure import Reading


def peer_readings(
    bench: Bench, way: str, ffmpeg: str, cameras: str, what: str
) -> tuple[Reading, int]:
    """What a way used while the bench measured, and the frames that it published."""
    command = (sys.executable, "-m", "bench.peer", way, bench.node.url(), ffmpeg, cameras)
    with child(*command) as process:
        assert process.stdout is not None
        bench.progress.wait(what, 5)
        lines = _Lines(process.stdout)
        before, frames = read_process(process), lines.last()
        bench.progress.wait(what, bench.seconds)
        return between(before, read_process(process)), lines.last() - frames


class _Lines:
    """The last number that a process printed."""

    def __init__(self, pipe: Any) -> None:
        os.set_blocking(pipe.fileno(), False)
        self._pipe = pipe
        self._number = 0

    def last(self) -> int:
        """Read what there is."""
        data = self._pipe.read() or b""
        whole = data.rpartition(b"\n")[0].split()
        if whole:
            self._number = int(whole[-1])
        return self._number
