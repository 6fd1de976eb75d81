"""Declares the options of `top`; imports nothing that `run` would have to carry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge_video.text.option_types import seconds_between

if TYPE_CHECKING:
    import argparse

DEFAULT_URL: Final = "http://127.0.0.1:8080"
TOKEN_VARIABLE: Final = "EDGE_VIDEO_TOKEN"  # noqa: S105 - a name
_INTERVAL: Final = seconds_between(0.2, 3600.0)  # faster would be a burden


def add_parser(commands: Any) -> argparse.ArgumentParser:
    """The command's options."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "top",
        help="the status of a running system, live in the terminal",
        description="Shows what the system at an HTTP address says of itself; what is wrong"
        " comes first.",
    )
    parser.add_argument("--url", default=DEFAULT_URL, help=f"default: {DEFAULT_URL}")
    parser.add_argument(
        "--token",
        help=f"default: the environment variable {TOKEN_VARIABLE}, which does not show in a"
        " process list",
    )
    parser.add_argument(
        "--once",
        action="store_true",
        help="print once and end; exit code 0: all is well, 1: a camera is in trouble or slow, or"
        " frames cannot be delivered, 3: nobody answers",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--interval",
        type=_INTERVAL,
        default=1.0,
        metavar="TIME",
        help="between two looks (default 1s)",
    )
    return parser
