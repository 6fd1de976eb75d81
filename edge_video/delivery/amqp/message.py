"""Makes the properties and headers of a frame's message, version 1 of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pika

from edge_video.runtime.units import ns_to_whole_s

if TYPE_CHECKING:
    from edge_video.frames import Frame

SCHEMA: Final = 1
"""Version of the headers; changes when a consumer that relies on them would break."""


def message_id(frame: Frame) -> str:
    """Names one frame among all frames of its camera, over restarts too."""
    return f"{frame.session}-{frame.seq}"


def expiration(message_ttl_s: float | None) -> str | None:
    """A time to live as AMQP wants it: whole milliseconds, as a string; None for no limit."""
    return None if message_ttl_s is None else str(max(0, round(message_ttl_s * 1000)))


def message_properties(
    frame: Frame, *, node: str, app: str, published_at_ns: int, expires: str | None = None
) -> pika.BasicProperties:
    """The properties and headers of the message that carries `frame`; see docs/frames.md.

    Args:
        frame: the body's frame.
        node: names this machine.
        app: the `app_id`.
        published_at_ns: wall clock, nanoseconds since the epoch, of the hand-over to the broker.
        expires: from `expiration`.
    """
    return pika.BasicProperties(
        content_type="image/jpeg",
        delivery_mode=1,
        timestamp=ns_to_whole_s(frame.captured_at_ns),
        message_id=message_id(frame),
        app_id=app,
        expiration=expires,
        headers={
            "schema": SCHEMA,
            "camera_id": frame.camera_id,
            "node": node,
            "session": frame.session,
            **({} if frame.epoch is None else {"epoch": frame.epoch}),
            "seq": frame.seq,
            "captured_at_ns": frame.captured_at_ns,
            "published_at_ns": published_at_ns,
            "width": frame.width,
            "height": frame.height,
            "dropped": frame.dropped,
            **_change_headers(frame),
        },
    )


def _change_headers(frame: Frame) -> dict[str, int]:
    """What is said where only changes are published."""
    note = frame.note
    if note is None:
        return {}
    headers = {"unchanged": note.unchanged}
    if note.next_within_ms is not None:
        headers["next_within_ms"] = note.next_within_ms
    if note.unchanged_since_ns is not None:
        headers["unchanged_since"] = note.unchanged_since_ns
    return headers
