"""Asks the broker for an exchange before it is used: looks, compares, declares.

An exchange that exists is used as it is. Only one that is missing is declared, and not even that
if it was another kind of exchange before it went: then its owner makes it again, whose own
declaration would fail if this program came first.
"""

from __future__ import annotations

import logging
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, NamedTuple

from edge_video.delivery.amqp.refusals import Refusal, RefusalKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.knowledge import BrokerKnowledge

_log = logging.getLogger(__name__)

_MAX_OPENINGS: Final = 6
"""Channels in a row that one opening may take; more only when others change the exchange."""
_FOREIGN_RETRY_S: Final = 5.0
"""How often an exchange is looked for that only somebody else can make again."""

_NOT_OURS: Final = "not ours"
"""In `BrokerKnowledge.unlike`: the user may not declare it, so it was not compared."""
_GONE: Final = "gone"
"""There: it was another kind of exchange, or not ours, and does not exist now."""

_KEY_IS_IGNORED: Final = {
    "type=headers": "its bindings match the headers of the messages (camera_id and the like)",
    "type=fanout": "every queue that is bound to it gets the frames of every camera",
    "type=x-random": "each frame goes to any one of the queues that are bound to it",
}


class Step(Enum):
    """What is asked of the broker."""

    LOOK = auto()
    """Whether it exists; needs no permission, and changes nothing."""
    COMPARE = auto()
    """Whether declaring it would change nothing; it exists."""
    DECLARE = auto()


class GivenUp(NamedTuple):
    """The opening failed."""

    reason: str
    """For an operator; may quote the broker."""
    rest_s: float | None = None
    """How long the exchange rests, if that is less than usual."""


class ExchangeOpening:
    """Decides the next step towards an exchange; the broker's answer to each is an argument.

    A refused step closes its channel, so the next one is asked on another.

    Args:
        exchange: its name.
        knowledge: what earlier openings have learned, and this one learns.
        clean: masks secrets in what the broker says.
    """

    def __init__(
        self, exchange: str, knowledge: BrokerKnowledge, clean: Callable[[str], str]
    ) -> None:
        self.step = Step.LOOK
        self.failures = 0
        """Steps that were refused since the beginning."""
        self._exchange = exchange
        self._knowledge = knowledge
        self._clean = clean

    def start_over(self) -> None:
        """Begin with the first step again."""
        self.step = Step.LOOK
        self.failures = 0

    def start_over_missing(self, text: str) -> None:
        """Begin again with an exchange that was in use and is gone, as the broker's text says.

        If it was deleted, its bindings are gone with it, and only consumers can make those.
        """
        self.start_over()
        is_ours = self._knowledge.unlike.get(self._exchange) == ""
        self.step = Step.DECLARE if is_ours else Step.LOOK
        what = "declared" if is_ours else "looked for"
        message = "exchange '%s' is %s again, the broker closed its channel: %s"
        _log.warning(message, self._exchange, what, self._clean(text))

    def accepted(self) -> bool:
        """Take in that the step was answered well; whether that was the last one."""
        unlike = self._knowledge.unlike
        if self.step is not Step.LOOK:
            unlike[self._exchange] = ""
        elif unlike.get(self._exchange, _GONE) == _GONE:
            self.step = Step.COMPARE
            return False
        return True

    def failed(self, refusal: Refusal) -> GivenUp | None:
        """Take in that the step was refused; None when there is a next one, on another channel."""
        self.failures += 1
        if self.failures >= _MAX_OPENINGS:
            return GivenUp(refusal.reason)
        match self.step, refusal.kind:
            case Step.LOOK, RefusalKind.MISSING:
                return self._declare_unless_foreign()
            case Step.COMPARE, _:
                self._note_difference(refusal)
                self.step = Step.LOOK
                return None
            case Step.DECLARE, RefusalKind.UNLIKE:
                self.step = Step.LOOK  # somebody else was faster
                return None
            case Step.DECLARE, RefusalKind.EXCHANGE:
                return GivenUp(
                    f"NOT_FOUND: exchange '{self._exchange}' does not exist and the user may not"
                    " declare it"
                )
            case _:
                return GivenUp(refusal.reason)

    def _declare_unless_foreign(self) -> GivenUp | None:
        if not self._knowledge.unlike.get(self._exchange):
            self.step = Step.DECLARE
            return None
        self._knowledge.unlike[self._exchange] = _GONE  # it may come back as another one
        reason = (
            f"NOT_FOUND: exchange '{self._exchange}' is gone, and who made it must make it again"
            " (this program would make a durable topic exchange of it)"
        )
        return GivenUp(reason, _FOREIGN_RETRY_S)

    def _note_difference(self, refusal: Refusal) -> None:
        difference = refusal.difference
        self._knowledge.unlike[self._exchange] = difference or _NOT_OURS
        if difference:
            hint = _KEY_IS_IGNORED.get(difference, "")
            message = "exchange '%s' exists and is used as it is: %s%s"
            _log.info(message, self._exchange, self._clean(difference), hint and f"; {hint}")
