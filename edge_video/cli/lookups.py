"""Runs the commands `explain` and `completion`, which need no configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from edge_video.cli.common import EXIT_OK, refuse
from edge_video.cli.standard_streams import print_out
from edge_video.config.reference import all_keys, find_keys, normalized, similar_keys
from edge_video.report.key_reference import render_key, render_sections
from edge_video.text.catalog import language_from_locale, lookup
from edge_video.text.command_help import add_command
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten
from edge_video.text.help_texts import help_text

if TYPE_CHECKING:
    import argparse

    from edge_video.cli.common import Commands

_SHELLS: Final = ("bash", "zsh", "fish")


def add_parsers(commands: Commands) -> None:
    """Add `explain`, `completion` and `help` to the command line."""
    explain = add_command(commands, "explain")
    explain.add_argument("key", nargs="?", metavar="KEY", help=help_text("explain.key"))
    completion = add_command(commands, "completion")
    completion.add_argument("shell", choices=_SHELLS, help=help_text("completion.shell"))
    help_ = add_command(commands, "help")
    help_.add_argument("topic", nargs="?", metavar="COMMAND", help=help_text("help.command"))


def explain(args: argparse.Namespace) -> int:
    """Print what a key means, or the sections; returns the exit code."""
    language = language_from_locale(os.environ)
    keys = all_keys()
    if args.key is None:
        print_out(render_sections(keys, language))
        return EXIT_OK
    path = normalized(args.key)
    found = find_keys(path, keys)
    if not found:
        similar = similar_keys(path, keys)
        text = lookup("explain.similar" if similar else "explain.unknown", language)
        shown = shorten(one_line(args.key), 60)
        refuse(f"edge-video explain: {text.format(key=shown, similar=', '.join(similar))}")
    print_out("\n\n".join(render_key(key, keys, language) for key in found))
    return EXIT_OK


def completion(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Print a script with which a shell completes the command line; returns the exit code."""
    try:
        import shtab  # noqa: PLC0415 - optional
    except ImportError:
        refuse(f"edge-video completion: {help_text('completion.no_shtab')}")
    script: str = shtab.complete(parser, args.shell)
    print_out(script.rstrip("\n"))
    return EXIT_OK
