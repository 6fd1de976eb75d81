"""Reads FFmpeg's standard output in the reactor's thread, and hands on the frames in it."""

from __future__ import annotations

import time
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, Protocol

from edge_video.capture.workload import Progress, TimeAllowance, WorkJudge
from edge_video.runtime.units import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.capture.callbacks import CaptureCallbacks
    from edge_video.capture.counters import CaptureCounters
    from edge_video.capture.stderr import StderrReader
    from edge_video.frames.splitter import FrameSplitter
    from edge_video.resilience.failures import Failure
    from edge_video.runtime.child_pipes import ChildPipe
    from edge_video.runtime.reactor import Member

_READS_PER_ROUND: Final = 4
"""So that a camera which writes without end gives the others their turn; see `workload`, too."""
_LAST_READS: Final = 64
"""How many reads are made at most of what an FFmpeg that is gone left in its pipe."""
_DISCARDED_BYTES: Final = 65536


class ReadFaults(Protocol):
    """What faults on purpose do to the bytes that are read; see `stream_faults`."""

    def updated(self, view: memoryview, n: int) -> list[bytes]:
        """Do what `FrameSplitter.buffer_updated` does: `n` bytes were read into `view`."""
        ...

    def holds_back(self) -> bool:
        """Whether nothing may be read for now; asked after each read."""
        ...


class OutputPump:
    """Reads a pipe, cuts what comes into frames and hands them on.

    Args:
        splitter: cuts the bytes into frames.
        counters: of the camera; nobody else writes them at the same time.
        callbacks: whose `on_frame` gets every whole JPEG.

    Attributes:
        read_once: reads the pipe once, and hands on the frames that are whole then. It returns
            whether there may be more to read, None at the end of the file. It is never called
            while another call of it runs.
        splitter: as above.
        counters: as above.
        callbacks: as above.
        allowance: the time that the camera may take of the thread; it says how much to read.
        faults: what faults on purpose do to the bytes; None as long as there was none.
        taken_bytes: how many bytes were read so far.
    """

    def __init__(
        self, splitter: FrameSplitter, counters: CaptureCounters, callbacks: CaptureCallbacks
    ) -> None:
        self.splitter: Final = splitter
        self.counters: Final = counters
        self.callbacks: Final = callbacks
        self.allowance: Final = TimeAllowance()
        self.faults: ReadFaults | None = None
        self.taken_bytes = 0
        self.read_once: Callable[[], bool | None] = _read_nothing
        self._discarded_bytes = 0
        self._oversized = 0

    def open(self, pipe: ChildPipe) -> None:
        """Read from this pipe from now on."""
        self.read_once = self._reading(pipe)

    def discard(self, pipe: ChildPipe) -> None:
        """Read from this pipe from now on, and forget what is read."""
        self.read_once = _discarding(pipe)

    def close(self) -> None:
        """Read nothing more."""
        self.read_once = _read_nothing
        self.faults = None

    def hand_on(self, image: bytes) -> None:
        """Count a frame and hand it on, as `read_once` does; for frames that a fault held back."""
        self.counters.splits += 1
        if not self.callbacks.muted:
            self.callbacks.on_frame(image)

    def progress(self) -> Progress:
        """Return what was made of the bytes so far."""
        splitter = self.splitter
        return Progress(
            splitter.frames, splitter.frame_bytes, splitter.discarded_bytes, splitter.oversized
        )

    def _reading(self, pipe: ChildPipe) -> Callable[[], bool | None]:
        """Return a `read_once` for a pipe. Every line of it runs for every frame."""
        splitter, counters, callbacks = self.splitter, self.counters, self.callbacks
        fd, readv, now = pipe.fd, pipe.readv, time.perf_counter_ns
        get_buffer, buffer_updated = splitter.get_buffer, splitter.buffer_updated
        on_frame, allowance = callbacks.on_frame, self.allowance

        def read_once() -> bool | None:
            room = get_buffer()[: allowance.read_bytes]
            before = now()
            try:
                n = readv(fd, (room,))
            except BlockingIOError:
                return False
            between = now()
            if n == 0:
                return None
            faults = self.faults
            images = buffer_updated(n) if faults is None else faults.updated(room, n)
            after = now()
            self.taken_bytes += n
            counters.reads += 1
            counters.read_ns += between - before
            counters.split_ns += after - between
            if images:
                counters.splits += len(images)
                for image in images:
                    if not callbacks.muted:
                        on_frame(image)
            if (
                splitter.discarded_bytes != self._discarded_bytes
                or splitter.oversized != self._oversized
            ):
                self._count_losses()
            if faults is not None and faults.holds_back():
                return False
            return n == len(room)

        return read_once

    def _count_losses(self) -> None:
        splitter, counters = self.splitter, self.counters
        counters.discarded_bytes += splitter.discarded_bytes - self._discarded_bytes
        counters.oversized += splitter.oversized - self._oversized
        self._discarded_bytes, self._oversized = splitter.discarded_bytes, splitter.oversized


def _read_nothing() -> bool | None:
    """Take the place of `OutputPump.read_once` before the start and after the end."""
    return False


def _discarding(pipe: ChildPipe) -> Callable[[], bool | None]:
    def read_once() -> bool | None:
        try:
            chunk = pipe.read(pipe.fd, _DISCARDED_BYTES)
        except BlockingIOError:
            return False
        return len(chunk) == _DISCARDED_BYTES if chunk else None

    return read_once


class Hold(Enum):
    """A reason not to read a pipe for now."""

    SLOWED_DOWN = auto()
    """A fault on purpose: its next frame is not due yet."""
    FULL = auto()
    """Who takes its frames has no room."""
    OVERDRAWN = auto()
    """It has used its time up; it is the others' turn."""


class OutputListener(Protocol):
    """Is told what happens while a standard output is read. The reactor's thread."""

    def on_output_ended(self) -> None:
        """The end of the file was reached, or nothing more can come."""
        ...

    def on_output_failed(self, error: BaseException) -> None:
        """Reading, splitting or handing on a frame raised an exception: a bug, whoever's."""
        ...


class OutputReader:
    """Decides when FFmpeg's standard output is read: fairly, and not while something holds it.

    Everything belongs to the reactor's thread.

    Args:
        pump: does the reading.
        stderr: is read before each read; FFmpeg announces a new size of pictures there, before
            the first that has it.

    Attributes:
        pump: as above.
        is_open: whether the pipe is read, or would be if nothing held it; from `attach` to `end`.
    """

    def __init__(self, pump: OutputPump, stderr: StderrReader) -> None:
        self.pump: Final = pump
        self.is_open = False
        self._stderr = stderr
        self._listener: OutputListener | None = None
        self._member: Member | None = None
        self._pipe: ChildPipe | None = None
        self._fd = -1
        self._holds: set[Hold] = set()
        self._work = WorkJudge()
        self._reads = 0

    def attach(self, member: Member, pipe: ChildPipe, listener: OutputListener) -> None:
        """Read from this pipe from now on, whenever there is something in it.

        `listener` is told the end, and what goes wrong.
        """
        pipe.enlarge()
        self.pump.open(pipe)
        self._member, self._pipe, self._fd, self._listener = member, pipe, pipe.fd, listener
        self.is_open = True
        self._reads = self.pump.counters.reads
        member.add_handler(pipe.fd, self._on_readable, member.READ)

    def is_held(self, why: Hold | None = None) -> bool:
        """Whether reading is put off, for this reason or for any."""
        return bool(self._holds) if why is None else why in self._holds

    def hold(self, why: Hold) -> None:
        """Read nothing until every reason to is released."""
        if self._member is None or not self.is_open:
            return
        if not self._holds:
            self._member.remove_handler(self._fd)
        self._holds.add(why)

    def release(self, why: Hold) -> None:
        """Read on, unless there is another reason not to."""
        if why not in self._holds or self._member is None:
            return
        self._holds.discard(why)
        if self.is_open and not self._holds:
            self._member.add_handler(self._fd, self._on_readable, self._member.READ)

    def call_later(self, delay_s: float, call: Callable[[], object]) -> None:
        """Call once in so many seconds, if the pipe is attached then."""
        if self._member is not None:
            self._member.call_later(delay_s, call)

    def call_soon(self, call: Callable[[], object]) -> None:
        """Call in the reactor's thread, if the pipe is attached. Any thread."""
        member = self._member
        if member is not None:
            member.call_soon(call)

    def discard(self) -> None:
        """Forget whatever comes from now on, so that FFmpeg can end."""
        if self._pipe is not None:
            self.pump.discard(self._pipe)

    def discard_what_is_held(self) -> None:
        """If something holds the pipe, read it and forget what comes."""
        if self._holds:
            self.discard()
            for why in Hold:
                self.release(why)

    def take_is_silent(self) -> bool:
        """Whether nothing was read since this was last asked, though nothing held it."""
        before, self._reads = self._reads, self.pump.counters.reads
        return before == self._reads and not self._holds

    def judge_work(self) -> Failure | None:
        """Return why to give a camera up whose bytes are too much work, and not for frames."""
        allowance = self.pump.allowance
        overdrawn, allowance.overdrawn = allowance.overdrawn, False
        return self._work.judge(time.monotonic(), self.pump.progress(), overdrawn=overdrawn)

    def end(self) -> bool:
        """Stop reading; False when that was so before."""
        if not self.is_open:
            return False
        self.is_open = False
        if self._member is not None:
            self._member.remove_handler(self._fd)
        return True

    def read_the_rest(self) -> None:
        """Read what an FFmpeg that is gone left in the pipe, and no more than that."""
        for _ in range(_LAST_READS if self.is_open else 0):
            if not self.pump.read_once():
                break

    def detach(self) -> None:
        """Let go of the reactor and the listener, which hold this."""
        self._member = self._listener = self._pipe = None
        self.pump.close()

    def _on_readable(self, _fd: int, _events: int) -> None:
        pump, read_stderr = self.pump, self._stderr.read_available
        more: bool | None = True
        began_ns, before = time.thread_time_ns(), pump.taken_bytes
        try:
            for _ in range(_READS_PER_ROUND):
                read_stderr()
                more = pump.read_once()
                if not more or self._holds:
                    break
        except BaseException as error:  # noqa: BLE001 - whatever it is, it must not end silently
            if self._listener is not None:
                self._listener.on_output_failed(error)
        if more is None and self._listener is not None:
            self._listener.on_output_ended()
        elif not pump.callbacks.muted:
            spent_s = (time.thread_time_ns() - began_ns) / NS_PER_S
            self._settle_time(spent_s, pump.taken_bytes - before)

    def _settle_time(self, spent_s: float, n: int) -> None:
        """Have a camera that has used its time up wait."""
        wait_s = self.pump.allowance.spend(time.monotonic(), spent_s, n)
        if wait_s and self._member is not None and self.is_open:
            self.hold(Hold.OVERDRAWN)
            self._member.call_later(wait_s, lambda: self.release(Hold.OVERDRAWN))
