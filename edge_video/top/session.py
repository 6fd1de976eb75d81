"""Keeps the newest status that `top` got, and how old it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_video.status.health import verdict
from edge_video.text.catalog import Language, lookup
from edge_video.top.client import NoStatusError
from edge_video.top.options import TOKEN_VARIABLE
from edge_video.top.rates import Rates
from edge_video.top.screen import Lost, aged

if TYPE_CHECKING:
    from edge_video.status.model import SystemStatus
    from edge_video.top.client import Client

_OVERDUE_S: Final = 3.0
"""An answer that takes longer is missed: what is shown grows old meanwhile."""


@dataclass(slots=True)
class TopSession:
    """The newest status, its rates, and why there is none; one thread at a time."""

    client: Client
    language: Language
    status: SystemStatus | None = None
    lost: Lost | None = None
    rates: Rates = field(default_factory=Rates)
    _answered_at_s: float | None = None

    def refresh(self) -> None:
        """Ask once, and wait for the answer; never raises."""
        try:
            self.take(self.client.status())
        except NoStatusError as error:
            self.take(error)

    def take(self, answer: SystemStatus | NoStatusError) -> None:
        """Note what came of a question."""
        if isinstance(answer, NoStatusError):
            self.lost = Lost(self.client.shown, self._silence_s(), self._reason(answer))
            return
        self.status = answer
        self._answered_at_s = time.monotonic()
        self.lost = None
        self.rates.take(answer)

    @property
    def is_good(self) -> bool:
        """Whether there is a status and nothing in it needs attention."""
        return self.lost is None and self.status is not None and verdict(self.status).is_good

    def current(self) -> SystemStatus | None:
        """The status as it would be by now if nothing had happened since."""
        return None if self.status is None else aged(self.status, self._silence_s() or 0.0)

    def loss(self, asked_for_s: float = 0.0) -> Lost | None:
        """Why what is shown is old, given how long the present question is unanswered."""
        if self.lost is not None:
            since_s = None if self.lost.since_s is None else self._silence_s()
            return Lost(self.lost.url, since_s, self.lost.reason)
        if asked_for_s < _OVERDUE_S:
            return None
        reason = lookup("top.overdue", self.language)
        return Lost(self.client.shown, self._silence_s(), reason)

    def _silence_s(self) -> float | None:
        at_s = self._answered_at_s
        return None if at_s is None else time.monotonic() - at_s

    def _reason(self, error: NoStatusError) -> str:
        if error.refused and not self.client.has_token:
            return lookup("top.no_token", self.language).format(variable=TOKEN_VARIABLE)
        if error.refused:
            return lookup("top.refused", self.language)
        if error.foreign:
            return lookup("top.no_status", self.language).format(detail=error)
        return str(error)
