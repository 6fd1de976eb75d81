"""Carries out over HTTP what somebody asks for about the configuration; on no actor's thread."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pykka

from edge_video.actors.reload_files import ask_for, held, reload_files
from edge_video.actors.reload_messages import Reload, ReloadAnswer
from edge_video.config import ConfigError
from edge_video.config.camera_changes import (
    camera_in,
    patched,
    problems_of,
    removed,
    replaced,
    secret_for_another,
)
from edge_video.config.kept import kept_directory, read_kept, write_kept
from edge_video.config.loader import combine
from edge_video.status.config_change import ConfigAnswer
from edge_video.status.configuration import ReloadReason, ReloadResult

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge_video.config import CameraConfig, Config
    from edge_video.config.source import ConfigSource, Reading
    from edge_video.status.config_change import CameraChange

_ANSWER_S: Final = 4.0
"""For the supervisor. A change asks it twice, and a request has ten seconds in all."""
_OTHERS_S: Final = 1.0
"""For changes that came before."""


class ConfigRequests:
    """A `ConfigHandler`: reads files, keeps what is changed, and asks the supervisor.

    Args:
        source: the configuration's files; None: the system was not started from any.
        supervisor: whose system it is.
    """

    def __init__(self, source: ConfigSource | None, supervisor: pykka.ActorRef[Any] | None) -> None:
        self._source = source
        self._supervisor = supervisor

    @property
    def can_keep(self) -> bool:
        """See `ConfigHandler.can_keep`."""
        running = None if self._source is None else self._source.running
        return running is not None and kept_directory(running.values) is not None

    def reload(self, *, dry_run: bool, origin: str) -> ConfigAnswer:
        """See `ConfigHandler.reload`."""
        try:
            answer = reload_files(
                self._source,
                self._supervisor,
                dry_run=dry_run,
                origin=origin,
                timeout_s=_ANSWER_S,
            )
            return _shown(answer)
        except pykka.Timeout:
            raise TimeoutError from None

    def change_camera(self, change: CameraChange) -> ConfigAnswer:
        """See `ConfigHandler.change_camera`."""
        problems = problems_of(change.values or {})
        source = self._source
        if problems:
            return _refused(ReloadReason.INVALID, *problems)
        if source is None or source.running is None:
            return _refused(ReloadReason.NO_FILE)
        try:
            with held(source, _OTHERS_S):
                return self._kept_change(change, source, source.running)
        except pykka.Timeout:
            raise TimeoutError from None

    def _kept_change(
        self, change: CameraChange, source: ConfigSource, running: Reading
    ) -> ConfigAnswer:
        directory = kept_directory(running.values)
        if directory is None:
            return _refused(ReloadReason.NOT_KEPT)
        try:
            return self._change(change, source, directory)
        except ConfigError as error:
            return _refused(ReloadReason.INVALID, *map(str, error.problems))
        except OSError as error:
            why = error.strerror or "it cannot be written"
            return _refused(ReloadReason.NOT_READY, f"{directory}: {why}")

    def _change(self, change: CameraChange, source: ConfigSource, directory: Path) -> ConfigAnswer:
        running = source.running
        assert running is not None
        kept, camera_id = read_kept(directory), change.camera_id
        in_file, before = camera_in(running.values, camera_id), kept.get(camera_id)
        now = _camera_of(running.config, camera_id)
        if now is None and not change.whole:
            return _refused(ReloadReason.UNKNOWN_CAMERA, f"there is no camera {camera_id}")
        after = _after(change, in_file, before, now)
        others = {key: each for key, each in kept.items() if key != camera_id}
        kept = others if after is None else {**others, camera_id: after}
        config = combine(running.values, kept, str(source.path))
        known = now
        if now is None and in_file is not None:  # removed, and back with keys of its file
            known = _camera_of(combine(running.values, others, str(source.path)), camera_id)
        error = secret_for_another(change.values or {}, known, _camera_of(config, camera_id))
        if error is not None:
            return _refused(ReloadReason.INVALID, error)
        planned = self._ask(config, change.origin, dry_run=True)
        if planned.result is ReloadResult.REFUSED:
            return _shown(planned)
        # Kept first: whoever is killed in between starts again with the one or with the other.
        write_kept(directory, camera_id, after)
        answer = self._ask(config, change.origin)
        if answer.result is ReloadResult.REFUSED:
            write_kept(directory, camera_id, before)
        else:
            source.accept(replace(running, config=config))
        return _shown(answer, created=now is None)

    def _ask(self, config: Config, origin: str, *, dry_run: bool = False) -> ReloadAnswer:
        message = Reload(config, dry_run, origin, whole_files=False)
        return ask_for(self._supervisor, message, _ANSWER_S)


def _camera_of(config: Config, camera_id: str) -> CameraConfig | None:
    return next((camera for camera in config.cameras if camera.id == camera_id), None)


def _after(
    change: CameraChange,
    in_file: Mapping[str, Any] | None,
    before: Mapping[str, Any] | None,
    now: CameraConfig | None,
) -> dict[str, Any] | None:
    """What is kept of a camera after a change."""
    if change.values is None:
        return removed(in_file)
    return replaced(change.values, in_file) if change.whole else patched(change.values, before, now)


def _refused(reason: ReloadReason, *details: str) -> ConfigAnswer:
    return _shown(ReloadAnswer(ReloadResult.REFUSED, reason, details))


def _shown(answer: ReloadAnswer, *, created: bool = False) -> ConfigAnswer:
    return ConfigAnswer(
        answer.result, answer.reason, answer.details, answer.plan.as_json(), created=created
    )
