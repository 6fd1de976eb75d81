"""Declares the options of `ctl`; imports nothing that `run` would have to carry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge_video.text.command_help import add_command, takes_file
from edge_video.text.help_texts import help_text
from edge_video.text.option_types import seconds_between

if TYPE_CHECKING:
    import argparse

KEY_VARIABLE: Final = "EDGE_VIDEO_COMMANDS_KEY"
PASSWORD_VARIABLE: Final = "EDGE_VIDEO_AMQP_PASSWORD"  # noqa: S105 - a name
LIST_NODES: Final = "nodes"
"""In the place of a node, and alone: list all that answer."""
_TIMEOUT: Final = seconds_between(0.5, 60.0)  # no request may be carried out for longer


def add_parser(commands: Any) -> argparse.ArgumentParser:
    """The command's options; `--config` is added by the caller."""
    parser = add_command(commands, "ctl")
    add = parser.add_argument
    add("node", metavar="NODE", help=help_text("ctl.node"))
    add("command_name", nargs="?", metavar="COMMAND", help=help_text("ctl.command"))
    add("target", nargs="?", metavar="CAMERA", help=help_text("ctl.target"))
    add("--url", help=help_text("ctl.url"))
    add("--token", help=help_text("top.token"))
    add("--exchange", metavar="NAME", help=help_text("ctl.exchange"))
    add("--key-name", metavar="NAME", help=help_text("ctl.key_name"))
    takes_file(add("--key-file", type=Path, metavar="FILE", help=help_text("ctl.key_file")))
    takes_file(add("--values", metavar="FILE", help=help_text("ctl.values")))
    takes_file(add("-o", "--output", metavar="FILE", help=help_text("ctl.output")))
    add("--dry-run", action="store_true", help=help_text("ctl.dry_run"))
    add("--timeout", type=_TIMEOUT, metavar="TIME", help=help_text("ctl.timeout"))
    add("--json", action="store_true", help=help_text("option.json"))
    return parser
