"""Keeps the starts of FFmpegs apart that go on where hardware has failed."""

from __future__ import annotations

import threading
from typing import Final

from edge_video.resilience.spacing import HostSpacing

_ALL: Final = "all"
"""They share this machine's CPU, whatever host their cameras are on."""


class FallbackSpacing:
    """Gives each camera its turn. Any thread: cameras ask, and a reload changes the spacing.

    A card that is reset or gone fails all its cameras in one moment, and an FFmpeg that begins
    takes more of the CPU than one that runs.

    Args:
        spacing_s: the least time between two starts.
    """

    def __init__(self, spacing_s: float = 0.1) -> None:
        self._lock = threading.Lock()
        self._spacing = HostSpacing(spacing_s)

    def use(self, spacing_s: float) -> None:
        """Go by another spacing from now on."""
        with self._lock:
            self._spacing.spacing_s = spacing_s

    def reserve(self, now_s: float) -> float:
        """Take the next turn; return the seconds until it comes."""
        with self._lock:
            return self._spacing.reserve(_ALL, now_s)
