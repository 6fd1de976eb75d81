"""Masks, crop, rotation and mirror in the pixels of real FFmpegs' frames."""

from __future__ import annotations

import itertools
import subprocess
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from edge_video.capture.binary import Binary
from edge_video.capture.command import capture_command, encode_command, probe_command
from edge_video.capture.hardware.acceleration import Acceleration, wanted_hardware
from edge_video.capture.picture import changed_picture, frame_size, keeps_size, picture_filters
from edge_video.capture.resizing import scale_filter
from edge_video.config import CameraConfig
from edge_video.frames.splitter import FrameSplitter
from edge_video.testing.clips import decode_jpeg
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from pathlib import Path


FFMPEG: Final = Binary("/usr/bin/ffmpeg", (5, 1, 9))
CORNERS: Final = [[0.1, 0.15], [0.45, 0.2], [0.3, 0.7], [0.15, 0.6]]
BLOCK: Final = 16
"""Pixels of a JPEG block with colours of half the resolution: what is near a mask may differ."""
LUMA: Final = np.array([0.299, 0.587, 0.114])
"""Colours at an edge are shared with the pixels beside it, by JPEG; their brightness is not."""
FULL_BLACK: Final = 40
"""FFmpeg 5.1 paints 16 into pictures of the full range, and JPEG rounds."""


def camera(**keys: Any) -> CameraConfig:
    return CameraConfig(id="door", url="rtsp://10.0.0.5/s", quality=2, fps=60, **keys)


def masked(fill: str = "black", **keys: Any) -> CameraConfig:
    return camera(masks=[{"points": CORNERS, "fill": fill}], **keys)


# --- the filters ---


def test_a_camera_with_none_of_these_keys_has_the_filters_that_it_had() -> None:
    assert picture_filters(FFMPEG, camera()) == [scale_filter(None, None)]
    assert picture_filters(FFMPEG, camera(width=640)) == [scale_filter(640, None)]
    assert changed_picture(FFMPEG, camera()) == []


def test_masks_come_first_then_crop_rotation_and_scale_and_the_size_is_said_once() -> None:
    everything = masked(crop={"width": 0.5, "height": 0.5}, rotate=90, width=640)
    filters = picture_filters(FFMPEG, everything)
    names = [each.partition("=")[0] for each in filters]
    assert [name for name, _ in itertools.groupby(names)] == [
        *("scale", "drawbox", "crop", "transpose", "scale")
    ]
    assert ["print" in each for each in filters if each.startswith("scale")] == [True, False]


def test_every_command_that_shows_pictures_covers_them() -> None:
    boxes = ",".join(changed_picture(FFMPEG, masked()))
    for command in (capture_command, probe_command, encode_command):
        assert boxes in command(FFMPEG, masked())[command(FFMPEG, masked()).index("-vf") + 1]


def test_a_device_that_would_cover_nothing_does_not_encode() -> None:
    device = Acceleration("vaapi", converts=True, encodes=True)
    keys = masked(hwaccel="vaapi", jpeg_encoder="hardware")
    command = capture_command(FFMPEG, keys, device)
    filters = command[command.index("-vf") + 1]
    assert filters.index("hwdownload") < filters.index("drawbox")
    assert command[command.index("-vf") :].count("mjpeg") == 1
    wanted = wanted_hardware(keys)
    assert wanted is not None
    assert not wanted.encodes


def test_black_is_painted_before_anything_is_blurred() -> None:
    both = [{"points": CORNERS, "fill": fill} for fill in ("blur", "black")]
    filters = changed_picture(FFMPEG, camera(masks=both))
    assert filters[0].startswith("drawbox")
    assert filters[-1].startswith("split")


def test_sixteen_masks_of_many_corners_are_still_a_short_command() -> None:
    zigzag = [[index / 31, 0.2 if index % 2 else 0.9] for index in range(32)]
    many = camera(masks=[{"points": zigzag}] * 16)
    assert len(",".join(changed_picture(FFMPEG, many))) < 64 * 1024, "Linux: 128 KB an argument"


@pytest.mark.parametrize(
    ("keys", "size"),
    [
        ({}, (640, 480)),
        ({"rotate": 180, "mirror": "vertical"}, (640, 480)),
        ({"rotate": 270}, (480, 640)),
        ({"crop": {"x": 0.25, "width": 0.5, "height": 0.3}}, (320, 144)),
        ({"crop": {"width": 0.5, "height": 1}, "rotate": 90, "width": 240}, (240, 160)),
        ({"height": 120}, (160, 120)),
        ({"width": 320, "height": 320}, (320, 320)),
    ],
)
def test_the_size_of_frames_is_known_before_they_come(
    keys: dict[str, Any], size: tuple[int, int]
) -> None:
    assert frame_size(camera(**keys), (640, 480)) == size
    assert keeps_size(camera(**keys)) is (size == (640, 480))


# --- pixels ---

pixels = pytest.mark.ffmpeg


def frames_of(binary: Binary, source: str, filters: list[str]) -> list[Any]:
    """What a camera's filters make of an FFmpeg source, decoded."""
    command = [binary.path, "-nostdin", "-loglevel", "fatal", "-filter_threads", "1"]
    command += ["-f", "lavfi", "-i", source, "-vf", ",".join(filters)]
    command += ["-c:v", "mjpeg", "-q:v", "2", "-f", "mpjpeg", "pipe:1"]
    output = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    return [decode_jpeg(each).astype(int) for each in FrameSplitter().feed(output)]


def noise(size: str = "320x240", form: str = "yuv420p", frames: int = 2) -> str:
    """Bright noise, another in each picture."""
    grain = f"nullsrc=size={size}:rate=5,format={form},lutyuv=y=170:u=100:v=150"
    return f"{grain},noise=alls=50:allf=t,trim=end_frame={frames}"


def inside(width: int, height: int) -> tuple[Any, Any]:
    """Which pixels have their middle in the mask, and which are far from it."""
    ys, xs = np.mgrid[0:height, 0:width]
    x, y = (xs + 0.5) / width, (ys + 0.5) / height
    within = np.ones((height, width), bool)
    for (x0, y0), (x1, y1) in itertools.pairwise([*CORNERS, CORNERS[0]]):
        within &= (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) >= 0
    return within, ~grown(within, BLOCK + 2)


def grown(area: Any, pixels: int) -> Any:
    """The same and all that is so near to it, in either direction."""
    for axis in (0, 1):
        area = np.any([np.roll(area, by, axis) for by in range(-pixels, pixels + 1)], axis=0)
    return area


@pixels
@EVERY_FFMPEG
@pytest.mark.parametrize(
    ("size", "form"),
    [("322x242", "yuv420p"), ("320x240", "yuvj422p"), ("321x241", "gray")],
)
def test_every_pixel_of_a_mask_is_black_and_the_others_are_as_they_were(
    any_ffmpeg: Binary, size: str, form: str
) -> None:
    source = noise(size, form)
    width, height = map(int, size.split("x"))
    plain = frames_of(any_ffmpeg, source, picture_filters(any_ffmpeg, camera()))
    covered = frames_of(any_ffmpeg, source, picture_filters(any_ffmpeg, masked()))
    within, apart = inside(width, height)
    assert len(plain) == len(covered) == 2
    for before, after in zip(plain, covered, strict=True):
        assert before[within].mean() > 100
        assert (after[within] @ LUMA).max() <= FULL_BLACK
        assert np.abs(after[apart] - before[apart]).max() <= 6


@pixels
@EVERY_FFMPEG
def test_where_an_outline_goes_there_and_back_no_whole_row_is_covered(any_ffmpeg: Binary) -> None:
    flag = [[0.5, 0.75], [0.5, 0.1], [0.5, 0.5], [0.75, 0.5], [0.75, 0.75]]
    filters = changed_picture(any_ffmpeg, camera(masks=[{"points": flag}]))
    source = "color=white:s=320x240:r=25,trim=end_frame=1"
    frame = frames_of(any_ffmpeg, source, filters)[0].astype(int) @ LUMA
    assert frame[48, :150].min() > 240
    assert frame[48, 170:].min() > 240
    assert frame[140, 170:230].max() < FULL_BLACK


@pixels
@EVERY_FFMPEG
def test_nothing_of_the_detail_is_left_where_it_is_blurred(any_ffmpeg: Binary) -> None:
    plain = frames_of(any_ffmpeg, noise(), picture_filters(any_ffmpeg, camera()))
    blurred = frames_of(any_ffmpeg, noise(), picture_filters(any_ffmpeg, masked("blur")))
    within, apart = inside(320, 240)
    middle = ~grown(~within, 10)
    assert len(plain) == len(blurred) == 2
    for before, after in zip(plain, blurred, strict=True):
        assert before[middle].var(axis=0).min() > 400
        assert after[middle].var(axis=0).max() < 8, "a fiftieth"
        assert abs(after[middle].mean() - before[middle].mean()) < 8, "and it is not just black"
        assert np.abs(after[apart] - before[apart]).max() <= 6


@pixels
@EVERY_FFMPEG
def test_a_mask_is_in_place_in_every_frame_when_the_size_changes_in_mid_stream(
    any_ffmpeg: Binary, tmp_path: Path
) -> None:
    for number, size in enumerate(("160x120", "320x240", "240x320")):
        part = tmp_path / f"{number}.mjpeg"
        make = [any_ffmpeg.path, "-nostdin", "-loglevel", "fatal", "-f", "lavfi"]
        make += ["-i", noise(size, "yuvj420p", frames=3), "-q:v", "2", "-f", "mjpeg", str(part)]
        subprocess.run(make, check=True, timeout=60)
    film = tmp_path / "film.mjpeg"
    film.write_bytes(b"".join((tmp_path / f"{number}.mjpeg").read_bytes() for number in range(3)))
    for fill in ("black", "blur"):
        settings = masked(fill, width=160, height=120)
        command = [any_ffmpeg.path, "-nostdin", "-loglevel", "fatal", "-f", "mjpeg"]
        command += ["-i", str(film), "-vf", ",".join(picture_filters(any_ffmpeg, settings))]
        command += ["-fps_mode", "passthrough", "-q:v", "2", "-f", "mpjpeg", "pipe:1"]
        output = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
        found = [decode_jpeg(each) for each in FrameSplitter().feed(output)]
        assert len(found) == 9
        # The last size in the first one: 90x120 between two bars.
        for picture in [*found[:6], *(each[:, 35:125] for each in found[6:])]:
            within, apart = inside(picture.shape[1], picture.shape[0])
            brightness = picture @ LUMA
            assert brightness[~grown(~within, 7)].var() < 20
            assert brightness[apart].var() > 60
            assert fill == "blur" or brightness[~grown(~within, 2)].max() <= FULL_BLACK


@pixels
@EVERY_FFMPEG
def test_crop_rotation_and_mirror_are_exact(any_ffmpeg: Binary) -> None:
    source = "testsrc2=size=160x96:rate=5,format=yuvj444p,trim=end_frame=1"
    whole = frames_of(any_ffmpeg, source, picture_filters(any_ffmpeg, camera()))[0]
    crop = {"x": 0.25, "y": 0.5, "width": 0.5, "height": 0.5}
    flips = {"horizontal": np.fliplr, "vertical": np.flipud, None: lambda picture: picture}
    for degrees, mirror, cut in (
        (90, None, None),
        (90, "horizontal", crop),
        (180, "vertical", None),
        (180, None, crop),
        (270, "horizontal", None),
    ):
        keys = camera(rotate=degrees, mirror=mirror, crop=cut)
        shown = frames_of(any_ffmpeg, source, picture_filters(any_ffmpeg, keys))[0]
        part = whole if cut is None else whole[48:96, 40:120]
        expected = flips[mirror](np.rot90(part, -degrees // 90))
        assert shown.shape == expected.shape
        assert frame_size(keys, (160, 96)) == (shown.shape[1], shown.shape[0])
        assert np.abs(shown - expected).mean() < 3


@pixels
@EVERY_FFMPEG
def test_what_is_masked_stays_masked_however_it_is_turned_cut_and_scaled(
    any_ffmpeg: Binary,
) -> None:
    corner = {"points": [[0, 0], [0.25, 0], [0.25, 0.25], [0, 0.25]]}
    keys = camera(
        masks=[corner], crop={"width": 0.5, "height": 0.5}, rotate=90, mirror="vertical", width=120
    )
    shown = frames_of(any_ffmpeg, noise("320x240"), picture_filters(any_ffmpeg, keys))
    for picture in shown:
        assert picture.shape[:2] == (160, 120)
        # Turned clockwise the left upper quarter is at the right, mirrored at the bottom of it.
        assert (picture[82:, 62:] @ LUMA).max() <= FULL_BLACK
        assert picture[:70, :].mean() > 100
