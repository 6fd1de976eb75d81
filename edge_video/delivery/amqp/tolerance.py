"""Reads frames of the broker whose properties pika cannot decode, as messages without any.

Whoever may publish can send anything: a time stamp in milliseconds, beyond the year 9999; numbers
that are none; tables within tables. pika raises on some of it in the middle of its own buffer, and
the connection with all that waits in it is lost. Here such a message arrives without properties.
"""

from __future__ import annotations

import struct
from typing import Any

import pika
import pika.frame
import pika.spec


class UnreadableProperties(pika.BasicProperties):  # type: ignore[misc]  # pika has no types
    """Stands for properties that pika cannot decode."""


class TolerantConnection(pika.SelectConnection):  # type: ignore[misc]  # as above
    """A connection that a message with unreadable properties does not end."""

    def _read_frame(self) -> tuple[int, Any]:
        """The next frame of the buffer, as pika's own; called by pika, on its thread."""
        try:
            return super()._read_frame()  # type: ignore[no-any-return]
        except Exception:  # whatever pika makes of foreign bytes
            frame = _without_properties(self._frame_buffer)
            if frame is None:
                raise
            return frame


def _without_properties(buffer: bytes) -> tuple[int, pika.frame.Header] | None:
    """The content header at the beginning of the buffer; None when none stands there."""
    kind, channel, size = struct.unpack(">BHL", buffer[: pika.spec.FRAME_HEADER_SIZE])
    end = pika.spec.FRAME_HEADER_SIZE + size
    if kind != pika.spec.FRAME_HEADER or buffer[end] != pika.spec.FRAME_END:
        return None
    (body_size,) = struct.unpack_from(">4xQ", buffer, pika.spec.FRAME_HEADER_SIZE)
    header = pika.frame.Header(channel, body_size, UnreadableProperties())
    return end + pika.spec.FRAME_END_SIZE, header
