"""Asks the brokers of a configuration what frames and events will need of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.delivery.amqp.inquiry import BrokerResult, begin_probe
from edge_video.delivery.amqp.settings import Route

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from edge_video.config import CameraConfig, Config


def ask_brokers(
    config: Config, cameras: Sequence[CameraConfig], timeout_s: float
) -> dict[Future[BrokerResult], str]:
    """Begin to ask each broker of the list; for a configuration whose sink is the broker.

    Returns the answers to come, each with the name of who is asked.

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
    redact = config.secrets()
    return {
        begin_probe(each, routes, redact, timeout_s): each.target
        for each in config.amqp.settings_of_each(config.node)
    }
