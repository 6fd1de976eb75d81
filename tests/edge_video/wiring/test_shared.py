"""What actors share, and what a configuration has no say in."""

from __future__ import annotations

import pytest

from edge_video.config import Config
from edge_video.delivery.outbox import Outbox
from edge_video.testing import FakeClock
from edge_video.wiring.frame_routes import FramePlaces
from edge_video.wiring.shared import Shared


def test_a_recorder_that_is_slow_to_log_in_to_does_not_keep_cameras_without_their_card() -> None:
    camera = {"id": "door", "url": "rtsp://192.0.2.1/door"}
    values = {"start_spacing": "5s", "cameras": [camera], "sink": {"type": "directory"}}
    config = Config.model_validate(values)
    clock = FakeClock()
    shared = Shared.first(config, FramePlaces(clock, Outbox(clock)), None)
    waits = [shared.fallbacks.reserve(0.0) for _ in range(3)]
    assert waits == pytest.approx([0.0, 0.1, 0.2])
