"""Answers requests on a few threads of its own: paced, audited, each action once at most."""

from __future__ import annotations

import contextlib
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_video.delivery.commands.catalog import PING
from edge_video.delivery.commands.request import (
    MAX_ANSWER,
    Answer,
    Delivery,
    Reason,
    Refusal,
    Request,
)
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.token_bucket import TokenBucket
from edge_video.runtime.units import ns_to_s
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_video.delivery.commands.counts import CommandCounts
    from edge_video.delivery.commands.entrance import Admitted, Entrance
    from edge_video.delivery.commands.memory import RequestMemory
    from edge_video.delivery.commands.permissions import Principal
    from edge_video.delivery.commands.request import ReplyAddress
    from edge_video.runtime.timer import Clock

_log = logging.getLogger(__name__)

THREADS: Final = 8
"""Each waits for its camera, seconds at times; threads that nobody needs are never started."""
REQUESTS_PER_S: Final = 20.0
"""What this program spends on requests, however many come: what is over waits at the broker."""
BURST: Final = 40
_LINES: Final = 5
_LINES_PER_S: Final = 1 / 12
_MAX_SHOWN: Final = 64


class CommandDesk:
    """Takes deliveries, and hands their answers back.

    Args:
        entrance: lets requests in.
        memory: knows what was asked for before; outlives the desk.
        carry_out: does what is asked, and may block for some seconds; raises `Refusal`.
        clock: monotonic and wall time.
        name: of the threads.
        counts: of requests; outlives the desk.
    """

    def __init__(
        self,
        entrance: Entrance,
        memory: RequestMemory,
        carry_out: Callable[[Request], Answer],
        clock: Clock,
        name: str,
        *,
        counts: CommandCounts,
    ) -> None:
        self._counts = counts
        self._entrance = entrance
        self._memory = memory
        self._carry_out = carry_out
        self._clock = clock
        self._audit = Audit(clock)
        self._bucket = TokenBucket(BURST, REQUESTS_PER_S)
        self._bucket_lock = threading.Lock()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=name)
        self._stopping = threading.Event()
        self._closing_lock = threading.Lock()

    def take(
        self, delivery: Delivery, answered: Callable[[Answer | None, Sequence[ReplyAddress]], None]
    ) -> bool:
        """Have a message answered; `answered` is called on another thread, once.

        Without an answer there is none to be sent: another request's is sent in its place.

        Returns:
            False when the desk is closed, and does nothing with the message.
        """
        with self._closing_lock:
            if self._stopping.is_set():
                return False
            # The machine may have no thread left: then it waits for the next one that is started.
            with contextlib.suppress(RuntimeError):
                self._threads.submit(self._serve, delivery, answered)
            return True

    def close(self) -> None:
        """Take nothing more; what has begun is carried out, and what waits hears that it is not.

        All of it is answered: a request keeps its place at the broker until it is.
        """
        with self._closing_lock:
            self._stopping.set()
            self._threads.shutdown(wait=False)

    def _serve(
        self, delivery: Delivery, answered: Callable[[Answer | None, Sequence[ReplyAddress]], None]
    ) -> None:
        self._pace()
        reply = delivery.reply_address
        try:
            answer, addresses = self._answer(delivery, reply)
        except Exception:  # noqa: BLE001 - its sender waits for an answer, whatever it is
            _log.exception("a request could not be answered")
            answer, addresses = _FAILED, _only(reply)
        # Without an answer it is being carried out already, for who asked first.
        self._counts.count(delivery.command, _REPEATED if answer is None else answer.result)
        answered(answer, addresses)

    def _pace(self) -> None:
        while not self._stopping.is_set():
            with self._bucket_lock:
                wait_s = self._bucket.wait_s(self._clock.monotonic())
                if not wait_s:
                    self._bucket.take(self._clock.monotonic())
                    return
            self._stopping.wait(wait_s)

    def _answer(
        self, delivery: Delivery, reply: ReplyAddress | None
    ) -> tuple[Answer | None, list[ReplyAddress]]:
        if self._stopping.is_set():
            return _STOPPING, _only(reply)
        sender = None
        try:
            sender, times = self._entrance.sender_of(delivery)
            now_s = ns_to_s(self._clock.wall_ns())
            admitted = self._entrance.admit(delivery, sender, times, now_s)
            return self._admitted(admitted, reply)
        except Refusal as refusal:
            self._audit.refused(delivery, sender, refusal)
            return refusal.answer, _only(reply)

    def _admitted(
        self, admitted: Admitted, reply: ReplyAddress | None
    ) -> tuple[Answer | None, list[ReplyAddress]]:
        request = admitted.request
        if not request.is_action:
            answer = self._carried_out(request)
            self._audit.read(request, answer)
            return answer, _only(reply)
        age_s = ns_to_s(self._clock.wall_ns()) - admitted.sent_at_s
        self._memory.require_since_start(age_s, self._clock.monotonic())
        known_by = request.principal, request.message_id
        is_new, known = self._memory.begin(
            *known_by, admitted.digest, self._clock.monotonic(), reply
        )
        if not is_new:
            repeated = None if known is None else replace(known, result=_REPEATED)
            return repeated, [] if known is None else _only(reply)
        answer = self._carried_out(request)
        return answer, [*_only(reply), *self._memory.finish(*known_by, answer)]

    def _carried_out(self, request: Request) -> Answer:
        """What came of it; a failure inside is an answer, too, so that it is not tried twice."""
        try:
            answer = self._carry_out(request)
        except Refusal as refusal:
            return refusal.answer
        except Exception:  # noqa: BLE001 - as above
            _log.exception("the command %s failed inside", request.command)
            return _FAILED
        if len(answer.body) <= MAX_ANSWER:
            return answer
        size = f"{len(answer.body)} bytes, more than {MAX_ANSWER}"
        return Refusal(Reason.TOO_LARGE, f"the answer has {size}: ask for one camera").answer


class Audit:
    """Writes down who asked for what, within a budget. Any thread.

    What is carried out is noted by the supervisor, like everybody's commands; here is what never
    comes there: what is refused, and who has looked.

    Args:
        clock: monotonic.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._bucket = TokenBucket(_LINES, _LINES_PER_S)
        self._held_back = 0

    def refused(self, delivery: Delivery, sender: Principal | None, refusal: Refusal) -> None:
        """Note a request that is not carried out."""
        if self._may_write():
            log_event(
                _log,
                LogEvent.COMMAND_REFUSED,
                command=shorten(one_line(delivery.command), _MAX_SHOWN),
                origin=_origin(sender),
                reason=refusal.reason.value,
                detail=one_line(str(refusal)),
                held_back=self._told(),
            )

    def read(self, request: Request, answer: Answer) -> None:
        """Note that somebody has looked at a camera or at the status."""
        if request.command == PING or not self._may_write():
            return
        log_event(
            _log,
            LogEvent.COMMAND_EXECUTED,
            target=shorten(one_line(request.camera or "status"), _MAX_SHOWN),
            command=request.command,
            origin=_origin(request.principal),
            result=answer.result,
            held_back=self._told(),
        )

    def _may_write(self) -> bool:
        with self._lock:
            may = self._bucket.take(self._clock.monotonic())
            self._held_back += not may
            return may

    def _told(self) -> int:
        """How many lines were held back since it was told last: by the next line that tells it."""
        with self._lock:
            held_back, self._held_back = self._held_back, 0
            return held_back


def _origin(sender: Principal | None) -> str:
    return "amqp" if sender is None else shorten(one_line(sender.origin), 2 * _MAX_SHOWN)


def _only(reply: ReplyAddress | None) -> list[ReplyAddress]:
    return [] if reply is None else [reply]


_REPEATED: Final = Reason.REPEATED.value
_STOPPING: Final = Refusal(Reason.STOPPING, "the system is stopping").answer
_FAILED: Final = Answer.of(500, {"error": "it failed inside; the node's log says how"}, "failed")
