"""Keeps what is known of the cameras for those who wait for what comes of a command."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Final

from edge_video.status.outcome import Outcome, OutcomeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from edge_video.frames import CameraId
    from edge_video.status.model import PublisherStatus
    from edge_video.status.snapshot import CameraRecord

MAX_WAITING: Final = 6
"""Who wait at once; a further one is told what is known by then. Others must be answered, too."""


class CommandBoard:
    """Facts in (the actor's thread), and waiting for further ones (any thread)."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._records: dict[CameraId, CameraRecord] = {}
        self._publisher: PublisherStatus | None = None
        self._profiles: tuple[str, ...] = ()
        self._waiting = 0
        self._is_closed = False

    def camera_changed(self, record: CameraRecord) -> None:
        """What is known of a camera is now this."""
        with self._changed:
            self._records[record.camera_id] = record
            self._changed.notify_all()

    def publisher_changed(self, status: PublisherStatus) -> None:
        """What is known of the publisher is now this."""
        with self._changed:
            self._publisher = status
            self._changed.notify_all()

    def config_changed(self, cameras: Collection[CameraId], profiles: tuple[str, ...]) -> None:
        """There are these cameras and profiles, and no others any more."""
        with self._changed:
            self._records = {each: self._records[each] for each in cameras if each in self._records}
            self._profiles = profiles

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def record(self, camera_id: CameraId) -> CameraRecord | None:
        """What was told of a camera last; None when there is no such camera."""
        with self._changed:
            return self._records.get(camera_id)

    @property
    def publisher(self) -> PublisherStatus | None:
        """What was told of the publisher last."""
        with self._changed:
            return self._publisher

    @property
    def profiles(self) -> tuple[str, ...]:
        """Those that are configured."""
        with self._changed:
            return self._profiles

    def outcome(self, look: Callable[[], Outcome | None], wait_s: float) -> Outcome:
        """What comes of a command within this time; `look` says it as soon as it is known."""
        ends_at_s = time.monotonic() + wait_s
        with self.place() as is_room, self._changed:
            while True:
                outcome = look()
                if outcome is not None:
                    return outcome
                left_s = ends_at_s - time.monotonic()
                if left_s <= 0 or self._is_closed or not is_room:
                    return Outcome(OutcomeKind.STILL_TRYING)
                self._changed.wait(left_s)

    @contextlib.contextmanager
    def place(self) -> Iterator[bool]:
        """A place among those who wait; False: there is none left, and nothing is waited for."""
        with self._changed:
            is_room = self._waiting < MAX_WAITING
            self._waiting += is_room
        try:
            yield is_room
        finally:
            with self._changed:
                self._waiting -= is_room
