"""Declares what a supervisor needs of the composition root to run another configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pykka

    from edge_video.actors.system_spec import ChildStarter
    from edge_video.config import Config
    from edge_video.config.diff import ReloadPlan
    from edge_video.frames import CameraId
    from edge_video.resilience.breaker import BreakerPolicy


class NotReadyError(Exception):
    """Raised for what a new configuration needs and is not there; a line for each."""

    def __init__(self, *details: str) -> None:
        super().__init__("; ".join(details))
        self.details = details


@dataclass(frozen=True, slots=True)
class Limits:
    """The figures of a configuration that the supervisor itself goes by."""

    start_spacing_s: float = 0.1
    max_restarts: int = 5
    restart_period_s: float = 60.0
    shutdown_timeout_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is ready to be taken over; making it has changed nothing."""

    policy: BreakerPolicy
    limits: Limits
    adopt: Callable[[], None]
    """Lets what all actors share know the new configuration; cannot fail for want of anything."""
    children: Mapping[str, ChildStarter] = field(default_factory=dict)
    """How those actors start from now on that have to start anew, by name."""


class Reconfiguration(Protocol):
    """The composition root's part in a reload. Supervisor's thread."""

    def prepare(
        self,
        config: Config,
        plan: ReloadPlan,
        receivers: Mapping[CameraId, pykka.ActorRef[Any]],
    ) -> Prepared:
        """Make everything that may fail, and change nothing.

        Args:
            config: what is to run.
            plan: how it differs from what runs.
            receivers: actors that get the frames of cameras which are new.

        Raises:
            NotReadyError: something is missing.
        """
        ...
