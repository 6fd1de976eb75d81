"""Remembers whom the outbox calls when frames wait, and whether it has called already.

Everything here is mutable and has no lock of its own: the outbox's lock guards it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class ReadyListener:
    """Decides when the listener is called: once, until it has found the outbox empty.

    Attributes:
        is_notified: the listener knows that frames wait.
    """

    __slots__ = ("_has_failed", "_listener", "is_notified")

    def __init__(self) -> None:
        self._listener: Callable[[], None] | None = None
        self._has_failed = False
        self.is_notified = False

    def replace(self, listener: Callable[[], None] | None) -> None:
        """Make this the listener, which knows nothing yet."""
        self._listener = listener
        self._has_failed = False
        self.is_notified = False

    def notify(self, held: int) -> Callable[[], None] | None:
        """The listener if it has to be called, which then counts as done.

        `held` is how many frames wait: without any, nobody is called.
        """
        if self.is_notified or not held or self._listener is None:
            return None
        self.is_notified = True
        return self._listener

    def failed(self, listener: Callable[[], None]) -> bool:
        """Call this listener again at the next frame, for it raised; whether that is news."""
        if listener is not self._listener:
            return False
        is_news = not self._has_failed
        self._has_failed = True
        self.is_notified = False
        return is_news
