"""Cuts FLV and MPEG-TS into pictures whose time stamps a test chooses, for an `HttpDevice`.

RTMP carries FLV's tags, and HLS consists of MPEG-TS: a camera's wrong clock looks the same there.

    flv = Flv.of(encoded_clip(5))
    HttpDevice(flv.pictures, prefix=flv.head, content_type="video/x-flv", fps=25,
               part=lambda i, picture: flv.stamped(picture, stamp(i)))
"""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FLV_HEAD: Final = 13
_TAG_HEAD: Final = 11
_VIDEO_TAG: Final = 9
_PICTURE: Final = 1
"""The AVC packet type of a tag that holds a picture, and no parameter sets."""

_TS_PACKET: Final = 188
_VIDEO_PID: Final = 0x100
_PES_TIMES: Final = 9
"""Where the times begin, from the start code of a PES packet."""


@dataclass(frozen=True, slots=True)
class Flv:
    """A clip as FLV. `head` comes first, once; then its pictures, one tag each."""

    head: bytes
    pictures: tuple[bytes, ...]

    @classmethod
    def of(cls, clip: Path, fps: float = 25) -> Self:
        """Pack a bare stream (`edge_video.testing.clips.encoded_clip`) with FFmpeg."""
        raw = _packed(clip, fps, "flv", "-flvflags", "no_duration_filesize")
        head, pictures, at = raw[:_FLV_HEAD], [], _FLV_HEAD
        while at < len(raw):
            end = at + _TAG_HEAD + int.from_bytes(raw[at + 1 : at + 4]) + 4
            tag, at = raw[at:end], end
            if tag[0] == _VIDEO_TAG and tag[_TAG_HEAD + 1] == _PICTURE:
                pictures.append(tag)
            elif not pictures:
                head += tag
        return cls(head, tuple(pictures))

    @staticmethod
    def stamped(picture: bytes, milliseconds: int) -> bytes:
        """The same picture with another time (32 bits, as on the wire)."""
        low = (milliseconds & 0xFFFFFF).to_bytes(3)
        high = (milliseconds >> 24 & 0xFF).to_bytes(1)
        return picture[:4] + low + high + picture[8:]


@dataclass(frozen=True, slots=True)
class MpegTs:
    """A clip as an MPEG transport stream; each picture is some packets, tables included."""

    pictures: tuple[bytes, ...]

    @classmethod
    def of(cls, clip: Path, fps: float = 25) -> Self:
        """Pack a bare stream (`edge_video.testing.clips.encoded_clip`) with FFmpeg."""
        raw = _packed(clip, fps, "mpegts", "-muxdelay", "0")
        pictures, begin = [], 0
        for at in _beginnings(raw):
            if at:
                pictures.append(raw[begin:at])
                begin = at
        return cls((*pictures, raw[begin:]))

    @staticmethod
    def stamped(picture: bytes, ticks: int) -> bytes:
        """The same picture with another time, in 90 000ths of a second (33 bits)."""
        at = picture.index(b"\x00\x00\x01\xe0")
        times = at + _PES_TIMES
        changed = bytearray(picture)
        flags = picture[at + 7]
        changed[times : times + 5] = _time(flags >> 6, ticks)
        if flags & 0x40:
            changed[times + 5 : times + 10] = _time(1, ticks)
        return bytes(changed)


def _packed(clip: Path, fps: float, container: str, *options: str) -> bytes:
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-framerate", str(fps), "-i", str(clip)]
    command += ["-c", "copy", *options, "-f", container, "pipe:1"]
    return subprocess.run(command, check=True, timeout=60, stdout=subprocess.PIPE).stdout


def _beginnings(raw: bytes) -> Iterator[int]:
    """Where pictures begin; the tables before a picture belong to it."""
    tables_at = None
    for at in range(0, len(raw), _TS_PACKET):
        (word,) = struct.unpack_from(">H", raw, at + 1)
        if word & 0x1FFF != _VIDEO_PID:
            tables_at = at if tables_at is None else tables_at
        else:
            if word & 0x4000:
                yield at if tables_at is None else tables_at
            tables_at = None


def _time(prefix: int, ticks: int) -> bytes:
    ticks &= 2**33 - 1
    return struct.pack(
        ">BHH",
        prefix << 4 | ticks >> 29 & 0xE | 1,
        ticks >> 14 & 0xFFFE | 1,
        ticks << 1 & 0xFFFE | 1,
    )
