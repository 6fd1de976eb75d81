"""Calls back the owner of a capture: each frame, and the end once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.frames import CameraId
    from edge_video.resilience.failures import Failure

_log = logging.getLogger(__name__)


class CaptureCallbacks:
    """What a capture calls of its owner's, from the reactor's thread.

    Args:
        camera_id: names the camera in the log.
        on_frame: called with every whole JPEG.
        on_end: called with why the stream ended.

    Attributes:
        on_frame: as above; whoever calls it looks at `muted` first, as it is done for every frame.
        muted: whether nothing may be called any more. Any thread sets it, by `mute`.
        end_reported: whether `on_end` was called.
    """

    __slots__ = ("_camera_id", "_on_end", "end_reported", "muted", "on_frame")

    def __init__(
        self,
        camera_id: CameraId,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], object],
    ) -> None:
        self._camera_id = camera_id
        self.on_frame = on_frame
        self._on_end = on_end
        self.muted = False
        self.end_reported = False

    def report_end(self, failure: Failure) -> None:
        """Call `on_end`, the first time; what it raises is logged, for there is FFmpeg to reap."""
        if self.muted or self.end_reported:
            return
        self.end_reported = True
        try:
            self._on_end(failure)
        except BaseException:  # noqa: BLE001 - SystemExit included
            _log.exception("the end of %s could not be told", self._camera_id)

    def mute(self) -> None:
        """Call nothing from now on; a call that has begun goes on. Any thread."""
        self.muted = True

    def forget(self) -> None:
        """Let go of the owner.

        The owner holds the capture: a cycle, and with it the splitter's buffer of 256 KiB, would
        stay until the collector's next full run, which in a quiet process is hundreds of attempts
        away.
        """
        self.mute()
        self.on_frame = self._on_end = _to_nobody


def _to_nobody(_: object) -> None:
    """Take the place of an owner's callbacks after the end."""
