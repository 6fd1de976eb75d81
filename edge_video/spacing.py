"""When attempts may begin: cameras behind one host are not all started in the same instant."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class HostSpacing:
    """Keeps starts on one host at least `spacing_s` seconds apart.

    An NVR with 32 channels that comes back answers 32 logins in one instant badly or not at all.
    Not thread-safe; the supervisor owns it.
    """

    spacing_s: float
    _free_at_s: dict[str, float] = field(default_factory=dict)

    def reserve(self, host: str | None, now_s: float) -> float:
        """Seconds to wait from `now_s`; 0.0 means: begin now, and the slot is taken.

        A source without a host (a file, a test picture) never waits.
        """
        if host is None or self.spacing_s <= 0:
            return 0.0
        wait_s = self._free_at_s.get(host, now_s) - now_s
        if wait_s > 0:
            return wait_s
        self._free_at_s[host] = now_s + self.spacing_s
        return 0.0
