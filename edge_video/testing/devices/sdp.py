"""Writes session descriptions (SDP, RFC 8866) of one video track."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.testing.devices.video import Codec

if TYPE_CHECKING:
    from edge_video.testing.devices.video import Video


def describe(
    video: Video,
    *,
    parameter_sets: bool = True,
    control: str = "track1",
    more: tuple[str, ...] = (),
) -> str:
    """What DESCRIBE answers for a video.

    Args:
        video: its codec and parameter sets are described.
        parameter_sets: whether they are in the SDP, or only in the stream.
        control: of the track.
        more: further lines, at the end of the track: `a=framerate:25`, or a track of its own.
    """
    jpeg = video.codec is Codec.JPEG
    lines = [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=camera",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        f"m=video 0 RTP/AVP {26 if jpeg else 96}",
        f"a=rtpmap:{26 if jpeg else 96} {video.codec.value}/90000",
        *([f"a=fmtp:96 {video.format_parameters()}"] if parameter_sets and not jpeg else []),
        f"a=control:{control}",
        *more,
    ]
    return "".join(f"{line}\r\n" for line in lines)
