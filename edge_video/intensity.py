"""How often an actor may be restarted before its system gives up."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class RestartIntensity:
    """Erlang/OTP's restart limit: at most `max_restarts` within `period_s` seconds.

    Source: the *intensity* and *period* of Erlang/OTP's supervisor behaviour.
    """

    max_restarts: int
    period_s: float
    _restarts_s: list[float] = field(default_factory=list)

    def permits_restart(self, now_s: float) -> bool:
        """Record one death at `now_s`; False when it is one too many."""
        self._restarts_s = [at for at in self._restarts_s if now_s - at < self.period_s]
        self._restarts_s.append(now_s)
        return len(self._restarts_s) <= self.max_restarts
