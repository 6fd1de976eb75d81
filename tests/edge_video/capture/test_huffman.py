from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_video.capture.command import capture_command
from edge_video.config import CameraConfig
from edge_video.frames.splitter import FrameSplitter
from edge_video.testing.clips import decode_jpeg
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from edge_video.capture.binary import Binary
    from edge_video.config.types import Huffman

ONE_PICTURE = "lavfi:testsrc2=size=320x180:rate=30,noise=alls=20,trim=end_frame=1"


@pytest.mark.ffmpeg
@EVERY_FFMPEG
def test_optimal_tables_are_the_same_picture_in_fewer_bytes(any_ffmpeg: Binary) -> None:
    def image(huffman: Huffman) -> bytes:
        command = capture_command(
            any_ffmpeg, CameraConfig(id="cam", url=ONE_PICTURE, huffman=huffman)
        )
        output = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
        (only,) = FrameSplitter().feed(output)
        return only

    standard, optimal = image("standard"), image("optimal")
    assert np.array_equal(decode_jpeg(standard), decode_jpeg(optimal))
    assert len(optimal) < 0.99 * len(standard)
