"""Keeps the channel of one exchange alive: opens, declares, reopens, and tries again.

In AMQP an error closes the channel that it happened on, so each exchange has a channel of its own,
for frames as for notifications.
"""

from __future__ import annotations

import functools
import logging
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

import pika
import pika.exceptions

from edge_video.delivery.amqp.errors import describe_no_channel
from edge_video.delivery.amqp.exchange_opening import ExchangeOpening, Step
from edge_video.delivery.amqp.refusals import Refusal, RefusalKind, read_refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.knowledge import BrokerKnowledge

_log = logging.getLogger(__name__)

_REOPEN_AFTER_S: Final = (0.0, 0.0, 0.0, 0.5, 1.0, 2.0, 5.0)
"""How long a channel rests before it is reopened, by how often it was lost lately."""
_LASTING_S: Final = 10.0
"""A channel that lasted so long is no part of a series of losses."""


class ChannelState(Enum):
    """What an exchange's channel is doing."""

    OPENING = auto()
    """The broker has not answered yet."""
    READY = auto()
    WAITING = auto()
    """It was lost more than once lately, and is opened again in a moment."""
    REFUSED = auto()
    RETRYING = auto()
    """It was refused, and is being tried again behind the scenes."""


@dataclass(frozen=True, slots=True)
class ChannelHost:
    """What a channel needs of the connection that it lives on.

    Attributes:
        guarded: wraps a callback, so that no exception gets out of it.
        call_later: calls something in the connection's thread, so many seconds from now.
        clean: masks secrets in what the broker says.
        now: monotonic seconds.
        retry_s: how long a refused exchange rests before it is tried again.
        knowledge: what earlier connections have learned.
    """

    guarded: Callable[[Callable[..., None]], Callable[..., None]]
    call_later: Callable[[float, Callable[[], None]], None]
    clean: Callable[[str], str]
    now: Callable[[], float]
    retry_s: float
    knowledge: BrokerKnowledge


class _Rest:
    """How long a refused exchange rests, and whether its refusal is news."""

    def __init__(self, retry_s: float) -> None:
        self.for_s = retry_s
        self._retry_s = retry_s
        self._reported: tuple[str, float] | None = None

    def begin(self, reason: str, rest_s: float | None, now_s: float) -> bool:
        """Rest from now; whether the reason is another one, or was told long enough ago."""
        self.for_s = self._retry_s if rest_s is None else min(rest_s, self._retry_s)
        if self._reported is not None:
            before, at_s = self._reported
            if before == reason and now_s - at_s < self._retry_s:
                return False
        self._reported = (reason, now_s)
        return True

    def forget(self) -> None:
        """Let the next refusal be news, whatever it is."""
        self._reported = None


class ExchangeChannel(ABC):
    """One exchange and its channel, which is in confirm mode. All in the connection's thread.

    Subclasses say what is done on it, in the methods that begin with `on_`.

    Args:
        exchange: its name; the empty one is the broker's default exchange.
        host: the connection's side.
        declares: look for the exchange, declare it (see `ExchangeOpening`), and reopen the channel
            when it is closed; without, the exchange is taken to be there, and the channel is not
            reopened.
    """

    def __init__(self, exchange: str, host: ChannelHost, *, declares: bool = True) -> None:
        self.exchange = exchange
        self.state = ChannelState.OPENING
        self.pika_channel: Any = None
        """None while there is none."""
        self.since_s = host.now()
        """Monotonic, of the last change of `state`, or of the answer before that one."""
        self.on_trial = False
        """It was refused before, and nothing has been confirmed since."""
        self._host = host
        self._declares = declares
        self._connection: Any = None
        self._opening = ExchangeOpening(exchange, host.knowledge, host.clean)
        self._losses = 0
        self._rest = _Rest(host.retry_s)

    # --- what subclasses do ---------------------------------------------------------------------

    @abstractmethod
    def on_opened(self) -> None:
        """React to a new `pika_channel`: nothing of the one before it is valid any more."""

    @abstractmethod
    def on_ready(self) -> None:
        """Publish: the exchange is there."""

    @abstractmethod
    def on_closed(self, number: int, refusal: Refusal | None) -> None:
        """Settle what was not confirmed on the channel of this number; it is gone.

        `refusal` says what of it the broker refused; None when it was no message.
        """

    @abstractmethod
    def on_refused(self, reason: str, retry_in_s: float) -> None:
        """React to the refusal of the exchange, for a reason in which secrets are masked.

        Called again when the reason is another one, or after `ChannelHost.retry_s`.
        """

    @abstractmethod
    def on_confirm(self, tag: int, *, multiple: bool, nack: bool) -> None:
        """Settle what an ack or a nack names that pika has read."""

    # --- what the connection does ---------------------------------------------------------------

    def open(self, connection: Any, state: ChannelState = ChannelState.OPENING) -> None:
        """Open a channel on this connection; `on_ready` or `on_refused` follows."""
        self._connection = connection
        self.set_state(state)
        try:
            connection.channel(on_open_callback=self._host.guarded(self._on_open))
        except pika.exceptions.NoFreeChannels:
            self.refuse_channel()

    def refuse_channel(self) -> None:
        """Rest: there is no channel for this exchange."""
        most, of_user = self._connection.params.channel_max, self._host.knowledge.max_channels
        self.refuse(describe_no_channel(self.exchange, most, of_user))

    def refuse(self, reason: str, rest_s: float | None = None) -> None:
        """Rest until `retry_if_due`, and say why."""
        self.set_state(ChannelState.REFUSED)
        if self._rest.begin(reason, rest_s, self._host.now()):
            self.on_refused(self._host.clean(reason), self._rest.for_s)

    def retry_if_due(self) -> None:
        """Try a refused exchange again when it has rested long enough."""
        rested_s = self._host.now() - self.since_s
        if self.state is ChannelState.REFUSED and rested_s >= self._rest.for_s:
            self.on_trial = True
            self._opening.start_over()
            self.open(self._connection, ChannelState.RETRYING)

    def accepted(self) -> None:
        """Something was confirmed: a trial is over."""
        if self.on_trial:
            self.on_trial = False
            self._rest.forget()
            _log.info("exchange '%s' is accepted again", self.exchange)

    def set_state(self, state: ChannelState) -> None:
        """Change the state, and note when."""
        self.state = state
        self.since_s = self._host.now()

    # --- pika's callbacks -----------------------------------------------------------------------

    def _on_open(self, channel: Any) -> None:
        guarded = self._host.guarded
        self.pika_channel = channel
        self.since_s = self._host.now()  # an answer; the next may take as long again
        channel.add_on_close_callback(guarded(self._on_channel_closed))
        self.on_opened()
        channel.confirm_delivery(guarded(self.on_pika_confirm), guarded(self._on_confirming))

    def _on_confirming(self, _frame: Any) -> None:
        self.since_s = self._host.now()
        # The default exchange always exists.
        self._declare(is_done=not (self._declares and self.exchange))

    def _on_declared(self, _frame: Any) -> None:
        self._declare(is_done=self._opening.accepted())

    def _declare(self, *, is_done: bool) -> None:
        """Ask for the exchange, or begin to publish if that is done."""
        if is_done:
            self.set_state(ChannelState.READY)
            self.on_ready()
            return
        self.pika_channel.exchange_declare(
            self.exchange,
            exchange_type="topic",
            durable=True,
            passive=self._opening.step is Step.LOOK,
            callback=self._host.guarded(self._on_declared),
        )

    def on_pika_confirm(self, frame: Any) -> None:
        """Read an ack or a nack as pika hands it over."""
        method = frame.method
        nack = isinstance(method, pika.spec.Basic.Nack)
        self.on_confirm(method.delivery_tag, multiple=method.multiple, nack=nack)

    def _on_channel_closed(self, channel: Any, error: BaseException) -> None:
        if channel is not self.pika_channel:
            return
        self.pika_channel = None
        if not isinstance(error, pika.exceptions.ChannelClosedByBroker):
            self.on_closed(channel.channel_number, None)  # the whole connection is closing
        elif self.state is ChannelState.READY:
            self._on_closed_in_use(channel.channel_number, error.reply_code, error.reply_text)
        else:
            self.on_closed(channel.channel_number, None)
            refusal = read_refusal(self.exchange, error.reply_code, error.reply_text)
            given_up = self._opening.failed(refusal)
            if given_up is None:
                self._reopen(self.state)
            else:
                self.refuse(*given_up)

    def _on_closed_in_use(self, number: int, code: int, text: str) -> None:
        refusal = read_refusal(self.exchange, code, text)
        if not refusal.names_a_frame:  # a named frame does not come again
            lasted_s = self._host.now() - self.since_s
            self._losses = 1 if lasted_s >= _LASTING_S else self._losses + 1
        self.on_closed(number, refusal)
        if not self._declares:
            return
        if refusal.kind is RefusalKind.EXCHANGE:
            self.refuse(refusal.reason)
            return
        if refusal.kind is RefusalKind.MISSING:
            self._opening.start_over_missing(text)
        else:
            self._opening.start_over()
        self._reopen(ChannelState.OPENING)

    def _reopen(self, state: ChannelState) -> None:
        """Open another channel, outside of this callback; after a pause if it is lost often."""
        at = min(self._losses, len(_REOPEN_AFTER_S)) - 1
        is_loss = state is ChannelState.OPENING and self._opening.failures == 0
        delay_s = _REOPEN_AFTER_S[at] if self._losses and is_loss else 0.0
        self.set_state(ChannelState.WAITING if delay_s else state)
        self._host.call_later(delay_s, functools.partial(self.open, self._connection, state))
