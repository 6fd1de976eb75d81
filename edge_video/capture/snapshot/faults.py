"""Breaks what a camera answers on purpose, as far as a fault of a stream means something here."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_video.capture.snapshot.answer import NOT_MODIFIED
from edge_video.capture.snapshot.trouble import NoPictureError
from edge_video.capture.stream_faults import garbage
from edge_video.faults import (
    MAX_FRAME_BYTES,
    GarbageBytes,
    OversizedFrame,
    RefuseSpawn,
    SilentEnd,
    SlowFrames,
    TruncatedFrame,
)
from edge_video.resilience.failures import Cause, Failure

if TYPE_CHECKING:
    from edge_video.capture.snapshot.answer import Answer
    from edge_video.faults import CameraFault

_MAX_WAITING: Final = 100
_NextAnswer = GarbageBytes | TruncatedFrame | OversizedFrame | SilentEnd


class SnapshotFaults:
    """The faults of one capture. Any thread adds and clears; the capture's thread obeys.

    Attributes:
        refuses_start: whether the start is to be refused.
    """

    def __init__(self) -> None:
        self.refuses_start = False
        self._waiting: deque[_NextAnswer] = deque(maxlen=_MAX_WAITING)
        self._slow: tuple[float, float] | None = None

    def add(self, fault: CameraFault, *, is_started: bool) -> bool:
        """Let a fault act; False where it has nothing to break: there is no process."""
        match fault:
            case RefuseSpawn() if not is_started:
                self.refuses_start = True
            case SlowFrames(share=share, for_s=for_s):
                until_s = float("inf") if for_s is None else time.monotonic() + for_s
                self._slow = share, until_s
            case GarbageBytes() | TruncatedFrame() | OversizedFrame() | SilentEnd():
                self._waiting.append(fault)
            case _:
                return False
        return True

    def clear(self) -> None:
        """Undo everything that still acts."""
        self._waiting.clear()
        self._slow = None

    def delay_s(self, interval_s: float) -> float:
        """Return by how much the next request is late."""
        slow = self._slow
        if slow is None or time.monotonic() >= slow[1]:
            return 0.0
        return interval_s * (1 / slow[0] - 1)

    def applied(self, answer: Answer) -> Answer:
        """Return the answer as the next waiting fault leaves it.

        Raises:
            NoPictureError: it leaves none.
        """
        if not self._waiting or answer.status == NOT_MODIFIED:
            return answer
        match self._waiting.popleft():
            case GarbageBytes(size=size, seed=seed):
                return replace(answer, body=b"".join(garbage(size, seed)))
            case TruncatedFrame():
                return replace(answer, body=answer.body[: len(answer.body) // 2])
            case OversizedFrame():
                detail = f"more than {MAX_FRAME_BYTES} bytes"
                raise NoPictureError(Failure(Cause.PICTURE_TOO_LARGE, detail))
            case SilentEnd():
                raise NoPictureError(Failure(Cause.END_OF_STREAM, "it hung up, on purpose"))
