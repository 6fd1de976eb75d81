"""Asks the broker of a configuration what frames and events will need of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.delivery.amqp.inquiry import BrokerResult, begin_probe
from edge_video.delivery.amqp.settings import Route

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from edge_video.config import CameraConfig, Config


def ask_broker(
    config: Config, cameras: Sequence[CameraConfig], timeout_s: float
) -> Future[BrokerResult]:
    """Begin to ask; for a configuration whose sink is the broker.

    Args:
        config: with `amqp`.
        cameras: those whose exchanges matter; that of the events is asked for too.
        timeout_s: of each step, in seconds.
    """
    assert config.amqp is not None
    routes = [camera.route for camera in cameras]
    if config.events is not None:
        key = f"{config.events.routing_key_prefix}camera.online.{config.cameras[0].id}"
        routes.append(Route(config.events.exchange, key))
    return begin_probe(config.amqp.settings(config.node), routes, config.secrets(), timeout_s)
