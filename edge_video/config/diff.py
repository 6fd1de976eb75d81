"""Compares two configurations, and plans how a running system gets from one to the other.

Pure: nothing is read and nothing happens. A plan names keys and cameras, never values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from edge_video.config.effects import Effect, Part, Row, row_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from edge_video.config.camera import CameraConfig
    from edge_video.config.model import Config

CERTIFICATES: Final = "amqp.tls"
"""The key that stands for certificates whose files have other contents now."""


@dataclass(frozen=True, slots=True)
class Change:
    """One key that has another value.

    Attributes:
        key: dotted, as in the file: `amqp.url`, `cameras.fps`.
        row: what its change does, and who takes it over.
        camera_id: the camera that it is of; None for a key that is no camera's.
    """

    key: str
    row: Row
    camera_id: str | None = None

    @property
    def name(self) -> str:
        """The key for an operator: `cameras[door].fps`."""
        if self.camera_id is None:
            return self.key
        return self.key.replace("cameras", f"cameras[{self.camera_id}]", 1)


@dataclass(frozen=True, slots=True)
class ReloadPlan:
    """What a running system has to do to run another configuration.

    Attributes:
        added: cameras that are new.
        removed: cameras that are gone.
        changes: keys that have other values, in the order of the file.
        is_reordered: the cameras stand in another order.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    is_reordered: bool = False

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changes or self.is_reordered)

    def names(self, effect: Effect) -> tuple[str, ...]:
        """The keys with this effect, for an operator."""
        return tuple(each.name for each in self.changes if each.row.effect is effect)

    @property
    def restarted(self) -> tuple[str, ...]:
        """Cameras that start anew, or start or stop, because keys of theirs have changed."""
        found = (
            each.camera_id
            for each in self.changes
            if each.row.effect is Effect.CAMERA and each.camera_id is not None
        )
        return tuple(dict.fromkeys(found))

    @property
    def parts(self) -> frozenset[Part]:
        """The parts of the system that take something over."""
        return frozenset(each.row.part for each in self.changes)

    def as_json(self) -> dict[str, list[str]]:
        """The plan as plain values; it holds no secret."""
        return {
            "add": list(self.added),
            "remove": list(self.removed),
            "restart": list(self.restarted),
            "reconnect": list(self.names(Effect.RECONNECT)),
            "live": list(self.names(Effect.LIVE)),
            "keys": [each.name for each in self.changes],
            "needs_restart": list(self.names(Effect.RESTART)),
        }


def compare(before: Config, after: Config, *, certificates_changed: bool = False) -> ReloadPlan:
    """Find the way from one configuration to another.

    Args:
        before: what runs.
        after: what is to run.
        certificates_changed: the files that `amqp.tls` names have other contents now.
    """
    old = {camera.id: camera for camera in before.cameras}
    new = {camera.id: camera for camera in after.cameras}
    changes = [*_changed_keys(before, after)]
    if certificates_changed and not any(each.key.startswith(CERTIFICATES) for each in changes):
        changes.append(Change(CERTIFICATES, row_of(CERTIFICATES)))
    for camera_id, camera in new.items():
        if camera_id in old:
            changes += _changed_camera_keys(old[camera_id], camera)
    return ReloadPlan(
        added=tuple(each for each in new if each not in old),
        removed=tuple(each for each in old if each not in new),
        changes=tuple(changes),
        is_reordered=_in_both(old, new) != _in_both(new, old),
    )


def _in_both(cameras: Iterable[str], others: Iterable[str]) -> list[str]:
    kept = set(others)
    return [each for each in cameras if each in kept]


def _changed_keys(before: BaseModel, after: BaseModel, place: str = "") -> Iterator[Change]:
    for name in type(after).model_fields:
        key = f"{place}{name}"
        if key == "cameras":
            continue
        old, new = getattr(before, name), getattr(after, name)
        if isinstance(new, BaseModel) and type(old) is type(new) and type(new).model_fields:
            yield from _changed_keys(old, new, f"{key}.")
        elif old != new:
            yield Change(key, row_of(key))


def _changed_camera_keys(before: CameraConfig, after: CameraConfig) -> Iterator[Change]:
    for name in type(after).model_fields:
        if getattr(before, name) != getattr(after, name):
            key = f"cameras.{name}"
            yield Change(key, row_of(key), after.id)
