"""What an HTTP camera sends, told from its first bytes: Motion JPEG in any wrapping, or not."""

from __future__ import annotations

import re
from typing import Final

from edge_video.jpeg import SOI

_TS_PACKET: Final = 188
_TS_SYNC: Final = 0x47
HEAD_BYTES: Final = 2 * _TS_PACKET + 1
"""So many bytes tell every format below."""
_FEWEST_BYTES: Final = 12

# Formats that FFmpeg reads and that begin in a way no multipart stream and no JPEG image does.
_OTHERS: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:#EXTM3U|<\?xml|<MPD)"  # HLS and DASH playlists
    rb"|FLV[\x01\x02]|\x1aE\xdf\xa3|OggS|DHAV|DKIF|0&\xb2u|\x89PNG|GIF8|YUV4MPEG2|nut/"
    rb"|RIFF....(?:AVI |WEBP)|.{4}(?:ftyp|styp|moov|moof|mdat|sidx|free|skip|wide)"
    rb"|\x00\x00\x01|\x00\x00\x00\x01",  # MPEG programme streams, bare H.264 and H.265
    re.DOTALL,
)


def is_motion_jpeg(head: bytes, *, complete: bool = False) -> bool | None:
    """Whether a stream that begins with `head` is to be read as JPEG images in some wrapping.

    Everything is, except what another format's first bytes give away: what stands before the
    first image of a web camera may be any text.

    Args:
        head: its first bytes, `HEAD_BYTES` or more unless the stream is at a pause.
        complete: nothing more will be waited for.

    Returns:
        None when more bytes are needed.
    """
    if head.startswith(SOI) or head.lstrip(b"\r\n").startswith(b"--"):
        return True
    if _OTHERS.match(head):
        return False
    if head[:1] == bytes((_TS_SYNC,)):  # also a letter: the packets behind it must agree
        if len(head) > 2 * _TS_PACKET:
            return not head[_TS_PACKET] == head[2 * _TS_PACKET] == _TS_SYNC
        return True if complete else None
    return True if complete or len(head) >= _FEWEST_BYTES else None
