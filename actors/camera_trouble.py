"""Remembers since when a camera sends nothing, so that its coming back is told with the time."""

from __future__ import annotations

from typing import NamedTuple


class Absence(NamedTuple):
    """What a camera's trouble was, when it is over."""

    away_s: float
    """Without a frame; from the first failure on where there never was one."""
    failures: int
    """Attempts that failed."""
    is_return: bool
    """Whether it had sent frames before."""


class CameraTrouble:
    """Follows one camera from its first failure to the stream that holds. Supervisor's thread."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._streams_since_s: float | None = None
        self._had_frames = False
        self._failures = 0

    def failed(self, now_s: float, last_frame_s: float | None) -> None:
        """Note that an attempt failed; `last_frame_s` is when the last frame ever came in."""
        if self._since_s is None:
            self._since_s = now_s if last_frame_s is None else last_frame_s
            self._had_frames = last_frame_s is not None
        self._streams_since_s = None
        self._failures += 1

    def streams(self, now_s: float) -> None:
        """Note the first frame of an attempt."""
        self._streams_since_s = now_s

    def end(self) -> Absence | None:
        """Note that the stream holds, if there is one; what the trouble was, if there was any."""
        since_s, back_s = self._since_s, self._streams_since_s
        if since_s is None or back_s is None:
            return None
        absence = Absence(back_s - since_s, self._failures, self._had_frames)
        self.forget()
        return absence

    def forget(self) -> None:
        """Note that nothing is expected of the camera any more."""
        self._since_s = self._streams_since_s = None
        self._failures = 0
