"""Makes the sink that the configuration names: a new object for each connection."""

from __future__ import annotations

import random
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from edge_video.actors.publisher import SinkPlace
from edge_video.config import Config, DirectorySinkConfig
from edge_video.delivery.amqp.brokers import BrokerCycle
from edge_video.delivery.amqp.notifications import NotificationRoute
from edge_video.delivery.amqp.settings import Route
from edge_video.delivery.amqp.sink import AmqpSink
from edge_video.delivery.no_sink import NoSink
from edge_video.frames import CameraId
from edge_video.runtime.timer import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from edge_video.actors.publisher import SinkFactory
    from edge_video.config import AmqpConfig, CameraConfig
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
    routes: Mapping[CameraId, Route],
    present: Collection[CameraId],
    reactor: Reactor | None,
    notifications: NotificationQueue | None,
) -> SinkFactory:
    """The factory of the configured sink; without one, that of a sink which takes nothing.

    Args:
        config: the whole configuration.
        outbox: what the sink empties.
        clock: the system's.
        routes: where each camera's frames go on the broker; may change meanwhile.
        present: the cameras that there are; may change as well.
        reactor: the thread that publishes to RabbitMQ; None: one of the sink's own.
        notifications: those that go to RabbitMQ beside the frames.
    """
    if isinstance(config.sink, DirectorySinkConfig):
        return _directory_sink(config.sink, config.cameras, outbox, clock)
    if not config.has_sink:
        return NoSink
    return _amqp_sink(
        config, outbox, clock, routes, present=present, reactor=reactor, queue=notifications
    )


def sink_for(
    section: AmqpConfig | DirectorySinkConfig, cameras: Sequence[CameraConfig] = ()
) -> SinkPlace:
    """Where the frames of a publisher go that is started by itself; for `PublisherActor.start`.

    Args:
        section: the broker, or the directory.
        cameras: those whose exchange and routing key are their own, or that are to have their
            directories at once; the frames of others are taken as well.

    Raises:
        ValueError: the broker has no URL, or two cameras share a route.
    """
    known = [CameraId(camera.id) for camera in cameras]
    if isinstance(section, DirectorySinkConfig):
        return SinkPlace(
            str(Path(section.path)),
            lambda outbox: _directory_sink(section, cameras, outbox, SystemClock()),
            known,
        )
    return SinkPlace(
        section.masked_url, _broker_alone(section, cameras), known, len(section.addresses)
    )


def _broker_alone(
    section: AmqpConfig, cameras: Sequence[CameraConfig]
) -> Callable[[Outbox], SinkFactory]:
    clock = SystemClock()
    cycle = BrokerCycle(section.settings_of_each(socket.gethostname()), clock, random.random)
    # A whole configuration, for cameras inherit from its `amqp` what they do not say themselves.
    whole = Config(cameras=cameras, amqp=section).cameras if cameras else ()
    routes = {CameraId(camera.id): camera.route for camera in whole}

    def make(outbox: Outbox) -> SinkFactory:
        def open_amqp(listener: SinkListener) -> Sink:
            broker = cycle.next()
            return AmqpSink(
                broker.settings,
                routes,
                outbox,
                listener,
                clock,
                handshake=broker.handshake,
                knowledge=broker.knowledge,
                foreign=_foreign_route(section),
            )

        return open_amqp

    return make


def _directory_sink(
    directory: DirectorySinkConfig, cameras: Sequence[CameraConfig], outbox: Outbox, clock: Clock
) -> SinkFactory:
    # Here and not above: most systems never write a file.
    from edge_video.delivery.directory import DirectorySink  # noqa: PLC0415

    ids = [CameraId(camera.id) for camera in cameras]

    def open_directory(listener: SinkListener) -> Sink:
        return DirectorySink(Path(directory.path), ids, directory.keep, outbox, listener, clock)

    return open_directory


def _amqp_sink(
    config: Config,
    outbox: Outbox,
    clock: Clock,
    routes: Mapping[CameraId, Route],
    *,
    present: Collection[CameraId],
    reactor: Reactor | None,
    queue: NotificationQueue | None,
) -> SinkFactory:
    amqp = config.amqp
    assert amqp is not None
    cycle = BrokerCycle(amqp.settings_of_each(config.node), clock, random.random)
    notifications = None
    if config.events is not None and queue is not None:
        notifications = NotificationRoute(config.events.exchange, queue)

    def open_amqp(listener: SinkListener) -> Sink:
        broker = cycle.next()
        return AmqpSink(
            broker.settings,
            routes,
            outbox,
            listener,
            clock,
            reactor=reactor,
            handshake=broker.handshake,
            notifications=notifications,
            knowledge=broker.knowledge,
            foreign=_foreign_route(amqp),
            present=present,
        )

    return open_amqp


def _foreign_route(amqp: AmqpConfig) -> Route:
    """The exchange of cameras that are not configured, and what comes before their ids as key."""
    return Route(amqp.exchange, amqp.routing_key_prefix)
