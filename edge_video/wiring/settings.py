"""Translates sections of the configuration into the settings of the packages that obey them.

So neither the configuration knows what is made of it, nor those packages the configuration.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_video.config import DirectorySinkConfig
from edge_video.delivery.amqp.settings import AmqpSettings, Route, TlsSettings
from edge_video.delivery.no_sink import NO_TARGET
from edge_video.frames import CameraId
from edge_video.notifications.debounce import SteadyPolicy
from edge_video.notifications.rules import NotificationPolicy
from edge_video.runtime import descriptors
from edge_video.text.catalog import Language, language_from_locale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.config import CameraConfig, Config, EventsConfig, HttpConfig
    from edge_video.http.settings import HttpSettings

APP: Final = "edge-video"
"""What messages on the broker name as the program that sent them."""


def configured_language(config: Config) -> Language:
    """The configuration's language, or the locale's when it says `auto`."""
    if config.language == "auto":
        return language_from_locale(os.environ)
    return Language(config.language)


def notification_policy(events: EventsConfig, node: str) -> NotificationPolicy:
    """The configuration's `events` section as the notification rules want it."""
    steady = SteadyPolicy(events.settle, events.flap_changes, events.flap_window)
    return NotificationPolicy(node, events.routing_key_prefix, steady)


def sink_target(config: Config) -> str:
    """Where frames go that no actor of an embedding program gets, secrets masked."""
    if isinstance(config.sink, DirectorySinkConfig):
        return str(Path(config.sink.path))
    if config.amqp is None or config.amqp.url is None:
        return NO_TARGET
    return config.amqp.masked_url


def http_settings(http: HttpConfig, cameras: int, language: Language) -> HttpSettings:
    """The configuration's `http` section as the server wants it, on a machine with its limits."""
    from edge_video.http.acceptor import MAX_CONNECTIONS  # noqa: PLC0415 - see `http_starter`
    from edge_video.http.settings import HttpSettings  # noqa: PLC0415 - as above

    address = http.address
    return HttpSettings(
        host=address.host,
        port=address.port,
        token=None if http.token is None else http.token.get_secret_value(),
        only_this_machine=address.is_loopback,
        names=http.hosts,
        needs_publisher=http.ready.publisher,
        needs_cameras=http.ready.cameras,
        max_connections=descriptors.http_share(
            cameras, descriptors.current_limit(), MAX_CONNECTIONS
        ),
        language=language,
    )


def amqp_settings(config: Config) -> AmqpSettings:
    """The configuration's `amqp` section as the sink wants it."""
    amqp = config.amqp
    assert amqp is not None
    broker = amqp.broker
    tls = None
    if broker.tls:
        tls = TlsSettings()
        if amqp.tls is not None:
            tls = TlsSettings(
                ca=amqp.tls.ca, cert=amqp.tls.cert, key=amqp.tls.key, verify=amqp.tls.verify
            )
    return AmqpSettings(
        host=broker.host,
        port=broker.port,
        vhost=broker.vhost,
        username=broker.username,
        password=broker.password.get_secret_value(),
        tls=tls,
        prefetch_count=amqp.prefetch_count,
        max_in_flight_bytes=amqp.max_in_flight_bytes,
        message_ttl_s=amqp.message_ttl,
        confirm_timeout_s=amqp.confirm_timeout,
        max_delay_s=amqp.max_delay,
        handshake_timeout_s=amqp.handshake_timeout,
        heartbeat_s=amqp.heartbeat,
        mandatory=amqp.mandatory,
        node=config.node,
        app=APP,
    )


def amqp_routes(cameras: Sequence[CameraConfig]) -> dict[CameraId, Route]:
    """Camera → exchange and routing key; both are concrete in a validated configuration."""
    return {
        CameraId(camera.id): Route(camera.exchange or "", camera.routing_key or camera.id)
        for camera in cameras
    }
