"""Decides for one node whether it captures one camera: a lease, an immutable value.

`advance` takes a lease, an event and the time, and returns the next lease with what is to be done.
It starts nothing, knows no broker and reads no clock. Any thread may hold the value.

The queue decides, by handing its tokens to one consumer. What makes a node the owner is its own
claim, published by it and delivered to it: then it was the active consumer at that place of the
queue's history, and whoever becomes active later is handed that claim first and goes above its
epoch. The same proof is repeated by each renewal. Losing it stops nothing: somebody must be heard
with a higher epoch, because a node that is cut off cannot know whether there is another one.

| state | subscribed | captures | ends by |
|---|---|---|---|
| OUT | no | no | its turn to subscribe |
| STANDBY | yes | no | a token is delivered |
| CLAIMING | yes | as before | its claim is delivered to it, or goes to another consumer |
| OWNER | yes | yes | a renewal that does not come back, a higher epoch, a release |
| SUSPECT | if it can | yes | a token is delivered, a higher epoch, `uncertain: stop` |
| RELEASING | no | yes | the successor streams, or the time for that is over |

`uncertain: stop` ends the capture of a CLAIMING lease, too, which waits on for its claim.
With `break-before-make` the capture ends first: in RELEASING the lease is subscribed until then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, assert_never

from edge_video.resilience.cluster.steps import (
    Lease,
    Step,
    claim,
    end_capture,
    keep_newest,
    knock,
    knock_at_s,
    leave_line,
    out,
    publish,
    rejoin,
    suspect,
    unsubscribe,
    without_line,
)
from edge_video.resilience.cluster.terms import (
    Announce,
    CaptureEvent,
    CaptureStopped,
    CaptureStreaming,
    Confirmed,
    Connected,
    ConsumerCancelled,
    Disconnected,
    Handover,
    LeaseEvent,
    LeaseState,
    LineEvent,
    Moment,
    OwnerHeard,
    Ranked,
    Refused,
    Release,
    Requeue,
    Return,
    StartCapture,
    StopReason,
    Subscribe,
    Tick,
    Token,
    TokenDelivered,
    Uncertain,
    Unsubscribe,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def advance(lease: Lease, event: LeaseEvent, now: Moment) -> Step:
    """Return the lease after the event, and what is to be done, in this order."""
    match event:
        case Tick():
            return _tick(lease, now)
        case Ranked() | Connected() | Disconnected() | ConsumerCancelled() | Requeue():
            return _line_changed(lease, event, now)
        case TokenDelivered():
            return _delivered(lease, event, now)
        case Confirmed() | Refused():
            return _settled(lease, event, now), ()
        case OwnerHeard():
            return _owner_heard(lease, event, now)
        case CaptureStreaming() | CaptureStopped() | Release():
            return _capture_changed(lease, event, now)
        case _:
            assert_never(event)


def _line_changed(lease: Lease, event: LineEvent, now: Moment) -> Step:
    match event:
        case Ranked(rank):
            return _ranked(lease, rank, now)
        case Connected():
            return _connected(lease, now)
        case Disconnected():
            return _disconnected(lease, now), ()
        case ConsumerCancelled():
            return _cancelled(lease, now), ()
        case Requeue():
            return _requeue(lease)
        case _:
            assert_never(event)


def _capture_changed(lease: Lease, event: CaptureEvent, now: Moment) -> Step:
    match event:
        case CaptureStreaming():
            return _streaming(lease)
        case CaptureStopped():
            return _stopped(lease, now)
        case Release():
            return _release(lease, event, now)
        case _:
            assert_never(event)


def _ranked(lease: Lease, rank: int | None, now: Moment) -> Step:
    lease = replace(lease, rank=rank)
    if rank is None and not lease.is_capturing and lease.state is not LeaseState.RELEASING:
        return leave_line(lease, now)
    if rank is not None and lease.state is LeaseState.OUT and lease.due_s is None:
        return out(lease, now, 0.0), ()
    return lease, ()


def _connected(lease: Lease, now: Moment) -> Step:
    lease = replace(lease, is_connected=True)
    if lease.state is LeaseState.SUSPECT:
        return rejoin(lease, now)
    if lease.state is LeaseState.OUT:
        owned_last = lease.epoch > 0 and lease.epoch == lease.known_epoch
        return out(lease, now, 0.0 if owned_last else lease.policy.return_s), ()
    return lease, ()


def _disconnected(lease: Lease, now: Moment) -> Lease:
    lease = replace(without_line(lease), is_connected=False)
    if lease.state is LeaseState.RELEASING:
        return lease
    if lease.is_capturing:
        return suspect(lease, now, None)
    return out(lease, now, 0.0)


def _cancelled(lease: Lease, now: Moment) -> Lease:
    lease = without_line(lease)
    if lease.state is LeaseState.RELEASING:
        return lease
    if lease.is_capturing:  # a pause, or a broker that cancels each time is asked without one
        return suspect(lease, now, lease.policy.answer_s)
    return out(lease, now, lease.policy.return_s)


def _requeue(lease: Lease) -> Step:
    if lease.state is not LeaseState.STANDBY or not lease.is_subscribed:
        return lease, ()
    lease, actions = unsubscribe(lease)
    return replace(lease, is_subscribed=True), (*actions, Subscribe())


def _tick(lease: Lease, now: Moment) -> Step:
    if lease.due_s is None or now.monotonic_s < lease.due_s:
        return lease, ()
    return _DUE[lease.state](lease, now)


def _standby(lease: Lease, now: Moment) -> Step:
    lease = replace(
        lease, state=LeaseState.STANDBY, is_subscribed=True, due_s=knock_at_s(lease, now)
    )
    if lease.rank == 1 and lease.heard_s is None:
        lease, actions = knock(lease, now)
        return lease, (Subscribe(), *actions)
    return lease, (Subscribe(),)


def _knock_due(lease: Lease, now: Moment) -> Step:
    lease = replace(lease, due_s=knock_at_s(lease, now))
    if lease.pending is not None and not lease.is_confirmed:
        return lease, ()  # the broker takes nothing at present: one is enough
    return knock(lease, now)


def _claim_due(lease: Lease, now: Moment) -> Step:
    if not _is_uncertain_too_long(lease, now):
        return _claim_unanswered(lease, now)
    lease, ended = end_capture(lease, StopReason.UNCERTAIN)
    lease, actions = _claim_unanswered(lease, now)
    return lease, (*ended, *actions)


def _claim_unanswered(lease: Lease, now: Moment) -> Step:
    if not lease.is_confirmed:  # it may be enqueued yet: nobody else can claim meanwhile
        return replace(lease, due_s=now.monotonic_s + lease.policy.answer_s), ()
    if lease.is_capturing:
        return rejoin(suspect(lease, now, None), now)
    return leave_line(lease, now, lease.policy.return_s)


def _owner_due(lease: Lease, now: Moment) -> Step:
    if lease.pending is None:
        lease = replace(lease, due_s=now.monotonic_s + lease.policy.answer_s)
        return publish(lease, lease.epoch, now, is_claim=True)
    if lease.is_confirmed:
        return rejoin(lease, now)
    return suspect(lease, now, lease.policy.renew_s), ()


def _suspect_due(lease: Lease, now: Moment) -> Step:
    if _is_uncertain_too_long(lease, now):
        return _stopped_uncertain(lease, now)
    if not lease.is_connected:
        return suspect(lease, now, None), ()
    if lease.pending is not None and not lease.is_confirmed:
        return suspect(lease, now, lease.policy.renew_s), ()
    return rejoin(lease, now)


def _is_uncertain_too_long(lease: Lease, now: Moment) -> bool:
    if lease.policy.uncertain is not Uncertain.STOP or lease.suspect_s is None:
        return False
    return lease.is_capturing and now.monotonic_s >= lease.suspect_s + lease.policy.uncertain_stop_s


def _stopped_uncertain(lease: Lease, now: Moment) -> Step:
    lease, actions = end_capture(lease, StopReason.UNCERTAIN)
    if lease.is_subscribed:
        lease = replace(
            lease, state=LeaseState.STANDBY, suspect_s=None, due_s=knock_at_s(lease, now)
        )
        return lease, actions
    return out(lease, now, 0.0), actions


def _delivered(lease: Lease, event: TokenDelivered, now: Moment) -> Step:
    if not lease.is_subscribed:
        # It crossed the way of a goodbye; or the broker has a subscription that is not known here,
        # sent before the broker cancelled the one before it: given back alone it would come again.
        return lease, (Unsubscribe(), Return(event.tag))
    lease, actions = keep_newest(lease, event)
    lease, others = _judged(lease, event.token, now)
    return lease, (*actions, *others)


def _judged(lease: Lease, token: Token, now: Moment) -> Step:
    match lease.state:
        case LeaseState.CLAIMING | LeaseState.OWNER | LeaseState.SUSPECT if (
            token == lease.pending and token.is_claim
        ):
            return _proven(lease, token, now)
        case LeaseState.STANDBY | LeaseState.SUSPECT:
            return claim(lease, now)
        case LeaseState.CLAIMING | LeaseState.OWNER if _outbids(token, lease):
            return claim(lease, now)
        case _:
            return lease, ()


def _outbids(token: Token, lease: Lease) -> bool:
    mine = lease.epoch
    if lease.state is LeaseState.CLAIMING and lease.pending is not None:
        mine = lease.pending.epoch
    if token.epoch == mine:
        return token.is_claim and token.holder != lease.holder
    return token.epoch > mine


def _proven(lease: Lease, token: Token, now: Moment) -> Step:
    # An answer that took so long may be from before a pause of this program, and the lease be
    # another node's since; and what was heard meanwhile is ended by a higher epoch only.
    is_stale = now.monotonic_s - lease.published_s > lease.policy.renew_s
    if is_stale or lease.known_epoch > token.epoch:
        return claim(lease, now)
    is_new = token.epoch != lease.epoch
    lease = replace(
        lease,
        state=LeaseState.OWNER,
        epoch=token.epoch,
        pending=None,
        is_capturing=True,
        taken_s=lease.taken_s if lease.is_capturing else now.monotonic_s,
        suspect_s=None,
        due_s=now.monotonic_s + lease.policy.renew_s,
    )
    return lease, (StartCapture(token.epoch), Announce()) if is_new else ()


def _settled(lease: Lease, event: Confirmed | Refused, now: Moment) -> Lease:
    """Note that the queue has dealt with the token: refused, it is one that does not come back."""
    if lease.pending is None or lease.pending.number != event.number:
        return lease
    lease = replace(lease, is_confirmed=True)
    if lease.state is LeaseState.CLAIMING:  # the time to come back begins in the queue
        return replace(lease, due_s=now.monotonic_s + lease.policy.answer_s)
    return lease


# --- other owners, and the end --------------------------------------------------------------


def _owner_heard(lease: Lease, event: OwnerHeard, now: Moment) -> Step:
    if event.holder == lease.holder:
        return lease, ()
    outbid = event.epoch > max(lease.epoch, lease.pending.epoch if lease.pending else 0)
    is_standby = lease.state is LeaseState.STANDBY
    lease = replace(
        lease,
        known_epoch=max(lease.known_epoch, event.epoch),
        heard_s=now.monotonic_s,
        due_s=knock_at_s(lease, now) if is_standby else lease.due_s,
    )
    if not lease.is_capturing or not (outbid or lease.state is LeaseState.RELEASING):
        return lease, ()
    return _superseded(lease, event, now)


def _superseded(lease: Lease, event: OwnerHeard, now: Moment) -> Step:
    """Stop at once where that leaves no gap, or must be; else when the other one streams."""
    if event.epoch <= lease.epoch:
        return lease, ()
    if event.is_streaming or lease.policy.handover is Handover.BREAK_BEFORE_MAKE:
        lease, ended = end_capture(lease, StopReason.SUPERSEDED)
        lease, actions = leave_line(lease, now, lease.policy.handover_s)
        return lease, (*ended, *actions)
    if lease.state is LeaseState.RELEASING:
        return lease, ()
    lease, actions = unsubscribe(lease)
    due_s = now.monotonic_s + lease.policy.overlap_s
    return replace(lease, state=LeaseState.RELEASING, due_s=due_s), actions


def _streaming(lease: Lease) -> Step:
    if not lease.is_capturing or lease.is_streaming:
        return lease, ()
    return replace(lease, is_streaming=True), (Announce(),)


def _release(lease: Lease, event: Release, now: Moment) -> Step:
    leaves = event.leaves
    if leaves:
        lease = replace(lease, rank=None, is_leaving=True)
    if lease.state is LeaseState.RELEASING:
        return lease, ()
    if not lease.is_capturing:
        return leave_line(lease, now) if leaves else (lease, ())
    wait_s = lease.policy.handover_s if event.has_heir else 0.0
    lease = replace(lease, is_leaving=leaves, due_s=now.monotonic_s + wait_s)
    if lease.policy.handover is Handover.BREAK_BEFORE_MAKE:
        lease, actions = end_capture(lease, StopReason.RELEASED)
    elif lease.is_connected:
        lease, actions = unsubscribe(lease)
    else:  # nobody can be told, so nobody will be heard
        lease, actions = replace(lease, due_s=now.monotonic_s), ()
    return replace(lease, state=LeaseState.RELEASING), actions


def _stopped(lease: Lease, now: Moment) -> Step:
    if lease.state is LeaseState.RELEASING and not lease.is_capturing:
        return leave_line(lease, now, lease.policy.handover_s)
    return lease, ()


def _release_due(lease: Lease, now: Moment) -> Step:
    if not lease.is_capturing:
        return _stopped(lease, now)
    if lease.is_leaving or lease.known_epoch > lease.epoch:
        reason = StopReason.RELEASED if lease.is_leaving else StopReason.SUPERSEDED
        lease, ended = end_capture(lease, reason)
        lease, actions = leave_line(lease, now, lease.policy.handover_s)
        return lease, (*ended, *actions)
    # Nobody has taken it: it stays here.
    if lease.is_connected:
        return rejoin(lease, now)
    return suspect(lease, now, None), ()


_DUE: Final[Mapping[LeaseState, Callable[[Lease, Moment], Step]]] = {
    LeaseState.OUT: _standby,
    LeaseState.STANDBY: _knock_due,
    LeaseState.CLAIMING: _claim_due,
    LeaseState.OWNER: _owner_due,
    LeaseState.SUSPECT: _suspect_due,
    LeaseState.RELEASING: _release_due,
}
"""What each state does when its time has come."""
