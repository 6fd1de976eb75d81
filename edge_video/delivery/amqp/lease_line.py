"""Carries the actions of leases to the broker, in their order for each camera, and events back.

All leases have one channel. What is done for one camera is done one after the other: a token is
not published before its queue is declared, and none is given back before the line was left, or it
would come here again. What could hold the channel up, with the tokens of all cameras, is done when
the queue has answered elsewhere (`lease_queues`).
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, assert_never

import pika

from edge_video.delivery.amqp.token_confirms import TokenConfirms
from edge_video.resilience.cluster.names import lease_queue
from edge_video.resilience.cluster.terms import (
    Acknowledge,
    Announce,
    ConsumerCancelled,
    PublishToken,
    Refused,
    Return,
    StartCapture,
    StopCapture,
    Subscribe,
    TokenDelivered,
    Unsubscribe,
)
from edge_video.resilience.cluster.wire import decode_token, encode_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge_video.delivery.amqp.control import ControlChannel
    from edge_video.delivery.amqp.lease_queues import LeaseQueues
    from edge_video.resilience.cluster.member import CameraAction
    from edge_video.resilience.cluster.terms import LeaseAction, LineEvent, Token, TokenEvent

_log = logging.getLogger(__name__)

_PREFETCH: Final = 16
"""More than a queue takes in: a delivery that is lost when a leader stands still is noticed by
RabbitMQ at the next one, and there is none to a consumer that has all it may have."""
_MAX_WAITING: Final = 100
"""Actions for one camera, while its queue does not answer: more of them begin all anew."""
_FRESH_S: Final = 5.0
"""So long an answer of a queue stands for it being able to answer."""


class LineListener(Protocol):
    """Is told what happens on the channel of the leases; on the control thread, must not block.

    `life` numbers the channels: what is done for an older one is done for nobody.
    """

    def line_opened(self, life: int) -> None:
        """The channel is there; nothing is subscribed on it yet."""

    def line_closed(self, reason: str) -> None:
        """The channel is gone, with every subscription and every held token."""

    def happened(self, life: int, camera: str, event: LineEvent | TokenEvent) -> None:
        """Something has happened to a camera's lease."""

    def queue_refused(self, camera: str, queue: str, reason: str) -> None:
        """The broker refuses the queue of a camera; it is asked again in a while."""


@dataclass(slots=True)
class _CameraLine:
    """What is done for one camera; one thing at a time waits for the broker."""

    camera: str
    queue: str
    waiting: deque[LeaseAction] = field(default_factory=deque)
    asked_s: float | None = None
    tag: str | None = None
    is_refused: bool = False
    is_asking: bool = False
    """Whether its queue answers is being asked, on another channel."""
    answered_s: float | None = None
    has_published: bool = False

    @property
    def is_busy(self) -> bool:
        """Whether an answer is waited for."""
        return self.is_asking or self.asked_s is not None


class LeaseLine:
    """The channel of all leases; a `ControlUser`. The control thread only.

    Args:
        group: of the cluster.
        queues: declares them.
        now: monotonic seconds.
        listener: is told what happens.

    Attributes:
        listener: as given.
    """

    name = "leases"

    def __init__(
        self, group: str, queues: LeaseQueues, now: Callable[[], float], listener: LineListener
    ) -> None:
        self._group = group
        self._queues = queues
        self._now = now
        self.listener = listener
        self._channel: ControlChannel | None = None
        self._life = 0
        self._lines: dict[str, _CameraLine] = {}
        self._confirms = TokenConfirms()
        self._consumers = 0

    def listen(self, listener: LineListener) -> None:
        """Tell another listener from now on, and begin anew for it on another channel."""
        self.listener = listener
        if self._channel is not None:
            self._channel.close()

    def opened(self, channel: ControlChannel) -> None:
        """See `ControlUser`."""
        self._channel = channel
        self._life += 1
        self._lines = {}
        self._confirms = TokenConfirms()
        self._queues.forget_all()
        channel.basic_qos(_PREFETCH)
        channel.on_returned(self._on_returned)
        channel.on_cancelled(self._on_cancelled)
        # What is published before the answer is here would be confirmed by nobody.
        channel.confirm_delivery(
            self._on_settled, lambda _answer: self.listener.line_opened(self._life)
        )

    def closed(self, reason: str) -> None:
        """See `ControlUser`."""
        self._channel = None
        self.listener.line_closed(reason)

    def perform(self, life: int, actions: Iterable[CameraAction]) -> None:
        """Do what leases have decided on; nothing where that was for an older channel."""
        if self._channel is None or life != self._life:
            return
        for each in actions:
            line = self._lines.get(each.camera)
            if line is None:
                queue = lease_queue(self._group, each.camera)
                line = self._lines[each.camera] = _CameraLine(each.camera, queue)
            line.waiting.append(each.action)
            self._go_on(line)
            if len(line.waiting) > _MAX_WAITING and self._channel is not None:
                self._channel.close()
                return

    def owed_since_s(self) -> float | None:
        """Return since when the broker owes the oldest answer or confirm; None: it owes none.

        A queue that is probed owes its answer alone, however long, and is not counted.
        """
        times = [self._queues.asked_s, self._confirms.oldest_s]
        times += [line.asked_s for line in self._lines.values()]
        return min((each for each in times if each is not None), default=None)

    # --- steps ------------------------------------------------------------------------------

    def _go_on(self, line: _CameraLine) -> None:
        while line.waiting and not line.is_busy and self._channel is not None:
            self._act(line, self._channel, line.waiting.popleft())

    def _act(self, line: _CameraLine, channel: ControlChannel, action: LeaseAction) -> None:
        match action:
            case Subscribe():
                self._ask(line, partial(self._subscribe, line))
            case Unsubscribe():
                self._unsubscribe(line)
            case PublishToken(token) if self._may_hang(line, token):
                self._queues.forget(line.queue)
                self._ask(line, lambda channel, _: self._publish(line, channel, token))
            case PublishToken(token):
                self._publish(line, channel, token)
            case Acknowledge(tag):
                channel.basic_ack(tag)
            case Return(tag):
                channel.basic_nack(tag)
            case StartCapture() | StopCapture() | Announce():
                pass  # not the broker's matter
            case _:
                assert_never(action)

    def _ask(self, line: _CameraLine, then: Callable[[ControlChannel, str], None]) -> None:
        """Do something when the camera's queue answers: with the channel, and why it is refused."""
        life = self._life
        line.is_asking = True

        def answered(reason: str) -> None:
            if life != self._life or self._channel is None:
                return
            line.is_asking, line.answered_s = False, self._now()
            then(self._channel, reason)
            self._go_on(line)

        self._queues.declare(line.queue, answered)

    def _subscribe(self, line: _CameraLine, channel: ControlChannel, reason: str) -> None:
        line.is_refused = bool(reason)
        if reason:
            self.listener.queue_refused(line.camera, line.queue, reason)
            self._tell(line, ConsumerCancelled())
            return
        self._consumers += 1
        line.tag = f"{self._consumers}.{line.camera}"
        line.asked_s = self._now()
        channel.basic_consume(
            line.queue,
            partial(self._on_message, line),
            consumer_tag=line.tag,
            callback=partial(self._answered, line),
        )

    def _unsubscribe(self, line: _CameraLine) -> None:
        tag, line.tag = line.tag, None
        self._queues.forget(line.queue)  # it may be deleted, or expire, while nobody consumes here
        if tag is not None:  # else the broker has ended it
            self._ask(line, lambda channel, _: self._cancel(line, channel, tag))

    def _cancel(self, line: _CameraLine, channel: ControlChannel, tag: str) -> None:
        self._queues.forget(line.queue)  # as before it was asked
        line.asked_s = self._now()
        channel.basic_cancel(tag, partial(self._answered, line))

    def _may_hang(self, line: _CameraLine, token: Token) -> bool:
        """Whether this is the first token for a queue that has not given a sign of life lately."""
        since_s = line.answered_s
        is_fresh = since_s is not None and self._now() - since_s < _FRESH_S
        return not (token.is_claim or line.has_published or line.is_refused or is_fresh)

    def _answered(self, line: _CameraLine, _answer: Any) -> None:
        line.asked_s = None
        self._go_on(line)

    def _publish(self, line: _CameraLine, channel: ControlChannel, token: Token) -> None:
        if line.is_refused:
            self._tell(line, Refused(token.number))
            return
        line.has_published = True
        self._confirms.published(line.camera, token.number, self._now())
        properties = pika.BasicProperties(
            content_type="application/json", delivery_mode=2, message_id=str(token.number)
        )
        channel.basic_publish("", line.queue, encode_token(token), properties, mandatory=True)

    # --- what the broker says ---------------------------------------------------------------

    def _on_message(self, line: _CameraLine, method: Any, _properties: Any, body: bytes) -> None:
        tag: int = method.delivery_tag
        try:
            token = decode_token(body)
        except ValueError as error:
            _log.debug("no token in %s: %s", line.queue, error)
            if self._channel is not None:
                self._channel.basic_ack(tag)
            return
        self._tell(line, TokenDelivered(token, tag))

    def _on_settled(self, frame: Any) -> None:
        is_taken = frame.method.NAME == "Basic.Ack"
        for camera, event in self._confirms.settled(
            frame.method.delivery_tag, multiple=frame.method.multiple, is_taken=is_taken
        ):
            self.listener.happened(self._life, camera, event)

    def _on_returned(self, method: Any, properties: Any, _body: bytes) -> None:
        for line in self._lines.values():
            if line.queue == method.routing_key:
                self._confirms.returned(line.camera, int(properties.message_id))
                self._queues.forget(line.queue)

    def _on_cancelled(self, tag: str) -> None:
        for line in self._lines.values():
            if line.tag == tag:
                line.tag = None
                self._queues.forget(line.queue)
                self._tell(line, ConsumerCancelled())

    def _tell(self, line: _CameraLine, event: LineEvent | TokenEvent) -> None:
        self.listener.happened(self._life, line.camera, event)
