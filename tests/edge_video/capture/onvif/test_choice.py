"""Which stream is proposed."""

from __future__ import annotations

import pytest

from edge_video.capture.onvif.choice import Wish, propose
from edge_video.capture.onvif.model import Stream

MAIN = Stream("main", "main", "H264", 2560, 1440, 25.0)
MIDDLE = Stream("middle", "middle", "H264", 1280, 720, 15.0)
SUB = Stream("sub", "sub", "H264", 640, 360, 8.0)
SILENT = Stream("silent", "silent")


@pytest.mark.parametrize(
    ("wish", "proposed"),
    [
        (Wish(1280, 15), MIDDLE),
        (Wish(640, 5), SUB),
        (Wish(640, 15), MIDDLE),
        (Wish(1281, 1), MAIN),
        (Wish(1280, 25), MAIN),
        (Wish(3840, 60), MAIN),
    ],
)
def test_the_smallest_stream_that_is_large_and_fast_enough(wish: Wish, proposed: Stream) -> None:
    assert propose([MAIN, SUB, SILENT, MIDDLE], wish) is proposed


def test_without_streams_there_is_no_proposal() -> None:
    assert propose([], Wish(1280, 15)) is None
    assert propose([SILENT], Wish(1280, 15)) is SILENT
