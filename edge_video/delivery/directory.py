"""Frames to files: the newest frames of each camera in a directory of its own.

For machines without a broker and for looking at what a camera sees. Nothing is synced to the disk:
after a power cut the last frames may be missing, but a file with its final name is whole.
"""

from __future__ import annotations

import errno
import itertools
import logging
import os
import re
import threading
from collections import deque
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from edge_video.delivery.directory_faults import DirectoryFaults
from edge_video.delivery.directory_lock import DirectoryInUseError, DirectoryLock
from edge_video.delivery.ledger import Outcome
from edge_video.delivery.sink import (
    RouteRefused,
    SinkBlocked,
    SinkConnected,
    SinkDrained,
    SinkLost,
    SinkUnblocked,
)
from edge_video.faults import DropConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from edge_video.delivery.outbox import Outbox
    from edge_video.delivery.sink import SinkEvent, SinkListener
    from edge_video.faults import SinkFault
    from edge_video.frames import CameraId, Frame
    from edge_video.runtime.timer import Clock

_log = logging.getLogger(__name__)

LATEST: Final = "latest.jpg"
"""Always the camera's last frame, replaced in one step."""

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_RETRY_S: Final = 1.0
_NUMBERED: Final = re.compile(r"\d{8}T\d{6}\.\d{3}Z-\d{8,}\.jpg")
_NEW: Final = ".new"
_NEW_LATEST: Final = ".new-latest"
_NS_PER_S: Final = 1_000_000_000

_DISK_TROUBLE: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENOMEM}
"""What is no single camera's fault."""

_WORDS: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "no permission to write",
    errno.EPERM: "no permission to write",
    errno.ELOOP: "is a symbolic link, which is not followed",
    errno.ENOTDIR: "is not a directory",
    errno.EEXIST: "is a file, or a link to nothing, where a directory is wanted",
}

_thread_numbers = itertools.count(1)


def file_name(frame: Frame) -> str:
    """`<UTC time of capture, with milliseconds>-<seq>.jpg`; names sort as the frames came."""
    seconds, nanoseconds = divmod(frame.captured_at_ns, _NS_PER_S)
    time = datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%S")
    return f"{time}.{nanoseconds // 1_000_000:03d}Z-{frame.seq:08d}.jpg"


class DirectorySink:
    """Writes each frame to `<root>/<camera_id>/<time>-<seq>.jpg`; a `Sink`.

    A frame is confirmed when its file is whole and has its name. Trouble with the disk blocks the
    sink, and a fresh frame is tried about once a second; trouble with one camera's directory
    refuses that camera's route alone. A frame that could not be written is settled as nacked.

    Below `root` no symbolic link is followed. One sink at a time may write below a root: while
    another one has it, this one is lost at once, and says who it is.

    Args:
        root: created when it is not there.
        cameras: their directories are created at once; another camera's with its first frame.
        keep: numbered files kept per camera, those of earlier runs included.
        outbox: where frames are taken from and settled.
        listener: told what happens; must not block.
        clock: measures the time between two tries.

    Raises:
        ValueError: a camera's id cannot be the name of a directory, or `keep` is negative.
    """

    def __init__(  # noqa: PLR0917 - collaborators, passed by name
        self,
        root: Path,
        cameras: Sequence[CameraId],
        keep: int,
        outbox: Outbox,
        listener: SinkListener,
        clock: Clock,
    ) -> None:
        if keep < 0:
            raise ValueError(f"keep must not be negative, got {keep}")
        for camera_id in cameras:
            _check_name(camera_id)
        self._root = root
        self._cameras = tuple(cameras)
        self._keep = keep
        self._outbox = outbox
        self._listener = listener
        self._clock = clock
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._draining = False
        self._thread: threading.Thread | None = None
        # Held around every touch of the outbox and the listener, never while writing: a disk
        # that hangs must not keep `close` from cutting the thread off.
        self._gate = threading.RLock()
        self._bound = True
        self._aborted = False
        self._hand: Frame | None = None
        self._faults: DirectoryFaults | None = None
        # Only the sink's thread from here on.
        self._lock = DirectoryLock()
        self._blocked = False
        self._numbered: dict[CameraId, deque[str]] = {}
        self._refused_until_s: dict[CameraId, float] = {}

    # --- any thread -------------------------------------------------------------------------

    def open(self) -> None:
        """See `Sink.open`."""
        name = f"directory-{next(_thread_numbers)}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def frames_ready(self) -> None:
        """See `Sink.frames_ready`."""
        self._wake.set()

    def drain(self) -> None:
        """See `Sink.drain`."""
        self._draining = True
        self._wake.set()

    def inject(self, fault: SinkFault) -> bool:
        """See `Sink.inject`."""
        if isinstance(fault, DropConnection):
            self._aborted = True
            self._closing.set()
            self._wake.set()
            return True
        if self._faults is None:
            self._faults = DirectoryFaults(self._cameras)
        return self._faults.begin(fault)

    def end_fault(self, fault: SinkFault) -> None:
        """See `Sink.end_fault`."""
        if self._faults is not None:
            self._faults.end(fault)

    def clear_faults(self) -> None:
        """See `Sink.clear_faults`."""
        self._faults = None

    def close(self, timeout_s: float) -> bool:
        """See `Sink.close`."""
        self._closing.set()
        self._wake.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_s)
        self._unbind()
        return thread is None or not thread.is_alive()

    def _unbind(self) -> None:
        with self._gate:
            self._settle(Outcome.UNKNOWN)
            self._bound = False

    # --- towards the outbox and the listener ------------------------------------------------

    def _take(self) -> Frame | None:
        with self._gate:
            self._hand = self._outbox.take() if self._bound else None
            return self._hand

    def _settle(self, outcome: Outcome) -> None:
        with self._gate:
            frame, self._hand = self._hand, None
            if frame is not None and self._bound:
                self._outbox.settle(frame.camera_id, frame.seq, outcome)

    def _tell(self, event: SinkEvent) -> None:
        with self._gate:
            if self._bound:
                self._listener(event)

    # --- the thread -------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            lost = self._serve()
        except Exception as error:  # noqa: BLE001 - a silent dead thread is worse than any error
            _log.exception("writing to %s failed inside", self._root)
            lost = SinkLost(f"internal error: {type(error).__name__}: {error}")
        try:
            self._settle(Outcome.UNKNOWN)
            if lost is not None:
                self._tell(lost)
        except Exception:  # noqa: BLE001 - nobody is left to tell
            _log.exception("the loss of %s could not be told", self._root)
        self._lock.release()
        self._unbind()

    def _serve(self) -> SinkLost | None:
        """Write frames until told to close; what ended it otherwise."""
        try:
            self._prepare()
        except DirectoryInUseError as error:
            return SinkLost(f"{self._root}: {error.words}")
        except OSError as error:
            return SinkLost(f"{self._root}: {_words(error)}", permanent=True)
        self._tell(SinkConnected(str(self._root)))
        while not self._closing.is_set():
            self._wake.clear()
            if self._write_waiting():
                if self._draining:
                    self._draining = False
                    self._tell(SinkDrained())
                self._wake.wait()
            else:
                self._closing.wait(_RETRY_S)
        return SinkLost("cut on request") if self._aborted else None

    def _prepare(self) -> None:
        with self._open_root():
            pass
        for camera_id in self._cameras:
            # A directory that is unusable is told with the camera's first frame.
            with suppress(OSError), self._directory(camera_id):
                pass

    @contextmanager
    def _open_root(self) -> Iterator[int]:
        """The root, open and ours; made if it is not there."""
        self._root.mkdir(parents=True, exist_ok=True)
        root = os.open(self._root, _DIRECTORY)
        try:
            self._lock.hold(root)
            yield root
        finally:
            os.close(root)

    def _write_waiting(self) -> bool:
        """Write what the outbox holds; False when the disk is in trouble."""
        while not self._closing.is_set() and (frame := self._take()) is not None:
            camera_id = frame.camera_id
            if self._clock.monotonic() < self._refused_until_s.get(camera_id, 0.0):
                self._settle(Outcome.NACKED)
                continue
            try:
                self._write(frame)
            except OSError as error:
                self._settle(Outcome.NACKED)
                if self._is_disk_trouble(error):
                    self._block(error)
                    return False
                self._refuse(camera_id, error)
            else:
                self._settle(Outcome.CONFIRMED)
                self._accept(camera_id)
        return True

    # --- trouble ----------------------------------------------------------------------------

    def _is_disk_trouble(self, error: OSError) -> bool:
        if error.errno in _DISK_TROUBLE or isinstance(error, DirectoryInUseError):
            return True
        if error.errno not in (errno.EACCES, errno.EPERM):
            return False
        # One camera's directory with the wrong owner is its own trouble, all of them are not.
        return not any(self._may_write(each) for each in self._numbered)

    def _may_write(self, camera_id: CameraId) -> bool:
        faults = self._faults
        if faults is not None and faults.forbids(camera_id):
            return False
        return os.access(self._root / camera_id, os.W_OK | os.X_OK)

    def _block(self, error: OSError) -> None:
        if not self._blocked:
            self._blocked = True
            self._tell(SinkBlocked(f"{self._root}: {_words(error)}"))

    def _refuse(self, camera_id: CameraId, error: OSError) -> None:
        known = camera_id in self._refused_until_s
        self._refused_until_s[camera_id] = self._clock.monotonic() + _RETRY_S
        if not known:
            route = str(self._root / camera_id)
            self._tell(RouteRefused(route, f"{route}: {_words(error)}", _RETRY_S))

    def _accept(self, camera_id: CameraId) -> None:
        if self._refused_until_s and self._refused_until_s.pop(camera_id, None) is not None:
            _log.info("%s is accepted again", self._root / camera_id)
        if self._blocked:
            self._blocked = False
            self._tell(SinkUnblocked())

    # --- files ------------------------------------------------------------------------------

    @contextmanager
    def _directory(self, camera_id: CameraId) -> Iterator[int]:
        """The camera's directory, open; made if it is not there.

        Opened for every frame: it costs microseconds, and survives that someone clears the root
        or mounts another disk over it.
        """
        _check_name(camera_id)
        with self._open_root() as root:
            with suppress(FileExistsError):
                os.mkdir(camera_id, dir_fd=root)
            directory = os.open(camera_id, _DIRECTORY | os.O_NOFOLLOW, dir_fd=root)
        try:
            if camera_id not in self._numbered:
                # The only look at the directory's contents: what earlier runs have left.
                names = sorted(filter(_NUMBERED.fullmatch, os.listdir(directory)))  # noqa: PTH208 - by descriptor
                self._numbered[camera_id] = deque(names)
            yield directory
        finally:
            os.close(directory)

    def _write(self, frame: Frame) -> None:
        name = file_name(frame)
        faults = self._faults
        with self._directory(frame.camera_id) as directory:
            if faults is not None:
                faults.spoil_directory(directory, frame.camera_id)
            spoil = None if faults is None else faults.spoil_file
            _write_whole(frame.image, _NEW, name, directory, spoil)
            numbered = self._numbered[frame.camera_id]
            numbered.append(name)
            self._replace_latest(frame.image, name, directory)
            while len(numbered) > self._keep:
                with suppress(FileNotFoundError):
                    os.unlink(numbered[0], dir_fd=directory)
                numbered.popleft()

    def _replace_latest(self, image: bytes, name: str, directory: int) -> None:
        with suppress(FileNotFoundError):
            os.unlink(_NEW_LATEST, dir_fd=directory)
        try:
            os.link(
                name, _NEW_LATEST, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False
            )
        except OSError as error:
            if error.errno in _DISK_TROUBLE:
                raise
            # A file system without hard links (memory cards, USB sticks): write it twice.
            _write_whole(image, _NEW_LATEST, LATEST, directory)
        else:
            os.replace(_NEW_LATEST, LATEST, src_dir_fd=directory, dst_dir_fd=directory)


def _write_whole(
    image: bytes,
    temporary: str,
    name: str,
    directory: int,
    spoil: Callable[[int], None] | None = None,
) -> None:
    """Write under a temporary name, then rename; nothing is left behind when that fails.

    `spoil` is for faults: it gets the descriptor of the new file before anything is written.
    """
    with suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=directory)  # of a run that was killed
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.open(temporary, flags, 0o644, dir_fd=directory)
    try:
        try:
            if spoil is not None:
                spoil(file)
            rest = memoryview(image)
            while rest:
                rest = rest[os.write(file, rest) :]
        finally:
            os.close(file)
        os.replace(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=directory)
        raise


def _check_name(camera_id: CameraId) -> None:
    if camera_id in ("", ".", "..") or "/" in camera_id or "\0" in camera_id:
        raise ValueError(f"a camera's id must be usable as a directory name, got {camera_id!r}")


def _words(error: OSError) -> str:
    if isinstance(error, DirectoryInUseError):
        return error.words
    return _WORDS.get(error.errno or 0, error.strerror or str(error))
