"""Decides when frames are taken out of the outbox: at the end of a round of the reactor."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.flow import FlowControl
    from edge_video.delivery.amqp.guarded_loop import GuardedLoop


class TakeSchedule:
    """Has frames taken at most once in a round, while there are any and room for them.

    `frames_ready` may be called from any thread; everything else runs in the reactor's.

    Args:
        loop: of the sink.
        flow: whether a frame has room.
        take: takes frames, then calls `taken`.
    """

    def __init__(self, loop: GuardedLoop, flow: FlowControl, take: Callable[[], None]) -> None:
        self.has_work = True
        """The outbox may hold frames; it was not found empty since the last were put there."""
        self._loop = loop
        self._flow = flow
        self._take = loop.guarded(take)
        self._take_due = False
        self._wake = loop.guarded(self._on_wake)
        self._wake_due = False
        self._look_due = False

    def frames_ready(self) -> None:
        """See `Sink.frames_ready`."""
        member = self._loop.member
        if member is None:
            return
        if member.in_thread:
            self.has_work = True
            if not self._take_due:
                self._take_due = True
                member.at_end_of_round(self._take)
        elif not self._wake_due:
            self._wake_due = True
            member.call_soon(self._wake)

    def arm(self) -> None:
        """Have frames taken in this round, if there are any and room for them."""
        if self.has_work and not self._take_due and self._flow.has_room():
            member = self._loop.member
            if member is not None:
                self._take_due = True
                member.at_end_of_round(self._take)

    def taken(self) -> None:
        """Frames were taken, as far as there was room: see when more can be."""
        self._take_due = False
        self.arm()
        self._look_later()

    def skip_pacing(self) -> None:
        """Let the next round begin as soon as there is something to do."""
        if self._loop.member is not None:
            self._loop.member.skip_pacing()

    def _on_wake(self) -> None:
        self._wake_due = False
        self.has_work = True
        self.arm()

    def _look_later(self) -> None:
        """Look at the wire again if it may be that which has no room: nobody tells when it has."""
        flow = self._flow
        if not self.has_work or self._take_due or self._look_due:
            return
        if flow.frames and flow.wants_look():
            self._look_due = True
            self._loop.call_later(flow.look_again_s(), self._on_look)

    def _on_look(self) -> None:
        self._look_due = False
        self._flow.look()
        self.arm()
        self._look_later()
