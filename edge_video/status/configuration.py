"""Says which configuration runs, and what became of the last attempt to change it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class ReloadResult(StrEnum):
    """What became of a reload; the label of the counter."""

    DONE = "done"
    """The new configuration runs, or is about to: its cameras start, its broker is connected."""
    UNCHANGED = "unchanged"
    """The new configuration is the one that runs."""
    PLANNED = "planned"
    """It was only asked what would happen."""
    REFUSED = "refused"
    """The old configuration goes on, whole; `ReloadReason` says why."""


class ReloadReason(StrEnum):
    """Why a reload was refused; the label of the counter."""

    NONE = ""
    INVALID = "invalid"
    """The file, or one that it names, has errors."""
    NEEDS_RESTART = "needs_restart"
    """Keys have changed that only a new start of the program takes over."""
    NOT_READY = "not_ready"
    """Something that the new configuration needs is not there: a certificate, a free address."""
    FAILED = "failed"
    """Something broke half-way, and was put back."""
    NO_FILE = "no_file"
    """The system was not started from a file."""
    NOT_KEPT = "not_kept"
    """There is no `state.dir` in which a change could be kept."""
    UNKNOWN_CAMERA = "unknown_camera"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class LastReload:
    """What became of one reload.

    Attributes:
        at_ns: wall clock.
        result: see `ReloadResult`.
        reason: see `ReloadReason`.
        details: one line each: errors of the file, or the keys that need a restart; no secrets.
        origin: who asked: `SIGHUP`, `watch`, an HTTP client; empty when unknown.
    """

    at_ns: int
    result: ReloadResult
    reason: ReloadReason = ReloadReason.NONE
    details: tuple[str, ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ConfigStatus:
    """The configuration that runs.

    Attributes:
        loaded_at_ns: when it was taken over; wall clock.
        hash: of what `check` prints of it, secrets masked: the same on every machine.
        file_differs: the files have other contents now than when they were read last.
        last_reload: what became of the last one; None before any.
        profile: which one applies; None: none does.
        profiles: the names of those that are configured.
        reloads: how many there were, by `result` or, where there is a reason, `result:reason`.
    """

    loaded_at_ns: int
    hash: str
    file_differs: bool = False
    last_reload: LastReload | None = None
    profile: str | None = None
    profiles: tuple[str, ...] = ()
    reloads: dict[str, int] = field(default_factory=dict)
