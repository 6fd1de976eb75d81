"""A configuration file for the command line, with a secret that must not be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from pathlib import Path

SECRET: Final = "hunter2-canary"

TWINS: Final = {
    "cameras": [
        {"id": "a", "url": "rtsp://h/1", "routing_key": "same"},
        {"id": "b", "url": "rtsp://h/2", "routing_key": "same"},
    ]
}
"""Two cameras with one routing key: valid, and probably not meant."""


def write_config(folder: Path, **values: Any) -> Path:
    path = folder / "config.yaml"
    config = {
        "amqp": {"url": f"amqp://me:{SECRET}@broker/", "exchange": "ex"},
        "cameras": [{"id": "cam1", "url": f"rtsp://me:{SECRET}@10.0.0.1/s"}],
        "language": "en",
        "malloc_tuning": False,
        **values,
    }
    path.write_text(yaml.safe_dump(config))
    return path
