"""Guesses, from the address of a camera's main stream, what its substream is usually called. Pure.

The patterns are those of the makers' manuals; a camera may have been set up otherwise, so what
comes of them is a hint to try and nothing that is used by itself.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class SubstreamHint(NamedTuple):
    """What to replace in a camera's address; never more of it, for the rest may hold secrets.

    Attributes:
        main: as the address has it.
        sub: as the substream has it.
    """

    main: str
    sub: str


_PATTERNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), sub)
    for pattern, sub in (
        # Hikvision, HiLook, HiWatch, Intelbras's newer ones; channel and stream in one number.
        (r"(?<=/channels/)(\d+)01(?![\d])", r"\g<1>02"),
        # Hikvision's older ones.
        (r"(?<=/)main(?=/av_stream)", "sub"),
        # Dahua, Amcrest, Intelbras, Lorex.
        (r"(?<=[?&])subtype=0\b", "subtype=1"),
        # Reolink.
        (r"(h26[45]preview_\d+)_main", r"\1_sub"),
        # Reolink over RTMP and its kin.
        (r"(channel\d+)_main(?=\.bcs)", r"\1_sub"),
        # TP-Link Tapo and VIGI, Mercusys.
        (r"(?<=/)stream1\b", "stream2"),
        # Uniview.
        (r"(?<=/)video1\b(?=$|[?/])", "video2"),
        (r"(?<=/unicast/c)(\d+)/s0(?=/)", r"\1/s1"),
        # Foscam.
        (r"(?<=/)videomain\b", "videoSub"),
        # Hanwha, Samsung.
        (r"(?<=/)profile1(?=/media\.smp)", "profile2"),
        # Vivotek.
        (r"(?<=/)live\.sdp\b", "live2.sdp"),
        # XMeye and other Xiongmai recorders.
        (r"(?<=[&?/_])stream=0(?=\.sdp)", "stream=1"),
        (r"(?<=[&?])streamtype=0\b", "streamtype=1"),
        # Ubiquiti, Grandstream, Hi3510 and their kin.
        (r"(?<=/live/ch)(\d+)_0\b", r"\g<1>_1"),
        (r"(?<=/ch)(\d+)/main\b", r"\1/sub"),
        # Avycon and many without a name.
        (r"(?<=/)profile1$", "profile2"),
        (r"(?<=[/_-])main(?=$|[?/])", "sub"),
    )
)


def substream_hint(url: str) -> SubstreamHint | None:
    """Return what to replace in the address of a main stream; None for an unknown pattern."""
    path = url.partition("://")[2].rpartition("@")[2].partition("/")
    rest = f"{path[1]}{path[2]}"
    for pattern, sub in _PATTERNS:
        if match := pattern.search(rest):
            return SubstreamHint(match[0], match.expand(sub))
    return None
