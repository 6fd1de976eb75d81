"""Defines the messages that change what a running system runs: its configuration, its cameras.

As in `edge_video.actors.messages`, all are frozen; a supervisor answers the first four with a
`ReloadAnswer`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from edge_video.config.diff import ReloadPlan
from edge_video.status.configuration import ReloadReason, ReloadResult

if TYPE_CHECKING:
    import pykka

    from edge_video.config import CameraConfig, Config
    from edge_video.frames import CameraId
    from edge_video.resilience.breaker import BreakerPolicy
    from edge_video.status.configuration import ConfigStatus

# --- operator or embedding program → SupervisorActor ----------------------------------------


@dataclass(frozen=True, slots=True)
class Reload:
    """Run this configuration from now on; cameras that are the same in it are not touched.

    It is taken over whole, or refused and the old one goes on. Asked, it is answered with a
    `ReloadAnswer` as soon as that is decided; what has to start or to connect does so after it.
    """

    config: Config = field(repr=False)
    dry_run: bool = False
    """Answer with the plan, and do nothing."""
    origin: str = ""
    """Who asks, for log and status."""
    certificates: str | None = None
    """Stands for the contents of the certificates' files; another one reconnects. None: no news."""
    whole_files: bool = True
    """It is what the files say; False: whether they differ from what runs is as before."""


@dataclass(frozen=True, slots=True)
class AddCamera:
    """Run a further camera. Refused where one of this id is configured already."""

    config: CameraConfig = field(repr=False)
    frames: pykka.ActorRef[Any] | None = None
    """An actor that gets `FramesReady` for it, as in `start_system`; None: they go where they went
    when there was such a camera before, or else to the sink. Where they went to the sink, or to an
    actor that still has other cameras, no other actor can get them: the message is refused."""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ChangeCamera:
    """Run a camera that is configured already with these keys from now on."""

    config: CameraConfig = field(repr=False)
    origin: str = ""


@dataclass(frozen=True, slots=True)
class SetProfile:
    """Let another of the configured profiles apply: cameras that are not in it rest."""

    name: str | None
    """None: no profile; all cameras are on."""
    origin: str = ""
    """As of a command about a camera."""


@dataclass(frozen=True, slots=True)
class RemoveCamera:
    """Stop a camera and forget it. Its frames stay in the totals."""

    camera_id: CameraId
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ReloadAnswer:
    """The answer to the four messages above.

    `details` has one line for each error, or for each key that stands in the way; no secrets.
    """

    result: ReloadResult
    reason: ReloadReason = ReloadReason.NONE
    details: tuple[str, ...] = ()
    plan: ReloadPlan = ReloadPlan()  # noqa: RUF009 - a frozen value


@dataclass(frozen=True, slots=True)
class ReloadFailed:
    """Whoever reads the files → supervisor: they could not be used, and why."""

    details: tuple[str, ...]
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ConfigFilesSeen:
    """Whoever watches the files → supervisor: whether they differ from those that were read."""

    differ: bool


ReloadCommand: TypeAlias = Reload | AddCamera | ChangeCamera | RemoveCamera


# --- SupervisorActor → the others ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConfigChanged:
    """Supervisor → reporter, HTTP, notifier: what is known of the configuration is now this."""

    status: ConfigStatus
    cameras: tuple[CameraId, ...]
    """Those that are configured, in their order; there are no others any more."""


@dataclass(frozen=True, slots=True)
class UsePolicy:
    """Supervisor → a running camera: its breaker goes by this policy from now on."""

    policy: BreakerPolicy


@dataclass(frozen=True, slots=True)
class UseConfig:
    """Supervisor → a running camera: these are its keys from now on; its stream goes on."""

    config: CameraConfig = field(repr=False)


# --- timer → SupervisorActor -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ExchangeDue:
    """An actor has had its time to come to an end; the next one takes its place."""

    name: str
    incarnation: int
