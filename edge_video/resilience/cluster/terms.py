"""Declares what a lease is decided by and what it decides: tokens, events, actions, figures.

A *lease* says which node captures a camera. It is the single active consumer of the camera's
quorum queue at the broker, proven anew every few seconds by a *token*: a message that its holder
publishes and gets delivered. An *epoch* numbers the owners of a camera, rising strictly.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Moment:
    """A time, read once per step from both clocks.

    Attributes:
        monotonic_s: for waits; never jumps, but stands still while a program is paused.
        wall_ms: milliseconds of the wall clock since 1970, for epochs only; may jump.
    """

    monotonic_s: float
    wall_ms: int


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """One life of a node: its name, and what tells this start of its program from any other.

    Attributes:
        node: the name in the configuration; two machines may bear it by mistake.
        life: drawn anew at each start.
    """

    node: str
    life: str


@dataclass(frozen=True, slots=True)
class Token:
    """One message in the queue of a camera.

    Attributes:
        epoch: of a claim the epoch claimed; of a knock the highest one that its sender knows.
        holder: who published it.
        number: counts what this life has published for the camera.
        is_claim: claims and renewals; False: a knock, which only wakes whoever is active.
    """

    epoch: int
    holder: Holder
    number: int
    is_claim: bool


class LeaseState(StrEnum):
    """What a node is to one camera, named as it is logged."""

    OUT = "OUT"
    """It does not subscribe: it is no candidate, waits for its turn, or has no connection."""
    STANDBY = "STANDBY"
    """It waits in the queue's line of consumers."""
    CLAIMING = "CLAIMING"
    """It was given a token; its claim is on the way through the queue."""
    OWNER = "OWNER"
    """It captures, and its last token came back to it."""
    SUSPECT = "SUSPECT"
    """It captures, and cannot prove that it is the one who should."""
    RELEASING = "RELEASING"
    """It has left the line and captures until its successor's frames flow."""


class Handover(StrEnum):
    """In which order a camera moves; the second for cameras that allow a single session."""

    MAKE_BEFORE_BREAK = "make-before-break"
    BREAK_BEFORE_MAKE = "break-before-make"


class Uncertain(StrEnum):
    """What a node does with a camera while it cannot prove its lease."""

    KEEP = "keep"
    STOP = "stop"


class StopReason(StrEnum):
    """Why a node ends the capture of a camera."""

    SUPERSEDED = "superseded"
    RELEASED = "released"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeasePolicy:
    """The figures of a lease, in seconds.

    Attributes:
        handover: in which order the camera moves.
        uncertain: what happens to the capture while the lease cannot be proven.
        renew_s: between two renewals: the longest time that a token is held.
        answer_s: for a token to come back once the queue has confirmed it.
        rank_step_s: how much later each rank subscribes than the one before it.
        return_s: how much later those subscribe, after a loss of the connection, who did not own
            the camera: a broker's restart then moves nothing.
        handover_s: for a successor's frames to flow after a release.
        overlap_s: for them to flow after a higher epoch was heard unexpectedly.
        uncertain_stop_s: how long `Uncertain.STOP` goes on capturing.
    """

    handover: Handover = Handover.MAKE_BEFORE_BREAK
    uncertain: Uncertain = Uncertain.KEEP
    renew_s: float = 10.0
    answer_s: float = 2.0
    rank_step_s: float = 2.0
    return_s: float = 5.0
    handover_s: float = 10.0
    overlap_s: float = 4.0
    uncertain_stop_s: float = 30.0


# --- events ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; whatever is due is done."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """The node's rank for the camera, 1 the best; None: it is no candidate."""

    rank: int | None


@dataclass(frozen=True, slots=True)
class Connected:
    """The control connection is open, and nothing is subscribed on it yet."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The control connection is gone, and with it every subscription and held token."""


@dataclass(frozen=True, slots=True)
class ConsumerCancelled:
    """The broker has ended the subscription: the queue was deleted, or a time-out passed."""


@dataclass(frozen=True, slots=True)
class TokenDelivered:
    """The queue has delivered a token; it is held under this tag until it is settled."""

    token: Token
    tag: int


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The queue has taken the token with this number in."""

    number: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The queue has refused the token with this number: it is full, or not available."""

    number: int


@dataclass(frozen=True, slots=True)
class OwnerHeard:
    """Another life announces that it captures the camera.

    Attributes:
        is_streaming: frames flow there.
    """

    holder: Holder
    epoch: int
    is_streaming: bool


@dataclass(frozen=True, slots=True)
class CaptureStreaming:
    """The node's own capture has brought its first frame."""


@dataclass(frozen=True, slots=True)
class CaptureStopped:
    """The node's own capture has ended wholly, its session with the camera included."""


@dataclass(frozen=True, slots=True)
class Release:
    """Give the camera away.

    Attributes:
        leaves: for good, as a node that stops does: without a successor the capture ends too.
            False: the camera stays when nobody takes it.
        has_heir: another node is there that would take it; else nobody is waited for.
    """

    leaves: bool
    has_heir: bool = True


@dataclass(frozen=True, slots=True)
class Requeue:
    """Go to the end of the line of those who wait; nothing else than STANDBY is moved by it."""


LineEvent: TypeAlias = Ranked | Connected | Disconnected | ConsumerCancelled | Requeue
TokenEvent: TypeAlias = TokenDelivered | Confirmed | Refused
CaptureEvent: TypeAlias = CaptureStreaming | CaptureStopped | Release
LeaseEvent: TypeAlias = Tick | LineEvent | TokenEvent | OwnerHeard | CaptureEvent


# --- actions --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Declare the camera's queue and join its line of consumers."""


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """Leave the line; what is held stays held."""


@dataclass(frozen=True, slots=True)
class PublishToken:
    """Publish a token to the camera's queue, persistent, with a confirm."""

    token: Token


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Settle a held token: it leaves the queue."""

    tag: int


@dataclass(frozen=True, slots=True)
class Return:
    """Give a held token back to the queue, for the next in line."""

    tag: int


@dataclass(frozen=True, slots=True)
class StartCapture:
    """Capture the camera with this epoch; where the capture runs it goes on with it."""

    epoch: int


@dataclass(frozen=True, slots=True)
class StopCapture:
    """End the capture; `SUPERSEDED`: what is held of its frames goes nowhere any more."""

    reason: StopReason


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell the other nodes at once, and not with the next announcement."""


LeaseAction: TypeAlias = (
    Subscribe
    | Unsubscribe
    | PublishToken
    | Acknowledge
    | Return
    | StartCapture
    | StopCapture
    | Announce
)
