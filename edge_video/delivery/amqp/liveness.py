"""Checks one connection regularly: retries what was refused, sees if the broker answers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from edge_video.delivery.amqp.exchange import ChannelState
from edge_video.delivery.amqp.flow import Hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.channels import FrameChannels
    from edge_video.delivery.amqp.connection import BrokerConnection
    from edge_video.delivery.amqp.flow import FlowControl
    from edge_video.delivery.amqp.frame_channel import FrameChannel

_log = logging.getLogger(__name__)

_MAX_EVERY_S: Final = 1.0


class LivenessCheck:
    """Finds out when the broker has owed an answer for too long. All in the reactor's thread.

    Args:
        connection: whether it is open.
        channels: whose frames and exchanges wait for an answer.
        flow: what is known of the path to the broker.
        confirm_timeout_s: how long an answer may take; the check comes at least four times as
            often.
        now: monotonic seconds.
    """

    def __init__(
        self,
        connection: BrokerConnection,
        channels: FrameChannels,
        flow: FlowControl,
        confirm_timeout_s: float,
        now: Callable[[], float],
    ) -> None:
        self.every_s: Final = min(_MAX_EVERY_S, max(0.01, confirm_timeout_s / 4))
        """How often `ticked` and `overdue` are to be called."""
        self._connection = connection
        self._channels = channels
        self._flow = flow
        self._now = now

    def ticked(self) -> None:
        """Notice that time passes, and when this program itself stood still."""
        late_s = self._flow.silence.ticked(self._now(), self.every_s)
        if late_s is not None:
            _log.warning("this program stood still for %.1f s; the broker gets its time", late_s)

    def overdue(self) -> str | None:
        """What the broker has owed for too long; None while all is well."""
        flow, now_s = self._flow, self._now()
        moved = flow.look()
        round_trip_s = flow.round_trip_s()
        self._channels.isolation.try_again()
        for channel in self._channels.all:
            if channel.state is ChannelState.REFUSED:
                channel.retry_if_due()
                continue
            flow.silence.looked(channel.window.oldest, flow.acked, moved=moved, now_s=now_s)
            reason = self._overdue_on(channel, now_s, round_trip_s)
            if reason is not None:
                return reason
        return None

    def _overdue_on(self, channel: FrameChannel, now_s: float, round_trip_s: float) -> str | None:
        silence = self._flow.silence
        if channel.state is ChannelState.READY:
            return silence.of_frames(channel.window.oldest, now_s, round_trip_s)
        if channel.state is ChannelState.WAITING:
            return None
        if self._flow.is_held(Hold.CONNECTING) and not self._connection.is_open:
            return None
        return silence.of_exchange(channel.exchange, channel.since_s, now_s, round_trip_s)
