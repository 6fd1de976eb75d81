"""What the benchmark says of pictures: the quality it chooses, and the table it makes of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import cv2
import pytest

from bench import film, hardware_section, quality
from bench.peer import Due
from bench.pictures import PICTURES, Clip, least_quality, psnr
from bench.rig import FPS
from bench.show import tables, verdicts
from edge_video.testing.clips import numbered_clip

if TYPE_CHECKING:
    from edge_video.capture.binary import Binary

SIZE = (320, 180)


def test_the_least_quality_that_is_good_enough_is_found() -> None:
    asked: list[int] = []

    def good_enough(quality: int) -> bool:
        asked.append(quality)
        return quality >= 62

    assert least_quality(good_enough) == 62
    assert len(asked) <= 7
    assert least_quality(lambda _: True) == 1
    assert least_quality(lambda _: False) == 100


def test_a_clip_whose_camera_does_not_start_is_left_out_and_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("not within 121 s: 1 stream; the log ends: a reason")

    monkeypatch.setattr(quality, "_ours", lambda _: [])
    monkeypatch.setattr(quality, "_peers", lambda *_: [])
    monkeypatch.setattr(quality, "_in_turns", never)
    clip: Any = SimpleNamespace(name="film, 1080p HEVC", cameras=(1,))
    bench: Any = SimpleNamespace(
        seconds=1, quick=True, skipped=[], progress=SimpleNamespace(show=lambda _: None)
    )
    monkeypatch.setattr(quality, "_films", lambda _: [clip])
    assert quality.quality(bench) == {"rows": []}
    (line,) = bench.skipped
    assert line.startswith("film, 1080p HEVC, 1 at once: not within 121 s: 1 stream; the log ends:")


def test_a_step_of_255_is_48_db() -> None:
    assert psnr([1.0, 1.0]) == pytest.approx(48.13, abs=0.01)
    assert psnr([0.5, 1.5]) == pytest.approx(48.13, abs=0.01)


@pytest.mark.ffmpeg
def test_another_encoder_is_brought_to_our_quality(ffmpeg: Binary) -> None:
    clip = Clip(numbered_clip(3, size=SIZE, seconds=10), SIZE, ffmpeg)
    assert len(clip.planes) == PICTURES
    assert clip.planes[0].shape == (SIZE[1] * 3 // 2, SIZE[0])
    ours = clip.ours()
    assert 30 < ours.psnr < 60
    chosen = clip.as_good_as(ours, clip.opencv)
    worse = clip.judged(chosen.quality - 1, clip.opencv(chosen.quality - 1))
    assert worse.psnr < ours.psnr <= chosen.psnr
    assert worse.bytes < chosen.bytes


@pytest.mark.ffmpeg
def test_pictures_are_compared_with_the_same_ones_of_the_source(ffmpeg: Binary) -> None:
    """Each point is one step of 255 off: 48 dB, and far less where the pictures are others."""
    clip = Clip(numbered_clip(3, size=SIZE, seconds=10), SIZE, ffmpeg)
    images = [cv2.imencode(".png", each[: SIZE[1]] ^ 1)[1].tobytes() for each in clip.planes]
    assert clip.judged(0, images).psnr == pytest.approx(48.13, abs=0.01)
    assert clip.judged(0, [*images[1:], images[0]]).psnr < 30


def test_pictures_are_due_at_the_rate_of_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    times_s = iter(number / 25 for number in range(250))
    monkeypatch.setattr("bench.peer.time.monotonic", lambda: next(times_s))
    due = Due()
    assert sum(due.now() for _ in range(250)) == pytest.approx(10 * FPS, abs=2)


def test_a_film_that_is_not_installed_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film, "find_spec", lambda _name: None)
    assert film.film() is None


def test_pipelines_are_shown_with_their_pictures_and_judged() -> None:
    pictures = {"clip": "film", "quality": 5, "psnr": 39.3, "bytes": 91_400.0, "base": "OpenCV"}
    pictures |= {"cameras": 4, "pss_mb": 187.0}
    ours = {"name": "ours", "cpu_ms": 9.0, "ratio": 0.9, "ours": True, **pictures}
    other = {"name": "OpenCV", "cpu_ms": 10.0, "ratio": 1.0, "ours": False, **pictures}
    results = {"quality": {"rows": [ours, other]}}
    (table,) = tables(results)
    assert "0.90" in table.plain()
    assert "91.4" in table.plain()
    assert "film, 4: ours" in table.plain()
    assert [verdict.met for verdict in verdicts(results)] == [True]


def test_a_machine_without_hardware_has_no_table_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    bench: Any = SimpleNamespace(skipped=[])
    monkeypatch.setattr(hardware_section, "working", lambda _binary: iter(()))
    results = {"hardware": hardware_section.hardware(bench)}
    assert bench.skipped == ["hardware: no device that decodes"]
    assert list(tables(results)) == []
    results["hardware"]["rows"] = [{"name": "H.264, 720p, cuda", "found": "5.5 ms CPU/frame"}]
    (table,) = tables(results)
    assert "5.5 ms" in table.plain()
