"""Runs the `top` command: asks for the status again and again, and shows it."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.live import Live

from edge_video.runtime.signals import ShutdownSignals
from edge_video.text.catalog import Language, lookup
from edge_video.top.client import Client, NoStatusError
from edge_video.top.options import TOKEN_VARIABLE
from edge_video.top.screen import Lost, Rates, aged, format_lost, render

if TYPE_CHECKING:
    import argparse

    from rich.console import Group

    from edge_video.status.model import SystemStatus

EXIT_OK: Final = 0
EXIT_NO_ANSWER: Final = 1

_RATE_S: Final = 1.0
"""Between the two requests of `--once`: a rate needs two."""
_PIPE_WIDTH: Final = 160


def run(args: argparse.Namespace, client: Client, language: Language) -> int:
    """Show until a signal, or once; returns the exit code."""
    session = _TopSession(client, language)
    console = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    stop = threading.Event()
    with ShutdownSignals(lambda _: stop.set()):
        if args.once:
            return _once(session, console, stop)
        return _live(session, console, stop, args.interval)


def _once(session: _TopSession, console: Console, stop: threading.Event) -> int:
    session.refresh()
    if session.status is not None:
        stop.wait(_RATE_S)
        session.refresh()
    console.print(session.screen())
    return EXIT_OK if session.lost is None else EXIT_NO_ANSWER


def _live(session: _TopSession, console: Console, stop: threading.Event, interval_s: float) -> int:
    """In place on a terminal; otherwise a block each interval, and a line when it is lost."""
    if not console.is_terminal:
        while not stop.is_set():
            was_lost = session.lost is not None
            session.refresh()
            if session.lost is None:
                console.print(session.screen())
            elif not was_lost:
                console.print(format_lost(session.lost, session.language), markup=False)
            stop.wait(interval_s)
        return EXIT_OK
    with Live(console=console, auto_refresh=False, screen=False) as live:
        while not stop.is_set():
            session.refresh()
            asked_at_s = time.monotonic()
            while not stop.is_set() and time.monotonic() - asked_at_s < interval_s:
                live.update(session.screen(), refresh=True)
                stop.wait(min(0.5, interval_s))
    return EXIT_OK


@dataclass(slots=True)
class _TopSession:
    """The newest status, and how old it is."""

    client: Client
    language: Language
    status: SystemStatus | None = None
    lost: Lost | None = None
    rates: Rates = field(default_factory=Rates)
    _answered_at_s: float | None = None

    def refresh(self) -> None:
        """Ask once; never raises."""
        try:
            self.status = self.client.status()
        except NoStatusError as error:
            self.lost = Lost(self.client.shown, self._silence_s(), self._reason(error))
            return
        self._answered_at_s = time.monotonic()
        self.lost = None
        self.rates.take(self.status)

    def screen(self) -> Group:
        """What to show now."""
        age_s = self._silence_s() or 0.0
        status = None if self.status is None else aged(self.status, age_s)
        return render(status, self.rates, self.language, self.lost)

    def _silence_s(self) -> float | None:
        at_s = self._answered_at_s
        return None if at_s is None else time.monotonic() - at_s

    def _reason(self, error: NoStatusError) -> str:
        if error.refused and not self.client.has_token:
            return lookup("top.no_token", self.language).format(variable=TOKEN_VARIABLE)
        if error.refused:
            return lookup("top.refused", self.language)
        if error.foreign:
            return lookup("top.no_status", self.language).format(detail=error)
        return str(error)
