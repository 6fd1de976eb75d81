"""Hands the log's lines on to its sinks, from a bounded queue on a thread of its own."""

from __future__ import annotations

import logging
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_video.log.events import LogEvent
from edge_video.log.renderer import Block, LogLine
from edge_video.log.sinks import QUEUE_LIMIT, LogSink, Mark, Relevel, Reopen

if TYPE_CHECKING:
    from edge_video.log.budget import LogBudget
    from edge_video.log.renderer import Renderer
    from edge_video.log.sinks import Destination, Item


_ROOM_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class _Wake:
    """Nothing to write: the writer looks at what else is due."""


@dataclass(frozen=True, slots=True)
class _ForOthers:
    """A line for every sink but the one it is about."""

    about: LogSink
    line: LogLine


_Entry: TypeAlias = LogLine | Block | Mark | Reopen | Relevel | _Wake | _ForOthers


class LogWriter:
    """Takes lines from any thread, and never blocks or waits for a sink.

    Lines go to standard error and the file, reports to standard output.
    """

    def __init__(self, renderer: Renderer, budget: LogBudget | None) -> None:
        self._renderer = renderer
        self._budget = budget
        self._budget_lock = threading.RLock()
        # A SimpleQueue may be put to from a signal handler that interrupted a put; a Queue not.
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._lost = 0
        self._lost_lock = threading.RLock()
        self._line_sinks: list[LogSink] = []
        self._report_sinks: list[LogSink] = []
        self._thread = threading.Thread(target=self._run, name="edge-video-log", daemon=True)

    def add(self, destination: Destination, *, lines: bool = True, reports: bool = False) -> None:
        """Hand lines, or reports, on to one more destination. Before `start`."""
        sink = LogSink(destination, self._renderer, self._tell_others)
        if lines:
            self._line_sinks.append(sink)
        if reports:
            self._report_sinks.append(sink)

    @property
    def _sinks(self) -> list[LogSink]:
        return list(dict.fromkeys([*self._report_sinks, *self._line_sinks]))

    def start(self) -> None:
        """Start handing on."""
        for sink in self._sinks:
            sink.start()
        self._thread.start()

    def put(self, item: LogLine | Block | Mark | Reopen | Relevel) -> None:
        """Hand over one item, or drop and count it when too many wait. Any thread."""
        if self._queue.qsize() < QUEUE_LIMIT:
            self._queue.put(item)
        else:
            with self._lost_lock:
                self._lost += 1

    def settle(self, timeout_s: float) -> bool:
        """Wait until what was handed over for standard output is written. Not the log's threads."""
        mark = Mark(threading.Event())
        self.put(mark)
        return mark.passed.wait(timeout_s)

    def stop(self, timeout_s: float) -> bool:
        """Write what waits, then end; False when a sink took too long.

        The file reports at the end what a stream that takes nothing has lost.
        """
        deadline_s = _now() + timeout_s
        self._queue.put(None)
        self._thread.join(timeout_s)
        stuck = self._stuck_after(timeout_s / 2)
        while not self._queue.empty():  # what sinks reported of their last lines
            entry = self._queue.get()
            if entry is not None:
                self._hand_on(entry)
        for sink in stuck:
            self._report_unwritten(sink)
        for sink in self._sinks:
            sink.stop()
        for sink in self._sinks:
            sink.join(0 if sink in stuck else deadline_s - _now())
        return self.has_ended

    @property
    def has_ended(self) -> bool:
        """Whether no sink's thread runs any more."""
        return all(sink.join(0) for sink in self._sinks)

    def _stuck_after(self, timeout_s: float) -> list[LogSink]:
        """The sinks that have not written what waits when the time is over."""
        deadline_s = _now() + timeout_s
        marks = {sink: Mark(threading.Event()) for sink in self._sinks}
        waiting = dict(marks)
        # A sink that is just being taken from again may still be full: its mark finds room soon.
        while waiting := {sink: mark for sink, mark in waiting.items() if not sink.offer(mark)}:
            if _now() >= deadline_s:
                break
            time.sleep(_ROOM_S)
        return [
            sink
            for sink, mark in marks.items()
            if not mark.passed.wait(max(deadline_s - _now(), 0))
        ]

    def admits(self, record: logging.LogRecord) -> bool:
        """Whether a record is within the budget of lines about cameras. Any thread."""
        event, fields = getattr(record, "event", None), getattr(record, "fields", None)
        if self._budget is None or not isinstance(event, LogEvent) or not isinstance(fields, dict):
            return True
        with self._budget_lock:
            admitted = self._budget.admits(event, fields, _now())
            first = not admitted and self._budget.held_lines == 1
        if first:
            self._queue.put(_Wake())  # the writer may wait for ever otherwise
        return admitted

    # --- the thread -------------------------------------------------------------------------

    def _run(self) -> None:
        while (entry := self._next()) is not None:
            self._hand_on(entry)
            self._count_losses()
            self._report_held_back()
        self._report_held_back(at_once=True)

    def _next(self) -> _Entry | None:
        try:
            return self._queue.get(timeout=self._summary_in_s())
        except queue.Empty:
            return _Wake()

    def _hand_on(self, entry: _Entry) -> None:
        match entry:
            case LogLine() | Reopen() | Relevel():
                self._give(self._line_sinks, entry)
            case Block() | Mark():
                self._give(self._report_sinks, entry)
            case _ForOthers(about=about, line=line):
                self._give([sink for sink in self._line_sinks if sink is not about], line)
            case _Wake():
                pass

    @staticmethod
    def _give(sinks: list[LogSink], item: Item) -> None:
        for sink in sinks:
            sink.put(item)

    def _count_losses(self) -> None:
        """Lines that found no room in the writer's own queue are lost to every sink."""
        if not self._lost:
            return
        with self._lost_lock:
            lost, self._lost = self._lost, 0
        for sink in self._line_sinks:
            sink.lose(lost)

    def _summary_in_s(self) -> float | None:
        if self._budget is None:
            return None
        with self._budget_lock:
            return self._budget.summary_in_s(_now())

    def _report_held_back(self, *, at_once: bool = False) -> None:
        """One line about the many that many cameras would have written."""
        if self._budget is None:
            return
        with self._budget_lock:
            wait_s = self._budget.summary_in_s(_now())
            held = self._budget.sum_up() if at_once or wait_s == 0.0 else None
        if held is not None:
            self._hand_on(
                self._renderer.remark(
                    logging.WARNING,
                    LogEvent.CAMERA_LINES_HELD_BACK,
                    cameras=len(held.cameras),
                    failures=held.failures,
                    opened=held.opened,
                    streaming=held.streaming,
                    lines=held.lines,
                )
            )

    def _tell_others(self, about: LogSink, line: LogLine) -> None:
        self._queue.put(_ForOthers(about, line))

    def _report_unwritten(self, sink: LogSink) -> None:
        """Report, in the other sinks, a stream that still takes nothing at the end."""
        event = LogEvent.LOG_LINES_LOST
        remark = self._renderer.remark(
            logging.WARNING, event, lines=sink.unwritten(), sink=sink.name
        )
        self._give([other for other in self._line_sinks if other is not sink], remark)


def _now() -> float:
    return time.monotonic()
