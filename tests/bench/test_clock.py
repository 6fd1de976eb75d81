from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from bench.clock import BITS, HEIGHT, WIDTH, picture, shown_ms
from edge_video.testing.clips import decode_jpeg


@pytest.mark.parametrize("ms", [0, 1, 12_345, 2**BITS - 1, 2**BITS, 3 * 2**BITS + 40_000])
def test_the_time_in_a_picture_is_read_back(ms: int) -> None:
    luma = np.frombuffer(picture(ms)[: WIDTH * HEIGHT], np.uint8).reshape(HEIGHT, WIDTH)
    image = io.BytesIO()
    Image.fromarray(luma).convert("RGB").save(image, "JPEG")
    assert shown_ms(decode_jpeg(image.getvalue())) == ms % 2**BITS
