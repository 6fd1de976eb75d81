"""Asks a camera once and makes of its answer what it is: a picture, the same one again, a miss."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from edge_video.capture.snapshot.answer import NOT_MODIFIED, picture_in
from edge_video.capture.snapshot.conditions import Conditions
from edge_video.capture.snapshot.trouble import NoPictureError
from edge_video.faults import MAX_FRAME_BYTES
from edge_video.frames.jpeg import with_huffman_tables
from edge_video.resilience.failures import Cause, Failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.capture.counters import CaptureCounters
    from edge_video.capture.snapshot.client import SnapshotClient
    from edge_video.capture.snapshot.faults import SnapshotFaults
    from edge_video.capture.snapshot.network import SnapshotNetwork
    from edge_video.capture.snapshot.pace import SnapshotPace


class SnapshotRequests:
    """The requests of one capture, one after the other. Its thread's, but for `unchanged_s`.

    Args:
        client: sends them.
        network: is told how long each may take.
        pace: knows that, and which misses end the attempt.
        faults: break answers on purpose.
        counters: of the camera.
        on_picture: called with every picture that differs from the one before it.

    Attributes:
        answers: pictures so far, and answers that there is no newer one.
    """

    def __init__(
        self,
        client: SnapshotClient,
        network: SnapshotNetwork,
        pace: SnapshotPace,
        *,
        faults: SnapshotFaults,
        counters: CaptureCounters,
        on_picture: Callable[[bytes], object],
    ) -> None:
        self.answers = 0
        self._client = client
        self._network = network
        self._pace = pace
        self._faults = faults
        self._counters = counters
        self._on_picture = on_picture
        self._conditions = Conditions()
        self._answered_s = self._pictured_s = 0.0

    def unchanged_s(self) -> float | None:
        """How long the picture has been the same; None: it changes, or nothing is answered."""
        answered_s, pictured_s = self._answered_s, self._pictured_s
        now_s = time.monotonic()
        if answered_s == pictured_s or now_s - answered_s > self._pace.late_s:
            return None
        return now_s - pictured_s

    def ask(self) -> None:
        """Ask once.

        Raises:
            NoPictureError: the camera neither showed its picture nor said that it is the same.
        """
        began_ns = time.thread_time_ns()
        self._network.begin(self._pace.limit_s(self._silent_s(), self.answers))
        self._counters.reads += 1
        try:
            self._answer()
        finally:
            self._counters.read_ns += time.thread_time_ns() - began_ns

    def ends_with(self, failure: Failure) -> bool:
        """Count a request that brought no picture; whether the attempt ends with it."""
        if failure.cause is Cause.PICTURE_TOO_LARGE:
            self._counters.oversized += 1
        return self._pace.ends(failure.cause, self._silent_s(), self.answers)

    def close(self) -> None:
        """Close the connection; the next request makes another."""
        self._client.close()

    def _silent_s(self) -> float:
        return time.monotonic() - self._answered_s

    def _answer(self) -> None:
        conditions = self._conditions.headers(time.monotonic())
        answer = self._faults.applied(self._client.fetch(conditions))
        now_s = time.monotonic()
        if answer.status == NOT_MODIFIED:
            self._take_note(None, now_s)
            return
        picture = picture_in(answer, MAX_FRAME_BYTES)
        if isinstance(picture, Failure):
            self._counters.discarded_bytes += len(answer.body)
            raise NoPictureError(picture)
        self._counters.discarded_bytes += len(answer.body) - len(picture)
        is_new = self._conditions.is_new(picture, answer.headers, now_s)
        self._take_note(picture if is_new else None, now_s)

    def _take_note(self, picture: bytes | None, now_s: float) -> None:
        """Count an answer, and hand its picture on; None for that of before."""
        self.answers += 1
        if picture is None:
            self._counters.unchanged += 1
            self._answered_s = now_s
            return
        self._pictured_s = self._answered_s = now_s
        self._counters.splits += 1
        self._on_picture(with_huffman_tables(picture))
