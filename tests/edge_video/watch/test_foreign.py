"""Bodies and headers of others, without a broker."""

from __future__ import annotations

import pika
import pytest

from edge_video.delivery.amqp.tolerance import UnreadableProperties
from edge_video.watch.foreign import headers_of
from tests.support.poison import BODIES_OF_OTHERS, FRAME


def test_what_pika_cannot_read_has_no_headers() -> None:
    assert headers_of(UnreadableProperties(), b"\xff\xd8") == {}


@pytest.mark.parametrize("name", BODIES_OF_OTHERS)
def test_a_body_that_is_no_plain_jpeg_is_no_frame(name: str) -> None:
    assert headers_of(*BODIES_OF_OTHERS[name]) == {}


def test_a_jpeg_keeps_its_headers() -> None:
    properties = pika.BasicProperties(headers=FRAME, content_type="image/jpeg")
    assert headers_of(properties, b"\xff\xd8 torn") == FRAME
