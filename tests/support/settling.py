"""Whether any actor of the process has something left to do, known at once.

`tests.support.actors.quiesce` asks every actor in turn, which takes milliseconds. Ten thousand
fault sequences need the answer some hundred thousand times, so here the mailboxes count: a
message is work from the moment it is put until its actor asks for the next one, and an actor is
work from its birth until its first message and again while it ends.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Any

import pykka

from edge_video.actors.base import SupervisedActor
from edge_video.actors.publisher import PublisherActor

if TYPE_CHECKING:
    import pytest


class _Work:
    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.pieces = 0
        self.total = 0

    def change(self, by: int) -> None:
        with self.condition:
            self.pieces += by
            self.total += max(0, by)
            if self.pieces == 0:
                self.condition.notify_all()


class _CountingInbox(queue.SimpleQueue[Any]):
    work: _Work
    busy: bool
    closed: bool

    @classmethod
    def of(cls, work: _Work) -> _CountingInbox:
        inbox = cls()
        inbox.work, inbox.busy, inbox.closed = work, True, False
        work.change(+1)
        return inbox

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        if not self.closed:
            self.work.change(+1)
        super().put(item, block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        self._idle()
        item = super().get(block, timeout)
        self.busy = True
        return item

    def close(self) -> None:
        """The actor's thread ends; what is unread stays unread."""
        self.closed = True
        self.work.change(-self.qsize())
        self._idle()

    def _idle(self) -> None:
        if self.busy:
            self.busy = False
            self.work.change(-1)


class Settling:
    """Counts the work of every actor that is started while it is installed."""

    def __init__(self) -> None:
        self._work = _Work()

    @classmethod
    def install(cls, patch: pytest.MonkeyPatch) -> Settling:
        settling = cls()
        work, loop = settling._work, SupervisedActor._actor_loop

        def counted_loop(actor: SupervisedActor) -> None:
            try:
                loop(actor)
            finally:
                inbox = actor.actor_inbox
                assert isinstance(inbox, _CountingInbox)
                inbox.close()

        for actor in (pykka.ThreadingActor, PublisherActor):
            patch.setattr(
                actor, "_create_actor_inbox", staticmethod(lambda: _CountingInbox.of(work))
            )
        patch.setattr(SupervisedActor, "_actor_loop", counted_loop)
        return settling

    @property
    def total(self) -> int:
        """Messages and births of actors so far."""
        return self._work.total

    def settle(self, timeout_s: float = 20.0) -> None:
        """Wait until every message has been handled, and whatever that led to."""
        condition = self._work.condition
        with condition:
            settled = condition.wait_for(lambda: self._work.pieces == 0, timeout_s)
        assert settled, f"{self._work.pieces} pieces of work left"
