"""Stops a system in order: drains the publisher, then stops the actors in reverse order."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import pykka

from edge_video.actors.base import answers_to, is_running, join, tell
from edge_video.actors.messages import Drain, Finish, FinishReport, PublisherStats
from edge_video.delivery.ledger import DropReason
from edge_video.log.events import LogEvent, log_event

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.actors.children import Children
    from edge_video.actors.system_spec import SystemSpec
    from edge_video.status.model import SystemStatus

_log = logging.getLogger(__name__)

_REPORT_S = 5.0


class Shutdown:
    """Part of the supervisor: its last acts, after the cameras have stopped. It blocks.

    Args:
        spec: the deadlines, and the outboxes.
        children: the actors to stop.
        status: the system as the supervisor knows it.
        on_publisher: called with the publisher's last status.
        tell_everything: tells a reporter that was started once more what is to be reported.

    Attributes:
        final: the status that the final report shows; None before it was made.
        drain_s: how long the publisher may take to hand over what is held.
    """

    def __init__(
        self,
        spec: SystemSpec,
        children: Children,
        *,
        status: Callable[[], SystemStatus],
        on_publisher: Callable[[PublisherStats], None],
        tell_everything: Callable[[], None],
    ) -> None:
        self.final: SystemStatus | None = None
        self.drain_s = spec.limits.shutdown_timeout_s
        self._spec = spec
        self._children = children
        self._status = status
        self._on_publisher = on_publisher
        self._tell_everything = tell_everything

    def drain_publisher(self) -> None:
        """Let it hand over what is held, and settle it, until the deadline (real seconds)."""
        publisher = self._children.ref("publisher")
        drained: pykka.Future[bool] = pykka.ThreadingFuture()
        before = self._status().totals.confirmed
        if not tell(publisher, Drain(drained)):
            return
        try:
            drained.get(timeout=self.drain_s)
        except pykka.Timeout:
            _log.debug("the publisher did not drain within its deadline")
        totals = self._status().totals
        abandoned = totals.held + totals.in_flight
        confirmed = totals.confirmed - before
        log_event(_log, LogEvent.DRAIN_FINISHED, confirmed=confirmed, abandoned=abandoned)

    def drop_held(self) -> None:
        """Drop what nobody will publish any more."""
        for outbox in self._spec.ledger.outboxes:  # those that came later, too
            outbox.drop_held(DropReason.SHUTDOWN)

    def stop_children(self) -> None:
        """Stop them in reverse order; the reporter prints once the others are silent."""
        for name in reversed(self._children.names):
            if name != "reporter":
                self._stop_child(name)
        self.final = self._final_report()
        self._stop_child("reporter")

    def _final_report(self) -> SystemStatus:
        if self._children.start_once_more("reporter"):
            # It crashed too often, or just now: one more for the last word.
            self._tell_everything()
        reporter = self._children.ref("reporter")
        if reporter is not None:
            try:
                answer: SystemStatus = reporter.ask(FinishReport(), block=True, timeout=_REPORT_S)
            except Exception:  # noqa: BLE001 - pykka hands on whatever printing it raised
                _log.exception("the reporter did not finish its report")
            else:
                return answer
        return self._status()

    def _stop_child(self, name: str) -> None:
        ref = self._children.ref(name)
        if ref is None:
            return
        asked = ref.ask(Finish(), block=False)
        join([ref], time.monotonic() + self._spec.child_stop_deadline_s)
        for answer in answers_to([asked]):
            if isinstance(answer, PublisherStats):
                self._on_publisher(answer)
        if is_running(ref):
            log_event(_log, LogEvent.SURVIVOR, actor=name)
