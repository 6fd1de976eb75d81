"""Why a camera's stream ended, in a fixed vocabulary that every part shares."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Cause(StrEnum):
    """The classes of failure an operator can act on. The value is the name in logs and JSON."""

    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - a class of failure, not a password
    NO_SUCH_STREAM = "no_such_stream"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    NAME_NOT_RESOLVED = "name_not_resolved"
    TIMEOUT = "timeout"
    STALLED = "stalled"
    END_OF_STREAM = "end_of_stream"
    UNSUPPORTED = "unsupported"
    BAD_ARGUMENTS = "bad_arguments"
    BINARY_MISSING = "binary_missing"
    SPAWN_FAILED = "spawn_failed"
    KILLED = "killed"
    CRASHED = "crashed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt to stream.

    Attributes:
        cause: the class of the failure.
        detail: one line of evidence (usually FFmpeg's last words), secrets masked, no control
            characters; may be empty.
        exit_status: FFmpeg's exit status, negative for a signal; None when it never ran or was
            still running.
    """

    cause: Cause
    detail: str = ""
    exit_status: int | None = None


@dataclass(frozen=True, slots=True)
class CausePolicy:
    """What a class of failure changes in the breaker's table.

    Attributes:
        max_failures: open after this many consecutive failures instead of the configured
            number; None keeps the configured number.
        min_wait_s: never wait less than this in OPEN.
    """

    max_failures: int | None = None
    min_wait_s: float = 0.0


DEFAULT_POLICY: Final = CausePolicy()

_POLICIES: Final = {
    # Cameras lock an account after a few wrong passwords, and some answer 401 when all their
    # sessions are taken: hammering makes both worse.
    Cause.WRONG_PASSWORD: CausePolicy(max_failures=2, min_wait_s=60.0),
    # Neither heals by trying again at once; one line in the log says what to do.
    Cause.BINARY_MISSING: CausePolicy(max_failures=1, min_wait_s=60.0),
    Cause.BAD_ARGUMENTS: CausePolicy(max_failures=1, min_wait_s=60.0),
}


def policy_for(cause: Cause) -> CausePolicy:
    """The policy of a cause; causes without one follow the configured table."""
    return _POLICIES.get(cause, DEFAULT_POLICY)
