"""Defines the status of the whole system at one instant, how it is judged, and its JSON form."""

from edge_video.status.health import CameraHealth, Delivery, Verdict, camera_health, verdict
from edge_video.status.json import status_as_json, status_from_json
from edge_video.status.model import (
    CameraPhase,
    CameraStatus,
    Outage,
    PublisherState,
    PublisherStatus,
    Recent,
    SystemStatus,
)

__all__ = [
    "CameraHealth",
    "CameraPhase",
    "CameraStatus",
    "Delivery",
    "Outage",
    "PublisherState",
    "PublisherStatus",
    "Recent",
    "SystemStatus",
    "Verdict",
    "camera_health",
    "status_as_json",
    "status_from_json",
    "verdict",
]
