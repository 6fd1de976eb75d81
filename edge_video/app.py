"""The composition root: from a configuration to a running system, and back.

Everything that is shared is made here and handed down; nothing else in the project knows all the
parts. An embedding program calls `start_system`; so does the command line.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import uuid
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pykka

from edge_video.actors.base import ChildActor, RequestedCrashError, tell, void
from edge_video.actors.camera import CameraActor, CameraRuntime, CaptureFactory, as_it_is
from edge_video.actors.messages import ActorEnded, ClearFaults, FramesReady, GetStatus
from edge_video.actors.metrics import MetricsActor, MetricsRuntime
from edge_video.actors.notifier import NotifierActor, NotifierRuntime
from edge_video.actors.publisher import PublisherActor, PublisherRuntime, SinkFactory
from edge_video.actors.reporter import ReporterActor, ReporterRuntime
from edge_video.actors.supervisor import SupervisorActor
from edge_video.actors.system_spec import ChildStarter, HandoverState, Stopped, SystemSpec
from edge_video.capture.command import find_binary
from edge_video.capture.counters import CaptureTotals
from edge_video.capture.launcher import FfmpegLauncher, explained_by_camera
from edge_video.config import DirectorySinkConfig
from edge_video.delivery.amqp.handshake import HandshakeTimeout
from edge_video.delivery.amqp.knowledge import BrokerKnowledge
from edge_video.delivery.amqp.notifications import NotificationRoute
from edge_video.delivery.amqp.settings import AmqpSettings, Route, TlsSettings
from edge_video.delivery.amqp.sink import AmqpSink
from edge_video.delivery.notification_queue import NotificationQueue
from edge_video.delivery.outbox import Outbox
from edge_video.faults import CrashInStart
from edge_video.faults.delays import Delays
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent, log_event
from edge_video.metrics.sampler import Collections, ProcessSampler
from edge_video.notifications.debounce import SteadyPolicy
from edge_video.notifications.rules import NotificationPolicy, NotificationRules
from edge_video.resilience.breaker import CircuitBreaker
from edge_video.runtime import descriptors
from edge_video.runtime.timer import Clock, SystemClock, SystemTimer, Timer
from edge_video.status.model import PublisherState, PublisherStatus, SystemStatus
from edge_video.status.snapshot import FrameLedger, Identity
from edge_video.text.catalog import Language, language_from_locale

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge_video.actors.messages import ApplyFault
    from edge_video.config import CameraConfig, Config, EventsConfig, HttpConfig
    from edge_video.delivery.sink import Sink, SinkListener
    from edge_video.report.history import HistoryRecorder

_log = logging.getLogger(__name__)

APP = "edge-video"

_TIMER_STOP_S = 4.0


def version() -> str:
    """The installed version of this package."""
    try:
        return metadata.version(APP)
    except metadata.PackageNotFoundError:
        return "0+unknown"


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
    _ending: _Ending
    _delays: Delays

    def status(self, timeout_s: float = 5.0) -> SystemStatus:
        """What `GetStatus` answers.

        Raises:
            pykka.Timeout: no answer in time.
            pykka.ActorDeadError: the system has stopped.
        """
        status: SystemStatus = self.supervisor.ask(GetStatus(), block=True, timeout=timeout_s)
        return status

    def clear_faults(self, target: str | None = None) -> None:
        """`ClearFaults` that also reaches a supervisor which a `DelayActor` keeps busy.

        With None also actors that did not stop in time because one keeps them busy.
        """
        if target in (None, "supervisor"):
            self._delays.end(target)
        tell(self.supervisor, ClearFaults(target))

    def begin_stop(self) -> None:
        """Begin the orderly stop and return at once; idempotent."""
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
class _Ending:
    """Where the supervisor's last word is kept for whoever waits."""

    timer: SystemTimer | None
    _stopped: Stopped | None = None
    _event: threading.Event = field(default_factory=threading.Event)

    def on_stopped(self, stopped: Stopped) -> None:
        self._stopped = stopped
        try:
            if self.timer is not None and not self.timer.stop(_TIMER_STOP_S):
                log_event(_log, LogEvent.SURVIVOR, actor="timer")
        finally:
            self._event.set()

    def wait(self, timeout_s: float | None) -> Stopped | None:
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
) -> System:
    """Start the whole tree; returns at once, whatever cameras and broker do.

    Args:
        config: what to run.
        frames: camera id → an actor of the embedding program that gets `FramesReady` for this
            camera instead of the publisher.
        host: an actor of the embedding program that gets `Escalated`.
        print_block: where the monitor and the final report go; None prints nothing.
        language: of the reports; None takes the configuration's.
        allow_faults: obey `InjectFault`.
        clock: for tests.
        timer: for tests; a given timer is not stopped with the system.
        capture: instead of FFmpeg.
        sink: instead of the configured one; given the outbox that it is to empty.
        history: takes down the course of the run; read it when the system has stopped.

    Raises:
        edge_video.capture.command.BinaryMissing: there is no FFmpeg.
        ValueError: `frames` names a camera that is not configured.
    """
    clock = clock or SystemClock()
    launcher = None if capture else _launcher(config)
    own_timer = SystemTimer() if timer is None else None
    timer = timer or own_timer
    assert timer is not None
    ending = _Ending(own_timer)
    shared, routes = _outboxes(config, clock, frames or {})
    books = FrameLedger(routes, launcher.totals if launcher else lambda _: CaptureTotals())
    identity = Identity(version(), config.node, clock.wall_ns(), clock.monotonic())
    publisher = PublisherStatus(PublisherState.CONNECTING, sink_target(config))
    delays = Delays()
    notifications = None if config.events is None else NotificationQueue(config.events.queue)
    parts = _Parts(
        config=config,
        clock=clock,
        timer=timer,
        identity=identity,
        books=books,
        outbox=shared,
        launcher=launcher,
        allow_faults=allow_faults,
        publisher=publisher,
        notifications=notifications,
        history=history,
    )
    plan = SystemSpec(
        clock=clock,
        timer=timer,
        identity=identity,
        cameras=config.cameras,
        breaker=CircuitBreaker.new(config.circuit_breaker.policy()),
        start_camera=parts.camera_starter(capture or launcher, routes),
        children={
            **({} if own_timer is None else {"timer": _timer_starter(own_timer)}),
            ReporterActor.NAME: parts.reporter_starter(
                language or configured_language(config), print_block
            ),
            **({} if config.http is None else {"http": parts.http_starter(config.http, language)}),
            MetricsActor.NAME: parts.metrics_starter(),
            **parts.notifier_starters(),
            PublisherActor.NAME: parts.publisher_starter(
                sink(shared) if sink else parts.configured_sink()
            ),
        },
        outboxes=books.outboxes,
        books=books,
        publisher=publisher,
        kill_processes=launcher.processes.kill_all if launcher else _nothing,
        on_stopped=ending.on_stopped,
        delays=delays,
        publisher_outbox=shared,
        start_spacing_s=config.start_spacing,
        max_restarts=config.supervision.max_restarts,
        restart_period_s=config.supervision.period,
        shutdown_timeout_s=config.shutdown_timeout,
        host=host,
        allow_faults=allow_faults,
        draw=random.random,
    )
    supervisor = SupervisorActor.start(plan)
    return System(
        supervisor,
        launcher.processes.snapshot if launcher else dict,
        plan.kill_processes,
        ending,
        delays,
    )


def configured_language(config: Config) -> Language:
    """The configuration's language, or the locale's when it says `auto`."""
    if config.language == "auto":
        return language_from_locale(os.environ)
    return Language(config.language)


def notification_policy(events: EventsConfig, node: str) -> NotificationPolicy:
    """The figures of the configuration for the newsroom."""
    steady = SteadyPolicy(events.settle, events.flap_changes, events.flap_window)
    return NotificationPolicy(node, events.routing_key_prefix, steady)


def sink_target(config: Config) -> str:
    """Where frames go, secrets masked."""
    if isinstance(config.sink, DirectorySinkConfig):
        return str(Path(config.sink.path))
    assert config.amqp is not None
    return config.amqp.masked_url


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the starters of the actors share."""

    config: Config
    clock: Clock
    timer: Timer
    identity: Identity
    books: FrameLedger
    outbox: Outbox
    launcher: FfmpegLauncher | None
    allow_faults: bool
    publisher: PublisherStatus
    notifications: NotificationQueue | None
    history: HistoryRecorder | None

    def camera_starter(
        self, capture: CaptureFactory | None, outboxes: Mapping[CameraId, Outbox]
    ) -> Callable[..., pykka.ActorRef[Any]]:
        assert capture is not None
        runtime = CameraRuntime(
            clock=self.clock,
            timer=self.timer,
            capture=capture,
            allow_faults=self.allow_faults,
            explain=explained_by_camera if capture is self.launcher else as_it_is,
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
                frames=outboxes[CameraId(camera.id)],
                events=events,
                breaker=breaker,
                start_faults=start_faults,
            )

        return start

    def reporter_starter(
        self, language: Language, print_block: Callable[[str], None] | None
    ) -> ChildStarter:
        runtime = ReporterRuntime(
            clock=self.clock,
            timer=self.timer,
            identity=self.identity,
            books=self.books,
            language=language,
            report_interval_s=self.config.report_interval,
            print_block=print_block,
            allow_faults=self.allow_faults,
            history=self.history,
        )
        return _starter(
            ReporterActor, runtime=runtime, takes_over=lambda known: {"publisher": known.publisher}
        )

    def notifier_starters(self) -> dict[str, ChildStarter]:
        """Nothing unless events are configured."""
        events, queue = self.config.events, self.notifications
        if events is None or queue is None:
            return {}
        policy, clean = notification_policy(events, self.config.node), self.config.secrets()
        runtime = NotifierRuntime(
            clock=self.clock,
            timer=self.timer,
            rules=lambda: NotificationRules(policy, lambda: uuid.uuid4().hex, clean),
            queue=queue,
            allow_faults=self.allow_faults,
        )
        return {NotifierActor.NAME: _starter(NotifierActor, runtime=runtime)}

    def metrics_starter(self) -> ChildStarter:
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
            allow_faults=self.allow_faults,
        )
        return _starter(
            MetricsActor, runtime=runtime, takes_over=lambda known: {"level": known.memory_level}
        )

    def http_starter(self, http: HttpConfig, language: Language | None) -> ChildStarter:
        # Here and not above: the framework costs memory, and most of it for nothing when off.
        from edge_video.actors.http import HttpActor, HttpRuntime  # noqa: PLC0415
        from edge_video.http.acceptor import MAX_CONNECTIONS  # noqa: PLC0415
        from edge_video.http.application import HttpSettings  # noqa: PLC0415
        from edge_video.http.status_store import StatusStore  # noqa: PLC0415

        address = http.address
        settings = HttpSettings(
            host=address.host,
            port=address.port,
            token=None if http.token is None else http.token.get_secret_value(),
            only_this_machine=address.is_loopback,
            names=http.hosts,
            needs_publisher=http.ready.publisher,
            needs_cameras=http.ready.cameras,
            max_connections=descriptors.http_share(
                len(self.config.cameras), descriptors.current_limit(), MAX_CONNECTIONS
            ),
            language=language or configured_language(self.config),
        )
        runtime = HttpRuntime(
            clock=self.clock,
            timer=self.timer,
            settings=settings,
            board=StatusStore(
                self.clock,
                self.identity,
                self.books,
                self.publisher,
                {CameraId(each.id): each.exchange or "" for each in self.config.cameras},
            ),
            allow_faults=self.allow_faults,
        )
        return _starter(HttpActor, runtime=runtime)

    def publisher_starter(self, sink: SinkFactory) -> ChildStarter:
        runtime = PublisherRuntime(
            clock=self.clock,
            timer=self.timer,
            sink=sink,
            target=self.publisher.target,
            allow_faults=self.allow_faults,
        )
        return _starter(
            PublisherActor,
            self.outbox,
            runtime=runtime,
            takes_over=lambda known: {"previous": known.publisher},
        )

    def configured_sink(self) -> SinkFactory:
        config, outbox, clock = self.config, self.outbox, self.clock
        reactor = self.launcher.reactor if self.launcher else None
        if isinstance(config.sink, DirectorySinkConfig):
            from edge_video.delivery.directory import DirectorySink  # noqa: PLC0415 - as with HTTP

            directory = config.sink
            cameras = [CameraId(camera.id) for camera in config.cameras]

            def open_directory(listener: SinkListener) -> Sink:
                return DirectorySink(
                    Path(directory.path), cameras, directory.keep, outbox, listener, clock
                )

            return open_directory
        settings, routes = amqp_settings(config), amqp_routes(config.cameras)
        knowledge = BrokerKnowledge()
        notifications = None
        if config.events is not None and self.notifications is not None:
            notifications = NotificationRoute(config.events.exchange, self.notifications)

        # What one connection has learned of the way to the broker is the next one's beginning.
        handshake = HandshakeTimeout(settings.handshake_timeout_s)

        def open_amqp(listener: SinkListener) -> Sink:
            return AmqpSink(
                settings,
                routes,
                outbox,
                listener,
                clock,
                reactor=reactor,
                handshake=handshake,
                notifications=notifications,
                knowledge=knowledge,
            )

        return open_amqp


def amqp_settings(config: Config) -> AmqpSettings:
    """The configuration's `amqp` section as the sink wants it."""
    amqp = config.amqp
    assert amqp is not None
    broker = amqp.broker
    tls = None
    if broker.tls:
        tls = TlsSettings()
        if amqp.tls is not None:
            tls = TlsSettings(
                ca=amqp.tls.ca, cert=amqp.tls.cert, key=amqp.tls.key, verify=amqp.tls.verify
            )
    return AmqpSettings(
        host=broker.host,
        port=broker.port,
        vhost=broker.vhost,
        username=broker.username,
        password=broker.password.get_secret_value(),
        tls=tls,
        prefetch_count=amqp.prefetch_count,
        max_in_flight_bytes=amqp.max_in_flight_bytes,
        message_ttl_s=amqp.message_ttl,
        confirm_timeout_s=amqp.confirm_timeout,
        max_delay_s=amqp.max_delay,
        handshake_timeout_s=amqp.handshake_timeout,
        heartbeat_s=amqp.heartbeat,
        mandatory=amqp.mandatory,
        node=config.node,
        app=APP,
    )


def amqp_routes(cameras: Sequence[CameraConfig]) -> dict[CameraId, Route]:
    """Camera → exchange and routing key; both are concrete in a validated configuration."""
    return {
        CameraId(camera.id): Route(camera.exchange or "", camera.routing_key or camera.id)
        for camera in cameras
    }


def _launcher(config: Config) -> FfmpegLauncher:
    return FfmpegLauncher(find_binary(config.ffmpeg), config.secrets())


def _outboxes(
    config: Config, clock: Clock, frames: Mapping[str, pykka.ActorRef[Any]]
) -> tuple[Outbox, dict[CameraId, Outbox]]:
    """The publisher's outbox, and which outbox each camera's frames go to."""
    unknown = set(frames) - {camera.id for camera in config.cameras}
    if unknown:
        raise ValueError(f"frames: no such camera: {', '.join(sorted(unknown))}")
    shared = _outbox(config, clock)
    by_receiver: dict[str, Outbox] = {}
    routes = {}
    for camera in config.cameras:
        outbox = shared
        receiver = frames.get(camera.id)
        if receiver is not None:
            outbox = by_receiver.setdefault(receiver.actor_urn, _outbox(config, clock))
            outbox.attach(_notice(receiver, outbox))
        outbox.add_camera(CameraId(camera.id))
        routes[CameraId(camera.id)] = outbox
    return shared, routes


def _outbox(config: Config, clock: Clock) -> Outbox:
    return Outbox(
        clock,
        buffer_frames=config.buffer,
        max_age_s=config.max_age,
        max_bytes=config.max_buffered_bytes,
    )


def _notice(receiver: pykka.ActorRef[Any], outbox: Outbox) -> Callable[[], None]:
    return lambda: void(tell(receiver, FramesReady(outbox)))


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


def _timer_starter(timer: SystemTimer) -> ChildStarter:
    def start(supervisor: pykka.ActorRef[Any], incarnation: int, known: HandoverState) -> None:
        for each in known.start_faults:
            if isinstance(each.fault, CrashInStart):
                raise RequestedCrashError(each.fault.words)
        timer.start(lambda error: void(tell(supervisor, ActorEnded("timer", incarnation, error))))

    return start


def _nothing() -> None:
    """There are no FFmpeg processes."""
