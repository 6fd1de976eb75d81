"""Tells a broker's malformed answer apart from a bug of this program."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

import pika.exceptions

if TYPE_CHECKING:
    from types import TracebackType

_DECODERS: Final = ("pika.", "struct", "edge_video.delivery.amqp.wire")


class MalformedAmqpError(ConnectionError):
    """The broker, or somebody between it and us, sends bytes that are no AMQP."""


def is_malformed(error: Exception) -> bool:
    """Whether the bytes were at fault: it was raised where they are decoded, not by a callback."""
    if isinstance(error, pika.exceptions.AMQPError | struct.error | UnicodeDecodeError):
        return True
    return _raised_in(error.__traceback__).startswith(_DECODERS)


def _raised_in(traceback: TracebackType | None) -> str:
    """The module of the innermost frame."""
    module = ""
    while traceback is not None:
        module = str(traceback.tb_frame.f_globals.get("__name__", ""))
        traceback = traceback.tb_next
    return module
