"""Buffers bytes that are read into its end and taken from its front, in little memory."""

from __future__ import annotations

from typing import Final

_FIRST_CAPACITY: Final = 256 * 1024
# What one read can bring: the capacity of a Linux pipe. Less room would cost extra reads.
_READ_ROOM: Final = 64 * 1024
# Behind a full-size frame there is always room for a read, and for the longest segment (64 KiB).
_SLACK: Final = 4 * _READ_ROOM
# The line break behind a frame: moved to the front at once, so that frame after frame is read into
# the same few pages, which stay in the cache, and the rest of the buffer is never touched.
_A_LITTLE: Final = 64
# A buffer that was never more than a quarter full while eight times its size went through is
# replaced by a smaller one.
_SHRINK_AFTER: Final = 8


class ByteWindow:
    """Bytes of a stream that are kept: `buffer[start:end]`. Not thread-safe.

    Memory: 256 KiB, more only while what is kept needs it, never more than `max_kept_bytes` plus
    256 KiB.

    Attributes:
        buffer: the bytes; replaced when the capacity changes.
        view: the same, as a view.
        start: where what is kept begins; only grows, except where everything is moved.
        scan: how far what is kept was looked at: `start <= scan <= end`.
        end: where the next read goes.

    Args:
        max_kept_bytes: no more is ever kept.
    """

    __slots__ = ("_max_capacity", "_passed", "_peak", "buffer", "end", "scan", "start", "view")

    def __init__(self, max_kept_bytes: int) -> None:
        self._max_capacity = max_kept_bytes + _SLACK
        self.buffer = bytearray(_FIRST_CAPACITY)
        self.view = memoryview(self.buffer)
        self.start = self.scan = self.end = 0
        self._peak = 0  # the most that was kept
        self._passed = 0  # what went through; both since the capacity was last judged

    def room(self) -> memoryview:
        """Where the next read goes: writable, never empty, valid until the next call here."""
        capacity = len(self.buffer)
        if capacity - self.end < _READ_ROOM or self._passed >= _SHRINK_AFTER * capacity:
            self._make_room()
        return self.view[self.end :]

    def extend(self, n: int) -> None:
        """Keep the `n` bytes that were read into `room()`.

        Raises:
            ValueError: `n` is negative or more than there was room for.
        """
        if not 0 <= n <= len(self.buffer) - self.end:
            raise ValueError(f"{n} bytes cannot have been read into the buffer")
        self.end += n
        self._passed += n
        self._peak = max(self._peak, self.end - self.start)

    def drop_before(self, keep: int) -> int:
        """Let what stands before this position go; how many bytes that is."""
        dropped = keep - self.start
        if dropped <= 0:
            return 0
        self.start = keep
        return dropped

    def move_a_little(self) -> None:
        """Move what is kept to the front if it is next to nothing."""
        if self.start and self.end - self.start <= _A_LITTLE:
            self._move_to_front()

    def _make_room(self) -> None:
        """Move what is kept to the front, of a larger or smaller buffer where that is due."""
        kept = self.end - self.start
        capacity = self._next_capacity(kept)
        if capacity == len(self.buffer):
            self._move_to_front()
        else:
            buffer = bytearray(capacity)
            view = memoryview(buffer)
            view[:kept] = self.view[self.start : self.end]
            self.buffer, self.view = buffer, view
            self.scan -= self.start
            self.start, self.end = 0, kept

    def _move_to_front(self) -> None:
        kept = self.end - self.start
        self.view[:kept] = self.view[self.start : self.end]
        self.scan -= self.start
        self.start, self.end = 0, kept

    def _next_capacity(self, kept: int) -> int:
        capacity = len(self.buffer)
        if capacity - kept < _READ_ROOM:
            return max(capacity, min(2 * capacity, self._max_capacity))
        if self._passed >= _SHRINK_AFTER * capacity:
            peak, self._peak, self._passed = self._peak, kept, 0
            if peak <= capacity // 4:
                return max(_FIRST_CAPACITY, capacity // 2)
        return capacity
