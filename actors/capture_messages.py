"""Defines what a capture tells the camera actor that owns it.

As in `edge_video.actors.messages`, all are frozen. Each names the session that it is about: the
camera may have started FFmpeg anew while the message was on its way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_video.resilience.failures import Failure


@dataclass(frozen=True, slots=True)
class CaptureStreaming:
    """Reactor → its camera: the first whole frame."""

    session: str


@dataclass(frozen=True, slots=True)
class CaptureDue:
    """Timer → its camera: its turn has come to go on where its hardware has failed."""

    session: str


@dataclass(frozen=True, slots=True)
class CaptureEnded:
    """Reactor → its camera: the stream is over."""

    failure: Failure
    session: str
