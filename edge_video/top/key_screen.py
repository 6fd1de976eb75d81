"""Draws lines on a full screen, and reads the keys that are pressed on it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from edge_video.runtime.signals import ShutdownSignals
from edge_video.top.keys import KeyDecoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console
    from rich.text import Text

    from edge_video.top.keys import Press
    from edge_video.top.terminals import AnyTerminal

_REDRAW_S: Final = 0.5
"""Countdowns and ages are in whole seconds."""
_SEQUENCE_S: Final = 0.05
"""A key's bytes come together: after so long a lone escape is the escape key."""


class KeyScreen:
    """A terminal that shows lines; the main thread only, but for `wake` of its terminal.

    Args:
        console: renders colours as the terminal has them; nothing is printed on it.
        terminal: where it is shown, and keys come from.

    Attributes:
        is_over: a signal has come.
    """

    def __init__(self, console: Console, terminal: AnyTerminal) -> None:
        self.is_over = False
        self._console = console
        self._terminal = terminal
        self._keys = KeyDecoder()
        self._typed_at_s = 0.0

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Have the terminal, and follow signals; the terminal is then as it was before."""
        with self._terminal, ShutdownSignals(lambda _: self._end()):
            yield

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines, at least one of each."""
        size = self._terminal.size
        return max(1, size.columns), max(1, size.lines)

    def draw(self, lines: Sequence[Text]) -> None:
        """Show these lines, cut off at the right."""
        self._console.width = self.size[0]
        with self._console.capture() as captured:
            for line in lines:
                self._console.print(line, no_wrap=True, crop=True, overflow="ignore")
        self._terminal.draw(captured.get().removesuffix("\n"))

    def pressed(self) -> Sequence[Press]:
        """Wait for keys, until it is time to draw anew; return those that came."""
        typed = self._terminal.wait(_SEQUENCE_S if self._keys.is_waiting else _REDRAW_S)
        now_s = time.monotonic()
        if typed:
            self._typed_at_s = now_s
            return self._keys.feed(typed)
        if self._keys.is_waiting and now_s - self._typed_at_s >= _SEQUENCE_S:
            return self._keys.flush()
        return []

    def _end(self) -> None:
        self.is_over = True
        self._terminal.wake()
