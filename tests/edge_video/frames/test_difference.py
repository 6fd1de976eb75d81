"""How much two images differ: noise hardly, a person far away and a light do."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from PIL import Image, ImageDraw

from edge_video.frames.difference import (
    WHOLE,
    coarse_picture,
    difference,
    load,
)
from edge_video.frames.jpeg import is_one_scan
from edge_video.frames.small_picture import MAX_IMAGE_BYTES

SIZE = (1280, 720)
THRESHOLD = 4.0


def room(level: int = 60) -> Image.Image:
    image = Image.new("L", SIZE, level)
    draw = ImageDraw.Draw(image)
    draw.rectangle((200, 250, 500, 450), fill=level + 50)
    draw.rectangle((800, 100, 1000, 600), fill=max(0, level - 40))
    return image


def noisy(image: Image.Image, seed: int, sigma: int) -> Image.Image:
    """With the noise of a sensor, of which each pixel has its own."""
    source = random.Random(seed)
    levels = bytes(max(0, min(255, round(source.gauss(128, sigma)))) for _ in range(160 * 90))
    noise = Image.frombytes("L", (160, 90), levels).resize(SIZE, Image.Resampling.NEAREST)
    from PIL import ImageChops  # noqa: PLC0415

    return ImageChops.add(image, noise, 1.0, -128)


def jpeg(image: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", **{"quality": 75, **options})
    return file.getvalue()


def compared(before: Image.Image, after: Image.Image) -> float:
    one, other = coarse_picture(jpeg(before)), coarse_picture(jpeg(after))
    assert one is not None
    assert other is not None
    return difference(one, other)


def test_equal_pictures_do_not_differ() -> None:
    load()
    assert compared(room(), room()) == 0


@pytest.mark.parametrize("sigma", [1, 3, 6])
def test_noise_is_no_change(sigma: int) -> None:
    assert compared(noisy(room(), 1, sigma), noisy(room(), 2, sigma)) < THRESHOLD


@pytest.mark.parametrize("sigma", [0, 3])
@pytest.mark.parametrize("x", [600, 605, 610, 616])
def test_a_person_of_three_percent_of_the_height_is_a_change(x: int, sigma: int) -> None:
    after = room()
    ImageDraw.Draw(after).rectangle((x, 300, x + 7, 321), fill=150)
    assert compared(noisy(room(), 1, sigma), noisy(after, 2, sigma)) > THRESHOLD


def test_a_light_is_a_change_and_dusk_from_one_frame_to_the_next_is_none() -> None:
    assert compared(room(60), room(70)) > THRESHOLD
    assert compared(room(60), room(61)) < THRESHOLD


def test_another_size_is_a_change_as_a_whole() -> None:
    assert compared(room(), room().resize((640, 360))) == WHOLE


def test_small_and_upright_pictures_are_compared() -> None:
    upright = room().rotate(90, expand=True)
    assert compared(upright, upright) == 0
    tiny = room().resize((9, 5))
    assert compared(tiny, tiny) == 0


def test_only_what_is_decoded_in_a_bounded_time_is_looked_at() -> None:
    assert coarse_picture(b"") is None
    assert coarse_picture(jpeg(room(), progressive=True)) is None
    assert coarse_picture(jpeg(room())[:-2000]) is None
    assert coarse_picture(jpeg(room()) + bytes(MAX_IMAGE_BYTES)) is None


def test_an_image_in_several_scans_is_found_out() -> None:
    image = jpeg(room())
    assert is_one_scan(image)
    assert is_one_scan(jpeg(room().convert("RGB")))
    assert not is_one_scan(jpeg(room(), progressive=True))
    colours = jpeg(room().convert("RGB"))
    at = colours.index(b"\xff\xda")
    assert not is_one_scan(colours[: at + 4] + b"\x01" + colours[at + 5 :])
    for cut in range(at + 5):
        assert not is_one_scan(colours[:cut])
