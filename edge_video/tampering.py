"""What faults do to the bytes between FFmpeg's pipe and the frame splitter.

A `Capture` has no `Tampering` until a fault asks for one, so an untouched stream pays a single
comparison per read.
"""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_video.faults import GarbageBytes, OversizedFrame, SlowFrames, TruncatedFrame
from edge_video.jpeg import EOI, SOI

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.splitter import FrameSplitter

_PIECE_BYTES: Final = 64 * 1024
"""As much at a time as one read brings: however large a frame, no more of it exists at once."""

_MOST_WAITING: Final = 100
"""Faults that a silent stream keeps waiting; the oldest are forgotten."""

ByteFault: TypeAlias = GarbageBytes | TruncatedFrame | OversizedFrame


@dataclass(frozen=True, slots=True)
class _Pace:
    """No more than so many frames a second, until a moment of the monotonic clock."""

    frame_s: float
    until_s: float
    over: threading.Event


class Tampering:
    """The faults of one capture's byte stream.

    `updated` belongs to the reader thread; the others may be called from any.
    """

    def __init__(self) -> None:
        self._waiting: deque[ByteFault] = deque(maxlen=_MOST_WAITING)
        self._pace: _Pace | None = None

    def add(self, fault: ByteFault) -> None:
        """Act on the next bytes that are read."""
        self._waiting.append(fault)

    def slow_down(self, fault: SlowFrames, fps: float) -> None:
        """Read no faster than `fault.share` of `fps` frames a second from now on."""
        until_s = float("inf") if fault.for_s is None else time.monotonic() + fault.for_s
        before, self._pace = (
            self._pace,
            _Pace(1.0 / (fault.share * fps), until_s, threading.Event()),
        )
        if before is not None:
            before.over.set()

    def clear(self) -> None:
        """Undo everything that still acts or waits; a reader that was held goes on at once."""
        self._waiting.clear()
        pace, self._pace = self._pace, None
        if pace is not None:
            pace.over.set()

    def updated(self, splitter: FrameSplitter, view: memoryview, n: int) -> list[bytes]:
        """Instead of `splitter.buffer_updated(n)`: `n` bytes were read into `view`."""
        images = self._tampered(splitter, view, n) if self._waiting else splitter.buffer_updated(n)
        pace = self._pace
        if pace is not None and images:
            left_s = pace.until_s - time.monotonic()
            if left_s > 0:
                pace.over.wait(min(left_s, len(images) * pace.frame_s))
            elif self._pace is pace:
                self._pace = None
        return images

    def _tampered(self, splitter: FrameSplitter, view: memoryview, n: int) -> list[bytes]:
        read = bytes(view[:n])
        images: list[bytes] = []
        while self._waiting:
            match self._waiting.popleft():
                case GarbageBytes(size=size, seed=seed):
                    for piece in garbage(size, seed):
                        images += splitter.feed(piece)
                case OversizedFrame(size=size):
                    for piece in oversized_frame(size):
                        images += splitter.feed(piece)
                case TruncatedFrame():
                    read = read[: len(read) // 2]
        return images + splitter.feed(read)


def garbage(size: int, seed: int) -> Iterator[bytes]:
    """`size` bytes that mean nothing, the same for the same seed; in pieces."""
    draws = random.Random(seed)  # noqa: S311 - to be repeatable, not secret
    while size > 0:
        piece = draws.randbytes(min(size, _PIECE_BYTES))
        size -= len(piece)
        yield piece


def oversized_frame(size: int) -> Iterator[bytes]:
    """A part that announces, and has, an image of `size` bytes; in pieces."""
    head = SOI + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"  # straight to the entropy-coded bytes
    yield b"\r\n--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: %d\r\n\r\n" % size
    yield head
    left = size - len(head) - len(EOI)
    filler = bytes(_PIECE_BYTES)
    while left > 0:
        yield filler[:left]
        left -= len(filler)
    yield EOI
