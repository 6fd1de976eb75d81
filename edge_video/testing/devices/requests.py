"""Reads requests of RTSP and HTTP clients from a connection."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_video.testing.devices.loopback import HangUp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.testing.devices.loopback import Connection

_MOST: Final = 1 << 20
_END: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked."""

    method: str
    url: str
    headers: Mapping[str, str]
    """By name in lower case; the last of those that come twice."""
    body: bytes = b""


class RequestReader:
    """Takes requests out of a connection; interleaved packets between them are passed over."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pending = b""

    def read(self, until: float | None = None) -> Request | None:
        """The next request; None when none is whole until then (`time.monotonic`; None: for ever).

        Raises:
            HangUp: the client is gone, or sent more than a megabyte without an end.
        """
        while (request := self._take()) is None:
            got = self._connection.receive(until)
            if not got:
                return None
            self._pending += got
            if len(self._pending) > _MOST:
                raise HangUp
        return request

    def _take(self) -> Request | None:
        self._skip_interleaved()
        head, end, rest = self._pending.partition(_END)
        if not end or self._pending[:1] == b"$":
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = [line.partition(":") for line in lines]
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        length = headers.get("content-length", "0")
        size = int(length) if length.isdecimal() else 0
        if len(rest) < size:
            return None
        self._pending = rest[size:]
        method, url, *_ = [*first.split(), "", ""]
        return Request(method, url, headers, rest[:size])

    def _skip_interleaved(self) -> None:
        """Drop what an RTSP client sends as RTCP on the same connection."""
        while self._pending[:1] == b"$" and len(self._pending) >= 4:
            size = 4 + struct.unpack_from(">H", self._pending, 2)[0]
            if len(self._pending) < size:
                return
            self._pending = self._pending[size:]
