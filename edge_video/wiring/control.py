"""Makes the control connection; loaded only where the configuration has something that needs it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from edge_video.delivery.amqp.control import ControlConnection

if TYPE_CHECKING:
    from edge_video.config import Config
    from edge_video.runtime.timer import Clock


def make_control(config: Config, clock: Clock) -> ControlConnection:
    """Make the control connection to the brokers of the configuration; it is not started."""
    assert config.amqp is not None
    return ControlConnection(config.amqp.settings_of_each(config.node), clock, random.random)
