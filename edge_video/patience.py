"""What a signal means: the first asks for an orderly end, another one is lost patience, or an echo.

`timeout` and other wrappers signal the program and then its whole group: the same signal again
within a moment is that, and no operator who has lost patience.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

_ECHO_S: Final = 0.1


class Meaning(Enum):
    """Of one signal, after those before it."""

    END = auto()
    ECHO = auto()
    AT_ONCE = auto()


@dataclass(slots=True)
class Patience:
    """Remembers the first signal; used by a signal handler, so by the main thread only."""

    _first: tuple[int, float] | None = None

    def hear(self, signum: int, now_s: float) -> Meaning:
        """What this signal, at this monotonic time, means."""
        if self._first is None:
            self._first = (signum, now_s)
            return Meaning.END
        is_same = self._first[0] == signum
        return Meaning.ECHO if is_same and now_s - self._first[1] < _ECHO_S else Meaning.AT_ONCE
