"""Writes each camera's files whole into a directory of its own, and deletes the oldest.

Below the root no symbolic link is followed. Nothing is synced to the disk: after a power cut the
last frames may be missing, but a file with its final name is whole.
"""

from __future__ import annotations

import errno
import os
import re
from collections import deque
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from edge_video.delivery.directory_lock import DirectoryInUseError, DirectoryLock
from edge_video.runtime.files import replace_at
from edge_video.runtime.folder import open_directory
from edge_video.runtime.units import NS_PER_S, ns_to_ms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from edge_video.delivery.directory_faults import DirectoryFaults
    from edge_video.frames import CameraId, Frame
    from edge_video.runtime.folder import Folder

LATEST: Final = "latest.jpg"
"""Always the camera's last frame, replaced in one step."""

_NUMBERED: Final = re.compile(r"\d{8}T\d{6}\.\d{3}Z-\d{8,}\.jpg")
_NEW: Final = ".new"
_NEW_LATEST: Final = ".new-latest"
_MODE: Final = 0o644

_DISK_TROUBLE: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENOMEM}
"""What is no single camera's fault."""

_REASONS: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "no permission to write",
    errno.EPERM: "no permission to write",
    errno.ELOOP: "is a symbolic link, which is not followed",
    errno.ENOTDIR: "is not a directory",
    errno.EEXIST: "is a file, or a link to nothing, where a directory is wanted",
}


def file_name(frame: Frame) -> str:
    """`<UTC time of capture, with milliseconds>-<seq>.jpg`; names sort as the frames came."""
    seconds, nanoseconds = divmod(frame.captured_at_ns, NS_PER_S)
    time = datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%S")
    return f"{time}.{ns_to_ms(nanoseconds):03d}Z-{frame.seq:08d}.jpg"


def reason_of(error: OSError) -> str:
    """Why something could not be written, without the path."""
    if isinstance(error, DirectoryInUseError):
        return error.reason
    return _REASONS.get(error.errno or 0, error.strerror or str(error))


class CameraDirectories:
    """A directory for each camera below one root. One thread.

    Args:
        root: created when it is not there.
        cameras: whose directories are made by `prepare`; another camera's with its first frame.
        keep: numbered files kept per camera, those of earlier runs included.

    Raises:
        ValueError: a camera's id cannot be the name of a directory, or `keep` is negative.
    """

    def __init__(self, root: Path, cameras: Sequence[CameraId], keep: int) -> None:
        if keep < 0:
            raise ValueError(f"keep must not be negative, got {keep}")
        for camera_id in cameras:
            _check_name(camera_id)
        self.root = root
        self.cameras = tuple(cameras)
        self._keep = keep
        self._lock = DirectoryLock()
        self._numbered: dict[CameraId, deque[str]] = {}

    def prepare(self) -> None:
        """Make the root and the directories of the cameras.

        A camera's directory that is unusable is told with the camera's first frame.

        Raises:
            DirectoryInUseError: another sink writes below the root.
            OSError: the root is unusable.
        """
        with self._open_root():
            pass
        for camera_id in self.cameras:
            with suppress(OSError), self._open(camera_id):
                pass

    def release(self) -> None:
        """Let another sink have the root. Idempotent."""
        self._lock.release()

    def write(self, frame: Frame, faults: DirectoryFaults | None) -> None:
        """Write a frame as its camera's newest and latest file; the oldest beyond `keep` goes.

        Raises:
            OSError: it could not be written; no torn file is left.
        """
        name = file_name(frame)
        with self._open(frame.camera_id) as directory:
            if faults is not None:
                faults.spoil_directory(directory.descriptor, frame.camera_id)
            spoil = None if faults is None else faults.spoil_file
            replace_at(
                directory,
                name,
                frame.image,
                temporary=_NEW,
                mode=_MODE,
                sync=False,
                on_open=spoil,
            )
            numbered = self._numbered[frame.camera_id]
            numbered.append(name)
            _replace_latest(frame.image, name, directory)
            while len(numbered) > self._keep:
                with suppress(FileNotFoundError):
                    directory.unlink(numbered[0])
                numbered.popleft()

    def is_disk_trouble(self, error: OSError, faults: DirectoryFaults | None) -> bool:
        """Whether an error is the matter of all cameras and not of one."""
        if error.errno in _DISK_TROUBLE or isinstance(error, DirectoryInUseError):
            return True
        if error.errno not in (errno.EACCES, errno.EPERM):
            return False
        # One camera's directory with the wrong owner is its own trouble, all of them are not.
        return not any(self._may_write(each, faults) for each in self._numbered)

    def _may_write(self, camera_id: CameraId, faults: DirectoryFaults | None) -> bool:
        if faults is not None and faults.forbids(camera_id):
            return False
        return os.access(self.root / camera_id, os.W_OK | os.X_OK)

    @contextmanager
    def _open_root(self) -> Iterator[Folder]:
        """The root, open and ours; made if it is not there."""
        self.root.mkdir(parents=True, exist_ok=True)
        with open_directory(self.root) as root:
            self._lock.hold(root.descriptor)
            yield root

    @contextmanager
    def _open(self, camera_id: CameraId) -> Iterator[Folder]:
        """The camera's directory, open; made if it is not there.

        Opened for every frame: it costs microseconds, and survives that someone clears the root
        or mounts another disk over it.
        """
        _check_name(camera_id)
        with self._open_root() as root:
            with suppress(FileExistsError):
                root.make(camera_id)
            with root.below(camera_id) as directory:
                if camera_id not in self._numbered:
                    # The only look at the directory's contents: what earlier runs have left.
                    names = sorted(filter(_NUMBERED.fullmatch, directory.names()))
                    self._numbered[camera_id] = deque(names)
                yield directory


def _replace_latest(image: bytes, name: str, directory: Folder) -> None:
    with suppress(FileNotFoundError):
        directory.unlink(_NEW_LATEST)
    try:
        directory.link(name, _NEW_LATEST)
    except OSError as error:
        if error.errno in _DISK_TROUBLE:
            raise
        # A file system without hard links (memory cards, USB sticks): write it twice.
        replace_at(directory, LATEST, image, temporary=_NEW_LATEST, mode=_MODE, sync=False)
    else:
        directory.replace(_NEW_LATEST, LATEST)


def _check_name(camera_id: CameraId) -> None:
    if camera_id in ("", ".", "..") or "/" in camera_id or "\0" in camera_id:
        raise ValueError(f"a camera's id must be usable as a directory name, got {camera_id!r}")
