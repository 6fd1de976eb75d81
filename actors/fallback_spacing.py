"""Keeps the starts of FFmpegs apart that go on where hardware has failed."""

from __future__ import annotations

import threading
from typing import Final

from edge_video.resilience.spacing import HostSpacing

_ALL: Final = "all"
"""They share this machine's CPU, whatever host their cameras are on."""
_SPACING_S: Final = 0.1


class FallbackSpacing:
    """Gives each camera its turn. Any thread.

    A card that is reset or gone fails all its cameras in one moment, and an FFmpeg that begins
    takes more of the CPU than one that runs.

    Args:
        spacing_s: the least time between two starts. Not the configuration's `start_spacing`: that
            spares a recorder, which is asked for as long as its logins take, and may be minutes.
    """

    def __init__(self, spacing_s: float = _SPACING_S) -> None:
        self._lock = threading.Lock()
        self._spacing = HostSpacing(spacing_s)

    def reserve(self, now_s: float) -> float:
        """Take the next turn; return the seconds until it comes."""
        with self._lock:
            return self._spacing.reserve(_ALL, now_s)
