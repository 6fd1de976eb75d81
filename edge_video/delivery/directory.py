"""Writes the newest frames of each camera to files.

For machines without a broker and for looking at what a camera sees.
"""

from __future__ import annotations

import itertools
import logging
import threading
from typing import TYPE_CHECKING, Final

from edge_video.delivery.camera_directories import CameraDirectories, reason_of
from edge_video.delivery.directory_faults import DirectoryFaults
from edge_video.delivery.directory_lock import DirectoryInUseError
from edge_video.delivery.ledger import Outcome
from edge_video.delivery.outbox_link import OutboxLink
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
    from collections.abc import Sequence
    from pathlib import Path

    from edge_video.delivery.outbox import Outbox
    from edge_video.delivery.sink import SinkListener
    from edge_video.faults import SinkFault
    from edge_video.frames import CameraId
    from edge_video.runtime.timer import Clock

_log = logging.getLogger(__name__)

RETRY_S: Final = 1.0
"""Seconds between two tries of what is in trouble."""

_thread_numbers = itertools.count(1)


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
        retry_s: seconds between two tries.

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
        *,
        retry_s: float = RETRY_S,
    ) -> None:
        self._directories = CameraDirectories(root, cameras, keep)
        self._link = OutboxLink(outbox, listener)
        self._clock = clock
        self._retry_s = retry_s
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._draining = False
        self._thread: threading.Thread | None = None
        self._aborted = False
        self._faults: DirectoryFaults | None = None
        # Only the sink's thread from here on.
        self._blocked = False
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
            self._faults = DirectoryFaults(self._directories.cameras)
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
        self._link.cut()
        return thread is None or not thread.is_alive()

    # --- the thread -------------------------------------------------------------------------

    def _run(self) -> None:
        root = self._directories.root
        try:
            lost = self._serve()
        except Exception as error:  # noqa: BLE001 - a silent dead thread is worse than any error
            _log.exception("writing to %s failed inside", root)
            lost = SinkLost(f"internal error: {type(error).__name__}: {error}")
        try:
            self._link.settle(Outcome.UNKNOWN)
            if lost is not None:
                self._link.tell(lost)
        except Exception:  # noqa: BLE001 - nobody is left to tell
            _log.exception("the loss of %s could not be told", root)
        self._directories.release()
        self._link.cut()

    def _serve(self) -> SinkLost | None:
        """Write frames until told to close; what ended it otherwise."""
        root = self._directories.root
        try:
            self._directories.prepare()
        except DirectoryInUseError as error:
            return SinkLost(f"{root}: {error.reason}")
        except OSError as error:
            return SinkLost(f"{root}: {reason_of(error)}", permanent=True)
        self._link.tell(SinkConnected(str(root)))
        while not self._closing.is_set():
            self._wake.clear()
            if self._write_waiting():
                if self._draining:
                    self._draining = False
                    self._link.tell(SinkDrained())
                self._wake.wait()
            else:
                self._closing.wait(self._retry_s)
        return SinkLost("cut on request") if self._aborted else None

    def _write_waiting(self) -> bool:
        """Write what the outbox holds; False when the disk is in trouble."""
        while not self._closing.is_set() and (frame := self._link.take()) is not None:
            camera_id, faults = frame.camera_id, self._faults
            if self._clock.monotonic() < self._refused_until_s.get(camera_id, 0.0):
                self._link.settle(Outcome.NACKED)
                continue
            try:
                self._directories.write(frame, faults)
            except OSError as error:
                self._link.settle(Outcome.NACKED)
                if self._directories.is_disk_trouble(error, faults):
                    self._block(error)
                    return False
                self._refuse(camera_id, error)
            else:
                self._link.settle(Outcome.CONFIRMED)
                self._accept(camera_id)
        return True

    # --- trouble ----------------------------------------------------------------------------

    def _block(self, error: OSError) -> None:
        if not self._blocked:
            self._blocked = True
            self._link.tell(SinkBlocked(f"{self._directories.root}: {reason_of(error)}"))

    def _refuse(self, camera_id: CameraId, error: OSError) -> None:
        known = camera_id in self._refused_until_s
        self._refused_until_s[camera_id] = self._clock.monotonic() + self._retry_s
        if not known:
            route = str(self._directories.root / camera_id)
            self._link.tell(RouteRefused(route, f"{route}: {reason_of(error)}", self._retry_s))

    def _accept(self, camera_id: CameraId) -> None:
        if self._refused_until_s and self._refused_until_s.pop(camera_id, None) is not None:
            _log.info("%s is accepted again", self._directories.root / camera_id)
        if self._blocked:
            self._blocked = False
            self._link.tell(SinkUnblocked())
