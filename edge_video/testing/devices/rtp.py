"""Cuts pictures into RTP packets (RFC 3550, 6184, 7798, 2435)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_video.testing.devices.jpeg import parse_jpeg
from edge_video.testing.devices.video import Codec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.testing.devices.video import Picture

_WHOLE_TABLES: Final = 255
"""RFC 2435: a Q of 255 says that the first packet of each picture carries the tables."""


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet; `dataclasses.replace` makes it as odd as a test wants.

    Numbers are cut to their width on the wire, so that counting past the end wraps as in a camera.
    """

    stamp: int
    """In units of the clock of the SDP (video: 90 000 a second); any integer."""
    sequence: int
    marker: bool
    """Set on the last packet of a picture."""
    payload: bytes
    payload_type: int = 96
    ssrc: int = 0x1234

    def encode(self) -> bytes:
        """The bytes of the datagram."""
        flags = self.payload_type | (0x80 if self.marker else 0)
        return (
            struct.pack(
                ">BBHII",
                0x80,
                flags,
                self.sequence & 0xFFFF,
                self.stamp & 0xFFFFFFFF,
                self.ssrc & 0xFFFFFFFF,
            )
            + self.payload
        )


class Packetizer:
    """Cuts pictures into packets and numbers them.

    Args:
        codec: of the pictures.
        most: bytes of payload in a packet.
        sequence: the number of the first packet.
        payload_type: 96, or 26 for JPEG, when None.
    """

    def __init__(
        self,
        codec: Codec,
        *,
        most: int = 1300,
        sequence: int = 1000,
        payload_type: int | None = None,
    ) -> None:
        self._codec = codec
        self._most = most
        self._sequence = sequence
        self._payload_type = (
            payload_type if payload_type is not None else 26 if codec is Codec.JPEG else 96
        )

    def cut(self, picture: Picture, stamp: int) -> list[RtpPacket]:
        """The packets of one picture; the last has the marker."""
        payloads = list(self._payloads(picture))
        packets = [
            RtpPacket(
                stamp, self._sequence + i, i == len(payloads) - 1, payload, self._payload_type
            )
            for i, payload in enumerate(payloads)
        ]
        self._sequence += len(packets)
        return packets

    def _payloads(self, picture: Picture) -> Iterator[bytes]:
        if self._codec is Codec.JPEG:
            yield from _jpeg_fragments(picture[0], self._most)
            return
        for nal in picture:
            if len(nal) <= self._most:
                yield nal
            elif self._codec is Codec.H264:
                yield from _fragments(
                    nal[1:], bytes([nal[0] & 0xE0 | 28]), nal[0] & 0x1F, self._most
                )
            else:
                head = bytes([nal[0] & 0x81 | 49 << 1, nal[1]])
                yield from _fragments(nal[2:], head, nal[0] >> 1 & 0x3F, self._most)


def _fragments(body: bytes, head: bytes, kind: int, most: int) -> Iterator[bytes]:
    """Fragmentation units (FU-A; in H.265, FU) of one NAL unit without its header."""
    for at in range(0, len(body), most):
        first, last = at == 0, at + most >= len(body)
        flags = (0x80 if first else 0) | (0x40 if last else 0) | kind
        yield head + bytes([flags]) + body[at : at + most]


def _jpeg_fragments(image: bytes, most: int) -> Iterator[bytes]:
    jpeg = parse_jpeg(image)
    for at in range(0, len(jpeg.scan), most):
        head = struct.pack(
            ">IBBBB", at, jpeg.rtp_type, _WHOLE_TABLES, jpeg.width // 8, jpeg.height // 8
        )
        tables = b"".join(jpeg.quantization)
        quantization = struct.pack(">BBH", 0, 0, len(tables)) + tables if at == 0 else b""
        yield head + quantization + jpeg.scan[at : at + most]
