"""Spaces the attempts of cameras behind one host, so that not all start in the same instant."""

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
        """Take the next free slot of a host; returns the seconds from `now_s` until it begins.

        A slot that is not used is not given back. A source without a host (a file, a test
        picture) never waits.
        """
        if host is None or self.spacing_s <= 0:
            return 0.0
        begins_s = max(now_s, self._free_at_s.get(host, now_s))
        self._free_at_s[host] = begins_s + self.spacing_s
        return begins_s - now_s
