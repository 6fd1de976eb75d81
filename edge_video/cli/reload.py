"""Runs the command `reload`, and compares a running system with its files for `check`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from edge_video.cli.common import EXIT_BAD_INPUT, EXIT_FAILURE, EXIT_OK
from edge_video.cli.running_system import ask_system
from edge_video.cli.standard_streams import print_error, print_out
from edge_video.text.catalog import language_from_locale, lookup
from edge_video.text.command_help import add_command
from edge_video.text.escaping import one_line
from edge_video.text.help_texts import help_text
from edge_video.text.phrases import translated
from edge_video.top.asking import NoAnswerError
from edge_video.top.options import DEFAULT_URL, TOKEN_VARIABLE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from edge_video.cli.common import Commands
    from edge_video.text.language import Language

_PATH: Final = "/api/reload"
_PLAN: Final = ("add", "remove", "restart", "reconnect", "live", "needs_restart")


def add_parsers(commands: Commands) -> None:
    """Add `reload` to the command line."""
    parser = add_command(commands, "reload")
    parser.add_argument("--url", default=DEFAULT_URL, help=help_text("reload.url"))
    parser.add_argument("--token", help=help_text("reload.token"))
    parser.add_argument("--dry-run", action="store_true", help=help_text("reload.dry_run"))


def reload(args: argparse.Namespace) -> int:
    """Ask a running system to read its configuration anew; returns the exit code."""
    return ask_and_print(args.url, args.token, dry_run=args.dry_run)


def ask_and_print(url: str, token: str | None, *, dry_run: bool) -> int:
    """Ask for a reload, or what it would do, and print the answer; returns the exit code."""
    try:
        answer = _asked(url, token or os.environ.get(TOKEN_VARIABLE) or None, dry_run=dry_run)
    except ValueError as error:
        print_error(f"edge-video: {error}")
        return EXIT_BAD_INPUT
    except NoAnswerError as error:
        print_error(f"edge-video: {url}: {error}")
        return EXIT_FAILURE
    print_out("\n".join(reload_lines(answer, language_from_locale(os.environ))))
    return EXIT_FAILURE if answer.get("result") == "refused" else EXIT_OK


def _asked(url: str, token: str | None, *, dry_run: bool) -> dict[str, Any]:
    return ask_system(url, f"{_PATH}?dry_run={int(dry_run)}", token, "edge-video-reload")


def reload_lines(answer: Mapping[str, Any], language: Language) -> list[str]:
    """The answer in words; what a foreign server says cannot steer the terminal."""
    result, reason = str(answer.get("result")), answer.get("reason")
    key = f"reload.{result}.{reason}" if reason else f"reload.{result}"
    try:
        lines = [lookup(key, language)]
    except KeyError:
        lines = [one_line(f"{result} {reason or ''}".strip())]
    details = answer.get("details")
    if isinstance(details, list):
        lines += [f"  {translated(one_line(str(each)), language)}" for each in details]
    return [*lines, *plan_lines(answer, language)]


def plan_lines(answer: Mapping[str, Any], language: Language) -> list[str]:
    """What a change amounts to, a line for each kind of thing."""
    lines, plan = [], answer.get("plan")
    for name in _PLAN:
        given = plan.get(name) if isinstance(plan, dict) else None
        if isinstance(given, list) and given:
            shown = ", ".join(one_line(str(each)) for each in given)
            lines.append(lookup(f"reload.plan.{name}", language).format(names=shown))
    return lines
