"""Makes the sink that the configuration names: a new object for each connection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge_video.config import DirectorySinkConfig
from edge_video.delivery.amqp.handshake import HandshakeTimeout
from edge_video.delivery.amqp.knowledge import BrokerKnowledge
from edge_video.delivery.amqp.notifications import NotificationRoute
from edge_video.delivery.amqp.sink import AmqpSink
from edge_video.delivery.no_sink import NoSink
from edge_video.frames import CameraId

if TYPE_CHECKING:
    from edge_video.actors.publisher import SinkFactory
    from edge_video.config import Config
    from edge_video.delivery.notification_queue import NotificationQueue
    from edge_video.delivery.outbox import Outbox
    from edge_video.delivery.sink import Sink, SinkListener
    from edge_video.runtime.reactor import Reactor
    from edge_video.runtime.timer import Clock


def configured_sink(
    config: Config,
    outbox: Outbox,
    clock: Clock,
    *,
    reactor: Reactor | None,
    notifications: NotificationQueue | None,
) -> SinkFactory:
    """The factory of the configured sink; without one, that of a sink which takes nothing.

    Args:
        config: the whole configuration.
        outbox: what the sink empties.
        clock: the system's.
        reactor: the thread that publishes to RabbitMQ; None: one of the sink's own.
        notifications: those that go to RabbitMQ beside the frames.
    """
    if isinstance(config.sink, DirectorySinkConfig):
        return _directory_sink(config, config.sink, outbox, clock)
    if not config.has_sink:
        return NoSink
    return _amqp_sink(config, outbox, clock, reactor, notifications)


def _directory_sink(
    config: Config, directory: DirectorySinkConfig, outbox: Outbox, clock: Clock
) -> SinkFactory:
    # Here and not above: most systems never write a file.
    from edge_video.delivery.directory import DirectorySink  # noqa: PLC0415

    ids = [CameraId(camera.id) for camera in config.cameras]

    def open_directory(listener: SinkListener) -> Sink:
        return DirectorySink(Path(directory.path), ids, directory.keep, outbox, listener, clock)

    return open_directory


def _amqp_sink(
    config: Config,
    outbox: Outbox,
    clock: Clock,
    reactor: Reactor | None,
    queue: NotificationQueue | None,
) -> SinkFactory:
    assert config.amqp is not None
    settings = config.amqp.settings(config.node)
    routes = {CameraId(camera.id): camera.route for camera in config.cameras}
    notifications = None
    if config.events is not None and queue is not None:
        notifications = NotificationRoute(config.events.exchange, queue)
    # What one connection has learned of the broker is the next one's beginning.
    knowledge = BrokerKnowledge()
    handshake = HandshakeTimeout(settings.handshake_timeout_s)

    def open_amqp(listener: SinkListener) -> Sink:
        return AmqpSink(
            settings,
            routes,
            outbox,
            listener,
            clock,
            reactor=reactor,
            handshake=handshake,
            notifications=notifications,
            knowledge=knowledge,
        )

    return open_amqp
