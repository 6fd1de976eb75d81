"""Declares the options of `top`; imports nothing that `run` would have to carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge_video.text.command_help import add_command
from edge_video.text.help_texts import help_text
from edge_video.text.option_types import seconds_between

if TYPE_CHECKING:
    import argparse

DEFAULT_URL: Final = "http://127.0.0.1:8080"
TOKEN_VARIABLE: Final = "EDGE_VIDEO_TOKEN"  # noqa: S105 - a name
_INTERVAL: Final = seconds_between(0.2, 3600.0)  # faster would be a burden


def add_parser(commands: Any) -> argparse.ArgumentParser:
    """The command's options."""
    parser = add_command(commands, "top")
    add = parser.add_argument
    add("--url", default=DEFAULT_URL, help=help_text("top.url"))
    add("--token", help=help_text("top.token"))
    add("--once", action="store_true", help=help_text("top.once"))
    add("--json", action="store_true", help=help_text("option.json_lines"))
    add(
        "--interval",
        type=_INTERVAL,
        default=1.0,
        metavar="TIME",
        help=help_text("top.interval"),
    )
    return parser
