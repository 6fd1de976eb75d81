"""Declares what a lease is, and the steps that its transitions are made of; see `lease`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_video.resilience.cluster.terms import (
    Acknowledge,
    Announce,
    LeaseState,
    PublishToken,
    Return,
    StopCapture,
    Subscribe,
    Token,
    TokenDelivered,
    Uncertain,
    Unsubscribe,
)

if TYPE_CHECKING:
    from edge_video.resilience.cluster.terms import (
        Holder,
        LeaseAction,
        LeasePolicy,
        Moment,
        StopReason,
    )

_KNOCK_RENEWALS: Final = 2.0
"""So many renewals of silence, and up to one more, make a standby knock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """What one life of a node knows and does about one camera.

    Attributes:
        holder: this life of this node.
        policy: its figures.
        spread: in [0, 1), another one for each node and camera, so that not all knock together.
        state: see the module.
        rank: as it was told last.
        is_connected: the control connection is open.
        is_subscribed: it is in the line of consumers, or active.
        held: the delivered token with the highest epoch, not settled yet.
        pending: the token published last, until it is delivered here.
        published_s: when that was.
        is_confirmed: the queue has taken `pending` in.
        number: of tokens published.
        epoch: what its frames bear; 0: it has captured nothing.
        known_epoch: the highest one that was seen anywhere, claims that failed included.
        is_capturing: the capture was started and not stopped.
        is_streaming: it has brought a frame.
        is_leaving: it gives the camera away for good.
        heard_s: when another owner was heard last.
        taken_s: since when it captures without a pause.
        suspect_s: since when it cannot prove its lease.
        due_s: when the next `Tick` matters; None: never.
    """

    holder: Holder
    policy: LeasePolicy
    spread: float = 0.0
    state: LeaseState = LeaseState.OUT
    rank: int | None = None
    is_connected: bool = False
    is_subscribed: bool = False
    held: TokenDelivered | None = None
    pending: Token | None = None
    published_s: float = 0.0
    is_confirmed: bool = False
    number: int = 0
    epoch: int = 0
    known_epoch: int = 0
    is_capturing: bool = False
    is_streaming: bool = False
    is_leaving: bool = False
    heard_s: float | None = None
    taken_s: float | None = None
    suspect_s: float | None = None
    due_s: float | None = None


Step: TypeAlias = tuple[Lease, tuple["LeaseAction", ...]]


def without_line(lease: Lease) -> Lease:
    """Forget subscription, held and pending tokens: the broker has them back."""
    return replace(lease, is_subscribed=False, held=None, pending=None, is_confirmed=False)


def leave_line(lease: Lease, now: Moment, wait_s: float = 0.0) -> Step:
    """Leave the line for OUT; to subscribe again after the wait, if it is still ranked."""
    lease, actions = unsubscribe(lease)
    return out(lease, now, wait_s), actions


def unsubscribe(lease: Lease) -> Step:
    """Leave the line and give back what is held."""
    # First the line, then the token: a token given back first would come here again.
    actions: tuple[LeaseAction, ...] = (Unsubscribe(),) if lease.is_subscribed else ()
    if lease.held is not None:
        actions += (Return(lease.held.tag),)
    return without_line(lease), actions


def out(lease: Lease, now: Moment, wait_s: float) -> Lease:
    """Return it OUT, to subscribe after the wait and those of better ranks."""
    due_s = None
    if lease.is_connected and lease.rank is not None:
        due_s = now.monotonic_s + wait_s + (lease.rank - 1) * lease.policy.rank_step_s
    return replace(lease, state=LeaseState.OUT, is_leaving=False, suspect_s=None, due_s=due_s)


def knock_at_s(lease: Lease, now: Moment) -> float:
    """Return when a standby that hears nobody is to knock."""
    return now.monotonic_s + (_KNOCK_RENEWALS + lease.spread) * lease.policy.renew_s


def knock(lease: Lease, now: Moment) -> Step:
    """Wake whoever is active: the queue might be empty."""
    return publish(lease, lease.known_epoch, now, is_claim=False)


def publish(lease: Lease, epoch: int, now: Moment, *, is_claim: bool) -> Step:
    """Publish a token, the one that is waited for from now on."""
    token = Token(epoch, lease.holder, lease.number + 1, is_claim)
    lease = replace(
        lease,
        number=token.number,
        pending=token,
        published_s=now.monotonic_s,
        is_confirmed=False,
    )
    return lease, (PublishToken(token),)


def suspect(lease: Lease, now: Moment, wait_s: float | None) -> Lease:
    """Return it SUSPECT, to look again after the wait (None: at the next connection)."""
    since_s = now.monotonic_s if lease.suspect_s is None else lease.suspect_s
    times = [] if wait_s is None else [now.monotonic_s + wait_s]
    if lease.policy.uncertain is Uncertain.STOP:
        times.append(since_s + lease.policy.uncertain_stop_s)
    return replace(
        lease, state=LeaseState.SUSPECT, suspect_s=since_s, due_s=min(times, default=None)
    )


def rejoin(lease: Lease, now: Moment) -> Step:
    """Join the line anew, SUSPECT, with a knock in case that the queue is empty."""
    lease, actions = unsubscribe(lease)
    lease, published = knock(replace(lease, is_subscribed=True), now)
    return suspect(lease, now, lease.policy.renew_s), (*actions, Subscribe(), *published)


def keep_newest(lease: Lease, event: TokenDelivered) -> Step:
    """Hold the token with the highest epoch and settle the other one.

    So the queue always has one with the highest epoch that was ever used, for the next owner.
    """
    lease = replace(lease, known_epoch=max(lease.known_epoch, event.token.epoch))
    if lease.held is None:
        return replace(lease, held=event), ()
    if event.token.epoch < lease.held.token.epoch:
        return lease, (Acknowledge(event.tag),)
    return replace(lease, held=event), (Acknowledge(lease.held.tag),)


def claim(lease: Lease, now: Moment) -> Step:
    """Claim the camera with an epoch above all that are known."""
    # The wall clock carries the epochs over a queue that was purged while nobody remembers them.
    epoch = max(lease.known_epoch + 1, now.wall_ms)
    due_s = now.monotonic_s + lease.policy.answer_s
    lease = replace(lease, state=LeaseState.CLAIMING, known_epoch=epoch, due_s=due_s)
    if lease.is_capturing and lease.suspect_s is None:
        lease = replace(lease, suspect_s=now.monotonic_s)  # from here on it is not proven
    return publish(lease, epoch, now, is_claim=True)


def end_capture(lease: Lease, reason: StopReason) -> Step:
    """End the capture, if it runs, and tell the others."""
    if not lease.is_capturing:
        return lease, ()
    lease = replace(lease, is_capturing=False, is_streaming=False, taken_s=None)
    return lease, (StopCapture(reason), Announce())
