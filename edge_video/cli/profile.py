"""Runs the command `profile`: lets another profile apply in a running system."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Final

from edge_video.cli.common import EXIT_BAD_INPUT, EXIT_FAILURE, EXIT_OK
from edge_video.cli.running_system import ask_system
from edge_video.cli.standard_streams import print_error, print_out
from edge_video.config.profiles import NO_PROFILE
from edge_video.text.catalog import language_from_locale, lookup
from edge_video.text.command_help import add_command
from edge_video.text.escaping import one_line
from edge_video.text.help_texts import help_text
from edge_video.top.asking import NoAnswerError
from edge_video.top.options import DEFAULT_URL, TOKEN_VARIABLE

if TYPE_CHECKING:
    import argparse

    from edge_video.cli.common import Commands

_WELL: Final = ("done", "already")


def add_parsers(commands: Commands) -> None:
    """Add `profile` to the command line."""
    parser = add_command(commands, "profile")
    parser.add_argument("name", metavar="NAME", help=help_text("profile.name"))
    parser.add_argument("--url", default=DEFAULT_URL, help=help_text("reload.url"))
    parser.add_argument("--token", help=help_text("reload.token"))


def profile(args: argparse.Namespace) -> int:
    """Ask a running system to let a profile apply, or none; returns the exit code."""
    body = json.dumps({"name": None if args.name == NO_PROFILE else args.name}).encode()
    token = args.token or os.environ.get(TOKEN_VARIABLE) or None
    try:
        answer = ask_system(args.url, "/api/profile", token, "edge-video-profile", body)
    except ValueError as error:
        print_error(f"edge-video: {error}")
        return EXIT_BAD_INPUT
    except NoAnswerError as error:
        print_error(f"edge-video: {args.url}: {error}")
        return EXIT_FAILURE
    language = language_from_locale(os.environ)
    result, name = str(answer["result"]), one_line(args.name)
    if result in _WELL:
        which = "none" if args.name == NO_PROFILE else "one"
        print_out(lookup(f"profile.{result}.{which}", language).format(name=name))
        return EXIT_OK
    if result != "unknown_target":
        print_error(f"edge-video: {one_line(result)}")
        return EXIT_FAILURE
    profiles = answer.get("profiles")
    known = ", ".join(one_line(str(each)) for each in profiles) if profiles else NO_PROFILE
    print_error(f"edge-video: {lookup('profile.unknown', language).format(name=name, known=known)}")
    return EXIT_BAD_INPUT
