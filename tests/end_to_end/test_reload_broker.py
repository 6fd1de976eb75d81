"""A reload moves a running system to another virtual host, user and exchange of a real broker."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.actors.reload_messages import Reload
from edge_video.app import start_system
from edge_video.config import Config
from edge_video.status.configuration import ReloadResult
from edge_video.status.model import PublisherState
from edge_video.testing import assert_frames_accounted_for, eventually
from edge_video.testing.consumer import Consumer
from edge_video.testing.rabbit_files import ODD_PASSWORD
from tests.support.painted_system import PaintedCapture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.app import System
    from edge_video.testing.rabbit import RabbitNode

pytestmark = pytest.mark.rabbitmq

CAMERAS = ("door", "yard", "gate", "hall")
OTHER_HOST = "a/b"


def config_for(url: str, exchange: str) -> Config:
    cameras = [{"id": name, "url": "rtsp://10.0.0.9/s", "fps": 30} for name in CAMERAS]
    return Config.model_validate(
        {
            "amqp": {"url": url, "exchange": exchange},
            "cameras": cameras,
            "start_spacing": 0.0,
            "report_interval": "1h",
            # A machine that is busy drops none of what is to be found at the other end.
            "buffer": 1000,
            "max_age": "1m",
        }
    )


@pytest.fixture
def ends(broker: RabbitNode, exchange: str) -> Iterator[list[Consumer]]:
    """Whoever hears what arrives at each of the places, in the order in which they are used."""
    with ExitStack() as stack:
        made = []
        for host, name in (("/", exchange), (OTHER_HOST, exchange), (OTHER_HOST, f"{exchange}.b")):
            parameters = broker.parameters()
            parameters.virtual_host = host
            made.append(Consumer(parameters, name))
            stack.callback(made[-1].close)
        yield made


def move(system: System, config: Config, keys: tuple[str, ...]) -> None:
    before = system.status().publisher.connections
    answer: Any = system.supervisor.ask(Reload(config, origin="test"), timeout=10)
    assert (answer.result, answer.plan.as_json()["reconnect"]) == (ReloadResult.DONE, list(keys))
    eventually(lambda: system.status().publisher.connections == before + 1, 20)
    eventually(lambda: system.status().publisher.state is PublisherState.CONNECTED, 20)


def test_every_frame_is_at_one_broker_or_the_other_once(
    broker: RabbitNode, exchange: str, ends: list[Consumer]
) -> None:
    system = start_system(
        config_for(broker.url(), exchange),
        capture=lambda camera, *, on_frame, on_end: PaintedCapture(camera, on_frame, on_end),
    )
    try:
        first, second, third = ends
        first.wait_for(10)
        move(system, config_for(broker.url(vhost=OTHER_HOST), exchange), ("amqp.url",))
        second.wait_for(10)
        odd = broker.url("odd", ODD_PASSWORD, OTHER_HOST)
        move(system, config_for(odd, exchange), ("amqp.url",))
        came = len(second.messages)
        second.wait_for(came + 10)
        move(system, config_for(odd, f"{exchange}.b"), ("amqp.exchange",))
        third.wait_for(10)
    finally:
        ended = system.stop(20)
    status = ended.status
    assert_frames_accounted_for(status)
    eventually(lambda: sum(len(end.messages) for end in ends) == status.totals.confirmed, 10)
    assert status.totals.confirmed == status.totals.received
    assert (status.publisher.connections, status.publisher.connections_lost) == (4, 0)
    assert status.restarts["publisher"] == 0
    for camera in status.cameras:
        arrived = [
            (each.properties.headers["session"], each.properties.headers["seq"])
            for end in ends
            for each in end.messages
            if each.properties.headers["camera_id"] == camera.camera_id
        ]
        assert len({session for session, _ in arrived}) == 1
        # In this order: what one place was told was settled before the next one was told anything.
        assert [seq for _, seq in arrived] == list(range(1, camera.frames.confirmed + 1))
