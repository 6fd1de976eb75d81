"""The life of one exchange's channel: opened, looked for, declared, reopened, refused, tried again.

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

from edge_video.delivery.amqp.errors import describe_no_channel
from edge_video.delivery.amqp.refusals import Refusal, RefusalKind, read_refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.knowledge import BrokerKnowledge

_log = logging.getLogger(__name__)

_REOPEN_AFTER_S: Final = (0.0, 0.0, 0.0, 0.5, 1.0, 2.0, 5.0)
"""How long a channel rests before it is reopened, by how often it was lost lately."""
_HELD_S: Final = 10.0
"""A channel that lasted so long is no part of a series of losses."""
_FOREIGN_RETRY_S: Final = 5.0
"""How often an exchange is looked for that only somebody else can make again."""
_MAX_OPENINGS: Final = 6
"""Channels in a row that one opening may take; more only when others change the exchange."""

_NOT_OURS: Final = "not ours"
"""In `BrokerKnowledge.unlike`: the user may not declare it, so it was not compared."""
_GONE: Final = "gone"
"""There: it was another kind of exchange, or not ours, and does not exist now."""

_KEY_IS_IGNORED: Final = {
    "type=headers": "its bindings match the headers of the messages (camera_id and the like)",
    "type=fanout": "every queue that is bound to it gets the frames of every camera",
    "type=x-random": "each frame goes to any one of the queues that are bound to it",
}


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


class _Step(Enum):
    """What is asked of the broker before the exchange is used."""

    LOOK = auto()
    """Whether it exists; needs no permission, and changes nothing."""
    COMPARE = auto()
    """Whether declaring it would change nothing; it exists."""
    DECLARE = auto()


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


class ExchangeChannel(ABC):
    """One exchange and its channel, which is in confirm mode. All in the connection's thread.

    An exchange that exists is used as it is. Only one that is missing is declared, and not even
    that if it was another kind of exchange before it went: then its owner makes it again, whose
    own declaration would fail if this program came first.

    Subclasses say what is done on it, in the methods that begin with `on_`.

    Args:
        exchange: its name; the empty one is the broker's default exchange.
        host: the connection's side.
        declares: look for the exchange, declare it, and reopen the channel when it is closed;
            without, the exchange is taken to be there, and the channel is not reopened.
    """

    def __init__(self, exchange: str, host: ChannelHost, *, declares: bool = True) -> None:
        self.exchange = exchange
        self.state = ChannelState.OPENING
        self.channel: Any = None
        self.since_s = host.now()
        """Monotonic, of the last change of `state`, or of the answer before that one."""
        self.on_trial = False
        """It was refused before, and nothing has been confirmed since."""
        self._host = host
        self._declares = declares
        self._connection: Any = None
        self._step = _Step.LOOK
        self._openings = 0
        self._losses = 0
        self._rest_s = host.retry_s
        self._told: tuple[str, float] | None = None

    # --- what subclasses do ---------------------------------------------------------------------

    @abstractmethod
    def on_opened(self) -> None:
        """React to a new `channel`: nothing of the one before it is valid any more."""

    @abstractmethod
    def on_ready(self) -> None:
        """The exchange is there: publish."""

    @abstractmethod
    def on_closed(self, number: int, refusal: Refusal | None) -> None:
        """Book what was not confirmed on the channel of this number; it is gone.

        `refusal` says what of it the broker refused; None when it was no message.
        """

    @abstractmethod
    def on_refused(self, reason: str, retry_in_s: float) -> None:
        """The broker refuses the exchange; the reason is in words, secrets masked.

        Told again when the reason is another one, or after `ChannelHost.retry_s`.
        """

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
            self.refuse_channel()

    def refuse_channel(self) -> None:
        """There is no channel for this exchange."""
        most, of_user = self._connection.params.channel_max, self._host.knowledge.max_channels
        self.refuse(describe_no_channel(self.exchange, most, of_user))

    def retry_if_due(self) -> None:
        """Try a refused exchange again when it has rested long enough."""
        if self.state is ChannelState.REFUSED and self.age_s >= self._rest_s:
            self.on_trial = True
            self._start_over()
            self.open(self._connection, ChannelState.RETRYING)

    def accepted(self) -> None:
        """Something was confirmed: a trial is over."""
        if self.on_trial:
            self.on_trial = False
            self._told = None
            _log.info("exchange '%s' is accepted again", self.exchange)

    def set_state(self, state: ChannelState) -> None:
        """Change the state, and note when."""
        self.state = state
        self.since_s = self._host.now()

    @property
    def age_s(self) -> float:
        """How long the present state has lasted."""
        return self._host.now() - self.since_s

    # --- opening --------------------------------------------------------------------------------

    def _start_over(self) -> None:
        self._step = _Step.LOOK
        self._openings = 0

    def _on_open(self, channel: Any) -> None:
        guarded = self._host.guarded
        self.channel = channel
        self.since_s = self._host.now()  # an answer; the next may take as long again
        channel.add_on_close_callback(guarded(self._on_channel_closed))
        self.on_opened()
        channel.confirm_delivery(guarded(self._on_confirm), guarded(self._on_confirming))

    def _on_confirming(self, _frame: Any) -> None:
        self.since_s = self._host.now()
        if self._declares and self.exchange:
            self._declare()
        else:
            self._be_ready()  # the default exchange always exists

    def _declare(self) -> None:
        self.channel.exchange_declare(
            self.exchange,
            exchange_type="topic",
            durable=True,
            passive=self._step is _Step.LOOK,
            callback=self._host.guarded(self._on_declared),
        )

    def _on_declared(self, _frame: Any) -> None:
        unlike = self._host.knowledge.unlike
        if self._step is not _Step.LOOK:
            unlike[self.exchange] = ""
        elif unlike.get(self.exchange, _GONE) == _GONE:
            self._step = _Step.COMPARE
            self._declare()
            return
        self._be_ready()

    def _be_ready(self) -> None:
        self.set_state(ChannelState.READY)
        self.on_ready()

    def _opening_failed(self, refusal: Refusal) -> None:
        """Take the next step, on another channel; the broker has closed this one."""
        self._openings += 1
        step, unlike = self._step, self._host.knowledge.unlike
        if self._openings >= _MAX_OPENINGS:
            self.refuse(refusal.reason)
        elif step is _Step.LOOK and refusal.kind is RefusalKind.MISSING:
            if unlike.get(self.exchange):
                self._wait_for_owner()
            else:
                self._step = _Step.DECLARE
                self._reopen(self.state)
        elif step is _Step.COMPARE:
            self._note_difference(refusal)
            self._step = _Step.LOOK
            self._reopen(self.state)
        elif step is _Step.DECLARE and refusal.kind is RefusalKind.UNLIKE:
            self._step = _Step.LOOK  # somebody else was faster
            self._reopen(self.state)
        elif step is _Step.DECLARE and refusal.kind is RefusalKind.EXCHANGE:
            self.refuse(
                f"NOT_FOUND: exchange '{self.exchange}' does not exist and the user may not"
                " declare it"
            )
        else:
            self.refuse(refusal.reason)

    def _note_difference(self, refusal: Refusal) -> None:
        difference = refusal.difference
        self._host.knowledge.unlike[self.exchange] = difference or _NOT_OURS
        if difference:
            hint = _KEY_IS_IGNORED.get(difference, "")
            words = "exchange '%s' exists and is used as it is: %s%s"
            _log.info(words, self.exchange, self._host.clean(difference), hint and f"; {hint}")

    def _wait_for_owner(self) -> None:
        self._host.knowledge.unlike[self.exchange] = _GONE  # it may come back as another one
        reason = (
            f"NOT_FOUND: exchange '{self.exchange}' is gone, and who made it must make it again"
            " (this program would make a durable topic exchange of it)"
        )
        self.refuse(reason, _FOREIGN_RETRY_S)

    # --- pika's callbacks -----------------------------------------------------------------------

    def _on_confirm(self, frame: Any) -> None:
        method = frame.method
        nack = isinstance(method, pika.spec.Basic.Nack)
        self.on_confirm(method.delivery_tag, multiple=method.multiple, nack=nack)

    def _on_channel_closed(self, channel: Any, reason: BaseException) -> None:
        if channel is not self.channel:
            return
        self.channel = None
        if not isinstance(reason, pika.exceptions.ChannelClosedByBroker):
            self.on_closed(channel.channel_number, None)  # the whole connection is closing
            return
        text = reason.reply_text
        refusal = read_refusal(self.exchange, reason.reply_code, text)
        if self.state is not ChannelState.READY:
            self.on_closed(channel.channel_number, None)
            self._opening_failed(refusal)
            return
        if not refusal.names_a_frame:
            self._count_loss()  # a named frame does not come again
        self.on_closed(channel.channel_number, refusal)
        if self._declares:
            self._closed_in_use(refusal, text)

    def _closed_in_use(self, refusal: Refusal, text: str) -> None:
        if refusal.kind is RefusalKind.EXCHANGE:
            self.refuse(refusal.reason)
            return
        self._start_over()
        if refusal.kind is RefusalKind.MISSING:
            # If it was deleted, its bindings are gone with it, and only consumers can make those.
            is_ours = self._host.knowledge.unlike.get(self.exchange) == ""
            self._step = _Step.DECLARE if is_ours else _Step.LOOK
            what = "declared" if is_ours else "looked for"
            words = "exchange '%s' is %s again, the broker closed its channel: %s"
            _log.warning(words, self.exchange, what, self._host.clean(text))
        self._reopen(ChannelState.OPENING)

    # --- again ----------------------------------------------------------------------------------

    def _count_loss(self) -> None:
        self._losses = 1 if self.age_s >= _HELD_S else self._losses + 1

    def _reopen(self, state: ChannelState) -> None:
        """Open another channel, outside of this callback; after a pause if it is lost often."""
        at = min(self._losses, len(_REOPEN_AFTER_S)) - 1
        is_loss = state is ChannelState.OPENING and self._openings == 0
        delay_s = _REOPEN_AFTER_S[at] if self._losses and is_loss else 0.0
        self.set_state(ChannelState.WAITING if delay_s else state)
        self._host.call_later(delay_s, functools.partial(self.open, self._connection, state))

    def refuse(self, reason: str, rest_s: float | None = None) -> None:
        """Rest until `retry_if_due`, and say why."""
        self._rest_s = self._host.retry_s if rest_s is None else min(rest_s, self._host.retry_s)
        self.set_state(ChannelState.REFUSED)
        now_s = self._host.now()
        is_news = (
            self._told is None
            or self._told[0] != reason
            or now_s - self._told[1] >= self._host.retry_s
        )
        if is_news:
            self._told = (reason, now_s)
            self.on_refused(self._host.clean(reason), self._rest_s)
