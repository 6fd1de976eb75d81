"""Connects to a camera for somebody who asks over HTTP, before it is configured."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from edge_video.capture.binary import BinaryMissing
from edge_video.capture.probe import ProbeResult, probe_camera
from edge_video.config import ConfigError
from edge_video.config.camera_changes import problems_of
from edge_video.config.loader import combine
from edge_video.config.masking import redactor_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.capture.binary import Binary
    from edge_video.config import Problem

_PROBED = "probed"


def _shown(problem: Problem) -> str:
    """A problem without the place where the camera would stand."""
    return f"{problem.key.rpartition('.')[2]}: {problem.message}"


class CameraProber:
    """A `CancellableProber`: runs FFmpeg once. Any thread; blocks.

    Args:
        binary: the FFmpeg to run; None: there is none, as in tests.
    """

    def __init__(self, binary: Binary | None) -> None:
        self._binary = binary
        self._cancelled = threading.Event()

    def __call__(
        self, values: Mapping[str, Any], timeout_s: float
    ) -> ProbeResult | tuple[str, ...]:
        """See `ProbeHandler`."""
        problems = problems_of(values)
        if problems:
            return problems
        if self._binary is None:
            raise BinaryMissing("there is no FFmpeg")
        try:
            (camera,) = combine({"sink": "directory"}, {_PROBED: values}, "").cameras
        except ConfigError as error:
            return tuple(_shown(each) for each in error.problems)
        return probe_camera(self._binary, camera, redactor_of([camera]), timeout_s, self._cancelled)

    def cancel(self) -> None:
        """See `CancellableProber`."""
        self._cancelled.set()
