"""Cuts encoded video into pictures (access units), as a camera's encoder hands them over."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_START_CODE: Final = re.compile(rb"\x00\x00\x00?\x01")


class Codec(Enum):
    """How the pictures are encoded; the value is RTP's name of it (`a=rtpmap`)."""

    H264 = "H264"
    H265 = "H265"
    JPEG = "JPEG"


Picture = tuple[bytes, ...]
"""One access unit: its NAL units without start codes, parameter sets first; or one JPEG."""


@dataclass(frozen=True, slots=True)
class Video:
    """Pictures in the order in which they are sent. `first + second` plays one after the other."""

    codec: Codec
    pictures: tuple[Picture, ...]

    @classmethod
    def load(cls, path: Path, codec: Codec = Codec.H264) -> Self:
        """Read an Annex-B file (`edge_video.testing.clips.encoded_clip` makes them)."""
        return cls(codec, tuple(_access_units(path.read_bytes(), codec)))

    @classmethod
    def of_jpegs(cls, images: tuple[bytes, ...] | list[bytes]) -> Self:
        """Motion JPEG; `edge_video.testing.devices.jpegs` makes images."""
        return cls(Codec.JPEG, tuple((image,) for image in images))

    def __add__(self, other: Video) -> Video:
        if other.codec is not self.codec:
            raise ValueError("one track has one codec")
        return replace(self, pictures=self.pictures + other.pictures)

    def __getitem__(self, part: slice) -> Video:
        return replace(self, pictures=self.pictures[part])

    def __len__(self) -> int:
        return len(self.pictures)

    def is_key(self, index: int) -> bool:
        """Whether decoding can begin with this picture."""
        return _is_key(self.pictures[index % len(self.pictures)], self.codec)

    def without_parameter_sets(self) -> Video:
        """The same pictures, as sent by a camera that has its parameter sets in the SDP only."""
        kept = tuple(
            tuple(nal for nal in picture if not _is_parameter_set(nal, self.codec))
            for picture in self.pictures
        )
        return replace(self, pictures=kept)

    def parameter_sets(self) -> tuple[bytes, ...]:
        """The first of each kind, in the order in which a decoder needs them."""
        found: dict[int, bytes] = {}
        for picture in self.pictures:
            for nal in picture:
                if _is_parameter_set(nal, self.codec):
                    found.setdefault(_kind(nal, self.codec), nal)
        return tuple(found[kind] for kind in sorted(found))

    def format_parameters(self) -> str:
        """What follows `a=fmtp:96 ` in the SDP; empty for JPEG."""
        sets = [base64.b64encode(each).decode() for each in self.parameter_sets()]
        if self.codec is Codec.H264:
            return f"packetization-mode=1;sprop-parameter-sets={','.join(sets)}"
        if self.codec is Codec.H265:
            names = ("sprop-vps", "sprop-sps", "sprop-pps")
            return ";".join(f"{name}={each}" for name, each in zip(names, sets, strict=False))
        return ""


def _access_units(stream: bytes, codec: Codec) -> Iterator[Picture]:
    unit: list[bytes] = []
    has_slice = False
    for nal in _nal_units(stream):
        slice_ = _is_slice(nal, codec)
        if has_slice and (_is_first_slice(nal, codec) or not slice_):
            yield tuple(unit)
            unit, has_slice = [], False
        unit.append(nal)
        has_slice = has_slice or slice_
    if unit:
        yield tuple(unit)


def _nal_units(stream: bytes) -> Iterator[bytes]:
    for nal in _START_CODE.split(stream):
        if whole := nal.rstrip(b"\x00"):  # a NAL unit never ends in zeros; files may pad
            yield whole


def _kind(nal: bytes, codec: Codec) -> int:
    return nal[0] & 0x1F if codec is Codec.H264 else nal[0] >> 1 & 0x3F


def _is_slice(nal: bytes, codec: Codec) -> bool:
    return _kind(nal, codec) in ((1, 5) if codec is Codec.H264 else range(32))


def _is_first_slice(nal: bytes, codec: Codec) -> bool:
    # first_mb_in_slice = 0 is a single 1 bit; first_slice_segment_in_pic_flag is that bit itself.
    return _is_slice(nal, codec) and bool(nal[1 if codec is Codec.H264 else 2] & 0x80)


def _is_parameter_set(nal: bytes, codec: Codec) -> bool:
    if codec is Codec.JPEG:
        return False
    return _kind(nal, codec) in ((7, 8) if codec is Codec.H264 else (32, 33, 34))


def _is_key(picture: Picture, codec: Codec) -> bool:
    if codec is Codec.JPEG:
        return True
    kinds = (5,) if codec is Codec.H264 else range(16, 22)
    return any(_kind(nal, codec) in kinds for nal in picture)
