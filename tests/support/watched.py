"""A whole system under test, everything it says, and the watch over its frame accounting."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psutil
import pykka

from edge_video.actors.messages import ClearFaults, CommandAnswer, CommandResult, InjectFault
from edge_video.app import System, start_system
from edge_video.log.events import LogEvent
from edge_video.status.model import CameraPhase
from edge_video.testing import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge_video.actors.system_spec import Stopped
    from edge_video.config import Config
    from edge_video.status.model import CameraStatus, SystemStatus

_SAMPLE_S = 0.1


@dataclass(frozen=True)
class LoggedEvent:
    """One log line of the system, with the moment it was said."""

    at_s: float
    event: LogEvent
    fields: Mapping[str, Any]


class RecordedLog(logging.Handler):
    """Everything the system says, as events."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[LoggedEvent] = []
        self._changed = threading.Condition()

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "event", None)
        if event is not None:
            with self._changed:
                self.lines.append(LoggedEvent(time.monotonic(), event, vars(record)["fields"]))
                self._changed.notify_all()

    def of(self, event: LogEvent, **fields: object) -> list[LoggedEvent]:
        return [
            each
            for each in list(self.lines)
            if each.event is event and fields.items() <= dict(each.fields).items()
        ]

    def wait_for(
        self, event: LogEvent, *, count: int = 1, timeout_s: float = 15.0, **fields: object
    ) -> LoggedEvent:
        """The `count`-th line of that kind."""
        with self._changed:
            logged = self._changed.wait_for(
                lambda: len(self.of(event, **fields)) >= count, timeout_s
            )
            assert logged, f"{event} {fields} not logged {count} times; last: {self.lines[-20:]}"
            return self.of(event, **fields)[count - 1]


class Running:
    """One system under test, its story, and the watch over its frame accounting."""

    def __init__(self, config: Config, story: RecordedLog, **options: Any) -> None:
        self.story = story
        self.ids = [camera.id for camera in config.cameras]
        self.system: System = start_system(config, allow_faults=True, **options)
        self.samples = 0
        self.imbalances: list[str] = []
        self._over = threading.Event()
        self._watch = threading.Thread(
            target=self._watch_accounting, name="accounting", daemon=True
        )
        self._watch.start()

    def _watch_accounting(self) -> None:
        while not self._over.wait(_SAMPLE_S):
            try:
                self._check(self.system.status(30))
            except pykka.ActorDeadError:  # it ended by itself; `ended` looks at its last status
                return

    def _check(self, status: SystemStatus) -> None:
        self.samples += 1
        counted = {camera.camera_id: camera.frames for camera in status.cameras}
        for name, counts in [*counted.items(), ("totals", status.totals)]:
            if (problem := counts.imbalance()) is not None:
                self.imbalances.append(f"{name}: {problem}")

    def stop(self) -> SystemStatus:
        """Stop in order; the accounting must have balanced at every sample, and at the end."""
        self._over.set()
        self._watch.join(35)
        stopped = self.system.stop()
        assert stopped.error is None
        assert self.story.of(LogEvent.SURVIVOR) == []
        self._assert_balanced(stopped)
        return stopped.status

    def ended(self, timeout_s: float = 20.0) -> Stopped:
        """The system ends by itself, in order and with balanced accounting."""
        stopped = self.system.wait(timeout_s)
        self._over.set()
        self._watch.join(35)
        assert stopped is not None, "it does not end"
        self._assert_balanced(stopped)
        return stopped

    def _assert_balanced(self, stopped: Stopped) -> None:
        self._check(stopped.status)
        assert self.imbalances == []
        assert self.samples >= 3
        assert self.story.of(LogEvent.LEDGER_IMBALANCE) == []

    def camera(self, camera_id: str = "cam1") -> CameraStatus:
        status = self.system.status()
        return next(each for each in status.cameras if each.camera_id == camera_id)

    def cameras(self) -> dict[str, CameraStatus]:
        return {str(each.camera_id): each for each in self.system.status().cameras}

    def inject(self, target: str, fault: Any, *more: Any, **options: Any) -> None:
        request = InjectFault(target, fault, *more, **options)
        answer = self.system.supervisor.ask(request, timeout=5)
        assert answer == CommandAnswer(CommandResult.DONE)

    def clear(self, target: str | None = None) -> None:
        answer = self.system.supervisor.ask(ClearFaults(target), timeout=5)
        assert answer == CommandAnswer(CommandResult.DONE)

    def ffmpeg_of(self, camera_id: str) -> psutil.Process:
        """The FFmpeg that a streaming camera has now."""
        return next(
            psutil.Process(pid)
            for pid, camera in self.system.processes().items()
            if camera == camera_id
        )

    def wait_until_streaming(self, *, more: int = 5, timeout_s: float = 20.0) -> None:
        """Every camera streams, and has brought so many more frames than at the call."""
        before = {camera_id: each.frames.received for camera_id, each in self.cameras().items()}

        def all_stream() -> bool:
            return all(
                each.phase is CameraPhase.STREAMING
                and each.frames.received >= before[camera_id] + more
                for camera_id, each in self.cameras().items()
            )

        eventually(all_stream, timeout_s, f"every camera streams; {self.story.lines[-15:]}")


@contextmanager
def listening() -> Iterator[RecordedLog]:
    """A story that hears everything the system says, at every level."""
    handler = RecordedLog()
    loggers = [logging.getLogger("edge_video")]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.addHandler(handler)
        each.setLevel(logging.DEBUG)
    try:
        yield handler
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.removeHandler(handler)
            each.setLevel(level)
