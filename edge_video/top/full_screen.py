"""Shows a running system on a full screen, and follows its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.top.browsing import Browsing, Extent
from edge_video.top.key_screen import KeyScreen
from edge_video.top.page import Shown, full_page
from edge_video.top.poller import Poller

if TYPE_CHECKING:
    from rich.console import Console

    from edge_video.top.session import TopSession
    from edge_video.top.terminals import AnyTerminal


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
        self._screen = KeyScreen(console, terminal)
        self._poller = Poller(session.client, interval_s, terminal.wake)
        self._browsing = Browsing()
        self._extent = Extent(0, 1)

    def run(self) -> None:
        """Show until a signal or the key q; the terminal is then as it was before."""
        with self._screen.shown():
            self._poller.start()
            try:
                while not self._screen.is_over and not self._browsing.is_over:
                    self._take_answers()
                    self._draw()
                    self._take_keys()
            finally:
                self._poller.stop()

    def _take_answers(self) -> None:
        for answer in self._poller.answers():
            self._session.take(answer)

    def _draw(self) -> None:
        session = self._session
        shown = Shown(
            session.current(),
            session.rates,
            session.language,
            session.client.shown,
            session.loss(self._poller.asked_for_s),
        )
        page = full_page(shown, self._browsing, *self._screen.size)
        self._browsing, self._extent = page.browsing, page.extent
        self._screen.draw(page.lines)

    def _take_keys(self) -> None:
        for key in self._screen.pressed():
            self._browsing = self._browsing.press(key, self._extent)
