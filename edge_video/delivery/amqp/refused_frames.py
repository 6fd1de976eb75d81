"""Decides what becomes of the unconfirmed frames of a channel that the broker closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from edge_video.delivery.amqp.refusals import Refusal, RefusalKind
from edge_video.delivery.ledger import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.flow import FlowControl
    from edge_video.delivery.amqp.frame_channel import FrameChannel
    from edge_video.delivery.amqp.in_flight import InFlight
    from edge_video.delivery.amqp.isolation import CameraIsolation
    from edge_video.delivery.amqp.route_table import RouteTable

_FEW_TOPICS: Final = 2
"""With so many refused routing keys, further ones are looked for on channels of their own."""


class Verdict(NamedTuple):
    """What became of the frames that were unconfirmed when the broker closed a channel."""

    unknown: list[InFlight]
    """The broker took most of them; their confirms were lost."""
    refused: list[InFlight]
    """The frame that was refused, if it can be named."""
    untouched: list[InFlight]
    """The broker never looked at them: what follows the refused frame on a channel is ignored."""


def judge(frames: list[InFlight], refusal: Refusal | None, *, proven: bool) -> Verdict:
    """Find the refused frame among those that were unconfirmed, in their order.

    A broker takes the messages of a channel one after another and stops at the first that it
    refuses. So that one is the first that fits the refusal, and what comes before it was accepted.
    Where messages like it were accepted before (`proven`), the permission was taken away
    meanwhile: any that fits may be the first that was refused, and only what comes after the last
    of them was certainly not looked at.

    Args:
        frames: in the order of their delivery tags.
        refusal: None when the channel was not closed for a message.
        proven: a frame like the refused one was confirmed before.
    """
    named = refusal is not None and refusal.names_a_frame
    fitting = [
        at
        for at, each in enumerate(frames)
        if named and refusal is not None and refusal.concerns(each.routing_key, each.size)
    ]
    if not fitting:
        return Verdict(frames, [], [])
    at = fitting[-1] if proven else fitting[0]
    return Verdict(frames[:at], [frames[at]], frames[at + 1 :])


class RefusedFrames:
    """Settles the unconfirmed frames of a closed channel, and keeps apart whose frame was refused.

    Everything runs in the reactor's thread.

    Args:
        flow: where frames are settled.
        isolation: keeps cameras apart.
        routes: the exchange and routing key of every camera.
        clean: masks secrets in what the broker says.
    """

    def __init__(
        self,
        flow: FlowControl,
        isolation: CameraIsolation,
        routes: RouteTable,
        clean: Callable[[str], str],
    ) -> None:
        self._flow = flow
        self._isolation = isolation
        self._routes = routes
        self._clean = clean

    def settle(self, channel: FrameChannel, refusal: Refusal | None) -> None:
        """Settle what is in the window of a channel that the broker has closed.

        Args:
            channel: it may still hold frames that go again on the next channel afterwards.
            refusal: None when it was not closed for a message.
        """
        frames = channel.window.abandon()
        if refusal is None:
            self._flow.settle(frames, Outcome.UNKNOWN)
        elif refusal.names_a_frame and any(
            refusal.concerns(each.routing_key, each.size) for each in frames
        ):
            self._settle_named(channel, frames, refusal)
        elif refusal.kind in (RefusalKind.EXCHANGE, RefusalKind.MISSING):
            tried = channel.on_trial and refusal.kind is RefusalKind.EXCHANGE
            self._flow.settle(frames, Outcome.NACKED if tried else Outcome.UNKNOWN)
            if channel.camera_id is not None:
                self._isolation.release(channel.camera_id)  # the others' channel sees the same
        elif channel.camera_id is not None:
            self._flow.settle(frames, Outcome.NACKED if len(frames) == 1 else Outcome.UNKNOWN)
            self._isolation.refuse_cameras([channel.camera_id], self._clean(refusal.reason))
        else:
            self._flow.settle(frames, Outcome.UNKNOWN)
            self._isolation.quarantine(dict.fromkeys(each.camera_id for each in frames))

    def _settle_named(
        self, channel: FrameChannel, frames: list[InFlight], refusal: Refusal
    ) -> None:
        """Settle where one frame is known to be refused: nothing else is lost with it."""
        refused_keys = {key for key in channel.proven if refusal.concerns(key, 0)}
        channel.proven -= refused_keys
        unknown, refused, untouched = judge(frames, refusal, proven=bool(refused_keys))
        self._flow.settle(unknown, Outcome.UNKNOWN)
        self._flow.settle(refused, Outcome.NACKED)
        fit = [each for each in untouched if refusal.concerns(each.routing_key, each.size)]
        self._flow.settle(fit, Outcome.NACKED)  # they would meet the same
        for each in untouched:
            if each not in fit:
                self._flow.take_back(each)
                channel.again.append(each)
        reason = self._clean(refusal.reason)
        if refusal.kind is RefusalKind.TOPIC:
            self._refuse_topic(channel, refusal, reason)
        else:
            self._refuse_size(channel, refused, refusal, reason)

    def _refuse_topic(self, channel: FrameChannel, refusal: Refusal, reason: str) -> None:
        cameras = [
            camera_id
            for camera_id, route in self._routes.items()
            if route.exchange == channel.exchange and refusal.concerns(route.routing_key, 0)
        ]
        self._isolation.refuse_cameras(cameras, reason)
        channel.topics_refused += 1
        if channel.topics_refused >= _FEW_TOPICS:
            self._spread(channel)

    def _refuse_size(
        self, channel: FrameChannel, refused: list[InFlight], refusal: Refusal, reason: str
    ) -> None:
        assert refusal.limit is not None
        for camera_id in dict.fromkeys(each.camera_id for each in refused):
            self._isolation.refuse_size(camera_id, refusal.limit, reason)
        if channel.camera_id is not None:
            self._isolation.release(channel.camera_id)

    def _spread(self, channel: FrameChannel) -> None:
        """Publish what may be refused next on channels of their own, all at the same time."""
        doubtful = [each for each in channel.again if each.routing_key not in channel.proven]
        self._isolation.quarantine(dict.fromkeys(each.camera_id for each in doubtful))
        for each in doubtful:
            private = self._isolation.channel(each.camera_id)
            if private is not None and private is not channel:
                channel.again.remove(each)
                private.again.append(each)
