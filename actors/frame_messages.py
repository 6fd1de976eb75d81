"""Defines the messages by which anyone publishes single frames; the publisher answers them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_video.frames import CameraId


@dataclass(frozen=True, slots=True)
class PublishFrame:
    """Anyone → publisher: publish this picture. Asked, it is answered with a `PublishAnswer`.

    The camera need not be configured: its frames go to the exchange of the configuration, with
    its id behind the configured prefix as the routing key, or to a directory of its own.
    """

    camera_id: CameraId
    """1 to 64 of the characters A-Z a-z 0-9 . _ -, as in a configuration."""
    image: bytes = field(repr=False)
    """A whole JPEG, from its start marker to its end marker."""
    captured_at_ns: int
    """Wall clock. The frame's age counts from here."""
    epoch: int | None = None
    """Where nodes share the camera: as in `edge_video.frames.Frame`; 0 to 2^63 - 1."""


class PublishResult(StrEnum):
    """What became of a `PublishFrame`."""

    ACCEPTED = "accepted"
    """It is held for the sink, by the same rules as any camera's frame."""
    NOT_A_JPEG = "not_a_jpeg"
    TOO_LARGE = "too_large"
    """More than `edge_video.faults.MAX_FRAME_BYTES`."""
    BAD_TIME = "bad_time"
    """`captured_at_ns` is negative, or no number of 63 bits."""
    BAD_EPOCH = "bad_epoch"
    """`epoch` is negative, or no number of 63 bits."""
    BAD_CAMERA_ID = "bad_camera_id"
    TOO_MANY_CAMERAS = "too_many_cameras"
    """As many cameras as may be without being configured are known already."""
    MEMORY = "memory"
    """No room is left, or frames come too soon after each other while memory is short."""
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class PublishAnswer:
    """The answer to a `PublishFrame` that was asked."""

    result: PublishResult
    displaced: bool = False
    """Its camera had as many frames waiting as may be, and the oldest was dropped for it."""


@dataclass(frozen=True, slots=True)
class GetFrameCounts:
    """Query, anyone → publisher: a `dict` of `FrameCounts` by camera id, all of one instant."""
