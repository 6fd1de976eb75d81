"""Brings about the faults of the directory sink: the kernel's own refusals.

Nothing of them stays behind, whatever becomes of the program: they are descriptors that point
elsewhere, and no file's mode, owner or disk is touched. So they work for every user, root included,
whom no mode would hold back.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from edge_video.faults import DiskFull, NoPermission, SinkFault
from edge_video.runtime.system import DIRECTORY, PRIVATE

if TYPE_CHECKING:
    from collections.abc import Collection

    from edge_video.frames import CameraId

_FULL: Final = "/dev/full"
"""Linux: every write to it fails with ENOSPC."""

_CLOSED: Final = "/dev/pts"
"""Linux: a directory in which nobody can make a file; the attempt fails with EACCES."""


class DirectoryFaults:
    """The faults that act on one `DirectorySink`. Any thread: each look sees a whole value."""

    def __init__(self, cameras: Collection[CameraId]) -> None:
        self._cameras = cameras
        self._disk_full = False
        self._forbidden: frozenset[str | None] = frozenset()

    def begin(self, fault: SinkFault) -> bool:
        """Let a fault act; False when it is none of a directory, or its camera is not there."""
        if sys.platform != "linux":  # nobody else has those two files
            return False
        match fault:
            case DiskFull():
                self._disk_full = True
            case NoPermission(camera_id=camera_id):
                if camera_id is not None and camera_id not in self._cameras:
                    return False
                self._forbidden |= {camera_id}
            case _:
                return False
        return True

    def end(self, fault: SinkFault) -> None:
        """Let it act no more."""
        match fault:
            case DiskFull():
                self._disk_full = False
            case NoPermission(camera_id=camera_id):
                self._forbidden -= {camera_id}
            case _:
                pass

    def forbids(self, camera_id: CameraId) -> bool:
        """Whether the camera's directory may not be written to."""
        return bool(self._forbidden) and not self._forbidden.isdisjoint((None, camera_id))

    def spoil_directory(self, directory: int | None, camera_id: CameraId) -> None:
        """Make an open directory one in which no file can be made; None cannot be spoilt."""
        if directory is not None and self.forbids(camera_id):
            _point_elsewhere(directory, _CLOSED, DIRECTORY)

    def spoil_file(self, file: int) -> None:
        """Make an open file one on a full disk."""
        if self._disk_full:
            _point_elsewhere(file, _FULL, os.O_WRONLY)


def _point_elsewhere(descriptor: int, path: str, flags: int) -> None:
    other = os.open(path, flags | PRIVATE)
    try:
        os.dup2(other, descriptor, inheritable=False)
    finally:
        os.close(other)
