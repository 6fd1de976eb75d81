"""Holds the one table of what a changed key does to a system that runs.

`edge_video.config.diff` makes its plans from this table, and docs/reload.md is made from it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Effect(StrEnum):
    """What a changed key does, from the mildest to the one that a running system refuses."""

    LIVE = "live"
    """It holds at once; nothing that streams or is connected is interrupted."""
    CAMERA = "camera"
    """The cameras concerned start anew; the others go on."""
    RECONNECT = "reconnect"
    """What is in flight is settled, then the sink is connected anew; cameras go on."""
    RESTART = "restart"
    """Only a new start of the program takes it over: a reload is refused, whole."""


class Part(StrEnum):
    """Which part of the system takes a changed key over."""

    CAMERAS = "cameras"
    ROUTES = "routes"
    BREAKERS = "breakers"
    OUTBOXES = "outboxes"
    SUPERVISION = "supervision"
    PUBLISHER = "publisher"
    NOTIFIER = "notifier"
    METRICS = "metrics"
    REPORTER = "reporter"
    HTTP = "http"
    LIVENESS = "liveness"
    CLUSTER = "cluster"
    COMMANDS = "commands"
    LOG = "log"
    PROGRAM = "program"
    """None of them: it is fixed when the program starts."""
    NOBODY = "nobody"
    """None of them either: only commands read it."""


class Row(NamedTuple):
    """What a changed key does, and who takes it over."""

    effect: Effect
    part: Part


_LIVE, _CAMERA = Effect.LIVE, Row(Effect.CAMERA, Part.CAMERAS)
_RECONNECT = Row(Effect.RECONNECT, Part.PUBLISHER)
_RESTART = Row(Effect.RESTART, Part.PROGRAM)

EFFECTS: Final[Mapping[str, Row]] = {
    "fps": _CAMERA,
    "quality": _CAMERA,
    "huffman": _CAMERA,
    "ffmpeg_max_memory_mb": _CAMERA,
    "ffmpeg_max_cpu_percent": _CAMERA,
    "hwaccel": _CAMERA,
    "hwaccel_device": _CAMERA,
    "jpeg_encoder": _CAMERA,
    "publish": Row(_LIVE, Part.CAMERAS),
    "sink": _RECONNECT,
    "amqp": _RECONNECT,
    "events": _RESTART,
    "events.exchange": _RECONNECT,
    "events.routing_key_prefix": Row(_LIVE, Part.NOTIFIER),
    "events.stable_for": Row(_LIVE, Part.NOTIFIER),
    "events.flap_changes": Row(_LIVE, Part.NOTIFIER),
    "events.flap_window": Row(_LIVE, Part.NOTIFIER),
    "events.node_status": Row(_LIVE, Part.NOTIFIER),
    "events.queue": _RESTART,
    "commands": _RESTART,
    "commands.allow": Row(_LIVE, Part.COMMANDS),
    "circuit_breaker": Row(_LIVE, Part.BREAKERS),
    "memory_controller": Row(_LIVE, Part.METRICS),
    "buffer": Row(_LIVE, Part.OUTBOXES),
    "max_buffered_bytes": Row(_LIVE, Part.OUTBOXES),
    "max_age": Row(_LIVE, Part.OUTBOXES),
    "start_spacing": Row(_LIVE, Part.SUPERVISION),
    "report_interval": Row(_LIVE, Part.REPORTER),
    "monitor": Row(_LIVE, Part.REPORTER),
    "shutdown_timeout": Row(_LIVE, Part.SUPERVISION),
    "language": _RESTART,
    "log": _RESTART,
    "log.level": Row(_LIVE, Part.LOG),
    "node": _RESTART,
    "ffmpeg": _RESTART,
    "malloc_tuning": _RESTART,
    "umask": _RESTART,
    "supervision": Row(_LIVE, Part.SUPERVISION),
    "http": _RESTART,
    "http.listen": Row(_LIVE, Part.HTTP),
    "http.token": Row(_LIVE, Part.HTTP),
    "http.hosts": Row(_LIVE, Part.HTTP),
    "http.ready": Row(_LIVE, Part.HTTP),
    "liveness": Row(_LIVE, Part.LIVENESS),
    "cluster": _RESTART,
    "cluster.capacity": Row(_LIVE, Part.CLUSTER),
    "cluster.handover": Row(_LIVE, Part.CLUSTER),
    "cluster.uncertain": Row(_LIVE, Part.CLUSTER),
    "cluster.uncertain_stop": Row(_LIVE, Part.CLUSTER),
    "cluster.renew": Row(_LIVE, Part.CLUSTER),
    "state": _RESTART,
    "profiles": Row(_LIVE, Part.CAMERAS),
    "profile": Row(_LIVE, Part.CAMERAS),
    "cameras": _CAMERA,
    "cameras.schedule": Row(_LIVE, Part.CAMERAS),
    "cameras.expected": Row(_LIVE, Part.CAMERAS),
    "cameras.liveness": Row(_LIVE, Part.LIVENESS),
    "cameras.cluster": Row(_LIVE, Part.CLUSTER),
    "cameras.exchange": Row(_LIVE, Part.ROUTES),
    "cameras.routing_key": Row(_LIVE, Part.ROUTES),
    "cameras.publish": Row(_LIVE, Part.CAMERAS),
    "cameras.device": Row(_LIVE, Part.NOBODY),
}
"""Key, or the section around it → what its change does. The longest entry that fits counts.

The entry of a section that may be absent says what happens when it comes or goes.
"""


def row_of(key: str) -> Row:
    """What a change of this key does, `amqp.tls.ca` for example.

    Raises:
        KeyError: neither the key nor a section around it is in the table.
    """
    name = key
    while name not in EFFECTS and "." in name:
        name = name.rpartition(".")[0]
    return EFFECTS[name]
