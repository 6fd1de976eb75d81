"""Implements a sink that remembers what it was handed, and answers as it is told."""

from __future__ import annotations

import threading
from collections import Counter, deque
from typing import TYPE_CHECKING, Final

from edge_video.delivery.ledger import Outcome
from edge_video.delivery.sink import (
    SinkBlocked,
    SinkConnected,
    SinkDrained,
    SinkLost,
    SinkUnblocked,
)
from edge_video.faults import (
    BlockConnection,
    DropConnection,
    NackFrames,
    RefuseConnections,
    ReturnFrames,
    StopConfirming,
)

if TYPE_CHECKING:
    from edge_video.delivery.outbox import Outbox
    from edge_video.delivery.sink import Sink, SinkEvent, SinkListener
    from edge_video.faults import SinkFault
    from edge_video.frames import CameraId, Frame


_DROPPED: Final = "connection dropped on request"


class RecordingPublisher:
    """Where frames go instead of a broker: `start_system(config, sink=recorder)`.

    It outlives its connections, as a broker does, and remembers the last frames and how many
    there were. Any thread.

    Args:
        keep: frames that are remembered; older ones are only counted.
        window: the most frames that wait for an answer while it holds them.
    """

    def __init__(self, *, keep: int = 100, window: int = 64) -> None:
        self._memory = _Memory(keep, window)

    def __call__(self, outbox: Outbox) -> _Connector:
        """For `start_system`."""
        return _Connector(self, self._memory, outbox)

    # --- what came ---

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The last frames, oldest first."""
        with self._memory.lock:
            return tuple(self._memory.frames)

    @property
    def counts(self) -> dict[CameraId, int]:
        """Frames of each camera so far."""
        with self._memory.lock:
            return dict(self._memory.counts)

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """How frames were answered so far."""
        with self._memory.lock:
            return dict(self._memory.outcomes)

    @property
    def held(self) -> int:
        """Frames that wait for an answer."""
        with self._memory.lock:
            sink = self._memory.sink
            return len(sink.held) if sink else 0

    @property
    def connections(self) -> int:
        """Connections so far, refused ones not counted."""
        return self._memory.connections

    @property
    def sink(self) -> Sink | None:
        """The connection that stands; None while there is none."""
        return self._memory.sink

    # --- how it behaves ---

    def confirm(self) -> None:
        """Confirm every frame at once, those that are held as well. This is how it begins."""
        self._memory.answer_with(Outcome.CONFIRMED)

    def nack(self) -> None:
        """Refuse every frame from now on, those that are held as well."""
        self._memory.answer_with(Outcome.NACKED)

    def give_back(self) -> None:
        """Return every frame as unroutable, those that are held as well."""
        self._memory.answer_with(Outcome.RETURNED)

    def hold(self) -> None:
        """Take up to `window` frames and answer none: a broker that stops confirming."""
        self._memory.answer_with(None)

    def answer_next(self, outcome: Outcome, frames: int) -> None:
        """Answer the next frames so, whatever comes after them."""
        with self._memory.lock:
            self._memory.next = [outcome] * frames

    def refuse(self, reason: str = "nobody listens") -> None:
        """Refuse new connections until `accept`; one that stands is not touched."""
        with self._memory.lock:
            self._memory.refusal = reason

    def accept(self) -> None:
        """Take connections again."""
        with self._memory.lock:
            self._memory.refusal = None

    def drop(self, reason: str = "connection dropped") -> None:
        """Lose the connection that stands; what is held is never answered."""
        with self._memory.lock:
            if self._memory.sink is not None:
                self._memory.sink.lose(reason)

    def block(self, reason: str = "low on memory") -> None:
        """Take no frames for now, and say so; the connection lives."""
        self._memory.block_with(reason)

    def unblock(self) -> None:
        """Take frames again, and say so."""
        self._memory.block_with(None)


class _Memory:
    """What a recorder remembers, and how it behaves; its own methods take the lock."""

    def __init__(self, keep: int, window: int) -> None:
        self.lock = threading.RLock()
        self.frames: deque[Frame] = deque(maxlen=keep)
        self.counts: Counter[CameraId] = Counter()
        self.outcomes: Counter[Outcome] = Counter()
        self.connections = 0
        self.next: list[Outcome] = []
        self.refusal: str | None = None
        self.sink: _RecordingSink | None = None
        self._window = window
        self._answer: Outcome | None = Outcome.CONFIRMED
        self._block: str | None = None

    def connect(self, sink: _RecordingSink) -> None:
        """A connection is tried."""
        with self.lock:
            if self.refusal is not None:
                sink.lose(self.refusal)
                return
            self.sink = sink
            self.connections += 1
            sink.tell(SinkConnected("recording publisher"))
            if self._block is not None:
                sink.tell(SinkBlocked(self._block))

    def pump(self, sink: _RecordingSink | None) -> None:
        """Take what the outbox has, as far as it may be taken."""
        with self.lock:
            if sink is not None and sink is self.sink and self._block is None:
                self._take_all(sink)
                sink.tell_if_drained()

    def disconnect(self, sink: _RecordingSink) -> None:
        """A connection is over; what it held is unknown."""
        with self.lock:
            self._settle(sink, Outcome.UNKNOWN)
            if sink is self.sink:
                self.sink = None

    def answer_with(self, outcome: Outcome | None) -> None:
        """Answer every frame so from now on, those that are held as well; None: none of them."""
        with self.lock:
            self._answer = outcome
            if outcome is not None and self.sink is not None:
                self._settle(self.sink, outcome)
            self.pump(self.sink)

    def block_with(self, reason: str | None) -> None:
        """Take no frames from now on, for a reason; None: take them again."""
        with self.lock:
            was_blocked, self._block = self._block is not None, reason
            if self.sink is not None and (reason is not None or was_blocked):
                self.sink.tell(SinkUnblocked() if reason is None else SinkBlocked(reason))
            self.pump(self.sink)

    # --- inside, under the lock ---

    def _take_all(self, sink: _RecordingSink) -> None:
        while len(sink.held) < self._window and (frame := sink.outbox.take()) is not None:
            self.frames.append(frame)
            self.counts[frame.camera_id] += 1
            sink.held.append((frame.camera_id, frame.seq))
            answer = self.next.pop() if self.next else self._answer
            if answer is not None:
                self._settle(sink, answer)

    def _settle(self, sink: _RecordingSink, outcome: Outcome) -> None:
        while sink.held:
            if sink.outbox.settle(*sink.held.popleft(), outcome):
                self.outcomes[outcome] += 1


class _Connector:
    """A `SinkFactory` that remembers its outbox."""

    def __init__(self, recorder: RecordingPublisher, memory: _Memory, outbox: Outbox) -> None:
        self._recorder = recorder
        self._memory = memory
        self._outbox = outbox

    def __call__(self, listener: SinkListener) -> _RecordingSink:
        """See `SinkFactory`."""
        return _RecordingSink(self._recorder, self._memory, self._outbox, listener)


class _RecordingSink:
    """One life of a connection; satisfies `edge_video.delivery.sink.Sink`.

    It needs no thread: whoever brings a frame, or changes how the recorder behaves, does the work,
    under the recorder's lock.
    """

    def __init__(
        self,
        recorder: RecordingPublisher,
        memory: _Memory,
        outbox: Outbox,
        listener: SinkListener,
    ) -> None:
        self.outbox = outbox
        self.held: deque[tuple[CameraId, int]] = deque()
        self._recorder = recorder
        self._memory = memory
        self._listener = listener
        self._over = False
        self._draining = False

    def open(self) -> None:
        """See `Sink.open`."""
        self._memory.connect(self)

    def frames_ready(self) -> None:
        """See `Sink.frames_ready`."""
        self._memory.pump(self)

    def drain(self) -> None:
        """See `Sink.drain`."""
        self._draining = True
        self._memory.pump(self)

    def inject(self, fault: SinkFault) -> bool:
        """Execute a fault by message; False for those that a recorder cannot show."""
        recorder = self._recorder
        match fault:
            case DropConnection():
                self.lose(_DROPPED)
            case StopConfirming():
                recorder.hold()
            case RefuseConnections():
                recorder.refuse()
            case BlockConnection():
                recorder.block()
            case NackFrames(frames=frames):
                recorder.answer_next(Outcome.NACKED, frames)
            case ReturnFrames(frames=frames):
                recorder.answer_next(Outcome.RETURNED, frames)
            case _:
                return False
        return True

    def end_fault(self, fault: SinkFault) -> None:
        """Undo a fault by message."""
        recorder = self._recorder
        match fault:
            case StopConfirming():
                recorder.confirm()
            case RefuseConnections():
                recorder.accept()
            case BlockConnection():
                recorder.unblock()

    def clear_faults(self) -> None:
        """As it began: it accepts, takes and confirms."""
        self._recorder.accept()
        self._recorder.unblock()
        self._recorder.confirm()

    def close(self, timeout_s: float) -> bool:
        """See `Sink.close`; nothing here can take long."""
        del timeout_s
        self._over = True
        self._memory.disconnect(self)
        return True

    def lose(self, reason: str) -> None:
        """End by itself."""
        self._memory.disconnect(self)
        self.tell(SinkLost(reason))
        self._over = True

    def tell(self, event: SinkEvent) -> None:
        """Tell the publisher, unless this life is over."""
        if not self._over:
            self._listener(event)

    def tell_if_drained(self) -> None:
        """Once, when nothing is left to hand over or to answer."""
        if self._draining and not self.held and not self.outbox.held:
            self._draining = False
            self.tell(SinkDrained())
