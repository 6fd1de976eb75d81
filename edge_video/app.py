"""Starts a system from a configuration, and ends it: the composition root.

An embedding program calls `start_system`; so does the command line.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pykka

from edge_video import wiring
from edge_video.actors.base import tell
from edge_video.actors.held_cameras import HeldFile
from edge_video.actors.lease_messages import LEASE, LeaveCluster
from edge_video.actors.messages import ClearFaults, GetStatus
from edge_video.actors.reload_files import reload_files
from edge_video.actors.supervisor import SupervisorActor
from edge_video.faults.delays import Delays
from edge_video.log.events import LogEvent, log_event
from edge_video.runtime.timer import Clock, SystemClock, SystemTimer, Timer
from edge_video.text.growing_redactor import GrowingRedactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_video.actors.camera_runtime import CaptureFactory
    from edge_video.actors.publisher import SinkFactory
    from edge_video.actors.reload_messages import ReloadAnswer
    from edge_video.actors.system_spec import ChildStarter, Stopped
    from edge_video.config import Config
    from edge_video.config.source import ConfigSource
    from edge_video.delivery.amqp.control import ControlConnection
    from edge_video.delivery.outbox import Outbox
    from edge_video.frames import CameraId
    from edge_video.report.history import HistoryRecorder
    from edge_video.runtime.service_manager import ServiceManager
    from edge_video.status.model import SystemStatus
    from edge_video.text.catalog import Language

_log = logging.getLogger(__name__)

LEAVE_S: Final = 12.0
"""In a cluster: how long a system that stops goes on until others have its cameras."""
_TIMER_STOP_S = 4.0
_CONTROL_STOP_S = 2.0
_KEEP_S = 2.0


@dataclass(frozen=True, slots=True)
class System:
    """A running system: its supervisor, and the way to end it.

    Messages of `edge_video.actors.messages` go to `supervisor` (`ask` only with a time-out).
    """

    supervisor: pykka.ActorRef[SupervisorActor]
    processes: Callable[[], Mapping[int, CameraId]]
    """Process ids of the FFmpegs that run now."""
    kill_processes: Callable[[], None]
    """Kill every FFmpeg at once; for an exit that cannot wait."""
    source: ConfigSource | None
    """Reads the files of the configuration; None where it was not read from any."""
    _ending: Ending
    _delays: Delays
    _is_clustered: bool = False

    def status(self, timeout_s: float = 5.0) -> SystemStatus:
        """What `GetStatus` answers.

        Raises:
            pykka.Timeout: no answer in time.
            pykka.ActorDeadError: the system has stopped.
        """
        status: SystemStatus = self.supervisor.ask(GetStatus(), block=True, timeout=timeout_s)
        return status

    def reload(self, *, dry_run: bool = False, origin: str = "") -> ReloadAnswer:
        """Read the configuration's files anew and run what they say, whole, or not at all.

        A program that makes its configurations itself tells `Reload` to the supervisor.

        Raises:
            pykka.Timeout: no answer within ten seconds, or another reload is not done by then.
        """
        return reload_files(self.source, self.supervisor, dry_run=dry_run, origin=origin)

    def clear_faults(self, target: str | None = None) -> None:
        """`ClearFaults` that also reaches a supervisor which a `DelayActor` keeps busy.

        With None also actors that did not stop in time because one keeps them busy.
        """
        if target in (None, "supervisor"):
            self._delays.end(target)
        tell(self.supervisor, ClearFaults(target))

    def begin_stop(self) -> None:
        """Begin the orderly stop and return at once; idempotent.

        In a cluster the cameras are given away first, for at most `LEAVE_S` seconds.
        """
        if self._is_clustered:
            tell(self.supervisor, LeaveCluster(LEAVE_S))
        else:
            self.supervisor.stop(block=False)

    @property
    def is_leaving(self) -> bool:
        """In a cluster, after `begin_stop`: whether the cameras are still being given away."""
        return self._is_clustered and self.supervisor.is_alive()

    def leave_at_once(self) -> None:
        """Begin the orderly stop without waiting for other nodes; returns at once."""
        self.supervisor.stop(block=False)

    def wait(self, timeout_s: float | None = None) -> Stopped | None:
        """Wait until the system has stopped, for whatever reason; None when the time is over."""
        return self._ending.wait(timeout_s)

    def stop(self, timeout_s: float = 30.0) -> Stopped:
        """Stop this system in order: cameras, publisher (drained), the others, reporter.

        Raises:
            pykka.Timeout: it takes longer than `timeout_s`; the stop goes on.
        """
        self.begin_stop()
        stopped = self.wait(timeout_s)
        if stopped is None:
            raise pykka.Timeout(f"the system did not stop within {timeout_s:g} s")
        return stopped


@dataclass(slots=True)
class Ending:
    """Keeps how a system ended, for whoever waits for it; any thread."""

    timer: SystemTimer | None
    """Stopped with the system; None when it belongs to somebody else."""
    held: HeldFile | None = None
    """Written to the end before the end is told."""
    control: ControlConnection | None = None
    """Says goodbye to the broker when nobody has anything to tell there any more."""
    _stopped: Stopped | None = None
    _event: threading.Event = field(default_factory=threading.Event)

    def on_stopped(self, stopped: Stopped) -> None:
        """Record the end and wake whoever waits; called once, by the supervisor."""
        self._stopped = stopped
        try:
            if self.held is not None:
                self.held.settle(_KEEP_S)
            if self.control is not None and not self.control.stop(_CONTROL_STOP_S):
                log_event(_log, LogEvent.SURVIVOR, actor="control")
            if self.timer is not None and not self.timer.stop(_TIMER_STOP_S):
                log_event(_log, LogEvent.SURVIVOR, actor="timer")
        finally:
            self._event.set()

    def wait(self, timeout_s: float | None) -> Stopped | None:
        """Wait for the end; None when the time is over."""
        return self._stopped if self._event.wait(timeout_s) else None


def start_system(
    config: Config,
    *,
    frames: Mapping[str, pykka.ActorRef[Any]] | None = None,
    host: pykka.ActorRef[Any] | None = None,
    print_block: Callable[[str], None] | None = None,
    language: Language | None = None,
    allow_faults: bool = False,
    clock: Clock | None = None,
    timer: Timer | None = None,
    capture: CaptureFactory | None = None,
    sink: Callable[[Outbox], SinkFactory] | None = None,
    history: HistoryRecorder | None = None,
    source: ConfigSource | None = None,
    redact: GrowingRedactor | None = None,
    on_reload: Callable[[Config], None] | None = None,
    service: ServiceManager | None = None,
    lease: ChildStarter | None = None,
) -> System:
    """Start the whole tree; returns at once, whatever cameras and broker do.

    Args:
        config: what to run.
        frames: camera id → an actor of the embedding program that gets `FramesReady` for this
            camera instead of the publisher. Where all cameras are named, the configuration needs
            no sink.
        host: an actor of the embedding program that gets `Escalated`.
        print_block: where the monitor and the final report go; None prints nothing.
        language: of the reports; None takes the configuration's.
        allow_faults: obey `InjectFault`.
        clock: for tests.
        timer: for tests; a given timer is not stopped with the system.
        capture: instead of FFmpeg.
        sink: instead of the configured one; given the outbox that it is to empty.
        history: takes down the course of the run; read it when the system has stopped.
        source: where the configuration was read from, and is read anew by a reload; it has
            accepted that reading.
        redact: masks secrets, and learns those of every configuration that comes; None for one
            of the system's own.
        on_reload: called in the supervisor's thread with each configuration that was taken over.
        service: is notified of how the system is; None: nobody is.
        lease: starts an actor that says which cameras run here, by the messages of
            `edge_video.actors.lease_messages`; None: the one of the configuration, if any.

    Raises:
        edge_video.capture.binary.BinaryMissing: there is no FFmpeg.
        ValueError: `frames` names a camera that is not configured, a camera that is not in it has
            no sink, or `source` has accepted no reading.
    """
    running = None if source is None else source.running
    if source is not None and running is None:
        raise ValueError("source: nothing says what of it runs; source.accept() the reading first")
    frames = frames or {}
    if sink is None:
        wiring.require_sink(config, frames)
    own_timer = None
    if timer is None:
        timer = own_timer = SystemTimer()
    redact = redact or GrowingRedactor(config.secrets())
    launcher = None if capture else wiring.make_launcher(config, redact)
    if launcher is not None:
        launcher.hardware.prepare(camera for camera in config.cameras if camera.enabled)
    parts = wiring.make_parts(
        config,
        clock=clock or SystemClock(),
        timer=timer,
        launcher=launcher,
        frames=frames,
        allow_faults=allow_faults,
        history=history,
        redact=redact,
        service=service,
    )
    parts.shared.source = source
    factory = sink(parts.outbox) if sink else None
    children = parts.child_starters(language, print_block, factory)
    if own_timer is not None:
        children = {"timer": wiring.timer_starter(own_timer), **children}
    if lease is not None:
        children = {LEASE: lease, **children}
    held = None if config.state is None else HeldFile(Path(config.state.dir))
    ending, delays = Ending(own_timer, held, parts.shared.control), Delays()
    spec = wiring.make_spec(
        parts,
        start_camera=parts.camera_starter(capture),
        children=children,
        on_stopped=ending.on_stopped,
        delays=delays,
        host=host,
        reconfiguration=wiring.PartsReconfiguration(parts, language, print_block, factory),
        certificates=None if running is None else running.certificates,
        held=held,
        on_reload=on_reload,
    )
    supervisor = SupervisorActor.start(spec)
    processes = launcher.processes.snapshot if launcher else dict
    return System(
        supervisor, processes, spec.kill_processes, source, ending, delays, spec.is_clustered
    )
