"""Judges the frames that come to the publisher as messages, and puts them into its outbox."""

from __future__ import annotations

import logging
import re
import uuid
from typing import TYPE_CHECKING, Final

from edge_video.actors.frame_messages import PublishAnswer, PublishFrame, PublishResult
from edge_video.delivery.ledger import DropReason, Outcome
from edge_video.delivery.outbox import Arrival
from edge_video.delivery.round_robin import Admission
from edge_video.faults import MAX_FRAME_BYTES
from edge_video.frames.jpeg import EOI, SOI
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.token_bucket import TokenBucket

if TYPE_CHECKING:
    from collections.abc import Collection

    from edge_video.delivery.outbox import Outbox
    from edge_video.frames import CameraId
    from edge_video.runtime.timer import Clock

_log = logging.getLogger(__name__)

MAX_FOREIGN_CAMERAS: Final = 256

_CAMERA_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
"""As in a configuration: it becomes the name of directories and of routing keys."""
_MIN_IMAGE: Final = len(SOI) + len(EOI)
_MAX: Final = 2**63 - 1
"""AMQP carries no larger number."""
_AT_A_TIME: Final = 256
_RESULTS: Final = {
    Arrival.HELD: PublishAnswer(PublishResult.ACCEPTED),
    Arrival.DISPLACED: PublishAnswer(PublishResult.ACCEPTED, displaced=True),
    Arrival.DROPPED: PublishAnswer(PublishResult.MEMORY),
}


class FrameIntake:
    """Part of the publisher: takes the frames of other outboxes, and those that come one by one.

    Used in the publisher's thread, `count_refused` excepted.

    Args:
        outbox: the publisher's own, where frames wait for the sink.
        clock: limits the lines in the log.
        configured: cameras whose frames are expected, may change meanwhile; frames of others are
            taken, too, of at most `max_foreign` cameras.
        max_foreign: see `configured`.
    """

    def __init__(
        self,
        outbox: Outbox,
        clock: Clock,
        configured: Collection[CameraId] = (),
        max_foreign: int = MAX_FOREIGN_CAMERAS,
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self._known = set(outbox.counts())  # with those that a predecessor came to know
        self._configured = configured
        self._max_foreign = max_foreign
        self._session = uuid.uuid4().hex[:12]
        self._lines = TokenBucket(6, 0.1)
        self._is_closed = False

    def take_from(self, other: Outbox) -> bool:
        """Move what waits in another outbox into the publisher's; True when more may wait there.

        There the frames count as confirmed. What was lost in that outbox before a frame counts
        as received and dropped here, so the gap in its consumer's numbers is the true one.
        """
        for _ in range(_AT_A_TIME):
            frame = other.take(self._admit)
            if frame is None:
                return False
            if frame.dropped:
                self._outbox.count_lost(frame.camera_id, frame.dropped, DropReason.OVERFLOW)
            self._outbox.add(
                frame.camera_id,
                frame.image,
                session=frame.session,
                captured_at_ns=frame.captured_at_ns,
                epoch=frame.epoch,
            )
            other.settle(frame.camera_id, frame.seq, Outcome.CONFIRMED)
        return True

    def accept(self, frame: PublishFrame) -> PublishAnswer:
        """Put a single frame into the outbox, or say why not."""
        reason = self._objection(frame)
        if reason is not None:
            self._note_refused(frame, reason)
            return PublishAnswer(reason)
        arrival = self._outbox.add(
            frame.camera_id,
            frame.image,
            session=self._session,
            captured_at_ns=frame.captured_at_ns,
            epoch=frame.epoch,
        )
        return _RESULTS[arrival]

    def close(self) -> None:
        """Refuse single frames from now on: what is held is handed over, and no more."""
        self._is_closed = True

    def count_refused(self, frame: PublishFrame) -> None:
        """Count a frame for which the mailbox had no room. Any thread."""
        camera_id: object = frame.camera_id
        if isinstance(camera_id, str) and camera_id in self._known:
            self._outbox.count_lost(frame.camera_id, 1, DropReason.MEMORY)

    def _objection(self, frame: PublishFrame) -> PublishResult | None:
        image: object = frame.image  # any actor may have made the message, with anything in it
        at_ns: object = frame.captured_at_ns
        epoch: object = frame.epoch
        if self._is_closed:
            return PublishResult.STOPPING
        if not (isinstance(image, bytes) and _is_jpeg(image)):
            return PublishResult.NOT_A_JPEG
        if len(image) > MAX_FRAME_BYTES:
            return PublishResult.TOO_LARGE
        if not _has_63_bits(at_ns):
            return PublishResult.BAD_TIME
        if not (epoch is None or _has_63_bits(epoch)):
            return PublishResult.BAD_EPOCH
        return self._objection_to(frame.camera_id)

    def _objection_to(self, camera_id: CameraId) -> PublishResult | None:
        """Make room for a camera's frames, or say why there is none."""
        anything: object = camera_id
        if not (isinstance(anything, str) and _CAMERA_ID.fullmatch(anything)):
            return PublishResult.BAD_CAMERA_ID
        if camera_id in self._known:
            return None
        is_foreign = camera_id not in self._configured
        if is_foreign:
            foreign = sum(each not in self._configured for each in self._known)
            if foreign >= self._max_foreign:
                return PublishResult.TOO_MANY_CAMERAS
        self._outbox.add_camera(camera_id)
        self._known.add(camera_id)
        if is_foreign:
            log_event(_log, LogEvent.FOREIGN_CAMERA, camera_id=camera_id)
        return None

    def _admit(self, camera_id: CameraId, size: int) -> Admission | DropReason:
        """Judge a frame of another outbox, under that one's lock."""
        del size
        return Admission.TAKE if self._objection_to(camera_id) is None else DropReason.REFUSED

    def _note_refused(self, frame: PublishFrame, reason: PublishResult) -> None:
        if reason is not PublishResult.STOPPING and self._lines.take(self._clock.monotonic()):
            sender = f"{frame.camera_id!r:.70}"
            log_event(_log, LogEvent.FRAME_MESSAGE_REFUSED, sender=sender, reason=reason)


def _is_jpeg(image: bytes) -> bool:
    return len(image) >= _MIN_IMAGE and image.startswith(SOI) and image.endswith(EOI)


def _has_63_bits(number: object) -> bool:
    return isinstance(number, int) and 0 <= number <= _MAX
