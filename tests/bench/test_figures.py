"""The benchmark's arithmetic: what it says is what it counted."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
import pytest

from bench.consumer import Arrival, Arrived, summarize
from bench.measure import Reading, between, read_process
from bench.real_cameras import Ours


def arrival(camera_id: str, took_ms: float, size: int) -> Arrival:
    return Arrival(camera_id, 0, 0, round(took_ms * 1e6), size)


def test_arrivals_are_counted_per_camera_and_ranked() -> None:
    arrived = summarize(
        [arrival("a", took_ms, 100) for took_ms in range(99)] + [arrival("b", 1000, 300)]
    )
    assert arrived.per_camera == {"a": 99, "b": 1}
    assert arrived.frames == 100
    assert arrived.bytes_per_frame == 102
    assert arrived.capture_to_consumer_ms == (50, 1000)


def test_no_frame_is_an_error_and_no_division() -> None:
    with pytest.raises(ValueError, match="no frame"):
        summarize([])


def test_counters_are_subtracted_and_states_are_not() -> None:
    before = Reading(1.0, 10, 0.5, 0.5, 100, 1000, 50, 40, 7)
    after = Reading(3.0, 30, 0.9, 0.9, 160, 4000, 60, 45, 8)
    used = between(before, after)
    assert (used.at_s, used.switches, used.read_bytes) == (2.0, 60, 3000)
    assert used.cpu_s == pytest.approx(0.4)
    assert (used.rss_bytes, used.pss_bytes, used.threads) == (60, 45, 8)


def test_a_process_that_computes_is_seen_to() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as child:
        try:
            process = psutil.Process(child.pid)
            before = read_process(process)
            deadline_s = time.monotonic() + 30
            while between(before, read_process(process)).cpu_coarse_s < 0.2:
                assert time.monotonic() < deadline_s
                time.sleep(0.02)
            used = between(before, read_process(process))
        finally:
            child.kill()
    # The scheduler's figure and the coarse one are about the same thing.
    assert used.cpu_s == pytest.approx(used.cpu_coarse_s, abs=0.1)
    assert used.threads == 1


def ours(cpu_s: float, peak_rss_mb: float) -> Ours:
    used = Reading(10.0, 0, cpu_s, cpu_s, 6000, 0, 50_000_000, 40_000_000, 20)
    arrived = Arrived({"cam1": 150, "cam2": 147}, 50_000.0, (9.0, 20.0))
    return Ours(2, used, 3.0, arrived, peak_rss_mb)


def test_frames_are_compared_with_what_was_asked_for() -> None:
    assert ours(0.1, 50.0).share_of_target == pytest.approx(297 / 300)


def test_what_is_not_installed_is_named() -> None:
    script = (
        "import runpy, sys; sys.modules['numpy'] = None; sys.argv = ['bench', '--help']\n"
        "runpy.run_module('bench', run_name='__main__')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "needs the package numpy: pip install -e '.[dev,bench]'" in done.stderr
    assert "Traceback" not in done.stderr
