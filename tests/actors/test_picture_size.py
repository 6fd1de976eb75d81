"""When a change of a camera's picture is told, and when fitted pictures are followed again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from edge_video.actors.picture_size import PictureSize
from edge_video.frames import CameraId

if TYPE_CHECKING:
    from edge_video.capture.resizing import Size


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ((640, 360), (641, 361), 0),  # its frames, then what it sends: the filters make it even
        ((640, 360), (640, 361), 0),
        ((640, 360), (640, 360), 0),
        ((640, 360), (642, 360), 1),
        ((640, 360), (639, 360), 1),
    ],
)
def test_an_odd_size_is_no_change_of_the_even_one_that_its_frames_have(
    before: Size, after: Size, told: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    sizes = PictureSize(CameraId("cam1"), lambda: 0.0)
    sizes.expect(before)
    sizes.note(after, (640, 360))
    sizes.note(after, (640, 360))
    assert len(caplog.records) == told


def test_pictures_of_an_odd_size_have_settled_in_the_even_one() -> None:
    sizes = PictureSize(CameraId("cam1"), lambda: 0.0)
    sizes.restarted((640, 360))
    sizes.note((641, 361), (640, 360))
    assert not sizes.has_settled(0.0)
    assert not sizes.has_settled(61.0)
    sizes.note((1280, 720), (640, 360))
    assert not sizes.has_settled(62.0)
    assert sizes.has_settled(123.0)
