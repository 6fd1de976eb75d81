"""Defines the public vocabulary of faults, and when each one acts.

A fault is a frozen value that travels in an `InjectFault` message. Its effect happens in the real
code path: a frozen FFmpeg is really stopped, a dropped connection really closed. Nothing in here
does anything; the actors, the capture and the sinks obey.

Durations end in `_s` and are seconds; `for_s` None means until `ClearFaults`. Values that make no
sense are refused with `ValueError` where the fault is made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, TypeAlias, get_args

MAX_FRAME_BYTES: Final = 16 * 2**20
"""The largest image that a capture accepts as a frame."""


def _check_duration(name: str, value: float | None) -> None:
    if value is not None and not (value > 0 and math.isfinite(value)):
        raise ValueError(f"{name} must be a positive number of seconds, got {value}")


def _check_count(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")


# --- a camera -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KillFfmpeg:
    """A camera's FFmpeg is killed with SIGKILL."""


@dataclass(frozen=True, slots=True)
class FreezeFfmpeg:
    """A camera's FFmpeg is stopped with SIGSTOP, until `for_s` is over or the attempt ends."""

    for_s: float | None = None

    def __post_init__(self) -> None:
        _check_duration("for_s", self.for_s)


@dataclass(frozen=True, slots=True)
class SlowFrames:
    """FFmpeg gets to run only a part of the time, so frames come at about `share` of their rate.

    Their rate is the camera's configured `fps`. Its output is read no faster than that; FFmpeg
    waits at its full pipe, as it does on a machine without CPU to spare.
    """

    share: float = 0.2
    for_s: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"share must be more than 0 and at most 1, got {self.share}")
        _check_duration("for_s", self.for_s)


@dataclass(frozen=True, slots=True)
class GarbageBytes:
    """Bytes that belong to no frame appear in FFmpeg's output, between two reads."""

    size: int = 65_536
    seed: int = 0

    def __post_init__(self) -> None:
        _check_count("size", self.size)


@dataclass(frozen=True, slots=True)
class TruncatedFrame:
    """A frame in FFmpeg's output ends in the middle, and the next one follows."""


@dataclass(frozen=True, slots=True)
class OversizedFrame:
    """FFmpeg's output announces, and contains, a frame of `size` bytes: more than 16 MiB."""

    size: int = 100 * 2**20

    def __post_init__(self) -> None:
        if self.size <= MAX_FRAME_BYTES:
            raise ValueError(
                f"size must be more than {MAX_FRAME_BYTES}, or it is an ordinary frame,"
                f" got {self.size}"
            )


@dataclass(frozen=True, slots=True)
class SilentEnd:
    """FFmpeg's output ends without a word on stderr and with exit status 0."""


@dataclass(frozen=True, slots=True)
class IgnoreSigterm:
    """The camera's FFmpeg does not end on SIGTERM; only SIGKILL ends it.

    The present FFmpeg's, until the attempt ends.
    """


@dataclass(frozen=True, slots=True)
class RefuseSpawn:
    """The machine refuses to start FFmpeg. Acts at a start, `Now` at the next one."""


# --- any actor ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CrashActor:
    """The target raises an exception while it handles this message."""

    message: str = "crash on request"


@dataclass(frozen=True, slots=True)
class CrashInStart:
    """The target raises an exception while it starts. Acts at a start, `Now` at the next one."""

    message: str = "crash in start on request"


@dataclass(frozen=True, slots=True)
class DelayActor:
    """The target is busy with this message for `for_s` seconds, or until `ClearFaults`."""

    for_s: float = 1.0

    def __post_init__(self) -> None:
        _check_duration("for_s", self.for_s)


# --- the publisher --------------------------------------------------------------------------
#
# A fault with `for_s` outlives the connection that it began on: every further one has it too, until
# its time is over, `ClearFaults` comes or the publisher itself is replaced. The others act once,
# and not at all while there is no connection nor an attempt at one.


@dataclass(frozen=True, slots=True)
class DropConnection:
    """The socket of the publisher's connection is shut, without a word of AMQP before it.

    An attempt to connect that is under way is given up. A directory is opened anew.
    """


@dataclass(frozen=True, slots=True)
class RefuseConnections:
    """Every attempt to connect is refused, as by a machine on which no broker listens.

    A connection that stands is not touched. (The attempt really goes to a port that is shut.)
    """

    for_s: float | None = None

    def __post_init__(self) -> None:
        _check_duration("for_s", self.for_s)


@dataclass(frozen=True, slots=True)
class StopConfirming:
    """Publisher confirms do not reach the publisher; the broker takes frames as before.

    When it ends before the connection is given up for it, the confirms that were kept back come
    at once.
    """

    for_s: float | None = None

    def __post_init__(self) -> None:
        _check_duration("for_s", self.for_s)


@dataclass(frozen=True, slots=True)
class SlowConfirms:
    """Each confirm comes `delay_s` late, in order; with the connection those on the way are lost.

    Longer than `amqp.confirm_timeout` it is a broker that does not confirm.
    """

    delay_s: float = 0.5
    for_s: float | None = None

    def __post_init__(self) -> None:
        _check_duration("delay_s", self.delay_s)
        _check_duration("for_s", self.for_s)


@dataclass(frozen=True, slots=True)
class NackFrames:
    """The broker really refuses the next `frames` frames with a nack: they reach no consumer.

    They are published to a queue that is always full, which the broker's user must be allowed to
    declare (`amq.gen-…`). It is gone with the connection, and so is what is left of the fault.
    """

    frames: int = 10

    def __post_init__(self) -> None:
        _check_count("frames", self.frames)


@dataclass(frozen=True, slots=True)
class ReturnFrames:
    """The broker really returns the next `frames` frames as unroutable: they reach no consumer.

    Rights and end as for `NackFrames`. The frames of both together: nacked ones first.
    """

    frames: int = 10

    def __post_init__(self) -> None:
        _check_count("frames", self.frames)


@dataclass(frozen=True, slots=True)
class BlockConnection:
    """The broker says that it takes no frames (`connection.blocked`, as in a memory alarm).

    A real alarm of the broker that ends meanwhile ends the block as well.
    """

    for_s: float | None = None

    def __post_init__(self) -> None:
        _check_duration("for_s", self.for_s)


# --- the directory sink ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DiskFull:
    """Writing a frame's file fails with ENOSPC (the kernel's: the bytes go to /dev/full)."""

    for_s: float | None = None

    def __post_init__(self) -> None:
        _check_duration("for_s", self.for_s)


@dataclass(frozen=True, slots=True)
class NoPermission:
    """A camera's directory (all of them when `camera_id` is None) may not be written to.

    The kernel's EACCES, which root gets as well: the file is made in a directory where nobody can
    make one. No mode and no owner is changed.
    """

    camera_id: str | None = None
    for_s: float | None = None

    def __post_init__(self) -> None:
        _check_duration("for_s", self.for_s)


CameraFault: TypeAlias = (
    KillFfmpeg
    | FreezeFfmpeg
    | SlowFrames
    | GarbageBytes
    | TruncatedFrame
    | OversizedFrame
    | SilentEnd
    | IgnoreSigterm
    | RefuseSpawn
)
ActorFault: TypeAlias = CrashActor | CrashInStart | DelayActor
LastingSinkFault: TypeAlias = (
    RefuseConnections | StopConfirming | SlowConfirms | BlockConnection | DiskFull | NoPermission
)
SinkFault: TypeAlias = DropConnection | NackFrames | ReturnFrames | LastingSinkFault
Fault: TypeAlias = CameraFault | ActorFault | SinkFault

ACT_AT_START: Final = (RefuseSpawn, CrashInStart)
"""Faults that have nothing to break in a target that runs."""

_ANY_ACTOR: Final = get_args(ActorFault)
_BY_ACTOR: Final[dict[str, tuple[type, ...]]] = {
    "publisher": (*_ANY_ACTOR, *get_args(SinkFault)),
    "supervisor": (CrashActor, DelayActor),  # it starts only once
}


def faults_of_camera() -> tuple[type, ...]:
    """The faults that a camera knows."""
    return (*_ANY_ACTOR, *get_args(CameraFault))


def faults_of_actor(name: str) -> tuple[type, ...]:
    """The faults that the supervisor, the timer or another actor that is no camera knows."""
    return _BY_ACTOR.get(name, _ANY_ACTOR)


def is_same_fault(one: SinkFault, other: SinkFault) -> bool:
    """Whether the second takes the place of the first, whatever their figures are."""
    if isinstance(one, NoPermission) and isinstance(other, NoPermission):
        return one.camera_id == other.camera_id
    return type(one) is type(other)


# --- when -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Now:
    """At once."""


@dataclass(frozen=True, slots=True)
class AfterFrames:
    """After so many further frames of the target, and again after as many; across restarts.

    Whole frames of a camera, handed-over ones of the publisher; other targets have none. They are
    looked at 20 times a second, so that a frame costs nothing: the fault acts up to 50 ms late.
    A camera that rests then breaks in its next attempt.
    """

    frames: int

    def __post_init__(self) -> None:
        _check_count("frames", self.frames)


@dataclass(frozen=True, slots=True)
class AtNextStart:
    """When the target starts next: a camera's next attempt, an actor's next incarnation."""


When: TypeAlias = Now | AfterFrames | AtNextStart
