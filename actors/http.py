"""Owns the HTTP server's thread, and records what the actor receives in the status store."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, Unpack, assert_never, get_args

from edge_video.actors.base import ChildActor, ChildOptions, tell, void
from edge_video.actors.command_requests import CommandRequests
from edge_video.actors.config_requests import ConfigRequests
from edge_video.actors.lease_messages import ClusterChanged
from edge_video.actors.messages import (
    Begin,
    CameraChanged,
    CommandExecuted,
    HttpServerEnded,
    ProcessMeasured,
    PublisherStats,
    RestartsCounted,
    SupervisorTicked,
    Tick,
)
from edge_video.actors.probing import CameraProber
from edge_video.actors.reload_messages import ConfigChanged
from edge_video.http.server import HttpServer
from edge_video.log.events import LogEvent, log_event

if TYPE_CHECKING:
    from edge_video.capture.binary import Binary
    from edge_video.config.source import ConfigSource
    from edge_video.http.settings import HttpSettings
    from edge_video.http.status_store import StatusStore
    from edge_video.runtime.timer import Clock, Timer

_log = logging.getLogger(__name__)

HttpMessage: TypeAlias = (
    Begin
    | CameraChanged
    | PublisherStats
    | ProcessMeasured
    | RestartsCounted
    | ConfigChanged
    | SupervisorTicked
    | CommandExecuted
    | ClusterChanged
    | HttpServerEnded
    | Tick
)
"""What the actor understands, besides what `base` says of all."""

_TICK_S = 1.0
_STOP_S = 3.0
_LISTEN_AGAIN_S = 5.0


class ServerEndedError(RuntimeError):
    """The server's thread ended by itself; a restart of the actor makes a new one."""


@dataclass(frozen=True, slots=True)
class HttpRuntime:
    """What an HTTP actor needs."""

    clock: Clock
    timer: Timer
    settings: HttpSettings
    store: StatusStore
    """Outlives the actor, and with it everything that is shown."""
    allow_faults: bool = False
    source: ConfigSource | None = None
    """Reads the files of the configuration; None: there are none."""
    binary: Binary | None = None
    """The FFmpeg that connects to cameras which are not configured; None: there is none."""


class HttpActor(ChildActor):
    """Records what the reporter hears too in the status store, and owns the server that shows it.

    Requests are answered on the server's own thread from the store; none of them passes through
    this mailbox, so an answer never waits for an actor. An address that cannot be had is tried
    again every five seconds: a busy port is no reason to lose a camera.
    """

    NAME = "http"
    UNDERSTOOD = get_args(HttpMessage)

    def __init__(
        self,
        *,
        runtime: HttpRuntime,
        **options: Unpack[ChildOptions],
    ) -> None:
        super().__init__(allow_faults=runtime.allow_faults, **options)
        self._runtime = runtime
        self._store = runtime.store
        self._server: HttpServer | None = None
        self._listen_at_s = 0.0
        self._complaint = ""

    def handle(self, message: HttpMessage) -> object:
        """Dispatch."""
        match message:
            case CameraChanged(record=record):
                self._store.camera_changed(record)
            case PublisherStats(status=status, marks=marks):
                self._store.publisher_changed(status, marks)
            case ProcessMeasured(sample=sample):
                self._store.process_measured(sample)
            case RestartsCounted(restarts=restarts, faults=faults):
                self._store.restarts_counted(restarts, faults)
            case ConfigChanged(status=config, cameras=cameras):
                self._store.config_changed(config, cameras)
            case SupervisorTicked(actors=actors, stopping=stopping):
                self._store.supervisor_said(actors, stopping=stopping)
            case CommandExecuted(command=command, camera_id=camera_id, origin=origin):
                self._store.command_executed(
                    command, camera_id, origin, message.result, message.profile
                )
            case ClusterChanged(facts=facts):
                self._store.cluster = facts
            case Tick():
                self._ticked()
            case Begin():
                self._begin()
            case HttpServerEnded(reason=reason):
                raise ServerEndedError(reason)
            case _:
                assert_never(message)
        return None

    def release(self, error: BaseException | None) -> None:  # noqa: ARG002 - same in every death
        """Close every connection."""
        if self._server is not None and not self._server.stop(_STOP_S):
            log_event(_log, LogEvent.SURVIVOR, actor="http server")

    def _begin(self) -> None:
        self.tick_every(self._runtime.timer, _TICK_S, Tick())
        self._listen()

    def _ticked(self) -> None:
        self._store.ticked()
        if self._server is None and self._runtime.clock.monotonic() >= self._listen_at_s:
            self._listen()

    def _listen(self) -> None:
        server = HttpServer(
            self._runtime.settings,
            self._store,
            CommandRequests(self._supervisor),
            self._runtime.clock,
            changes=ConfigRequests(self._runtime.source, self._supervisor),
            prober=CameraProber(self._runtime.binary),
            on_death=lambda reason: void(tell(self.actor_ref, HttpServerEnded(reason))),
            name=self._thread_name,
        )
        try:
            url = server.start()
        except OSError as error:
            server.stop(0)
            self._cannot_listen(error)
            return
        self._server = server
        log_event(_log, LogEvent.HTTP_LISTENING, url=url)

    def _cannot_listen(self, error: OSError) -> None:
        self._listen_at_s = self._runtime.clock.monotonic() + _LISTEN_AGAIN_S
        settings = self._runtime.settings
        reason = error.strerror or str(error)
        if reason != self._complaint:
            self._complaint = reason
            address = f"{settings.host}:{settings.port}"
            log_event(_log, LogEvent.HTTP_UNAVAILABLE, address=address, reason=reason)
