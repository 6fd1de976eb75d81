"""Shows the fleet on a full screen, and follows its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.top.fleet.browsing import Browsing
from edge_video.top.fleet.page import Page, full_page
from edge_video.top.key_screen import KeyScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from edge_video.text.catalog import Language
    from edge_video.top.fleet.session import FleetSession
    from edge_video.top.terminals import AnyTerminal


class FleetScreen:
    """One run of `fleet` on a terminal; in the main thread, but for what the session hears.

    Args:
        session: what is shown.
        console: renders colours as the terminal has them; nothing is printed on it.
        terminal: where it is shown, and keys come from.
        language: of its texts.
        has_ended: whether nobody listens any more.
        url: of the page for browsers; empty: there is none.
    """

    def __init__(
        self,
        session: FleetSession,
        console: Console,
        terminal: AnyTerminal,
        language: Language,
        has_ended: Callable[[], bool],
        *,
        url: str = "",
    ) -> None:
        self._session = session
        self._screen = KeyScreen(console, terminal)
        self._language = language
        self._has_ended = has_ended
        self._url = url
        self._browsing = Browsing()
        self._page = Page([], [], 1)

    def run(self) -> None:
        """Show until a signal or the key q; the terminal is then as it was before."""
        with self._screen.shown():
            while not self._is_over():
                self._draw()
                self._take_keys()

    def _is_over(self) -> bool:
        return self._screen.is_over or self._browsing.is_over or self._has_ended()

    def _draw(self) -> None:
        size = self._screen.size
        with self._session.looking() as view:
            self._page = full_page(view, self._browsing, self._language, size, self._url)
        self._screen.draw(self._page.lines)

    def _take_keys(self) -> None:
        page = self._page
        for key in self._screen.pressed():
            self._browsing = self._browsing.press(key, page.names, page.room, page.last)
