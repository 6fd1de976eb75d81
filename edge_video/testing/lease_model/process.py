"""Models the program of a node: it runs, stands still or has ended, and starts anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.testing.lease_model.loop import EventLoop


class Process:
    """One program after the other; what was meant for one never reaches the next."""

    def __init__(self, loop: EventLoop) -> None:
        self.is_paused = False
        self.lives = 0
        self._loop = loop
        self._has_ended = True
        self._inbox: list[Callable[[], None]] = []

    def start(self) -> None:
        """Start the next one."""
        self.lives += 1
        self._has_ended = False

    def end(self) -> None:
        """End it, with everything that it has not looked at yet."""
        self._has_ended = True
        self.is_paused = False
        self._inbox = []

    def pause(self) -> None:
        """Stop it where it stands (SIGSTOP)."""
        self.is_paused = True

    def resume(self) -> None:
        """Let it go on with everything that has come meanwhile."""
        self.is_paused = False
        inbox, self._inbox = self._inbox, []
        for call in inbox:
            self.do(call)

    def do(self, call: Callable[[], None]) -> None:
        """Have it do something, when it runs."""
        if self.is_paused:
            self._inbox.append(call)
        elif not self._has_ended:
            call()

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Have it do something later, unless it has ended by then."""
        life = self.lives

        def look() -> None:
            if self.lives == life:
                self.do(call)

        self._loop.after(delay_s, look)
