"""Decides how often an actor may be restarted, and after what pause."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_FIRST_PAUSE_S: Final = 0.25
_MAX_PAUSE_S: Final = 5.0
_MAX_DOUBLINGS: Final = 16


@dataclass(slots=True)
class RestartIntensity:
    """Erlang/OTP's restart limit: at most `max_restarts` within `period_s` seconds.

    Source: the *intensity* and *period* of Erlang/OTP's supervisor behaviour. Unlike there, a
    restart has a pause: the first one within a period has none, the next 0.25 s, then twice as
    long each time, up to 5 s; what needs a moment to heal gets it. Not thread-safe.
    """

    max_restarts: int
    period_s: float
    _restarts_s: list[float] = field(default_factory=list)

    def restart_after_s(self, now_s: float) -> float | None:
        """Record a death at `now_s`: the pause before the restart, None when it is one too many."""
        self._restarts_s = [at for at in self._restarts_s if now_s - at < self.period_s]
        self._restarts_s.append(now_s)
        deaths = len(self._restarts_s)
        if deaths > self.max_restarts:
            return None
        return 0.0 if deaths == 1 else _doubled(deaths - 2)


@dataclass(slots=True)
class Shortages:
    """The pauses after deaths for which the machine is to blame: they end no system.

    The same pauses as after crashes, from the first one on; reported once, until it has been quiet
    for `quiet_s` seconds. Not thread-safe.
    """

    quiet_s: float = 60.0
    _deaths: int = 0
    _last_s: float = float("-inf")

    def restart_after_s(self, now_s: float) -> tuple[float, bool]:
        """Record one death at `now_s`: the pause, and whether it is to be reported."""
        begins = now_s - self._last_s >= self.quiet_s
        self._deaths = 1 if begins else self._deaths + 1
        self._last_s = now_s
        return _doubled(self._deaths - 1), begins


def _doubled(times: int) -> float:
    return min(_MAX_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(times, _MAX_DOUBLINGS))
