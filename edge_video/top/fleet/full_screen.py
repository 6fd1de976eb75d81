"""Shows the fleet on a full screen, and follows its keys."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from edge_video.runtime.signals import ShutdownSignals
from edge_video.top.fleet.browsing import Browsing
from edge_video.top.fleet.page import Page, full_page
from edge_video.top.keys import KeyDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console
    from rich.text import Text

    from edge_video.text.catalog import Language
    from edge_video.top.fleet.session import FleetSession
    from edge_video.top.terminals import AnyTerminal

_REDRAW_S: Final = 0.5
"""Ages are in whole seconds."""
_SEQUENCE_S: Final = 0.05
"""A key's bytes come together: after so long a lone escape is the escape key."""


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
        self._console = console
        self._terminal = terminal
        self._language = language
        self._has_ended = has_ended
        self._url = url
        self._keys = KeyDecoder()
        self._typed_at_s = 0.0
        self._browsing = Browsing()
        self._page = Page([], [], 1)
        self._is_over = False

    def run(self) -> None:
        """Show until a signal or the key q; the terminal is then as it was before."""
        with self._terminal, ShutdownSignals(lambda _: self._end()):
            while not self._is_over and not self._browsing.is_over and not self._has_ended():
                self._draw()
                self._take_keys()

    def _end(self) -> None:
        self._is_over = True
        self._terminal.wake()

    def _draw(self) -> None:
        size = self._terminal.size
        width, height = max(1, size.columns), max(1, size.lines)
        with self._session.looking() as view:
            self._page = full_page(view, self._browsing, self._language, (width, height), self._url)
        self._terminal.draw(self._rendered(self._page.lines, width))

    def _rendered(self, lines: Sequence[Text], width: int) -> str:
        self._console.width = width
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
        page = self._page
        for key in pressed:
            self._browsing = self._browsing.press(key, page.names, page.room, page.last)
