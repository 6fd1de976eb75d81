r"""Cuts a stream of bytes into JPEG frames: FFmpeg's `mpjpeg`, other multipart, bare JPEG.

Sans-IO: no file, no thread, no clock. Bytes go in as they come, whole frames come out, and how
the bytes were chunked changes nothing, neither the frames nor the counters.

FFmpeg's `-f mpjpeg` writes, for each frame (`\r\n` behind the image belongs to the next part)::

    --ffmpeg\r\n
    Content-type: image/jpeg\r\n
    Content-length: 9455\r\n
    \r\n
    FF D8 ... FF D9 \r\n

An image with an announced length is taken at its word once its last two bytes are an end marker:
its body is not looked at (a camera's own lengths have to prove true first). Any other image is
walked: its header segments one by one, which skips embedded thumbnails, then its entropy-coded
bytes up to the end marker. Entropy coding never yields a start marker, so one in there says that
the image is torn and the next has begun.

Every byte is looked at a bounded number of times, whatever it is: where a walk fails, the search
goes on at the segment that did not check out, not at the image's beginning.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final

from edge_video.frames.jpeg import (
    EOI,
    EOI_CODE,
    FILL,
    FIRST_CODE,
    SOI,
    SOI_CODE,
    SOS_CODE,
    STANDALONE_CODES,
)

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

# A part's header, from the boundary to the blank line, ends within this many bytes, or it is
# none. Nothing longer is kept while no image begins.
MAX_HEADER_BYTES: Final = 2048
_PART: Final = re.compile(rb"--[^\r\n]{1,256}\r?\n(?:[^\r\n:]{1,128}:[^\r\n]*\r?\n)*\r?\n")
_LENGTH: Final = re.compile(rb"\nContent-Length:[ \t]*([0-9]+)[ \t]*\r?\n", re.IGNORECASE)
# One pass of `re` costs a fifth of two passes of `bytearray.find`, which stumbles over the many
# 0xFF of entropy-coded bytes.
_END_OR_TORN: Final = re.compile(rb"\xff[\xd8\xd9]")
# Where an image may begin: behind a line break, which may end a header, or before what can be its
# first marker; both are seen in C, whatever a stream is full of.
_BEGINNING: Final = re.compile(
    rb"\xff\xd8(?:(?=\xff(?:[\x01\xc0-\xd7\xda-\xff]|\Z)|\Z)|(?<=\n\xff\xd8))"
)
_TYPE: Final = re.compile(rb"content-type:[ \t]*([a-z]*)", re.IGNORECASE)
_MAY_BE_IMAGES: Final = frozenset({b"image", b"multipart", b"application", b""})
_TYPE_BYTES: Final = 16
_TYPE_WITHIN: Final = 512
"""So far before an image begins may stand what its part is said to be instead of an image."""
_MAX_SEGMENTS: Final = 1024
"""An image has some ten header segments; a profile or a preview adds up to 255 each."""
_MAX_LIES: Final = 2
"""So many wrong lengths in a row, and lengths are not believed until one proves true: waiting for
more bytes than an image has would make each as late as the next ones."""
_BLANK_LINE: Final = b"\r\n\r\n"
_MAX_DIGITS: Final = 9
_USUAL: Final = re.compile(rb"(.*\nContent-Length: )[0-9]{1,9}\r\n\r\n", re.DOTALL | re.IGNORECASE)
_NOT_FILL: Final = re.compile(rb"[^\xff]")

_BARE_SOI: Final = SOI + bytes((FILL,))
_LEAST_IMAGE: Final = len(SOI) + len(EOI)
_LINE_FEED: Final = 0x0A
# What can follow a segment: a fill byte or another segment.
_AFTER_SEGMENT: Final = frozenset(range(FIRST_CODE, 0x100)) - frozenset(range(0xD0, SOS_CODE))
_AFTER_SOI: Final = frozenset({0x01, *range(FIRST_CODE, 0x100)}) - {SOI_CODE, EOI_CODE}
_NO_LENGTH: Final = frozenset({FILL, SOS_CODE}) | STANDALONE_CODES
_LENGTH_BYTES: Final = 2  # a segment's length counts itself


class _State(Enum):
    SEARCH = auto()
    """Between images; `_scan` is where the search for a start marker goes on."""
    ANNOUNCED = auto()
    """An image of `_announced` bytes begins at `_start`."""
    SEGMENTS = auto()
    """An image begins at `_start`; its next header segment at `_scan`."""
    ENTROPY = auto()
    """An image begins at `_start`; its end is searched from `_scan`."""


class FrameSplitter:
    """Takes bytes, gives frames; in the idiom of `asyncio.BufferedProtocol`.

    Read into `get_buffer()`, then say with `buffer_updated(n)` how many bytes came. The one copy
    that is made of a frame is the `bytes` object handed out.

    Not thread-safe: one reader owns it. Memory: 256 KiB, more only while frames need it, never
    more than `max_frame_bytes` plus 256 KiB.

    Attributes:
        frames: whole frames handed out.
        frame_bytes: their lengths together.
        oversized: images refused because they are, or are announced, larger than the limit; they
            are passed over without being kept.
        discarded_bytes: bytes that belong to no frame: garbage, torn and oversized images,
            headers that are none.
        framing_bytes: bytes of boundaries and part headers. With the frames' lengths, the
            discarded bytes and `buffered` they add up to the bytes that went in.

    Args:
        max_frame_bytes: larger images are refused.
        believes_lengths: whether announced lengths are believed from the first one on; otherwise
            one has to prove true before.

    Raises:
        ValueError: `max_frame_bytes` is smaller than any image.
    """

    __slots__ = (
        "_announced",
        "_buffer",
        "_end",
        "_lies",
        "_max_frame_bytes",
        "_passed",
        "_peak",
        "_refused",
        "_said",
        "_scan",
        "_segments",
        "_start",
        "_state",
        "_usual",
        "_view",
        "discarded_bytes",
        "frame_bytes",
        "frames",
        "framing_bytes",
        "oversized",
    )

    def __init__(self, *, max_frame_bytes: int = 16 * 2**20, believes_lengths: bool = True) -> None:
        if max_frame_bytes < _LEAST_IMAGE:
            raise ValueError(f"max_frame_bytes must be at least {_LEAST_IMAGE}")
        self.frames = 0
        self.frame_bytes = 0
        self.oversized = 0
        self.discarded_bytes = 0
        self.framing_bytes = 0
        self._max_frame_bytes = max_frame_bytes
        self._buffer = bytearray(_FIRST_CAPACITY)
        self._view = memoryview(self._buffer)
        # buffer[_start:_end] is what is kept; _start <= _scan <= _end.
        self._start = 0
        self._scan = 0
        self._end = 0
        self._state = _State.SEARCH
        self._announced = 0
        self._segments = 0
        self._lies = 0 if believes_lengths else _MAX_LIES
        self._said = 0
        self._refused = False
        self._peak = 0
        self._passed = 0
        self._usual = b""

    @property
    def buffered(self) -> int:
        """Bytes kept because what they are is not yet known."""
        return self._end - self._start

    @property
    def capacity(self) -> int:
        """Bytes of memory the buffer takes now."""
        return len(self._buffer)

    def get_buffer(self) -> memoryview:
        """Where the next read goes: writable, never empty, valid until the next call here."""
        capacity = len(self._buffer)
        if capacity - self._end < _READ_ROOM or self._passed >= _SHRINK_AFTER * capacity:
            self._make_room()
        return self._view[self._end :]

    def buffer_updated(self, n: int) -> list[bytes]:
        """Take in the `n` bytes that were read into `get_buffer()`; the frames now whole, in order.

        Raises:
            ValueError: `n` is negative or more than the buffer had room for.
        """
        if not 0 <= n <= len(self._buffer) - self._end:
            raise ValueError(f"{n} bytes cannot have been read into the buffer")
        self._end += n
        self._passed += n
        self._peak = max(self._peak, self._end - self._start)
        whole: list[bytes] = []
        if self._state is _State.SEARCH and self._lies < _MAX_LIES:
            self._take_usual(whole)
        # Behind a usual part comes a line break and no more: two bytes on which no step can act.
        if not whole or self._end - self._start > len(SOI):
            while self._step(whole):
                pass
        if self._start and self._end - self._start <= _A_LITTLE:
            self._move_to_front()
        return whole

    def feed(self, chunk: bytes) -> list[bytes]:
        """Copy a chunk of any size in; the frames now whole, in order."""
        whole: list[bytes] = []
        rest = memoryview(chunk)
        while rest:
            room = self.get_buffer()
            n = min(len(room), len(rest))
            room[:n] = rest[:n]
            whole += self.buffer_updated(n)
            rest = rest[n:]
        return whole

    def _take_usual(self, whole: list[bytes]) -> None:
        """Take whole parts that begin exactly as the last one did, in as few steps as can be.

        It does what the states below would do; it is here because it is done for every frame.
        """
        buffer, usual = self._buffer, self._usual
        at = self._start
        while usual and self._scan <= at + len(usual) and buffer.startswith(usual, at, self._end):
            digits = at + len(usual)
            soi = buffer.find(_BLANK_LINE, digits, digits + _MAX_DIGITS + len(_BLANK_LINE)) + 4
            number = buffer[digits : soi - 4]
            if soi < digits or not number.isdigit():
                return
            length = int(number)
            stop = soi + length
            if not (
                _LEAST_IMAGE <= length <= self._max_frame_bytes
                and stop <= self._end
                and buffer.startswith(SOI, soi)
                and buffer.startswith(EOI, stop - 2)
            ):
                return
            self.framing_bytes += soi - at
            self._start = soi
            self._refused = False
            self._hand_out(stop, whole)
            at = stop

    # --- the states; each returns whether another step can follow -----------------------------

    def _step(self, whole: list[bytes]) -> bool:
        match self._state:
            case _State.SEARCH:
                return self._search()
            case _State.ANNOUNCED:
                return self._take_announced(whole)
            case _State.SEGMENTS:
                return self._walk_segment()
            case _State.ENTROPY:
                return self._find_end(whole)

    def _search(self) -> bool:
        buffer, end = self._buffer, self._end
        for found in _BEGINNING.finditer(buffer, self._scan, end):
            soi = found.start()
            header, length = soi, None
            if buffer[soi - 1] == _LINE_FEED:
                header, length = self._header_before(soi)
            if length is not None:
                self._begin_at(header, soi)
                self._announce(length)
                return True
            if soi + 4 > end:
                return self._wait_at(soi)
            code = buffer[soi + 3]
            if code not in _AFTER_SOI or buffer[soi + 2] != FILL:
                continue
            if header == soi:
                if soi - self._start > _TYPE_BYTES and self._is_in_text(soi):
                    continue
                if self._is_torn_at(soi, code):
                    self.discarded_bytes += soi - self._start
                    self._start = soi
                    continue
            self._begin_at(header, soi)
            return True
        return self._wait_at(max(self._scan, end - 1))

    def _begin_at(self, header: int, soi: int) -> None:
        """An image begins at `soi`, and what stands before it from `header` on is its header."""
        self._discard_before(header)
        if header < soi:
            self._learn(header, soi)
        self.framing_bytes += soi - self._start
        self._start = soi
        self._scan = soi + 2
        self._segments = 0
        self._said = 0
        self._refused = False
        self._state = _State.SEGMENTS

    def _announce(self, length: int) -> None:
        """The image that begins at `_start` is said to have so many bytes."""
        self._said = length
        if self._lies >= _MAX_LIES:
            return
        if length > self._max_frame_bytes:
            self._refuse()
        else:
            self._announced = length
            self._state = _State.ANNOUNCED

    def _is_in_text(self, soi: int) -> bool:
        """Whether `soi` stands in a part that is announced to be no image: text may be anything."""
        begin = max(self._start, soi - _TYPE_WITHIN)
        types = _TYPE.findall(self._buffer, begin, soi)
        return bool(types) and types[-1].lower() not in _MAY_BE_IMAGES

    def _is_torn_at(self, soi: int, code: int) -> bool:
        """Whether the first segment behind `soi` cannot be one, as far as can be told at once.

        `_walk_segment` would find out; it is here for the sake of garbage that is full of start
        markers, which is passed over several times as fast.
        """
        if code in _NO_LENGTH or soi + 6 > self._end:
            return False
        buffer = self._buffer
        stop = soi + 4 + (buffer[soi + 4] << 8 | buffer[soi + 5])
        if stop + 2 > self._end or stop + 2 > soi + self._max_frame_bytes:
            return False
        return buffer[stop] != FILL or buffer[stop + 1] not in _AFTER_SEGMENT

    def _learn(self, begin: int, soi: int) -> None:
        """Remember how a part begins, if its length is the last thing its header says."""
        head = bytes(self._view[begin:soi])
        named = _USUAL.fullmatch(head)
        self._usual = named[1] if named and head.startswith(b"\r\n--") else b""

    def _header_before(self, soi: int) -> tuple[int, int | None]:
        """Where the part header that ends at `soi` begins, and the length it announces.

        (`soi`, None) when no header ends there.
        """
        if soi == self._start or self._buffer[soi - 1] != _LINE_FEED:
            return soi, None
        head = bytes(self._view[max(self._start, soi - MAX_HEADER_BYTES) : soi])
        begin = head.rfind(b"\n--") + 1
        if _PART.fullmatch(head, begin) is None:
            # Behind garbage, or a torn image, a boundary need not begin a line.
            begin = head.rfind(b"--")
            if begin < 0 or _PART.fullmatch(head, begin) is None:
                return soi, None
        announced = _LENGTH.search(head, begin)
        length = int(announced[1]) if announced else 0
        if head.endswith(b"\r\n", 0, begin):  # the line break before a boundary is part of it
            begin -= 2
        elif head.endswith(b"\n", 0, begin):
            begin -= 1
        return soi - len(head) + begin, length if length >= _LEAST_IMAGE else None

    def _take_announced(self, whole: list[bytes]) -> bool:
        stop = self._start + self._announced
        if stop > self._end:
            return False
        if self._buffer.startswith(EOI, stop - 2):
            self._lies = 0
            self._hand_out(stop, whole)
        else:
            # The length lies, or the image is torn: let the image speak for itself.
            self._lies += 1
            self._state = _State.SEGMENTS
        return True

    def _walk_segment(self) -> bool:
        buffer, at, limit = self._buffer, self._scan, self._limit()
        if at + 1 >= limit:
            return self._starve()
        code = buffer[at + 1]
        if buffer[at] != FILL or code == SOI_CODE:
            self._search_from(at)
        elif code == FILL:
            code_at = _NOT_FILL.search(buffer, at + 1, limit)
            self._scan = code_at.start() - 1 if code_at else limit - 1
        elif code in STANDALONE_CODES:
            self._scan = at + 2
        elif code < FIRST_CODE or code == EOI_CODE:  # an image without a scan shows nothing
            self._search_from(at + 2)
        else:
            return self._pass_segment(at, code, limit)
        return True

    def _pass_segment(self, at: int, code: int, limit: int) -> bool:
        """Go behind the segment at `at` if what follows it can be right."""
        buffer = self._buffer
        if at + 4 > limit:
            return self._starve()
        length = buffer[at + 2] << 8 | buffer[at + 3]
        stop = at + 2 + length
        if length < _LENGTH_BYTES or self._segments >= _MAX_SEGMENTS:
            self._search_from(at + 2)
        elif code == SOS_CODE:
            # Its few parameters cannot look like a marker either, unless it is torn.
            self._scan = at + 2
            self._state = _State.ENTROPY
        elif stop + 2 > limit:
            return self._starve()
        elif buffer[stop] != FILL or buffer[stop + 1] not in _AFTER_SEGMENT:
            self._search_from(at + 2)
        elif (soi := self._torn_before(at + 2, stop)) >= 0:
            self._search_from(soi)
        else:
            self._scan = stop
            self._segments += 1
        return True

    def _torn_before(self, begin: int, stop: int) -> int:
        """Where another image begins between `begin` and `stop`, one of whose segments ends there.

        Then the segment that was to end at `stop` is torn, and it was the other image's marker
        that seemed to follow it. A thumbnail does not give that impression. -1 when all is well.
        """
        buffer = self._buffer
        soi = buffer.rfind(_BARE_SOI, begin, stop + 1)
        at = soi + 2
        while soi >= 0 and at < stop:
            if at + 4 > stop or buffer[at] != FILL:
                return -1
            at += 2 + max(_LENGTH_BYTES, buffer[at + 2] << 8 | buffer[at + 3])
        return soi if at == stop else -1

    def _find_end(self, whole: list[bytes]) -> bool:
        limit = self._limit()
        marker = _END_OR_TORN.search(self._buffer, self._scan, limit)
        if marker is None:
            self._scan = max(self._scan, limit - 1)
            return self._starve()
        if marker[0] == SOI:
            self._search_from(marker.start())
        elif self._refused:
            self._search_from(marker.end())
        else:
            if marker.end() - self._start == self._said:
                self._lies = 0
            self._hand_out(marker.end(), whole)
        return True

    # --- what the states share ----------------------------------------------------------------

    def _limit(self) -> int:
        """How far this image may be looked at; counting from it keeps any chunking equal."""
        if self._refused:
            return self._end
        return min(self._end, self._start + self._max_frame_bytes)

    def _starve(self) -> bool:
        """The image needs bytes behind the limit: wait for them, or refuse it as too large."""
        if self._refused:
            return self._wait_at(self._scan)
        if self._end - self._start > self._max_frame_bytes:
            self._refuse()
            return True
        return False

    def _refuse(self) -> None:
        """Pass the current image over: what is scanned of it is not kept."""
        self.oversized += 1
        self._refused = True

    def _hand_out(self, stop: int, whole: list[bytes]) -> None:
        whole.append(bytes(self._view[self._start : stop]))
        self.frames += 1
        self.frame_bytes += stop - self._start
        self._start = self._scan = stop
        self._state = _State.SEARCH

    def _search_from(self, at: int) -> None:
        """Give the current image up and look for another from `at` on."""
        self._state = _State.SEARCH
        self._scan = at

    def _wait_at(self, scan: int) -> bool:
        """Wait for more bytes; keep as much before `scan` as a header could take."""
        self._scan = scan
        self._discard_before(scan - MAX_HEADER_BYTES)
        return False

    def _discard_before(self, keep: int) -> None:
        if keep > self._start:
            self.discarded_bytes += keep - self._start
            self._start = keep

    # --- memory ---------------------------------------------------------------------------------

    def _make_room(self) -> None:
        """Move what is kept to the front, of a larger or smaller buffer where that is due."""
        kept = self._end - self._start
        capacity = self._next_capacity(kept)
        if capacity == len(self._buffer):
            self._move_to_front()
        else:
            buffer = bytearray(capacity)
            view = memoryview(buffer)
            view[:kept] = self._view[self._start : self._end]
            self._buffer, self._view = buffer, view
            self._scan -= self._start
            self._start, self._end = 0, kept

    def _move_to_front(self) -> None:
        kept = self._end - self._start
        self._view[:kept] = self._view[self._start : self._end]
        self._scan -= self._start
        self._start, self._end = 0, kept

    def _next_capacity(self, kept: int) -> int:
        capacity = len(self._buffer)
        if capacity - kept < _READ_ROOM:
            return max(capacity, min(2 * capacity, self._max_frame_bytes + _SLACK))
        if self._passed >= _SHRINK_AFTER * capacity:
            peak, self._peak, self._passed = self._peak, kept, 0
            if peak <= capacity // 4:
                return max(_FIRST_CAPACITY, capacity // 2)
        return capacity
