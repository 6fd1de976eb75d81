from __future__ import annotations

import itertools
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_video.capture.limiter import limit_filter
from edge_video.capture.rate_limit import RateLimiter
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from edge_video.capture.binary import Binary


def passed(limiter: RateLimiter, times_s: list[float]) -> list[float]:
    return [now_s for now_s in times_s if limiter.allows(now_s)]


def even(fps: float, seconds: float, start_s: float = 0.0) -> list[float]:
    return [start_s + number / fps for number in range(int(fps * seconds))]


@pytest.mark.parametrize(("sent", "limit", "expected"), [(25, 15, 150), (30, 6, 60), (5, 15, 50)])
def test_ten_seconds_bring_ten_times_the_lower_rate(sent: int, limit: int, expected: int) -> None:
    assert len(passed(RateLimiter(limit), even(sent, 10))) == pytest.approx(expected, abs=2)


def test_a_camera_of_exactly_the_rate_loses_nothing_to_jitter() -> None:
    times_s = [number / 10 + (0.04 if number % 2 else 0.0) for number in range(100)]
    assert passed(RateLimiter(10), times_s) == times_s


@pytest.mark.parametrize("burst_s", [1, 2, 3])
@pytest.mark.parametrize("fps", [1, 5, 15])
def test_of_a_camera_that_sends_in_bursts_images_pass_evenly_and_at_the_rate(
    burst_s: int, fps: int
) -> None:
    seconds, settled = 40, 4 * burst_s
    times_s = [n // (25 * burst_s) * burst_s + n % 25 / 1000 for n in range(25 * seconds)]
    limiter = RateLimiter(fps)
    kept = [number for number, now_s in enumerate(times_s) if limiter.allows(now_s)]
    later = [each for each in kept if each >= settled * 25]
    expected = (seconds - settled) * fps
    assert abs(len(later) - expected) <= 0.06 * expected + fps * burst_s
    gaps = [b - a for a, b in itertools.pairwise(later)]
    even_gap = 25 / fps
    uneven = [each for each in gaps if not 0.3 * even_gap <= each <= 2.1 * even_gap]
    assert len(uneven) <= 0.05 * len(gaps), gaps


def test_what_passes_of_a_steady_camera_is_evenly_spaced() -> None:
    limiter = RateLimiter(5)
    kept = [number for number, now_s in enumerate(even(25, 40)) if limiter.allows(now_s)]
    later = [each for each in kept if each >= 125]
    assert {b - a for a, b in itertools.pairwise(later)} <= {4, 5, 6}


@EVERY_FFMPEG
@pytest.mark.ffmpeg
def test_it_judges_as_the_filter_in_ffmpeg_does(any_ffmpeg: Binary) -> None:
    times_s = [n // 50 * 2 + n % 7 / 100 for n in range(1000)]
    source = "testsrc=size=16x16:duration=40:rate=25"
    command = [any_ffmpeg.path, "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", source]
    command += ["-vf", limit_filter(5, "floor(n/50)*2+mod(n,7)/100"), "-fps_mode", "passthrough"]
    command += ["-c:v", "rawvideo", "-f", "framecrc", "pipe:1"]
    lines = subprocess.run(command, capture_output=True, check=True, timeout=60, text=True).stdout
    by_filter = [int(row.split(",")[2]) for row in lines.splitlines() if not row.startswith("#")]
    limiter = RateLimiter(5)
    assert [n for n, now_s in enumerate(times_s) if limiter.allows(now_s)] == by_filter


def test_a_long_silence_earns_no_more_than_half_a_second() -> None:
    limiter = RateLimiter(10)
    limiter.allows(0.0)
    assert len(passed(limiter, even(1000, 0.1, start_s=3600))) <= 7


@given(st.lists(st.floats(0, 100), min_size=1, max_size=300), st.integers(1, 60))
def test_no_stream_exceeds_its_rate_by_more_than_a_second(times_s: list[float], fps: int) -> None:
    times_s.sort()
    kept = passed(RateLimiter(fps), times_s)
    assert len(kept) <= (times_s[-1] - times_s[0] + 1) * fps + 2
