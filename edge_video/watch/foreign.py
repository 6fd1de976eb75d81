"""Reads messages of others on a frames' exchange, which may hold anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge_video.frames.jpeg import SOI

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pika

_PLAIN: Final = (None, "", "identity")
_OURS: Final = (None, "", "image/jpeg")


def headers_of(properties: pika.BasicProperties, body: bytes) -> Mapping[str, Any]:
    """A message's headers; none when its body is not a plain JPEG, so that it is no frame."""
    is_picture = (
        body[:2] == SOI
        and properties.content_encoding in _PLAIN
        and properties.content_type in _OURS
    )
    return properties.headers or {} if is_picture else {}
