"""Defines the status of the whole system at one instant, and its JSON form."""

from edge_video.status.json import status_as_json, status_from_json
from edge_video.status.model import (
    CameraPhase,
    CameraStatus,
    PublisherState,
    PublisherStatus,
    SystemStatus,
)

__all__ = [
    "CameraPhase",
    "CameraStatus",
    "PublisherState",
    "PublisherStatus",
    "SystemStatus",
    "status_as_json",
    "status_from_json",
]
