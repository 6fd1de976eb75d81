"""Declares the options of `fleet`; imports nothing that `run` would have to carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge_video.text.command_help import add_command
from edge_video.text.help_texts import help_text
from edge_video.text.option_types import seconds_between

if TYPE_CHECKING:
    import argparse

_INTERVAL: Final = seconds_between(1.0, 3600.0)
_WAIT: Final = seconds_between(1.0, 3600.0)
_FORGET: Final = seconds_between(60.0, 30 * 86_400.0)


def add_parser(commands: Any) -> argparse.ArgumentParser:
    """The command's options; `--config` is added by the caller."""
    parser = add_command(commands, "fleet")
    add = parser.add_argument
    add("--url", metavar="AMQP", help=help_text("fleet.url"))
    add("--exchange", action="append", default=[], metavar="NAME", help=help_text("fleet.exchange"))
    add("--once", action="store_true", help=help_text("fleet.once"))
    add("--wait", type=_WAIT, default=35.0, metavar="TIME", help=help_text("fleet.wait"))
    add("--json", action="store_true", help=help_text("option.json_lines"))
    add(
        "--interval", type=_INTERVAL, default=10.0, metavar="TIME", help=help_text("fleet.interval")
    )
    add("--forget", type=_FORGET, default=86_400.0, metavar="TIME", help=help_text("fleet.forget"))
    add(
        "--http",
        nargs="?",
        const="127.0.0.1:8090",
        metavar="ADDR:PORT",
        help=help_text("fleet.http"),
    )
    add("--token", help=help_text("fleet.token"))
    add("--host", action="append", default=[], metavar="NAME", help=help_text("fleet.host"))
    return parser
