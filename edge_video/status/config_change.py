"""Says what somebody wants changed of the configuration while it runs, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from edge_video.status.configuration import ReloadReason, ReloadResult

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class CameraChange:
    """What is to become of one camera.

    Attributes:
        camera_id: its id.
        values: its keys; None: it is removed.
        whole: these are all of its keys; False: all others stay.
        origin: who asks.
    """

    camera_id: str
    values: Mapping[str, Any] | None
    whole: bool
    origin: str


@dataclass(frozen=True, slots=True)
class ConfigAnswer:
    """What became of a change; fit to be shown."""

    result: ReloadResult
    reason: ReloadReason = ReloadReason.NONE
    details: tuple[str, ...] = ()
    plan: Mapping[str, list[str]] = field(default_factory=dict)
    created: bool = False
    """The camera is new."""


class ConfigHandler(Protocol):
    """Changes the configuration; blocks for less than an answer may take, on a thread of its own.

    Attributes:
        can_keep: whether a change of a camera has a place where it is kept; blocks nobody.

    Raises:
        TimeoutError: (any method) no answer in time.
    """

    @property
    def can_keep(self) -> bool:
        """See the class."""
        ...

    def reload(self, *, dry_run: bool, origin: str) -> ConfigAnswer:
        """Read the files anew, and run what they say; with `dry_run` only say what would happen."""
        ...

    def change_camera(self, change: CameraChange) -> ConfigAnswer:
        """Change one camera, and keep that."""
        ...
