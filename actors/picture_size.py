"""Follows the size of a camera's pictures: what it is, when it is told, when FFmpeg follows it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge_video.capture.resizing import Size, SizeFollower, format_size
from edge_video.log.events import LogEvent, log_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.frames import CameraId

_log = logging.getLogger(__name__)


class PictureSize:
    """Part of a camera actor, used in its thread.

    Args:
        camera_id: of the camera.
        now: monotonic seconds.

    Attributes:
        is_fitted: FFmpeg scales the pictures to one size, for the camera's own changes too often.
        fitted: the size; None: they are not fitted.
    """

    def __init__(self, camera_id: CameraId, now: Callable[[], float]) -> None:
        self._camera_id = camera_id
        self._now = now
        self._follower = SizeFollower()
        self._size: Size | None = None
        self.fitted: Size | None = None

    @property
    def is_fitted(self) -> bool:
        """See `PictureSize`."""
        return self.fitted is not None

    def expect(self, size: Size | None) -> None:
        """Set what the pictures' size was before this attempt."""
        self._size = size

    def note(self, after: Size | None, frames: Size) -> None:
        """Write a line when the camera's pictures have another size than before.

        Args:
            after: what the camera sends; None where unknown.
            frames: what becomes of it.
        """
        before, self._size = self._size, after or self._size
        if before is None or after is None or _even(before) == _even(after):
            return
        if self._follower.is_worth_telling(self._now(), fitted=self.is_fitted):
            log_event(
                _log,
                LogEvent.CAMERA_RESIZED,
                camera_id=self._camera_id,
                before=format_size(before),
                after=format_size(after),
                width=frames[0],
                height=frames[1],
            )

    def follow(self, size: Size, frames: Size, followed: Size) -> Size | None:
        """Take in that the pictures are `size` now; what to fit them to, None: nothing.

        Args:
            size: what the camera sends.
            frames: what has become of it so far.
            followed: what becomes of it when FFmpeg is started anew.
        """
        if self._follower.follows(self._now()):
            self.note(size, followed)
            return None
        self.note(size, frames)
        return known(frames)

    def has_settled(self, now_s: float) -> bool:
        """Whether pictures that are fitted have kept their size for long, and need not be."""
        return (
            self.fitted is not None
            and self._size is not None
            and self._follower.has_settled(self._size, now_s)
            and _even(self._size) != _even(self.fitted)
        )

    def restarted(self, fit: Size | None) -> None:
        """FFmpeg was started anew, and fits the pictures to this size; None: to none."""
        self.fitted = fit


def known(size: Size) -> Size | None:
    """A size of the outbox, which says 0 where it does not know."""
    return size if all(size) else None


def _even(size: Size) -> Size:
    """What frames show of it: of an odd size they lack the last row or column."""
    return size[0] // 2 * 2, size[1] // 2 * 2
