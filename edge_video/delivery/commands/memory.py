"""Remembers which actions were asked for, so that each is carried out once at most."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_video.delivery.commands.request import Answer, Reason, Refusal, ReplyAddress

if TYPE_CHECKING:
    from edge_video.delivery.commands.permissions import Principal

SIZE: Final = 1000
"""Of each sender, of which there are as many as are configured; so none locks another out."""
KEPT_S: Final = 600.0
"""Much longer than a request may be carried out."""
KEPT_ANSWER: Final = 4096
"""Bytes; a longer answer is not kept, so that all of them have a bound."""
_MAX_WAITING: Final = 4


@dataclass(slots=True)
class _Entry:
    digest: str
    begun_at_s: float
    answer: Answer | None = None
    is_done: bool = False
    waiting: list[ReplyAddress] = field(default_factory=list)


class RequestMemory:
    """The actions of the last minutes, by sender and message id. Every method: any thread.

    It outlives the actor that takes commands. What it does not know was carried out before the
    program started, or never.

    Args:
        started_at_s: when it began, monotonic.
    """

    def __init__(self, started_at_s: float) -> None:
        self._started_at_s = started_at_s
        self._lock = threading.Lock()
        self._senders: dict[Principal, OrderedDict[str, _Entry]] = {}

    def require_since_start(self, age_s: float, now_s: float) -> None:
        """Refuse an action that this memory may have missed.

        Ages are compared, since the wall clock of the start may have been wrong: a machine without
        a battery has its time from the network, after the program has begun.

        Args:
            age_s: how long ago it was sent, by the wall clock as it is now.
            now_s: monotonic.

        Raises:
            Refusal: it was sent before the memory began.
        """
        if age_s > now_s - self._started_at_s:
            raise Refusal(
                Reason.BEFORE_START,
                "it was sent before this node started, which may have carried it out already:"
                " look at the status, and ask anew",
            )

    def begin(
        self,
        sender: Principal,
        message_id: str,
        digest: str,
        now_s: float,
        reply: ReplyAddress | None,
    ) -> tuple[bool, Answer | None]:
        """Note an action; whether it is to be carried out now, and else its answer.

        Without an answer it is being carried out, and `reply` gets its answer as well.

        Args:
            sender: who asks.
            message_id: the request's id, of the sender's choice.
            digest: stands for all that is asked.
            now_s: monotonic.
            reply: where the answer goes.

        Raises:
            Refusal: the id was that of another request, or too much is going on.
        """
        with self._lock:
            self._forget(now_s)
            entries = self._senders.setdefault(sender, OrderedDict())
            entry = entries.get(message_id)
            if entry is None:
                if len(entries) >= SIZE:
                    raise Refusal(Reason.BUSY, "more was asked for lately than can be remembered")
                entries[message_id] = _Entry(digest, now_s)
                return True, None
            if entry.digest != digest:
                raise Refusal(Reason.ID_USED, "this message_id was that of another request")
            if entry.is_done:
                return False, entry.answer or _FORGOTTEN.answer
            if reply is not None and len(entry.waiting) < _MAX_WAITING:
                entry.waiting.append(reply)
            return False, None

    def finish(self, sender: Principal, message_id: str, answer: Answer) -> list[ReplyAddress]:
        """Note what came of an action; who else waits for the answer."""
        with self._lock:
            entries = self._senders.get(sender)
            entry = None if entries is None else entries.get(message_id)
            if entry is None:
                return []
            entry.is_done = True
            entry.answer = answer if len(answer.body) <= KEPT_ANSWER else None
            waiting, entry.waiting = entry.waiting, []
            return waiting

    def _forget(self, now_s: float) -> None:
        for sender, entries in list(self._senders.items()):
            while entries and now_s - next(iter(entries.values())).begun_at_s > KEPT_S:
                entries.popitem(last=False)
            if not entries:
                del self._senders[sender]


_FORGOTTEN: Final = Refusal(
    Reason.REPEATED, "it was carried out already; its answer was too large to be kept"
)
