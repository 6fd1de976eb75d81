"""Tells what kind of source a camera's URL points at."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from edge_video.text.urls import SCHEME


class SourceKind(StrEnum):
    """What a camera's URL points at; decides FFmpeg's input options."""

    RTSP = "rtsp"
    RTMP = "rtmp"
    HTTP = "http"
    FILE = "file"
    LAVFI = "lavfi"
    """One of FFmpeg's own test sources."""


_SCHEME: Final = re.compile(rf"({SCHEME}):")
_KINDS: Final = {
    "rtsp": SourceKind.RTSP,
    "rtsps": SourceKind.RTSP,
    "rtmp": SourceKind.RTMP,
    "rtmps": SourceKind.RTMP,
    "http": SourceKind.HTTP,
    "https": SourceKind.HTTP,
    "file": SourceKind.FILE,
    "lavfi": SourceKind.LAVFI,
}


def source_kind(url: str) -> SourceKind:
    """Return the kind of a camera's URL; anything without a scheme is a file.

    Raises:
        ValueError: the scheme is none that this system reads from. Quotes only the scheme.
    """
    scheme = _SCHEME.match(url)
    if scheme is None:
        return SourceKind.FILE
    kind = _KINDS.get(scheme[1].lower())
    if kind is None:
        raise ValueError(f"{scheme[1]}: is no source; write file:NAME if it is a file's name")
    return kind


def has_scheme(url: str) -> bool:
    """Whether a URL begins with a scheme; what does not is the name of a file."""
    return _SCHEME.match(url) is not None
