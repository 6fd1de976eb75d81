"""Shows a running system on a full screen, and follows its keys."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from edge_video.runtime.signals import ShutdownSignals
from edge_video.top.browsing import Browsing, Extent
from edge_video.top.keys import KeyDecoder
from edge_video.top.page import Shown, full_page
from edge_video.top.poller import Poller

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.text import Text

    from edge_video.top.session import TopSession
    from edge_video.top.terminals import AnyTerminal

_REDRAW_S: Final = 0.5
"""Countdowns are in whole seconds."""
_SEQUENCE_S: Final = 0.05
"""A key's bytes come together: after so long a lone escape is the escape key."""


class FullScreen:
    """One run of `top` on a terminal; everything but the questions is in the main thread.

    Args:
        session: what is shown.
        console: renders colours as the terminal has them; nothing is printed on it.
        terminal: where it is shown, and keys come from.
        interval_s: between an answer and the next question.
    """

    def __init__(
        self, session: TopSession, console: Console, terminal: AnyTerminal, interval_s: float
    ) -> None:
        self._session = session
        self._console = console
        self._terminal = terminal
        self._poller = Poller(session.client, interval_s, terminal.wake)
        self._keys = KeyDecoder()
        self._typed_at_s = 0.0
        self._browsing = Browsing()
        self._extent = Extent(0, 1)
        self._is_over = False

    def run(self) -> None:
        """Show until a signal or the key q; the terminal is then as it was before."""
        with self._terminal, ShutdownSignals(lambda _: self._end()):
            self._poller.start()
            try:
                while not self._is_over and not self._browsing.is_over:
                    self._take_answers()
                    self._draw()
                    self._take_keys()
            finally:
                self._poller.stop()

    def _end(self) -> None:
        self._is_over = True
        self._terminal.wake()

    def _take_answers(self) -> None:
        for answer in self._poller.answers():
            self._session.take(answer)

    def _draw(self) -> None:
        session, size = self._session, self._terminal.size
        shown = Shown(
            session.current(),
            session.rates,
            session.language,
            session.client.shown,
            session.loss(self._poller.asked_for_s),
        )
        page = full_page(shown, self._browsing, max(1, size.columns), max(1, size.lines))
        self._browsing, self._extent = page.browsing, page.extent
        self._terminal.draw(self._rendered(page.lines, size.columns))

    def _rendered(self, lines: Sequence[Text], width: int) -> str:
        self._console.width = max(1, width)
        with self._console.capture() as captured:
            for line in lines:
                self._console.print(line, no_wrap=True, crop=True, overflow="ignore")
        return captured.get().removesuffix("\n")

    def _take_keys(self) -> None:
        typed = self._terminal.wait(_SEQUENCE_S if self._keys.is_waiting else _REDRAW_S)
        now_s = time.monotonic()
        if typed:
            self._typed_at_s = now_s
            pressed = self._keys.feed(typed)
        elif self._keys.is_waiting and now_s - self._typed_at_s >= _SEQUENCE_S:
            pressed = self._keys.flush()
        else:
            return
        for key in pressed:
            self._browsing = self._browsing.press(key, self._extent)
