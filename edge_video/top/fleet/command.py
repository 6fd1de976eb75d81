"""Runs the `fleet` command: puts its parts together."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from edge_video.runtime.signals import ShutdownSignals
from edge_video.text.catalog import lookup
from edge_video.text.escaping import one_line
from edge_video.top.console import open_console
from edge_video.top.fleet.document import fleet_line
from edge_video.top.fleet.full_screen import FleetScreen
from edge_video.top.fleet.listening import Listening
from edge_video.top.fleet.page import long_page
from edge_video.top.fleet.session import FleetSession
from edge_video.top.fleet.subscription import BadInput, fleet_subscription
from edge_video.top.terminals import open_terminal
from edge_video.watch.consumer import NoExchangeError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from rich.console import Console

    from edge_video.config import Config
    from edge_video.text.catalog import Language
    from edge_video.top.fleet.session import FleetView

__all__ = ["BadInput", "run"]

EXIT_GOOD: Final = 0
EXIT_TROUBLE: Final = 1
"""Of `--once`: a node is silent, or something in it is wrong."""
EXIT_NOBODY: Final = 3
"""Of `--once`: there is no broker, or no node was heard; how they are is not known."""

_PIPE_WIDTH: Final = 200
_LOOK_S: Final = 0.2


def run(
    args: argparse.Namespace, config: Config | None, token: str | None, language: Language
) -> int:
    """Show until a signal or the key q, or once; returns the exit code.

    Args:
        args: the command's options.
        config: where the broker is named, without `--url`.
        token: opens the page.
        language: of all texts.

    Raises:
        BadInput: the options do not make sense.
    """
    subscription = fleet_subscription(args, config)
    session = FleetSession(subscription, args.forget)
    listening = Listening(subscription, session)
    with contextlib.ExitStack() as stack:
        url = ""
        if args.http is not None and not args.once:
            url = _serve(args, session, token, language, stack)
        stack.enter_context(listening)
        try:
            code = _show(args, session, listening, url, language)
            listening.check()
        except NoExchangeError as error:
            raise BadInput(_no_exchange(error, session.target, language)) from None
    return code


def _serve(
    args: argparse.Namespace,
    session: FleetSession,
    token: str | None,
    language: Language,
    stack: contextlib.ExitStack,
) -> str:
    """Serve the page until the stack is closed; its address."""
    # Here and not above: the framework costs memory, for nothing where no page is wanted.
    from edge_video.top.fleet.page_settings import page_settings  # noqa: PLC0415
    from edge_video.top.fleet.server import FleetServer  # noqa: PLC0415

    server = FleetServer(page_settings(args.http, token, args.host, language), session)
    stack.callback(server.stop)
    try:
        return server.start()
    except OSError as error:
        raise BadInput(f"--http: {error.strerror or error}") from None


def _show(
    args: argparse.Namespace,
    session: FleetSession,
    listening: Listening,
    url: str,
    language: Language,
) -> int:
    console = open_console(_PIPE_WIDTH)
    screen = _Lines(session, console, language, as_json=args.json)
    if args.once:
        return _once(args.wait, screen, listening)
    if not args.json and sys.stdout.isatty() and not console.is_dumb_terminal:
        ended = listening.ended.is_set
        FleetScreen(session, console, open_terminal(), language, ended, url=url).run()
        return EXIT_GOOD
    if url and not args.json:
        print(lookup("fleet.page", language).format(url=url), flush=True)
    _follow(args.interval, screen, listening)
    return EXIT_GOOD


class _Lines:
    """Prints what is known, as a block or as one JSON line."""

    def __init__(
        self, session: FleetSession, console: Console, language: Language, *, as_json: bool
    ) -> None:
        self._session = session
        self._console = console
        self._language = language
        self._as_json = as_json

    def print(self) -> int:
        """Print it; what `--once` ends with."""
        with self._session.looking() as view:
            lines = [] if self._as_json else long_page(view, self._language, self._console.width)
            line = fleet_line(view, time.time_ns()) if self._as_json else ""
            code = _exit_code(view)
        if self._as_json:
            print(line, flush=True)
        for each in lines:
            self._console.print(each, no_wrap=True, crop=True, overflow="ignore")
        return code


def _exit_code(view: FleetView) -> int:
    if not view.totals.nodes or view.lost is not None:
        return EXIT_NOBODY
    return EXIT_GOOD if view.totals.is_good else EXIT_TROUBLE


def _once(wait_s: float, screen: _Lines, listening: Listening) -> int:
    _wait(wait_s, listening, lambda: False)
    return screen.print()


def _follow(interval_s: float, screen: _Lines, listening: Listening) -> None:
    stop = threading.Event()
    with ShutdownSignals(lambda _: stop.set()):
        while not stop.is_set() and not listening.ended.is_set():
            _wait(interval_s, listening, stop.is_set)
            if not stop.is_set() and not listening.ended.is_set():
                screen.print()


def _wait(seconds: float, listening: Listening, is_over: Callable[[], bool]) -> None:
    ends_s = time.monotonic() + seconds
    while time.monotonic() < ends_s and not is_over():
        if listening.ended.wait(min(_LOOK_S, max(0.0, ends_s - time.monotonic()))):
            listening.check()
            return


def _no_exchange(error: NoExchangeError, target: str, language: Language) -> str:
    has = ""
    if error.likely:
        likely = ", ".join(map(one_line, error.likely))
        has = lookup("watch.has_exchange", language).format(exchanges=likely)
    return lookup("watch.no_exchange", language).format(
        exchange=one_line(error.exchange), broker=target, has=has
    )
