"""Counts the requests that a node was asked, by command and by what came of them."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Final

from edge_video.delivery.commands.catalog import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNKNOWN: Final = "unknown"
"""Stands for every command that there is not: a sender may call it anything."""


class CommandCounts:
    """What is counted outlives the actor. Any thread.

    Attributes:
        is_taking: the broker brings requests now; the control thread sets it.
    """

    def __init__(self) -> None:
        self.is_taking = False
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, command: str, result: str) -> None:
        """Count a request that is answered."""
        name = command if command in COMMANDS else _UNKNOWN
        with self._lock:
            self._counts[name, result] += 1

    def snapshot(self) -> Mapping[tuple[str, str], int]:
        """Return how many there were of each command and result."""
        with self._lock:
            return dict(self._counts)
