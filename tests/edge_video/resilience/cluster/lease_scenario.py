"""Tells the story of one lease: time by arithmetic, the queue's answers by hand."""

from __future__ import annotations

from edge_video.resilience.cluster import Holder, Lease, LeasePolicy, Moment, Token, advance
from edge_video.resilience.cluster.terms import (
    Confirmed,
    Connected,
    LeaseAction,
    LeaseEvent,
    OwnerHeard,
    PublishToken,
    Ranked,
    Tick,
    TokenDelivered,
)

ME = Holder("edge-a", "1")
OTHER = Holder("edge-b", "9")
WALL_MS = 1_800_000_000_000


class LeaseScenario:
    """One lease with its time; what it did last is in `actions`."""

    def __init__(self, policy: LeasePolicy | None = None, *, rank: int | None = 1) -> None:
        self.lease = Lease(holder=ME, policy=policy or LeasePolicy())
        self.now_s = 100.0
        self.wall_ms = WALL_MS
        self.actions: tuple[LeaseAction, ...] = ()
        self._tags = 0
        self.tell(Connected())
        self.tell(Ranked(rank))

    @property
    def published(self) -> Token:
        """The token among the last actions."""
        return next(each.token for each in self.actions if isinstance(each, PublishToken))

    @property
    def tag(self) -> int:
        """The last delivery's."""
        return self._tags

    def tell(self, event: LeaseEvent) -> tuple[LeaseAction, ...]:
        self.lease, self.actions = advance(self.lease, event, Moment(self.now_s, self.wall_ms))
        return self.actions

    def wait(self, seconds: float) -> tuple[LeaseAction, ...]:
        self.now_s += seconds
        self.wall_ms += round(seconds * 1000)
        return self.tell(Tick())

    def deliver(self, token: Token) -> tuple[LeaseAction, ...]:
        self._tags += 1
        return self.tell(TokenDelivered(token, self._tags))

    def confirm(self) -> None:
        assert self.lease.pending is not None
        self.tell(Confirmed(self.lease.pending.number))

    def hear(self, epoch: int, *, streaming: bool = False) -> tuple[LeaseAction, ...]:
        return self.tell(OwnerHeard(OTHER, epoch, streaming))

    def stand_by(self) -> None:
        """Subscribed, and nothing delivered."""
        self.wait(60.0)

    def own(self) -> int:
        """With the queue empty: knocks, claims, owns; returns the epoch."""
        self.stand_by()
        self.deliver(self.published)
        self.confirm_and_deliver()
        return self.lease.epoch

    def confirm_and_deliver(self) -> tuple[LeaseAction, ...]:
        token = self.lease.pending
        assert token is not None
        self.confirm()
        return self.deliver(token)

    def renewal_goes_elsewhere(self) -> None:
        """The queue takes the renewal, and delivers it to somebody else."""
        self.wait(self.lease.policy.renew_s)
        self.confirm()
        self.wait(self.lease.policy.answer_s)
