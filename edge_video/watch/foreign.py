"""Reads messages of others on a frames' exchange, which may hold anything.

Whoever may publish can send anything: a time stamp in milliseconds, beyond the year 9999; numbers
that are none; tables within tables. pika raises on some of it in the middle of its own buffer, and
the connection with all that waits in it is lost. Here such a message arrives without headers.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, Final

import pika
import pika.frame
import pika.spec

from edge_video.frames.jpeg import SOI

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN: Final = (None, "", "identity")
_OURS: Final = (None, "", "image/jpeg")


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
    """The content header at the beginning of the buffer; None when another frame stands there."""
    kind, channel, size = struct.unpack(">BHL", buffer[: pika.spec.FRAME_HEADER_SIZE])
    if kind != pika.spec.FRAME_HEADER:
        return None
    (body_size,) = struct.unpack_from(">4xQ", buffer, pika.spec.FRAME_HEADER_SIZE)
    header = pika.frame.Header(channel, body_size, UnreadableProperties())
    return pika.spec.FRAME_HEADER_SIZE + size + pika.spec.FRAME_END_SIZE, header


def headers_of(properties: pika.BasicProperties, body: bytes) -> Mapping[str, Any]:
    """A message's headers; none when its body is not a plain JPEG, so that it is no frame."""
    is_picture = (
        body[:2] == SOI
        and properties.content_encoding in _PLAIN
        and properties.content_type in _OURS
    )
    return properties.headers or {} if is_picture else {}
