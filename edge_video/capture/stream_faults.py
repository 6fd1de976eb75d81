"""Applies faults on purpose to a capture: to its FFmpeg, and to the bytes that this writes.

A capture has no `StreamFaults` until a fault asks for one, so an untouched stream pays a single
comparison per read.
"""

from __future__ import annotations

import itertools
import random
import signal
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from edge_video.capture.output import Hold
from edge_video.faults import (
    CameraFault,
    GarbageBytes,
    IgnoreSigterm,
    OversizedFrame,
    SilentEnd,
    SlowFrames,
    TruncatedFrame,
)
from edge_video.frames.jpeg import EOI, SOI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_video.capture.ending import EndOfOutput
    from edge_video.capture.output import OutputReader
    from edge_video.capture.process import FfmpegProcess
    from edge_video.frames.splitter import FrameSplitter

_PIECE_BYTES: Final = 64 * 1024
"""As much at a time as one read brings: however large a frame, no more of it exists at once."""

_SLOW_PIECE_BYTES: Final = 1024

_PIECES_AT_ONCE: Final = 64
_YIELD_S: Final = 0.001
"""So many pieces, then the others that are read by the same thread get their turn."""

_MAX_WAITING: Final = 100
"""Faults that a silent stream keeps waiting; the oldest are forgotten."""

_REFUSED_ARGUMENT_BYTES: Final = 2**22

ByteFault: TypeAlias = GarbageBytes | TruncatedFrame | OversizedFrame


def refused_argument() -> str:
    """Make an argument that no Linux takes (at most 32 pages): execve refuses it with E2BIG."""
    return "x" * _REFUSED_ARGUMENT_BYTES


@dataclass(frozen=True, slots=True)
class _Pace:
    """No more than so many frames a second, until a moment of the monotonic clock."""

    frame_s: float
    until_s: float


class StreamFaults:
    """The faults of one capture's byte stream.

    `updated` and `go_on` belong to the thread that reads; the others may be called from any. None
    of them blocks: a stream that is slowed down says in `wait_s` when to go on.

    Args:
        hand_out: called in the reading thread with each whole frame of a read that was tampered
            with.
    """

    def __init__(self, hand_out: Callable[[bytes], None]) -> None:
        self._hand_out = hand_out
        self._waiting: deque[ByteFault] = deque(maxlen=_MAX_WAITING)
        self._pace: _Pace | None = None
        self._clears = 0
        self._rest: Iterator[bytes] = iter(())
        self.wait_s = 0.0
        """Until `go_on`; nothing may be read before. 0 when nothing of the last read is left."""

    def add(self, fault: ByteFault) -> None:
        """Act on the next bytes that are read."""
        self._waiting.append(fault)

    def slow_down(self, fault: SlowFrames, fps: float) -> None:
        """Take in no more than `fault.share` of `fps` frames a second from now on."""
        until_s = float("inf") if fault.for_s is None else time.monotonic() + fault.for_s
        self._pace = _Pace(1.0 / (fault.share * fps), until_s)

    def clear(self) -> None:
        """Undo everything that still acts or waits. What is held back is due for `go_on` now."""
        self._clears += 1
        self._waiting.clear()
        self._pace = None

    def updated(self, splitter: FrameSplitter, view: memoryview, n: int) -> list[bytes]:
        """Take the place of `splitter.buffer_updated(n)`: `n` bytes were read into `view`.

        Returns the whole frames that are still to be handed out: all where nothing breaks, else
        none.
        """
        if self._pace is None and not self._waiting:
            return splitter.buffer_updated(n)
        self._rest = self._pieces(bytes(view[:n]))
        self.go_on(splitter)
        return []

    def go_on(self, splitter: FrameSplitter) -> None:
        """Take in what is left of the last read, up to a frame that the next one must wait for."""
        self.wait_s = 0.0
        for number, piece in enumerate(self._rest, 1):
            frames = splitter.feed(piece)
            for image in frames:
                self._hand_out(image)
            self.wait_s = self._wait_s(len(frames)) if frames else 0.0
            if not self.wait_s and number >= _PIECES_AT_ONCE:
                self.wait_s = _YIELD_S
            if self.wait_s:
                return

    def _pieces(self, read: bytes) -> Iterator[bytes]:
        """Yield what the splitter is to see instead of one read."""
        while self._waiting:
            match self._waiting.popleft():
                case GarbageBytes(size=size, seed=seed):
                    yield from self._until_cleared(garbage(size, seed))
                case OversizedFrame(size=size):
                    yield from self._until_cleared(oversized_frame(size))
                case TruncatedFrame():
                    read = read[: len(read) // 2]
        # One read may bring many small frames; slowed down they come one by one.
        size = len(read) if self._pace is None else _SLOW_PIECE_BYTES
        for begin in range(0, len(read), size or 1):
            yield read[begin : begin + size]

    def _until_cleared(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Stop at a `clear`: however much was asked for holds up neither that nor a stop."""
        clears = self._clears
        return itertools.takewhile(lambda _: self._clears == clears, pieces)

    def _wait_s(self, frames: int) -> float:
        """Return the time that so many frames have, if frames are slowed down."""
        pace = self._pace
        if pace is None:
            return 0.0
        left_s = pace.until_s - time.monotonic()
        if left_s <= 0 and self._pace is pace:
            self._pace = None
        return max(0.0, min(left_s, frames * pace.frame_s))


def garbage(size: int, seed: int) -> Iterator[bytes]:
    """Yield `size` bytes that mean nothing, the same for the same seed; in pieces."""
    draws = random.Random(seed)  # noqa: S311 - to be repeatable, not secret
    while size > 0:
        piece = draws.randbytes(min(size, _PIECE_BYTES))
        size -= len(piece)
        yield piece


def oversized_frame(size: int) -> Iterator[bytes]:
    """Yield a part that announces, and has, an image of `size` bytes; in pieces."""
    head = SOI + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"  # straight to the entropy-coded bytes
    yield b"\r\n--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: %d\r\n\r\n" % size
    yield head
    left = size - len(head) - len(EOI)
    filler = bytes(_PIECE_BYTES)
    while left > 0:
        yield filler[:left]
        left -= len(filler)
    yield EOI


class OutputFaults:
    """Applies `StreamFaults` to what an `OutputReader` reads, and holds that back for them.

    `updated` and `holds_back` belong to the reactor's thread; the others may be called from any.

    Args:
        output: whose bytes they are.
    """

    def __init__(self, output: OutputReader) -> None:
        self._output = output
        self._stream = StreamFaults(output.pump.hand_on)

    def add(self, fault: ByteFault) -> None:
        """Act on the next bytes that are read."""
        self._stream.add(fault)

    def slow_down(self, fault: SlowFrames, fps: float) -> None:
        """Take in no more than `fault.share` of `fps` frames a second from now on."""
        self._stream.slow_down(fault, fps)

    def clear(self) -> None:
        """Undo everything that still acts or waits, and hand on what is held back."""
        self._stream.clear()
        self._output.call_soon(self._go_on)

    def updated(self, view: memoryview, n: int) -> list[bytes]:
        """Take in `n` bytes that were read into `view`; the whole frames to hand on now."""
        return self._stream.updated(self._output.pump.splitter, view, n)

    def holds_back(self) -> bool:
        """Whether nothing may be read for now; then reading goes on by itself when that is due."""
        wait_s = self._stream.wait_s
        if wait_s:
            self._output.hold(Hold.SLOWED_DOWN)
            self._output.call_later(wait_s, self._go_on)
        return wait_s > 0

    def _go_on(self) -> None:
        """Take in the next frame of a stream that is held back; it is due, or held no more."""
        output, stream = self._output, self._stream
        if not output.is_held(Hold.SLOWED_DOWN):
            return
        stream.go_on(output.pump.splitter)
        if stream.wait_s:
            output.call_later(stream.wait_s, self._go_on)
        else:
            output.release(Hold.SLOWED_DOWN)


class FaultTarget(Protocol):
    """What of a running capture faults act on."""

    @property
    def process(self) -> FfmpegProcess:
        """Its FFmpeg."""
        ...

    @property
    def output(self) -> OutputReader:
        """What reads its frames."""
        ...

    @property
    def ending(self) -> EndOfOutput:
        """What judges its end."""
        ...


def apply_fault(target: FaultTarget, fault: CameraFault, fps: float) -> bool:
    """Break a running capture on purpose; False for a fault of another kind.

    Args:
        target: the capture.
        fault: what to break.
        fps: the rate of which `SlowFrames` leaves a share.
    """
    match fault:
        case GarbageBytes() | TruncatedFrame() | OversizedFrame():
            _faults_of(target.output).add(fault)
        case SlowFrames():
            _faults_of(target.output).slow_down(fault, fps)
        case IgnoreSigterm():
            target.process.ignores_sigterm = True
        case SilentEnd():
            target.ending.hides_sigterm = True
            target.process.signal(signal.SIGTERM)
        case _:
            return False
    return True


def clear_stream_faults(output: OutputReader) -> None:
    """Undo the faults of a capture's bytes; what they hold back is handed on. Any thread."""
    faults = output.pump.faults
    if isinstance(faults, OutputFaults):
        faults.clear()


def _faults_of(output: OutputReader) -> OutputFaults:
    faults = output.pump.faults
    if not isinstance(faults, OutputFaults):
        faults = output.pump.faults = OutputFaults(output)
    return faults
