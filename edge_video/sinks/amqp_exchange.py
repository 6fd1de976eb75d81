"""The life of one exchange's channel: opened, declared, reopened, refused, tried again.

In AMQP an error closes the channel that it happened on, so each exchange has a channel of its own,
for frames as for events.
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

from edge_video.sinks.amqp_reasons import describe_no_channel, describe_refusal

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)

_FORBIDDEN: Final = 403

FLAPPING_S: Final = 5.0
"""An exchange whose channel must be reopened twice within this time is refused instead."""


class ChannelState(Enum):
    """What an exchange's channel is doing."""

    OPENING = auto()
    """The broker has not answered yet."""
    READY = auto()
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
    """

    guarded: Callable[[Callable[..., None]], Callable[..., None]]
    call_later: Callable[[float, Callable[[], None]], None]
    clean: Callable[[str], str]
    now: Callable[[], float]
    retry_s: float


class ExchangeChannel(ABC):
    """One exchange and its channel, which is in confirm mode. All in the connection's thread.

    Subclasses say what is done on it, in the methods that begin with `on_`.

    Args:
        exchange: its name; the empty one is the broker's default exchange.
        host: the connection's side.
        flapping_s: a channel that must be reopened twice within this time is refused instead.
    """

    def __init__(self, exchange: str, host: ChannelHost, *, flapping_s: float = FLAPPING_S) -> None:
        self.exchange = exchange
        self.state = ChannelState.OPENING
        self.channel: Any = None
        self.since_s = host.now()
        """Monotonic, of the last change of `state`, or of the answer before that one."""
        self._host = host
        self._flapping_s = flapping_s
        self._connection: Any = None
        self._reopened_at_s: float | None = None
        self._passive = False
        """Only look whether the exchange exists: declaring it was forbidden."""

    # --- what subclasses do ---------------------------------------------------------------------

    @abstractmethod
    def on_opened(self) -> None:
        """React to a new `channel`: nothing of the one before it is valid any more."""

    @abstractmethod
    def on_ready(self) -> None:
        """The exchange is there: publish."""

    @abstractmethod
    def on_closed(self, number: int) -> None:
        """Book what was not confirmed on the channel of this number; it is gone."""

    @abstractmethod
    def on_refused(self, reason: str) -> None:
        """The broker refuses the exchange; the reason is in words, secrets masked."""

    @abstractmethod
    def on_confirm(self, tag: int, *, multiple: bool, nack: bool) -> None:
        """Book an ack or a nack that pika has read."""

    # --- what the connection does ---------------------------------------------------------------

    def open(self, connection: Any, state: ChannelState = ChannelState.OPENING) -> None:
        """Open a channel on this connection; `on_ready` or `on_refused` follows."""
        self._connection = connection
        self.set_state(state)
        try:
            connection.channel(on_open_callback=self._host.guarded(self._on_open))
        except pika.exceptions.NoFreeChannels:
            self._refuse(describe_no_channel(self.exchange, connection.params.channel_max))

    def retry_if_due(self) -> None:
        """Try a refused exchange again when it has rested long enough."""
        if self.state is ChannelState.REFUSED and self.age_s >= self._host.retry_s:
            self._passive = False
            self.open(self._connection, ChannelState.RETRYING)

    def set_state(self, state: ChannelState) -> None:
        """Change the state, and note when."""
        self.state = state
        self.since_s = self._host.now()

    @property
    def age_s(self) -> float:
        """How long the present state has lasted."""
        return self._host.now() - self.since_s

    # --- pika's callbacks -----------------------------------------------------------------------

    def _on_open(self, channel: Any) -> None:
        guarded = self._host.guarded
        self.channel = channel
        self.since_s = self._host.now()  # an answer; the next may take as long again
        channel.add_on_close_callback(guarded(self._on_channel_closed))
        self.on_opened()
        channel.confirm_delivery(guarded(self._on_confirm), guarded(self._on_confirming))

    def _on_confirming(self, _frame: Any) -> None:
        self.since_s = self._host.now()
        if not self.exchange:
            self._on_declared(None)  # the default exchange always exists
            return
        self.channel.exchange_declare(
            self.exchange,
            exchange_type="topic",
            durable=True,
            passive=self._passive,
            callback=self._host.guarded(self._on_declared),
        )

    def _on_declared(self, _frame: Any) -> None:
        if self.state is ChannelState.RETRYING:
            _log.info("exchange '%s' is accepted again", self.exchange)
        self.set_state(ChannelState.READY)
        self.on_ready()

    def _on_confirm(self, frame: Any) -> None:
        method = frame.method
        nack = isinstance(method, pika.spec.Basic.Nack)
        self.on_confirm(method.delivery_tag, multiple=method.multiple, nack=nack)

    def _on_channel_closed(self, channel: Any, reason: BaseException) -> None:
        if channel is not self.channel:
            return
        self.channel = None
        self.on_closed(channel.channel_number)
        if not isinstance(reason, pika.exceptions.ChannelClosedByBroker):
            return  # the whole connection is closing
        forbidden = reason.reply_code == _FORBIDDEN
        ready = self.state is ChannelState.READY
        if not ready and forbidden and not self._passive:
            # It may exist, and publishing to it be allowed: ask, without declaring it.
            self._passive = True
            self._reopen(self.state)
        elif ready and not forbidden and not self._flaps():
            self._passive = False
            # If it was deleted, its bindings are gone with it, and only consumers can make those.
            words = "exchange '%s' is declared again, the broker closed its channel: %s"
            _log.warning(words, self.exchange, self._host.clean(reason.reply_text))
            self._reopen(ChannelState.OPENING)
        else:
            self.refuse(reason)

    def _reopen(self, state: ChannelState) -> None:
        self.set_state(state)
        self._host.call_later(0, functools.partial(self.open, self._connection, state))

    def refuse(self, reason: pika.exceptions.ChannelClosedByBroker) -> None:
        """Rest until `retry_if_due`, and say why."""
        words = describe_refusal(self.exchange, reason.reply_code, reason.reply_text)
        self._refuse(self._host.clean(words))

    def _refuse(self, words: str) -> None:
        self.set_state(ChannelState.REFUSED)
        self.on_refused(words)

    def _flaps(self) -> bool:
        """Whether the channel was reopened only just now; from then on this reopening counts."""
        now = self._host.now()
        before_s, self._reopened_at_s = self._reopened_at_s, now
        return before_s is not None and now - before_s < self._flapping_s
