"""Translates sections of the configuration for packages that stand above it.

What stands below is a method of its section, like `CircuitBreakerConfig.policy` and
`AmqpConfig.settings`; the configuration knows neither notifications nor HTTP.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_video.actors.system_spec import Limits
from edge_video.config import DirectorySinkConfig
from edge_video.delivery.no_sink import NO_TARGET
from edge_video.frames import CameraId
from edge_video.notifications.debounce import SteadyPolicy
from edge_video.notifications.rules import NotificationPolicy
from edge_video.report.monitor_line import MonitorForm
from edge_video.runtime import descriptors
from edge_video.text.catalog import Language, language_from_locale

if TYPE_CHECKING:
    from edge_video.config import Config, EventsConfig, HttpConfig
    from edge_video.http.settings import HttpSettings
    from edge_video.resilience.liveness import LivenessPolicy

_LANGUAGE: Final = re.compile(r"^language:\s*[\"']?(pt|en)", re.MULTILINE | re.IGNORECASE)
_MAX_READ: Final = 1 << 20


def configured_language(config: Config) -> Language:
    """The configuration's language, or the locale's when it says `auto`."""
    if config.language == "auto":
        return language_from_locale(os.environ)
    return Language(config.language)


def liveness_policies(config: Config) -> dict[CameraId, LivenessPolicy]:
    """When the pictures of a camera are what; only of those whose pictures are looked at."""
    found = {}
    for camera in config.cameras:
        looked_at = camera.liveness
        policy = None if looked_at is None else looked_at.policy(camera.picture_interval_s)
        if policy is not None:
            found[CameraId(camera.id)] = policy
    return found


def language_of_file(path: str) -> Language:
    """The language that a configuration names which cannot be used, or else the locale's."""
    named = None
    with contextlib.suppress(OSError):
        if Path(path).is_file():  # to open a pipe waits for who writes into it
            with Path(path).open(encoding="utf-8", errors="replace") as file:
                named = _LANGUAGE.search(file.read(_MAX_READ))
    if named is None:
        return language_from_locale(os.environ)
    return Language.PT_BR if named[1].lower() == "pt" else Language.EN


def monitor_form(config: Config) -> MonitorForm:
    """What the monitor looks like; an interval of zero switches it off."""
    return MonitorForm(config.monitor) if config.report_interval else MonitorForm.OFF


def notification_policy(events: EventsConfig, node: str) -> NotificationPolicy:
    """The configuration's `events` section as the notification rules want it."""
    steady = SteadyPolicy(events.stable_for, events.flap_changes, events.flap_window)
    return NotificationPolicy(node, events.routing_key_prefix, steady, events.node_status)


def sink_target(config: Config) -> str:
    """Where frames go that no actor of an embedding program gets, without user and password.

    The same words as a sink has for it when it is connected.
    """
    if isinstance(config.sink, DirectorySinkConfig):
        return str(Path(config.sink.path))
    if config.amqp is None or not config.amqp.addresses:
        return NO_TARGET
    return config.amqp.settings().target


def brokers_of(config: Config) -> int:
    """How many brokers take turns; 1 for any other place."""
    if config.amqp is None or not goes_to_broker(config):
        return 1
    return max(1, len(config.amqp.addresses))


def goes_to_broker(config: Config) -> bool:
    """Whether frames go to a broker, and not into a directory."""
    return not isinstance(config.sink, DirectorySinkConfig)


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


def limits_of(config: Config) -> Limits:
    """The figures that the supervisor goes by."""
    return Limits(
        start_spacing_s=config.start_spacing,
        max_restarts=config.supervision.max_restarts,
        restart_period_s=config.supervision.period,
        shutdown_timeout_s=config.shutdown_timeout,
    )
