"""Masks, crop, rotation and mirror in the configuration: what is accepted, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.config import CameraConfig, ConfigError
from edge_video.config.camera_changes import CHANGEABLE
from edge_video.config.diff import compare
from edge_video.config.loader import parse_config

if TYPE_CHECKING:
    from edge_video.config import Config

GOOD = "sink: directory\ncameras:\n  - id: door\n    url: rtsp://10.0.0.5/s\n"
TRIANGLE = "    masks:\n      - points: [[0, 0], [1, 0], [0.5, 1]]\n"


def read(keys: str) -> Config:
    return parse_config(GOOD + keys, "c.yaml", {})


def problems(keys: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(keys)
    return [f"{each.line}: {each.key}: {each.message}" for each in caught.value.problems]


def test_a_mask_is_black_unless_it_says_else() -> None:
    (camera,) = read(f"{TRIANGLE}        fill: blur\n{TRIANGLE.partition(chr(10))[2]}").cameras
    assert [mask.fill for mask in camera.masks] == ["blur", "black"]
    assert camera.masks[0].points == ((0.0, 0.0), (1.0, 0.0), (0.5, 1.0))
    assert camera.is_picture_changed


def test_a_program_writes_the_same() -> None:
    points = [(0, 0), (1, 0), (0.5, 1)]
    camera = CameraConfig(id="door", url="rtsp://h/s", masks=[{"points": points}], rotate=90)
    assert camera.masks[0].points == tuple(points)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            "    masks:\n      - points: [[0, 0], [640, 0], [1, 1]]\n",
            (
                "6: cameras[0].masks[0].points[1][0]: 640 is not between 0 and 1: places in the"
                " picture are shares of its width and height, whatever its size, and no pixels; 0.5"
                " is the middle"
            ),
        ),
        (
            "    masks:\n      - points: [[0, 0], [1, 0]]\n",
            (
                "6: cameras[0].masks[0].points: it has 2 points; a mask has the corners of an area,"
                " 3 or more"
            ),
        ),
        (
            f"    masks:\n      - points: [{', '.join(['[0, 0.5]', '[1, 0]'] * 17)}]\n",
            "6: cameras[0].masks[0].points: it has 34 points; 32 are the most: draw several masks",
        ),
        (
            "    masks:\n      - points: [[0, 0], [0.5, 0.5], [1, 1]]\n",
            "6: cameras[0].masks[0].points: all points are on one line: that covers nothing",
        ),
        (
            "    masks:\n      - points: [[0.1, 0.2], [0.6, 0.2], [0.3, 0.8], [0.6, 0.2]]\n",
            (
                "6: cameras[0].masks[0].points: its outline runs along lines, there and back: that"
                " covers nothing"
            ),
        ),
        (
            "    masks:\n      - points: [[0, 0], [0.5, 0.5], [1, 1, 1]]\n",
            (
                "6: cameras[0].masks[0].points[2]: a point is two numbers, from the left and from"
                " the top: [0.25, 0.5]"
            ),
        ),
        (
            "    masks:\n" + "      - points: [[0, 0], [1, 0], [0.5, 1]]\n" * 17,
            "5: cameras[0].masks: there are 17 masks; 16 are the most",
        ),
        (
            "    crop: {x: 0.5, width: 0.6, height: 1}\n",
            (
                "5: cameras[0].crop.width: x and width make 1.1 together: the part ends outside of"
                " the picture, which ends at 1"
            ),
        ),
        ("    rotate: 45\n", "5: cameras[0].rotate: 45 is not one of 0, 90, 180, 270"),
        (
            f"    mode: passthrough\n{TRIANGLE}",
            (
                "6: cameras[0].masks: with mode: passthrough the camera's own images are published,"
                " whole; leave mode out, or let the camera itself do it"
            ),
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_what_would_be_right(
    keys: str, message: str
) -> None:
    assert problems(keys) == [message]


def test_a_still_picture_that_nobody_decodes_is_not_masked() -> None:
    with pytest.raises(ValueError, match="masks: with mode: snapshot"):
        CameraConfig(
            id="door",
            url="http://h/snap.jpg",
            mode="snapshot",
            masks=[{"points": [(0, 0), (1, 0), (1, 1)]}],
        )


def test_what_computers_make_of_seven_and_three_tenths_is_still_inside() -> None:
    crop = read("    crop: {x: 0.7, y: 0.1, width: 0.3, height: 0.9}\n").cameras[0].crop
    assert crop is not None
    assert crop.x + crop.width == pytest.approx(1.0)


def test_another_mask_starts_its_camera_anew_and_nothing_else() -> None:
    other = "  - id: yard\n    url: rtsp://10.0.0.6/s\n"
    plan = compare(read(other), read(TRIANGLE + other))
    assert plan.restarted == ("door",)
    assert [each.name for each in plan.changes] == ["cameras[door].masks"]


def test_nobody_uncovers_anything_over_the_network() -> None:
    assert not {"masks", "crop"} & CHANGEABLE
    assert {"rotate", "mirror"} <= CHANGEABLE
