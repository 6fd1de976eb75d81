"""The rate limit, in FFmpeg itself, by a clock that each test moves as it likes."""

from __future__ import annotations

import itertools
import subprocess
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from edge_video.capture.limiter import WALL_CLOCK, limit_bitstream, limit_filter, passes
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.capture.binary import Binary

SECONDS = 40


def passed(
    binary: Binary, now: str, fps: int, *, rate: str = "25", seconds: int = SECONDS
) -> list[int]:
    """The numbers of the pictures that pass, of a camera that sends `rate` a second.

    `now` is the machine's clock when a picture comes, in terms of `t`, real seconds.
    """
    source = f"testsrc=size=16x16:duration={seconds}:rate={rate}"
    command = [binary.path, "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", source]
    command += ["-vf", limit_filter(fps, now), "-fps_mode", "passthrough"]
    command += ["-c:v", "rawvideo", "-f", "framecrc", "pipe:1"]
    lines = subprocess.run(command, capture_output=True, check=True, timeout=60, text=True).stdout
    rows = [line.split(",") for line in lines.splitlines() if not line.startswith("#")]
    return [int(row[2]) for row in rows]


def spacing(numbers: list[int]) -> Counter[int]:
    """How many pictures lie between two that pass, after the first five seconds."""
    later = [each for each in numbers if each >= 125]
    return Counter(b - a for a, b in itertools.pairwise(later))


@EVERY_FFMPEG
@pytest.mark.parametrize(
    ("rate", "fps", "expected"),
    [
        ("5", 15, 200),
        ("10", 15, 400),
        ("15", 15, 600),
        ("15.01", 15, 600),
        ("20", 15, 600),
        ("25", 15, 600),
        ("30000/1001", 15, 600),
        ("25", 5, 200),
        ("25", 1, 40),
        ("1/2", 15, 20),
        ("60", 60, 2400),
    ],
)
def test_no_frame_is_lost_below_the_limit_and_none_is_made_up(
    any_ffmpeg: Binary, rate: str, fps: int, expected: int
) -> None:
    assert abs(len(passed(any_ffmpeg, "t", fps, rate=rate)) - expected) <= 2


@EVERY_FFMPEG
def test_what_passes_of_a_steady_camera_is_evenly_spaced(any_ffmpeg: Binary) -> None:
    assert set(spacing(passed(any_ffmpeg, "t", 15))) <= {1, 2}
    assert set(spacing(passed(any_ffmpeg, "t", 5))) <= {4, 5, 6}


@EVERY_FFMPEG
@pytest.mark.parametrize(
    "now",
    ["t+0.039*mod(n*0.618,1)", "0.2*floor(t/0.2)", "if(lt(mod(t+2.5,5),0.4),t-mod(t+2.5,5)+0.4,t)"],
    ids=["a picture", "five pictures", "0.4 s now and then"],
)
def test_jitter_costs_no_frame(any_ffmpeg: Binary, now: str) -> None:
    assert abs(len(passed(any_ffmpeg, now, 25)) - 25 * SECONDS) <= 6
    assert abs(len(passed(any_ffmpeg, now, 15)) - 15 * SECONDS) <= 8


@EVERY_FFMPEG
@pytest.mark.parametrize("step_s", [3600, -3600, 86400 * 365, 2, -2], ids=str)
def test_a_wall_clock_that_is_set_neither_freezes_nor_floods(
    any_ffmpeg: Binary, step_s: int
) -> None:
    numbers = passed(any_ffmpeg, f"1.8e9+t+{step_s}*gte(t,20)", 15)
    assert abs(len(numbers) - 15 * SECONDS) <= 15 // 2 + 2, "half a second's worth at most"
    around = [each for each in numbers if 20 * 25 <= each < 22 * 25]
    assert 25 <= len(around) <= 40


@EVERY_FFMPEG
@pytest.mark.parametrize("burst_s", [1, 2, 3])
@pytest.mark.parametrize("fps", [1, 5, 15])
def test_of_a_camera_that_sends_in_bursts_pictures_pass_evenly_and_at_the_rate(
    any_ffmpeg: Binary, burst_s: int, fps: int
) -> None:
    numbers = passed(any_ffmpeg, f"{burst_s}*floor(t/{burst_s})+0.001*mod(n,25)", fps)
    later = [each for each in numbers if each >= 4 * burst_s * 25]
    expected = (SECONDS - 4 * burst_s) * fps
    assert abs(len(later) - expected) <= 0.06 * expected + fps * burst_s
    gaps = [b - a for a, b in itertools.pairwise(later)]
    even = 25 / fps
    uneven = [each for each in gaps if not 0.3 * even <= each <= 2.1 * even]
    assert len(uneven) <= 0.05 * len(gaps), Counter(gaps)


@EVERY_FFMPEG
def test_what_was_held_up_for_longer_than_the_ceiling_is_thinned(any_ffmpeg: Binary) -> None:
    numbers = passed(any_ffmpeg, "if(between(t,10,18),18,t)", 15)
    at_once = [each for each in numbers if 10 * 25 <= each <= 18 * 25]
    assert len(at_once) <= 15 // 2 + 3


@EVERY_FFMPEG
def test_a_bitstream_is_limited_alike(any_ffmpeg: Binary, tmp_path: Path) -> None:
    clip = tmp_path / "clip.avi"
    make = [any_ffmpeg.path, "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i"]
    make += ["testsrc=size=16x16:duration=20:rate=25", "-c:v", "mjpeg", str(clip)]
    subprocess.run(make, check=True, timeout=60)
    command = [any_ffmpeg.path, "-nostdin", "-loglevel", "error", "-i", str(clip), "-c", "copy"]
    command += ["-bsf:v", limit_bitstream(15, "pts*tb"), "-f", "framecrc", "pipe:1"]
    lines = subprocess.run(command, capture_output=True, check=True, timeout=60, text=True).stdout
    copied = sum(not line.startswith("#") for line in lines.splitlines())
    assert abs(copied - 300) <= 2


def test_the_clock_is_asked_once_for_a_picture() -> None:
    assert passes(15).count(WALL_CLOCK) == 2, "and once to begin with"
