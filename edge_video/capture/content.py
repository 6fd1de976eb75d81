"""Tells from its first bytes whether an HTTP camera sends Motion JPEG, in any wrapping."""

from __future__ import annotations

import re
from typing import Final

from edge_video.capture.classification import printable
from edge_video.frames.jpeg import SOI
from edge_video.resilience.failures import Cause, Failure

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
    rb"|\x00\x00\x01|\x00\x00\x00\x01"  # MPEG programme streams, bare H.264 and H.265
    rb"|ffconcat version|v=0\r?\n",  # scripts, session descriptions: refused, and told as such
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


# --- what ended before it was a stream -------------------------------------------------------

BEGINNING_BYTES: Final = 2048
"""So many first bytes are enough to say what a page is about."""
_SAID_LENGTH: Final = 80
_PART_BEGINS: Final = re.compile(r"\s*(?:--|[A-Za-z][A-Za-z0-9-]*:[ \t])")
_UNSEEN: Final = re.compile(
    r"<(script|style)\b.*?(</\1>|\Z)|<!--.*?(-->|\Z)|<[^>]*(>|\Z)", re.DOTALL | re.IGNORECASE
)
_CONTROL: Final = re.compile(r"[^\S\t\n\r\f ]|[\x00-\x08\x0b\x0e-\x1f\x7f\ufffd]")


def no_stream(beginning: bytes, frames: int) -> Failure | None:
    """Return what it was that ended, when it was no stream: a snapshot, or a page.

    Args:
        beginning: its first bytes, `BEGINNING_BYTES` or all there were.
        frames: how many images came.

    Returns:
        None where it may have been a stream. The detail quotes a page: secrets are not masked yet.
    """
    if frames == 1 and beginning.startswith(SOI):
        return Failure(Cause.STILL_PICTURE, "one JPEG image, and the end")
    if frames:
        return None
    text = _as_text(beginning)
    if text is None or _PART_BEGINS.match(text):
        return None
    says = printable(_UNSEEN.sub(" ", text))
    return Failure(Cause.WEB_PAGE, f"it says: {_cut(says)}" if says else "HTML without a word")


def _as_text(beginning: bytes) -> str | None:
    """Return the bytes as text; None when they are no text, or nothing."""
    text = beginning.decode("utf-8", errors="replace").rstrip("\ufffd")  # it may be cut anywhere
    if not text.strip() or _CONTROL.search(text):
        text = ""
    return text or None


def _cut(text: str) -> str:
    return text if len(text) <= _SAID_LENGTH else f"{text[: _SAID_LENGTH - 1]}…"
