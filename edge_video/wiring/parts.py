"""Makes the parts of a system from its configuration, and what starts its actors with them."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pykka

from edge_video.actors.base import ChildActor, tell, void
from edge_video.actors.camera import CameraActor
from edge_video.actors.camera_runtime import CameraRuntime, CaptureFactory, unexplained
from edge_video.actors.faultable import RequestedCrashError
from edge_video.actors.held_cameras import HeldCameras, HeldFile
from edge_video.actors.lease_messages import LEASE
from edge_video.actors.messages import ActorEnded
from edge_video.actors.metrics import MetricsActor, MetricsRuntime
from edge_video.actors.notifier import NotifierActor
from edge_video.actors.publisher import PublisherActor, PublisherRuntime, SinkFactory
from edge_video.actors.reporter import ReporterActor, ReporterRuntime
from edge_video.actors.system_spec import (
    CameraStarter,
    ChildStarter,
    HandoverState,
    Stopped,
    SystemSpec,
)
from edge_video.capture import CaptureTotals, FfmpegLauncher
from edge_video.capture.binary import find_binary
from edge_video.capture.launcher import explained_by_camera
from edge_video.delivery.notification_queue import NotificationQueue
from edge_video.faults import CrashInStart
from edge_video.frames import CameraId
from edge_video.metrics.sampler import Collections, ProcessSampler
from edge_video.resilience.breaker import CircuitBreaker
from edge_video.runtime.version import version
from edge_video.status.facts import SystemFacts
from edge_video.status.ledger import FrameLedger
from edge_video.status.model import PublisherState, PublisherStatus
from edge_video.status.snapshot import Identity
from edge_video.text.catalog import Language
from edge_video.wiring.frame_routes import FramePlaces
from edge_video.wiring.notifier import notifier_runtime
from edge_video.wiring.settings import (
    brokers_of,
    configured_language,
    http_settings,
    limits_of,
    liveness_policies,
    monitor_form,
    notification_policy,
    sink_target,
)
from edge_video.wiring.shared import Shared
from edge_video.wiring.sinks import configured_sink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge_video.actors.messages import ApplyFault
    from edge_video.actors.system_spec import Reconfiguration
    from edge_video.config import CameraConfig, Config, HttpConfig
    from edge_video.delivery.outbox import Outbox
    from edge_video.faults.delays import Delays
    from edge_video.report.history import HistoryRecorder
    from edge_video.runtime.service_manager import ServiceManager
    from edge_video.runtime.timer import Clock, SystemTimer, Timer
    from edge_video.text.catalog import Language
    from edge_video.text.growing_redactor import GrowingRedactor
    from edge_video.wiring.commands import CommandTaker

_AUDIT_S: Final = 30.0
"""How often the counts are checked where no monitor is printed."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the actors share, and how each of them is started with its share.

    Nothing runs before a starter is called; starters are called in the supervisor's thread.
    """

    config: Config
    clock: Clock
    timer: Timer
    identity: Identity
    ledger: FrameLedger
    outbox: Outbox
    """The publisher's."""
    shared: Shared
    launcher: FfmpegLauncher | None
    """None when there are no FFmpegs, because a test brings its own captures."""
    allow_faults: bool
    publisher: PublisherStatus
    notifications: NotificationQueue | None
    history: HistoryRecorder | None
    service: ServiceManager | None = None
    """Is notified of how the system is; None: nobody is."""
    commands: CommandTaker | None = None
    """Starts what takes commands over the broker; None: nobody does."""

    def child_starters(
        self,
        language: Language | None,
        print_block: Callable[[str], None] | None,
        sink: SinkFactory | None,
    ) -> dict[str, ChildStarter]:
        """Of all actors but the cameras, in the order of their start; no `sink`: the configured."""
        language = language or configured_language(self.config)
        http = self.config.http
        return {
            **self.lease_starters(),
            ReporterActor.NAME: self.reporter_starter(language, print_block),
            **({} if http is None else {"http": self.http_starter(http, language)}),
            **self.command_starters(language),
            MetricsActor.NAME: self.metrics_starter(),
            **self.liveness_starters(),
            **self.notifier_starters(),
            **self.service_starters(language),
            PublisherActor.NAME: self.publisher_starter(sink or self._configured_sink()),
        }

    def lease_starters(self) -> dict[str, ChildStarter]:
        """For the actor that holds the leases of a cluster; none where there is no cluster."""
        if self.config.cluster is None or self.shared.control is None:
            return {}
        from edge_video.wiring.cluster import lease_starter  # noqa: PLC0415 - most have none

        starter = lease_starter(
            self.config, self.shared, self.clock, self.timer, allow_faults=self.allow_faults
        )
        return {LEASE: starter}

    def camera_starter(self, capture: CaptureFactory | None) -> CameraStarter:
        """For one attempt of a camera; no `capture`: FFmpeg."""
        capture = capture or self.launcher
        assert capture is not None
        runtime = CameraRuntime(
            clock=self.clock,
            timer=self.timer,
            capture=capture,
            allow_faults=self.allow_faults,
            hardware=self.launcher.hardware if capture is self.launcher else None,
            fallbacks=self.shared.fallbacks,
            explain=explained_by_camera if capture is self.launcher else unexplained,
        )

        def start(
            camera: CameraConfig,
            *,
            breaker: CircuitBreaker,
            events: pykka.ActorRef[Any],
            start_faults: Sequence[ApplyFault] = (),
        ) -> pykka.ActorRef[Any]:
            return CameraActor.start(
                camera,
                runtime=runtime,
                frames=self.shared.places.outbox_of[CameraId(camera.id)],
                events=events,
                breaker=breaker,
                start_faults=start_faults,
            )

        return start

    def reporter_starter(
        self, language: Language, print_block: Callable[[str], None] | None
    ) -> ChildStarter:
        """For the actor that prints monitor and final report; no `print_block`: nothing."""
        runtime = ReporterRuntime(
            clock=self.clock,
            timer=self.timer,
            identity=self.identity,
            ledger=self.ledger,
            language=language,
            report_interval_s=self.config.report_interval or _AUDIT_S,
            print_block=print_block,
            monitor=monitor_form(self.config),
            allow_faults=self.allow_faults,
            history=self.history,
        )
        return _starter(
            ReporterActor, runtime=runtime, takes_over=lambda known: {"publisher": known.publisher}
        )

    def notifier_starters(self) -> dict[str, ChildStarter]:
        """For the actor that tells events on the broker; none unless they are configured."""
        events, queue = self.config.events, self.notifications
        if events is None or queue is None:
            return {}
        runtime = notifier_runtime(
            notification_policy(events, self.config.node),
            queue,
            self.clock,
            self.timer,
            facts=lambda: SystemFacts(self.clock, self.identity, self.ledger, self.publisher),
            clean=self.shared.redact,
            allow_faults=self.allow_faults,
        )
        return {NotifierActor.NAME: _starter(NotifierActor, runtime=runtime)}

    def metrics_starter(self) -> ChildStarter:
        """For the actor that measures this process, its FFmpegs and the machine."""
        processes = self.launcher.processes.snapshot if self.launcher else dict
        collections = Collections()

        def sampler() -> ProcessSampler:
            return ProcessSampler(
                ffmpeg_pids=lambda: list(processes()),
                live_actors=lambda: len(pykka.ActorRegistry.get_all()),
                clock=self.clock,
                collections=collections,
            )

        runtime = MetricsRuntime(
            timer=self.timer,
            sampler=sampler,
            memory=self.config.memory_controller.policy(),
            clock=self.clock,
            cameras=processes,
            allow_faults=self.allow_faults,
        )
        return _starter(
            MetricsActor,
            runtime=runtime,
            takes_over=lambda known: {
                "level": known.memory_level,
                "shortage": known.process.cpu_shortage if known.process else None,
            },
        )

    def liveness_starters(self) -> dict[str, ChildStarter]:
        """For the actor that looks at pictures; none while no camera wants that."""
        if not liveness_policies(self.config):
            return {}
        from edge_video.actors.liveness import LivenessActor, LivenessRuntime  # noqa: PLC0415

        runtime = LivenessRuntime(
            clock=self.clock,
            timer=self.timer,
            policies=lambda: self.shared.liveness,
            outbox_of=self.shared.places.outbox_of,
            allow_faults=self.allow_faults,
        )
        return {LivenessActor.NAME: _starter(LivenessActor, runtime=runtime)}

    def http_starter(self, http: HttpConfig, language: Language) -> ChildStarter:
        """For the actor that owns the HTTP server."""
        # Here and not above: the framework costs memory, and most of it for nothing when off.
        from edge_video.actors.http import HttpActor, HttpRuntime  # noqa: PLC0415
        from edge_video.http.broker_side import BrokerSide  # noqa: PLC0415
        from edge_video.http.status_store import StatusStore  # noqa: PLC0415

        if self.shared.store is None:
            control = self.shared.control
            self.shared.store = StatusStore(
                self.clock,
                self.identity,
                self.ledger,
                self.publisher,
                self.shared.exchanges,
                broker=BrokerSide(
                    lambda: self.shared.is_broker,
                    lambda: None if control is None else control.is_open,
                    None if self.commands is None else self.commands.counts,
                ),
            )
        runtime = HttpRuntime(
            clock=self.clock,
            timer=self.timer,
            settings=http_settings(http, len(self.config.cameras), language),
            store=self.shared.store,
            source=self.shared.source,
            binary=None if self.launcher is None else self.launcher.binary,
            allow_faults=self.allow_faults,
        )
        return _starter(HttpActor, runtime=runtime)

    def command_starters(self, language: Language) -> dict[str, ChildStarter]:
        """For the actor that takes commands over the broker; none unless they are configured."""
        if self.commands is None or self.config.commands is None:
            return {}
        starter = self.commands.starter(self.config, language, allow_faults=self.allow_faults)
        return {"commands": starter}

    def service_starters(self, language: Language) -> dict[str, ChildStarter]:
        """For the actor that notifies the service manager; none where there is none."""
        if self.service is None:
            return {}
        from edge_video.actors.service import ServiceActor, ServiceRuntime  # noqa: PLC0415 - as above

        runtime = ServiceRuntime(
            clock=self.clock,
            timer=self.timer,
            identity=self.identity,
            ledger=self.ledger,
            language=language,
            manager=self.service,
            publisher=self.publisher,
            is_broker=lambda: self.shared.is_broker,
            allow_faults=self.allow_faults,
        )
        return {ServiceActor.NAME: _starter(ServiceActor, runtime=runtime)}

    def publisher_starter(self, sink: SinkFactory) -> ChildStarter:
        """For the actor that empties the outbox into a sink."""
        runtime = PublisherRuntime(
            clock=self.clock,
            timer=self.timer,
            sink=sink,
            target=self.publisher.target,
            allow_faults=self.allow_faults,
            cameras=self.shared.places.outbox_of.keys(),  # those of a reload, too
            brokers=brokers_of(self.config),
        )
        return _starter(
            PublisherActor,
            self.outbox,
            runtime=runtime,
            takes_over=lambda known: {
                "previous": replace(
                    known.publisher_now(self.clock, self.outbox), target=self.publisher.target
                )
            },
        )

    def _configured_sink(self) -> SinkFactory:
        reactor = None if self.launcher is None else self.launcher.reactor
        return configured_sink(
            self.config,
            self.outbox,
            self.clock,
            routes=self.shared.routes,
            present=self.shared.present,
            reactor=reactor,
            notifications=self.notifications,
        )


def make_parts(
    config: Config,
    *,
    clock: Clock,
    timer: Timer,
    launcher: FfmpegLauncher | None,
    frames: Mapping[str, pykka.ActorRef[Any]],
    allow_faults: bool,
    history: HistoryRecorder | None,
    redact: GrowingRedactor | None = None,
    service: ServiceManager | None = None,
) -> Parts:
    """Make what the actors share; starts nothing.

    Raises:
        ValueError: `frames` names a camera that is not configured.
    """
    places = FramePlaces.first(config, clock, frames)
    totals = launcher.totals if launcher else lambda _: CaptureTotals()
    shared = Shared.first(config, places, redact)
    if config.cluster is not None or config.commands is not None:
        from edge_video.wiring.control import make_control  # noqa: PLC0415 - as above

        shared.control = make_control(config, clock)
    identity = Identity(version(), config.node, clock.wall_ns(), clock.monotonic())
    return Parts(
        config=config,
        clock=clock,
        timer=timer,
        identity=identity,
        ledger=FrameLedger(places.outbox_of, totals),
        outbox=places.outbox,
        shared=shared,
        launcher=launcher,
        allow_faults=allow_faults,
        publisher=PublisherStatus(PublisherState.CONNECTING, sink_target(config)),
        notifications=None if config.events is None else NotificationQueue(config.events.queue),
        history=history,
        service=service,
        commands=_command_taker(config, shared, clock, timer),
    )


def _command_taker(
    config: Config, shared: Shared, clock: Clock, timer: Timer
) -> CommandTaker | None:
    """What takes commands over the broker; None, and nothing of it is loaded, without any."""
    if config.commands is None:
        return None
    from edge_video.wiring.commands import CommandTaker  # noqa: PLC0415 - as above

    return CommandTaker.of(config, shared, clock, timer)


def make_spec(
    parts: Parts,
    *,
    start_camera: CameraStarter,
    children: Mapping[str, ChildStarter],
    on_stopped: Callable[[Stopped], None],
    delays: Delays,
    host: pykka.ActorRef[Any] | None,
    reconfiguration: Reconfiguration,
    certificates: str | None = None,
    held: HeldFile | None = None,
    on_reload: Callable[[Config], None] | None = None,
) -> SystemSpec:
    """What the supervisor is handed."""
    config = parts.config
    return SystemSpec(
        clock=parts.clock,
        timer=parts.timer,
        identity=parts.identity,
        config=config,
        reconfiguration=reconfiguration,
        cameras=config.cameras,
        breaker=CircuitBreaker.new(config.circuit_breaker.policy()),
        start_camera=start_camera,
        children=children,
        ledger=parts.ledger,
        publisher=parts.publisher,
        kill_processes=parts.launcher.processes.kill_all if parts.launcher else _nothing,
        on_stopped=on_stopped,
        delays=delays,
        publisher_outbox=parts.outbox,
        limits=limits_of(config),
        certificates=certificates,
        held=HeldCameras() if held is None else held.read(),
        on_held=None if held is None else held.keep,
        on_reload=on_reload,
        host=host,
        allow_faults=parts.allow_faults,
        draw=random.random,
    )


def make_launcher(config: Config, redact: Callable[[str], str]) -> FfmpegLauncher:
    """What starts FFmpegs; `redact` masks secrets in their messages.

    Raises:
        edge_video.capture.binary.BinaryMissing: there is no FFmpeg.
    """
    return FfmpegLauncher(find_binary(config.ffmpeg), redact)


def _starter(
    actor: type[ChildActor],
    *arguments: object,
    runtime: object,
    takes_over: Callable[[HandoverState], dict[str, object]] = lambda _: {},
) -> ChildStarter:
    """How to start one incarnation of an actor; `takes_over` names what its predecessor leaves."""

    def start(
        supervisor: pykka.ActorRef[Any], incarnation: int, known: HandoverState
    ) -> pykka.ActorRef[Any]:
        return actor.start(
            *arguments,
            runtime=runtime,
            supervisor=supervisor,
            incarnation=incarnation,
            start_faults=known.start_faults,
            **takes_over(known),
        )

    return start


def timer_starter(timer: SystemTimer) -> ChildStarter:
    """For the timer's thread, which is supervised like an actor."""

    def start(supervisor: pykka.ActorRef[Any], incarnation: int, known: HandoverState) -> None:
        for each in known.start_faults:
            if isinstance(each.fault, CrashInStart):
                raise RequestedCrashError(each.fault.message)
        timer.start(lambda error: void(tell(supervisor, ActorEnded("timer", incarnation, error))))

    return start


def _nothing() -> None:
    """There are no FFmpeg processes."""
