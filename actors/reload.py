"""Takes another configuration over while the system runs: whole, or not at all."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias, assert_never

from edge_video.actors.base import describe, tell
from edge_video.actors.liveness_messages import AcceptPicture
from edge_video.actors.messages import CommandAnswer, CommandResult
from edge_video.actors.pictures import LIVENESS
from edge_video.actors.reload_messages import (
    AddCamera,
    ChangeCamera,
    ConfigChanged,
    ConfigFilesSeen,
    Reload,
    ReloadAnswer,
    ReloadFailed,
    RemoveCamera,
)
from edge_video.actors.system_spec import NotReadyError
from edge_video.config import ConfigError
from edge_video.config.diff import ReloadPlan, compare
from edge_video.config.effects import Effect
from edge_video.config.source import config_hash
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent, log_event
from edge_video.status.configuration import ConfigStatus, LastReload, ReloadReason, ReloadResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pykka

    from edge_video.actors.cameras import CameraFleet
    from edge_video.actors.children import Children
    from edge_video.actors.profiles import Applied
    from edge_video.actors.system_spec import Limits, Prepared, SystemSpec
    from edge_video.config import CameraConfig, Config

    Receivers: TypeAlias = Mapping[CameraId, pykka.ActorRef[Any]]

_log = logging.getLogger(__name__)

_REFUSED = ReloadResult.REFUSED
_MAX_SHOWN: Final = 10
"""Lines of the details that are logged and kept in the status."""


class Reloading:
    """Part of the supervisor: used in its thread only, never blocks.

    Args:
        spec: the configuration that runs first, and who prepares another one.
        fleet: the cameras.
        children: the other actors.
        on_limits: called with the figures that the supervisor itself goes by.
        tell_watchers: tells those who hear of everything.
    """

    def __init__(
        self,
        spec: SystemSpec,
        fleet: CameraFleet,
        children: Children,
        *,
        on_limits: Callable[[Limits], None],
        tell_watchers: Callable[[object], None],
    ) -> None:
        self._spec = spec
        self._fleet = fleet
        self._children = children
        self._on_limits = on_limits
        self._tell_watchers = tell_watchers
        self._config = spec.config
        self._certificates: str | None = spec.certificates
        self.status = ConfigStatus(
            spec.clock.wall_ns(),
            config_hash(spec.config),
            profile=fleet.profiles.name,
            profiles=fleet.profiles.names,
        )

    def handle(
        self,
        message: Reload | AddCamera | ChangeCamera | RemoveCamera | ReloadFailed | ConfigFilesSeen,
    ) -> ReloadAnswer | None:
        """Do what is asked for; the answer says what became of it."""
        match message:
            case Reload():
                return self._reload(message)
            case AddCamera() | ChangeCamera() | RemoveCamera():
                return self._change_cameras(message)
            case ReloadFailed(details=details, origin=origin):
                return self._refused(ReloadReason.INVALID, details, origin)
            case ConfigFilesSeen(differ=differ):
                self._show(replace(self.status, file_differs=differ))
            case _:
                assert_never(message)
        return None

    def tell_status(self) -> None:
        """Tell the watchers what runs."""
        self._tell_watchers(ConfigChanged(self.status, self._fleet.ids))

    def choose_profile(self, name: str | None) -> CommandAnswer:
        """Let another profile apply, and tell the watchers which one does."""
        answer = self._fleet.choose_profile(name)
        if answer.result is CommandResult.DONE:
            self._show(replace(self.status, profile=name))
        return answer

    def _reload(self, message: Reload) -> ReloadAnswer:
        news = message.certificates is not None and message.certificates != self._certificates
        plan = compare(self._config, message.config, certificates_changed=news)
        answer = self._take_over(
            message.config, plan, {}, dry_run=message.dry_run, origin=message.origin
        )
        if answer.result in (ReloadResult.DONE, ReloadResult.UNCHANGED):
            self._certificates = message.certificates or self._certificates
            if message.whole_files and self.status.file_differs:
                self._show(replace(self.status, file_differs=False))
        return answer

    def _change_cameras(self, message: AddCamera | ChangeCamera | RemoveCamera) -> ReloadAnswer:
        cameras = {camera.id: camera for camera in self._config.cameras}
        problem = _apply(message, cameras)
        if problem is not None:
            return ReloadAnswer(_REFUSED, ReloadReason.INVALID, (problem,))
        try:
            config = self._config.with_cameras(cameras.values())
        except ConfigError as error:
            details = tuple(map(str, error.problems))
            return ReloadAnswer(_REFUSED, ReloadReason.INVALID, details)
        receivers = {}
        if isinstance(message, AddCamera) and message.frames is not None:
            receivers[CameraId(message.config.id)] = message.frames
        plan = compare(self._config, config)
        return self._take_over(config, plan, receivers, origin=message.origin)

    def _take_over(
        self,
        config: Config,
        plan: ReloadPlan,
        receivers: Receivers,
        *,
        dry_run: bool = False,
        origin: str,
    ) -> ReloadAnswer:
        answer = self._answer(config, plan, receivers, dry_run=dry_run)
        if answer.result is ReloadResult.DONE:
            self._config = config
            now_ns = self._spec.clock.wall_ns()
            profiles = self._fleet.profiles
            self.status = replace(
                self.status,
                loaded_at_ns=now_ns,
                hash=config_hash(config),
                profile=profiles.name,
                profiles=profiles.names,
            )
        if not dry_run:
            self._note(answer, origin)
        return answer

    def _answer(
        self, config: Config, plan: ReloadPlan, receivers: Receivers, *, dry_run: bool
    ) -> ReloadAnswer:
        if not plan:
            return ReloadAnswer(ReloadResult.UNCHANGED)
        fixed = plan.names(Effect.RESTART)
        if fixed:
            return ReloadAnswer(_REFUSED, ReloadReason.NEEDS_RESTART, fixed, plan)
        try:
            prepared = self._spec.reconfiguration.prepare(config, plan, receivers)
        except NotReadyError as error:
            return ReloadAnswer(_REFUSED, ReloadReason.NOT_READY, error.details, plan)
        if dry_run:
            return ReloadAnswer(ReloadResult.PLANNED, plan=plan)
        applied = self._fleet.profiles.applied
        try:
            self._carry_out(config, plan, prepared)
        except Exception as error:  # noqa: BLE001 - whatever it is, the old one goes on
            _log.exception("a reload failed half-way")
            self._put_back(config, applied)
            return ReloadAnswer(_REFUSED, ReloadReason.FAILED, (describe(error),), plan)
        return ReloadAnswer(ReloadResult.DONE, plan=plan)

    def _carry_out(
        self, config: Config, plan: ReloadPlan, prepared: Prepared, applied: Applied | None = None
    ) -> None:
        prepared.adopt()
        self._on_limits(prepared.limits)
        self._fleet.profiles.use(config.profiles, applied)
        self._fleet.take_over(config.cameras, plan, prepared.policy)
        for name, starter in prepared.children.items():
            self._children.exchange(name, starter)
        for camera_id in plan.restarted:  # what it shows may be another thing, on purpose
            tell(self._children.ref(LIVENESS), AcceptPicture(CameraId(camera_id)))
        if self._spec.on_reload is not None:
            self._spec.on_reload(config)

    def _put_back(self, config: Config, applied: Applied) -> None:
        plan = compare(config, self._config)
        try:
            prepared = self._spec.reconfiguration.prepare(self._config, plan, {})
            self._carry_out(self._config, plan, prepared, applied)
        except Exception:  # noqa: BLE001 - the next reload, or a restart, mends it
            _log.exception("what a reload had begun could not be put back whole")

    # --- what others see ---

    def _refused(self, reason: ReloadReason, details: tuple[str, ...], origin: str) -> ReloadAnswer:
        answer = ReloadAnswer(_REFUSED, reason, details)
        self._note(answer, origin)
        return answer

    def _note(self, answer: ReloadAnswer, origin: str) -> None:
        details = answer.details[:_MAX_SHOWN]
        now_ns = self._spec.clock.wall_ns()
        last = LastReload(now_ns, answer.result, answer.reason, details, origin)
        name = ":".join(filter(None, (answer.result.value, answer.reason.value)))
        reloads = {**self.status.reloads, name: self.status.reloads.get(name, 0) + 1}
        _log_answer(answer, origin)
        self._show(replace(self.status, last_reload=last, reloads=reloads))

    def _show(self, status: ConfigStatus) -> None:
        self.status = status
        self.tell_status()


def _apply(
    message: AddCamera | ChangeCamera | RemoveCamera, cameras: dict[str, CameraConfig]
) -> str | None:
    """Change the cameras as asked for; a line where that makes no sense."""
    match message:
        case AddCamera(config=config):
            if config.id in cameras:
                return f"{config.id} is configured already"
            cameras[config.id] = config
        case ChangeCamera(config=config):
            if config.id not in cameras:
                return f"there is no camera {config.id}"
            cameras[config.id] = config
        case RemoveCamera(camera_id=camera_id):
            if cameras.pop(camera_id, None) is None:
                return f"there is no camera {camera_id}"
        case _:
            assert_never(message)
    return None


_REFUSALS: Final = {
    ReloadReason.INVALID: LogEvent.CONFIG_INVALID,
    ReloadReason.NEEDS_RESTART: LogEvent.CONFIG_NEEDS_RESTART,
}


def _log_answer(answer: ReloadAnswer, origin: str) -> None:
    match answer.result:
        case ReloadResult.DONE:
            plan = answer.plan
            log_event(
                _log,
                LogEvent.CONFIG_RELOADED,
                origin=origin,
                added=len(plan.added),
                removed=len(plan.removed),
                restarted=len(plan.restarted),
                keys=_listed([each.name for each in plan.changes]),
            )
        case ReloadResult.UNCHANGED:
            log_event(_log, LogEvent.CONFIG_UNCHANGED, origin=origin)
        case ReloadResult.REFUSED:
            event = _REFUSALS.get(answer.reason, LogEvent.CONFIG_RELOAD_FAILED)
            log_event(_log, event, origin=origin, details=_listed(answer.details))
        case ReloadResult.PLANNED:
            pass
        case _:
            assert_never(answer.result)


def _listed(texts: Sequence[str]) -> str:
    """Texts in one line, not too many of them."""
    more = len(texts) - _MAX_SHOWN
    shown = [*texts[:_MAX_SHOWN], *([f"+{more}"] if more > 0 else [])]
    return "; ".join(shown) or "-"
