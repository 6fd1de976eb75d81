"""Shows what comes to `watch`: lines, JSON lines, or a live table."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console
from rich.live import Live

from edge_video.text.catalog import Language, lookup
from edge_video.watch import view
from edge_video.watch.live_table import Room, live_table

if TYPE_CHECKING:
    from edge_video.watch.tally import Tally

_TABLE_S: Final = 0.5
_LINES_S: Final = 5.0
_JSON_S: Final = 1.0
_ENDLESS: Final = 10_000
"""Lines for the last table, which may scroll."""


class Screen:
    """Prints lines on standard output: the form for pipes and files.

    Everything runs in the consumer's thread, the main one. Used as a context manager.

    Attributes:
        header: what is watched; printed first.
        period_s: between two figures of every camera.
    """

    period_s = _LINES_S

    def __init__(self, language: Language) -> None:
        self.header = ""
        self._language = language
        self._shown_at_s = 0.0

    def __enter__(self) -> Self:
        print(self.header, flush=True)
        self._shown_at_s = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, kind: str, text: str, **facts: object) -> None:  # noqa: ARG002 - for JSON
        """Show that something happened: its kind and facts for JSON, its text for people."""
        print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)

    def refresh(self, tally: Tally, now_s: float) -> None:
        """Show the figures of every camera, when `period_s` has passed."""
        if now_s - self._shown_at_s >= self.period_s:
            self._shown_at_s = now_s
            self._show_cameras(tally, now_s)

    def finish(self, tally: Tally) -> None:
        """Show the figures for the last time."""
        print(lookup("watch.summary", self._language))
        self._show_cameras(tally, time.monotonic())
        if tally.unrecognised:
            print(self._unrecognised(tally))

    def _unrecognised(self, tally: Tally) -> str:
        return lookup("watch.unrecognised", self._language).format(count=tally.unrecognised)

    def _show_cameras(self, tally: Tally, now_s: float) -> None:
        views = tally.views(now_s)
        for each in views:
            print(view.line(each, self._language))
        if not views:
            print(lookup("watch.nothing", self._language))
        sys.stdout.flush()


class JsonScreen(Screen):
    """Prints one JSON object a line."""

    period_s = _JSON_S

    def __enter__(self) -> Self:
        self.show("watching", self.header)
        return self

    def show(self, kind: str, text: str, **facts: object) -> None:
        """See `Screen.show`."""
        print(view.json_line(kind, (), time.time_ns(), text=text, **facts), flush=True)

    def finish(self, tally: Tally) -> None:
        """See `Screen.finish`."""
        self._print("summary", tally, time.monotonic())

    def _show_cameras(self, tally: Tally, now_s: float) -> None:
        self._print("interval", tally, now_s)

    def _print(self, kind: str, tally: Tally, now_s: float) -> None:
        views, at_ns = tally.views(now_s), time.time_ns()
        line = view.json_line(kind, views, at_ns, unrecognised=tally.unrecognised)
        print(line, flush=True)


class LiveScreen(Screen):
    """Shows a table that changes in place, below the lines that were shown."""

    period_s = _TABLE_S

    def __init__(self, language: Language) -> None:
        super().__init__(language)
        self._live = Live(console=Console(), auto_refresh=False, vertical_overflow="visible")

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, kind: str, text: str, **facts: object) -> None:  # noqa: ARG002 - as above
        """See `Screen.show`."""
        self._live.console.print(f"{time.strftime('%H:%M:%S')} {text}", markup=False)

    def finish(self, tally: Tally) -> None:
        """See `Screen.finish`."""
        self._draw(tally, time.monotonic(), Room(self._live.console.width, _ENDLESS))
        if tally.unrecognised:
            self._live.console.print(self._unrecognised(tally), markup=False)

    def _show_cameras(self, tally: Tally, now_s: float) -> None:
        self._draw(tally, now_s, Room(*self._live.console.size))

    def _draw(self, tally: Tally, now_s: float, room: Room) -> None:
        shown = live_table(tally.views(now_s), self.header, self._language, room)
        self._live.update(shown, refresh=True)


def make_screen(language: Language, *, as_json: bool) -> Screen:
    """JSON lines when asked for; else a live table on a terminal, and lines elsewhere."""
    if as_json:
        return JsonScreen(language)
    return LiveScreen(language) if sys.stdout.isatty() else Screen(language)
