"""Defines the messages about what a camera's pictures show; frozen, as all messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_video.frames import CameraId
    from edge_video.resilience.liveness import PictureState


@dataclass(frozen=True, slots=True)
class PictureJudged:
    """Liveness → supervisor: what the pictures of a camera are has changed."""

    camera_id: CameraId
    state: PictureState | None
    """None: nobody can tell, because no pictures come or nobody looks at them any more."""


@dataclass(frozen=True, slots=True)
class PictureFrozen:
    """Liveness → supervisor → the running camera: its FFmpeg is to be started anew for this."""

    camera_id: CameraId
    lasted_s: float
    """How long the pictures have been equal, or nearly so."""


@dataclass(frozen=True, slots=True)
class AcceptPicture:
    """Operator or host → supervisor: what the camera shows now is right; learn it anew.

    Ends `moved` and `covered`. Asked, it is answered with a `CommandAnswer`: done, or not running
    where nobody looks at the camera's pictures.
    """

    camera_id: CameraId
    origin: str = ""
    """Who asks, for the log."""
