from __future__ import annotations

import io
import subprocess
import sys

import pytest
from PIL import Image, ImageDraw

from edge_video.frames.small_picture import (
    MAX_IMAGE_BYTES,
    SmallPicture,
    can_decode,
    small_picture,
)


def encoded(image: Image.Image, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def half_white(width: int, height: int, mode: str = "RGB") -> Image.Image:
    image = Image.new(mode, (width, height))
    ImageDraw.Draw(image).rectangle((width // 2, 0, width, height), fill="white")
    return image


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_small_picture_is_an_eighth_of_the_image_a_side(mode: str) -> None:
    small = small_picture(encoded(half_white(320, 176, mode)))
    assert small is not None
    assert (small.width, small.height, len(small.luma)) == (40, 22, 880)
    assert set(small.luma[:20]) == {0}
    assert set(small.luma[20:40]) == {255}


@pytest.mark.parametrize(
    ("size", "small"),
    [((321, 177), (41, 23)), ((8, 8), (1, 1)), ((5, 3), (3, 2))],
)
def test_sizes_are_rounded_up(size: tuple[int, int], small: tuple[int, int]) -> None:
    picture = small_picture(encoded(Image.new("L", size, 128)))
    assert picture is not None
    assert (picture.width, picture.height) == small
    assert set(picture.luma) == {128}


def test_equal_images_have_equal_small_pictures_and_others_have_not() -> None:
    jpeg = encoded(half_white(64, 48))
    assert small_picture(jpeg) == small_picture(bytes(jpeg))
    assert small_picture(jpeg) != small_picture(encoded(Image.new("RGB", (64, 48))))


def test_the_brightness_is_the_luma_of_a_colour() -> None:
    picture = small_picture(encoded(Image.new("RGB", (64, 48), (255, 0, 0))))
    assert picture is not None
    assert abs(picture.luma[0] - 76) <= 1


def test_a_cmyk_image_is_decoded_too() -> None:
    picture = small_picture(encoded(Image.new("CMYK", (64, 48), (0, 0, 0, 0))))
    assert picture is not None
    assert set(picture.luma) == {255}


@pytest.mark.parametrize(
    "jpeg",
    [
        b"",
        b"\xff\xd8\xff\xd9",
        b"no picture at all, however long it is",
        encoded(half_white(320, 176))[:700],
        encoded(half_white(320, 176), progressive=True),
        encoded(half_white(320, 176)) + bytes(MAX_IMAGE_BYTES),
        encoded(half_white(64, 48)).replace((48).to_bytes(2) + (64).to_bytes(2), b"\xff" * 4, 1),
    ],
    ids=["empty", "no frame", "no image", "torn", "progressive", "huge", "enormous"],
)
def test_what_cannot_be_decoded_is_none_and_raises_nothing(jpeg: bytes) -> None:
    assert small_picture(jpeg) is None


def test_nothing_of_it_loads_the_decoder_before_it_is_used() -> None:
    script = (
        "import sys\n"
        "from edge_video.frames.small_picture import can_decode\n"
        "assert can_decode()\n"
        "assert 'PIL' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_a_small_picture_shows_its_size_and_not_its_pixels() -> None:
    assert repr(SmallPicture(2, 1, b"ab")) == "SmallPicture(width=2, height=1)"
    assert can_decode()
