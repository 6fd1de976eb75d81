"""Asks NVIDIA's cards how much memory they have, and reckons for how many cameras that is."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Final

from edge_video.capture.environment import ffmpeg_environment
from edge_video.text.escaping import one_line

CAMERA_MB: Final = 560
"""Of a card's memory, for one camera's FFmpeg that decodes there: each has a context of its own.
Measured with 20 streams on one card; the pictures themselves are a small part of it."""
_LIMIT_S: Final = 5.0
_QUESTION: Final = (
    *("--query-gpu=index,name,memory.total,memory.free", "--format=csv,noheader,nounits"),
)
_FIELDS: Final = 4


@dataclass(frozen=True, slots=True)
class Card:
    """One card, as `nvidia-smi` describes it.

    Attributes:
        index: what `hwaccel_device` names it by.
        name: the maker's.
        total_mb: of its memory, 2**20 bytes.
        free_mb: that nobody uses now.
    """

    index: int
    name: str
    total_mb: int
    free_mb: int

    @property
    def most_cameras(self) -> int:
        """How many cameras it can decode, were nobody else there."""
        return self.total_mb // CAMERA_MB

    @property
    def more_cameras(self) -> int:
        """How many more it can decode now."""
        return self.free_mb // CAMERA_MB


def nvidia_cards() -> list[Card]:
    """Return the cards of this machine; none where nobody can say. Blocks for 5 s at most."""
    path = shutil.which("nvidia-smi")
    if path is None:
        return []
    try:
        answer = subprocess.run(  # noqa: S603 - the driver's own program, fixed arguments
            [path, *_QUESTION],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT_S,
            check=True,
            env=ffmpeg_environment(os.environ),
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return parse_cards(answer.decode(errors="replace"))


def parse_cards(answer: str) -> list[Card]:
    """Read an answer of `nvidia-smi`; a line that is none of a card with memory is left out."""
    cards = []
    for line in answer.splitlines():
        index, _, rest = line.partition(",")
        fields = [index.strip(), *(each.strip() for each in rest.rsplit(",", 2))]
        if len(fields) == _FIELDS and all(fields[place].isdecimal() for place in (0, 2, 3)):
            number, total_mb, free_mb = (int(fields[place]) for place in (0, 2, 3))
            cards.append(Card(number, one_line(fields[1]), total_mb, free_mb))
    return cards
