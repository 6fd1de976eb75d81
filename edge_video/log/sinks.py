"""Writes to each place that the log goes to, from a bounded queue on a thread of its own.

A sink that takes nothing (a pipe that nobody reads, a stopped terminal, a network disk that hangs)
holds up its own thread and nobody else: what finds no room in its queue is dropped, counted, and
reported, in the other sinks at once and in the sink itself when it takes lines again.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import queue
import select
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TextIO, TypeAlias

from loguru import logger as loguru_logger

from edge_video.log.events import LogEvent
from edge_video.log.journal import is_journal, with_priority
from edge_video.log.renderer import Block, LogLine

if TYPE_CHECKING:
    from collections.abc import Callable

    import loguru

    from edge_video.log.renderer import Renderer

QUEUE_LIMIT: Final = 1000
"""Most lines that wait for one sink; more are dropped and counted."""

_IDLE_S: Final = 0.5
"""How often a destination without anything to write is called."""
_POLL_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Mark:
    """What waited before it is written once it is `passed`."""

    passed: threading.Event


@dataclass(frozen=True, slots=True)
class Reopen:
    """The file is to be opened anew; the streams ignore it."""


@dataclass(frozen=True, slots=True)
class Relevel:
    """Lines from this level on are to be written from now on."""

    level: int
    """Loguru's number."""


Item: TypeAlias = LogLine | Block | Mark | Reopen | Relevel


class Destination(Protocol):
    """What a sink writes to. Only the sink's thread calls it, and it may block."""

    name: str

    def write(self, item: LogLine | Block) -> None:
        """Write one item. Raises OSError, or whatever loguru raises."""

    def reopen(self) -> None:
        """Open it anew, as asked for by the operator."""

    def relevel(self, level: int) -> None:
        """Write lines from this level on."""

    def idle(self) -> None:
        """Check itself: called about twice a second while there is nothing to write."""

    def close(self) -> None:
        """Close it. Never raises."""


class LogSink:
    """A queue and a daemon thread in front of a destination.

    Args:
        destination: where it writes to.
        renderer: makes the remarks about losses.
        tell_others: gives a line to every other sink; any thread.
    """

    def __init__(
        self,
        destination: Destination,
        renderer: Renderer,
        tell_others: Callable[[LogSink, LogLine], None],
    ) -> None:
        self._destination = destination
        self._renderer = renderer
        self._tell_others = tell_others
        self._queue: queue.SimpleQueue[Item | None] = queue.SimpleQueue()
        self._lost = 0
        self._lost_lock = threading.Lock()
        self._overflows = False
        self._fails = False
        # A daemon: a terminal that blocks for ever must not keep the program from ending.
        self._thread = threading.Thread(
            target=self._run, name=f"edge-video-log-{destination.name}", daemon=True
        )

    @property
    def name(self) -> str:
        """`stderr`, `stdout` or `file`."""
        return self._destination.name

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def put(self, item: Item) -> None:
        """Queue one item; one that finds no room is counted. Only one thread may call this."""
        if self._queue.qsize() < QUEUE_LIMIT:
            self._queue.put(item)
            return
        if isinstance(item, Mark):
            return  # whoever waits for it waits until its time-out; see `offer`
        self.lose(1)
        if not self._overflows:
            self._overflows = True
            remark = self._renderer.remark(
                logging.WARNING, LogEvent.LOG_SINK_BLOCKED, sink=self.name
            )
            self._tell_others(self, remark)

    def offer(self, mark: Mark) -> bool:
        """Queue a mark if there is room for it. Only the thread that calls `put`."""
        if self._queue.qsize() >= QUEUE_LIMIT:
            return False
        self._queue.put(mark)
        return True

    def lose(self, lines: int) -> None:
        """Count lines that never reached this sink. Any thread."""
        with self._lost_lock:
            self._lost += lines

    def stop(self) -> None:
        """Write what waits, then end."""
        self._queue.put(None)

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False when that took too long."""
        self._thread.join(max(timeout_s, 0.0))
        return not self._thread.is_alive()

    def unwritten(self) -> int:
        """Lines lost so far and not reported, and those that wait."""
        return self._lost + self._queue.qsize()

    # --- the thread -------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            try:
                item = self._queue.get(timeout=_IDLE_S)
            except queue.Empty:
                self._attempt(self._destination.idle)
                self._report_losses()
                continue
            if item is None:
                break
            self._take(item)
            self._report_losses()
        self._destination.close()

    def _take(self, item: Item) -> None:
        match item:
            case Mark():
                item.passed.set()
            case Reopen():
                self._attempt(self._destination.reopen)
            case Relevel(level=level):
                self._attempt(lambda: self._destination.relevel(level))
            case LogLine() | Block():
                if not self._attempt(lambda: self._destination.write(item)):
                    self.lose(1)

    def _attempt(self, step: Callable[[], None]) -> bool:
        """Whether it could be done; the first failure is reported in the other sinks."""
        try:
            step()
        except Exception as error:  # noqa: BLE001 - whatever writing or rotating a file raises
            if not self._fails:
                self._fails = True
                self._tell_others(self, self._failure(error))
            return False
        return True

    def _failure(self, error: Exception) -> LogLine:
        reason = str(error)
        if self.name == "file":
            return self._renderer.remark(logging.ERROR, LogEvent.LOG_FILE_FAILED, reason=reason)
        return self._renderer.remark(
            logging.WARNING, LogEvent.LOG_STREAM_FAILED, sink=self.name, reason=reason
        )

    def _report_losses(self) -> None:
        """Write what was lost, into the sink itself: only now is it known to take lines."""
        if not self._lost:
            return
        with self._lost_lock:
            lost = self._lost
        remark = self._renderer.remark(
            logging.WARNING, LogEvent.LOG_LINES_LOST, lines=lost, sink=self.name
        )
        if not self._attempt(lambda: self._destination.write(remark)):
            return
        with self._lost_lock:
            self._lost -= lost
        self._fails = self._overflows = False


class Stream:
    """Standard error or standard output, or any other stream.

    Where it is the journal, each line has its priority in front.

    Lines go to the descriptor itself where there is one: what a buffered stream keeps of a line
    that a full disk or a stopped terminal refused would come out later, torn, or hang the end.
    """

    def __init__(
        self, name: str, stream: TextIO | None, template: Callable[[loguru.Record], str], level: int
    ) -> None:
        self.name = name
        self._stream = stream
        self._template = template
        self._is_journal = is_journal(stream, os.environ)
        self._handler = self._add(level)

    def _add(self, level: int) -> int:
        stream = self._stream
        return loguru_logger.add(
            self._write_line,
            level=level,
            format=self._template,
            filter=lambda record: record["extra"].get("sink") == self.name,
            colorize=stream is not None and _is_terminal(stream) and "NO_COLOR" not in os.environ,
            backtrace=False,
            diagnose=False,
            catch=False,
        )

    def write(self, item: LogLine | Block) -> None:
        """See `Destination.write`."""
        if isinstance(item, Block):
            write_stream(self._stream, item.text + "\n")
        else:
            loguru_logger.bind(line=item, sink=self.name).log(item.level, "")

    def _write_line(self, line: loguru.Message) -> None:
        """Write and flush: loguru's sink."""
        text = with_priority(line, line.record["level"].no) if self._is_journal else line
        write_stream(self._stream, text)

    def reopen(self) -> None:
        """See `Destination.reopen`."""

    def relevel(self, level: int) -> None:
        """See `Destination.relevel`."""
        self.close()
        self._handler = self._add(level)

    def idle(self) -> None:
        """See `Destination.idle`."""

    def close(self) -> None:
        """See `Destination.close`."""
        with contextlib.suppress(Exception):
            loguru_logger.remove(self._handler)


def write_stream(stream: TextIO | None, text: str) -> None:
    """Write all of a text, whatever the stream's encoding lacks; nothing stays in a buffer.

    Raises:
        OSError: the stream is closed, its terminal gone, its disk full.
    """
    if stream is None:  # pythonw, some service managers
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        encoded = text.encode(encoding, "backslashreplace")
    except LookupError:
        encoded = text.encode("ascii", "backslashreplace")
    try:
        descriptor = _descriptor(stream)
        if descriptor is None:
            stream.write(encoded.decode(encoding))
        stream.flush()
    except ValueError as error:  # it was closed
        raise OSError(errno.EBADF, str(error)) from error
    if descriptor is not None:
        write_descriptor(descriptor, encoded)


def write_descriptor(descriptor: int, encoded: bytes) -> None:
    """Write all bytes, also where somebody else has made the terminal non-blocking.

    A terminal's settings are shared by whoever has it open: a program beside this one that sets
    O_NONBLOCK (node, ssh) would make each long line fail half-way with EAGAIN.
    """
    rest = memoryview(encoded)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            if sys.platform == "win32":
                continue  # nothing there is ever set so
            poll = select.poll()
            poll.register(descriptor, select.POLLOUT)
            poll.poll(_POLL_MS)


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, AttributeError):  # io.UnsupportedOperation is an OSError
        return None


def _is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:
        return False
