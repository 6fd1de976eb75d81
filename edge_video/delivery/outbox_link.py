"""Connects a sink that writes one frame at a time with its outbox and its listener."""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING

from edge_video.delivery.ledger import Outcome

if TYPE_CHECKING:
    from edge_video.delivery.outbox import Outbox
    from edge_video.delivery.sink import SinkEvent, SinkListener
    from edge_video.frames import Frame


class OutboxLink:
    """Takes and settles frames and calls the listener, until it is cut. Any thread.

    Its lock is held around every touch of the outbox and the listener, and never while a frame is
    written: a disk that hangs must not keep the sink's `close` from cutting its thread off.
    """

    def __init__(self, outbox: Outbox, listener: SinkListener) -> None:
        self._outbox = outbox
        self._listener = listener
        self._lock = RLock()
        self._is_whole = True
        self._frame: Frame | None = None

    def take(self) -> Frame | None:
        """Take the next frame, which is settled before the one after it; None: there is none."""
        with self._lock:
            self._frame = self._outbox.take() if self._is_whole else None
            return self._frame

    def settle(self, outcome: Outcome) -> None:
        """Settle the frame that was taken; harmless when it was settled before."""
        with self._lock:
            frame, self._frame = self._frame, None
            if frame is not None and self._is_whole:
                self._outbox.settle(frame.camera_id, frame.seq, outcome)

    def tell(self, event: SinkEvent) -> None:
        """Call the listener."""
        with self._lock:
            if self._is_whole:
                self._listener(event)

    def cut(self) -> None:
        """Settle what was taken as unknown; neither outbox nor listener is touched after this."""
        with self._lock:
            self.settle(Outcome.UNKNOWN)
            self._is_whole = False
