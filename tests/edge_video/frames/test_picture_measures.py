from __future__ import annotations

import random

import pytest

from edge_video.frames.picture_measures import GRID, PictureMeter
from edge_video.frames.small_picture import SmallPicture

SIZE = (40, 30)


def flat(level: int, size: tuple[int, int] = SIZE) -> SmallPicture:
    return SmallPicture(*size, bytes([level]) * (size[0] * size[1]))


def changed(picture: SmallPicture, pixels: int, by: int = 1) -> SmallPicture:
    """The first so many pixels are brighter."""
    luma = bytearray(picture.luma)
    for at in range(pixels):
        luma[at] += by
    return SmallPicture(picture.width, picture.height, bytes(luma))


def test_a_flat_picture_has_one_level_and_no_detail() -> None:
    measures = PictureMeter(4.0).measure(flat(90))
    assert (measures.low, measures.high, measures.detail) == (90, 90, 0.0)
    assert measures.luma == (0.0,) * (GRID[0] * GRID[1])
    assert set(measures.edges) == {0.0}


def test_a_light_that_falls_off_slowly_is_not_in_the_fields_and_an_object_is() -> None:
    slope = SmallPicture(*SIZE, bytes(60 + 2 * x for _ in range(30) for x in range(40)))
    assert max(map(abs, PictureMeter(4.0).measure(slope).luma)) < 14
    luma = bytearray(flat(90).luma)
    for y in range(10, 20):
        luma[y * 40 + 10 : y * 40 + 20] = bytes([200]) * 10
    fields = PictureMeter(4.0).measure(SmallPicture(*SIZE, bytes(luma))).luma
    assert max(fields) > 30


def test_low_and_high_leave_a_twentieth_of_the_pixels_out() -> None:
    outliers = SIZE[0] * SIZE[1] // 20
    picture = changed(flat(10), outliers, by=200)
    assert PictureMeter(4.0).measure(picture).high == 10
    assert PictureMeter(4.0).measure(changed(picture, outliers + 1, by=1)).high >= 10
    assert PictureMeter(4.0).measure(changed(flat(10), outliers + 1, by=200)).high == 210


def test_mid_grey_is_counted_in_percent() -> None:
    half = SIZE[0] * SIZE[1] // 2
    assert PictureMeter(4.0).measure(flat(128)).grey_percent == 100.0
    assert PictureMeter(4.0).measure(changed(flat(130), half, by=60)).grey_percent == 50.0


def test_detail_is_the_difference_between_neighbours() -> None:
    stripes = SmallPicture(*SIZE, bytes(20 if x % 2 else 10 for _ in range(30) for x in range(40)))
    assert PictureMeter(4.0).measure(stripes).detail == pytest.approx(10.0)


def test_one_pixel_that_differs_makes_pictures_unequal() -> None:
    meter = PictureMeter(4.0)
    assert not meter.measure(flat(50)).is_equal
    assert meter.measure(flat(50)).is_equal
    assert not meter.measure(changed(flat(50), 1)).is_equal


def test_a_picture_that_comes_again_among_others_like_it_is_equal_for_a_while() -> None:
    """An encoder that repeats a picture makes a few others of it, from key frame to key frame."""
    meter = PictureMeter(4.0)
    group = [changed(flat(50), 100, by) for by in range(5)]
    assert [meter.measure(each).is_equal for each in group] == [False] * 5
    assert [meter.measure(each).is_equal for each in group] == [True] * 5
    others = [changed(flat(50), 200, by) for by in range(1, 65)]
    assert not any(meter.measure(each).is_equal for each in others)
    assert not meter.measure(group[0]).is_equal


def test_a_slide_that_comes_again_after_another_one_is_not_equal() -> None:
    meter = PictureMeter(4.0)
    slides = [flat(50), changed(flat(50), 20, by=40)]
    assert not any(meter.measure(each).is_equal for each in slides * 5)


def test_a_clock_in_a_corner_never_makes_a_picture_anew_and_noise_does() -> None:
    meter, draw = PictureMeter(4.0), random.Random(1)
    assert meter.measure(flat(50)).is_anew
    clock = SIZE[0] * SIZE[1] // 50
    assert not any(meter.measure(changed(flat(50), clock, by)).is_anew for by in range(1, 60))
    noisy = [
        SmallPicture(*SIZE, bytes(50 + (draw.random() < 0.02) for _ in range(1200)))
        for _ in range(10)
    ]
    assert any(meter.measure(each).is_anew for each in noisy), "all together, not each for itself"


def test_a_picture_of_another_size_is_anew() -> None:
    meter = PictureMeter(4.0)
    meter.measure(flat(50))
    measures = meter.measure(flat(50, (20, 15)))
    assert measures.is_anew
    assert not measures.is_equal


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (3, 2)])
def test_the_smallest_pictures_are_measured_too(size: tuple[int, int]) -> None:
    assert PictureMeter(4.0).measure(flat(7, size)).detail == 0.0
