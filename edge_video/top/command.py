"""Runs the `top` command: asks for the status again and again, and shows it."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from edge_video.runtime.signals import ShutdownSignals
from edge_video.top.console import open_console
from edge_video.top.full_screen import FullScreen
from edge_video.top.json_lines import lost_line, status_line
from edge_video.top.page import Shown, long_page
from edge_video.top.screen import format_lost, render
from edge_video.top.session import TopSession
from edge_video.top.terminals import open_terminal

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

    from edge_video.text.catalog import Language
    from edge_video.top.client import Client

EXIT_GOOD: Final = 0
EXIT_TROUBLE: Final = 1
"""Of `--once`: a camera is in trouble or slow, or frames cannot be delivered."""
EXIT_NO_ANSWER: Final = 3
"""Of `--once`: nobody answers, or not with a status; how the cameras are is not known."""

_RATE_S: Final = 1.0
"""Between the two requests of `--once`: a rate needs two."""


def run(args: argparse.Namespace, client: Client, language: Language) -> int:
    """Show until a signal or the key q, or once; returns the exit code."""
    session = TopSession(client, language)
    console = open_console()
    if not args.once and not args.json and sys.stdout.isatty() and not console.is_dumb_terminal:
        terminal = open_terminal()
        FullScreen(session, console, terminal, args.interval).run()
        return EXIT_GOOD
    stop = threading.Event()
    with ShutdownSignals(lambda _: stop.set()):
        if args.once:
            return _once(session, console, stop, as_json=args.json)
        _follow(session, console, stop, args.interval, as_json=args.json)
    return EXIT_GOOD


def _once(session: TopSession, console: Console, stop: threading.Event, *, as_json: bool) -> int:
    session.refresh()
    if session.status is not None and not as_json:
        stop.wait(_RATE_S)
        session.refresh()
    if as_json:
        _print_json(session)
    elif console.is_terminal:
        for line in long_page(_shown(session), console.width):
            console.print(line)
    else:
        console.print(render(session.current(), session.rates, session.language, session.lost))
    if session.lost is not None:
        return EXIT_NO_ANSWER
    return EXIT_GOOD if session.is_good else EXIT_TROUBLE


def _follow(
    session: TopSession,
    console: Console,
    stop: threading.Event,
    interval_s: float,
    *,
    as_json: bool,
) -> None:
    """A block or an object each interval; a connection that is lost is told once."""
    while not stop.is_set():
        was_lost = session.lost is not None
        session.refresh()
        if session.lost is None or not was_lost:
            if as_json:
                _print_json(session)
            elif session.lost is None:
                console.print(render(session.current(), session.rates, session.language))
            else:
                console.print(format_lost(session.lost, session.language), markup=False)
        stop.wait(interval_s)


def _shown(session: TopSession) -> Shown:
    return Shown(
        session.current(), session.rates, session.language, session.client.shown, session.lost
    )


def _print_json(session: TopSession) -> None:
    if session.lost is not None:
        print(lost_line(session.lost, time.time_ns()), flush=True)
    elif session.status is not None:
        print(status_line(session.status, time.time_ns()), flush=True)
