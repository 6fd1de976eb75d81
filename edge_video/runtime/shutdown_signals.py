"""What a signal means: the first asks for an orderly end, another one is lost patience, or an echo.

`timeout` and other wrappers signal the program and then its whole group: the same signal again
within a moment is that, and no operator who has lost patience. Nor is SIGHUP: a closed terminal
sends it once or twice by itself, and systemd sends it right after SIGTERM (`SendSIGHUP=`).
"""

from __future__ import annotations

import signal
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
class ShutdownSignals:
    """Remembers the first signal; used by a signal handler, so by the main thread only."""

    _first: tuple[int, float] | None = None

    def hear(self, signum: int, now_s: float) -> Meaning:
        """What this signal, at this monotonic time, means.

        A SIGHUP begins the end, and is no first of two signals: who then sends another one has not
        waited in vain yet.
        """
        if signum == signal.SIGHUP:
            return Meaning.END if self._first is None else Meaning.ECHO
        if self._first is None:
            self._first = (signum, now_s)
            return Meaning.END
        is_same = self._first[0] == signum
        return Meaning.ECHO if is_same and now_s - self._first[1] < _ECHO_S else Meaning.AT_ONCE
