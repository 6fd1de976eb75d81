"""Declares the options of `watch`; imports nothing that `run` would have to carry."""

from __future__ import annotations

import argparse
import ipaddress
from pathlib import Path
from typing import Any, Final

from edge_video.text.command_help import add_command
from edge_video.text.help_texts import help_text
from edge_video.text.option_types import positive_seconds

_MAX_PICTURES: Final = 1_000_000
_HIGHEST_PORT: Final = 65_535


def add_parser(commands: Any) -> argparse.ArgumentParser:
    """The command's options; `--config` is added by the caller."""
    parser = add_command(commands, "watch")
    add = parser.add_argument
    add("--url", metavar="AMQP", help=help_text("watch.url"))
    add("--exchange", metavar="NAME", help=help_text("watch.exchange"))
    add("--camera", action="append", default=[], metavar="ID", help=help_text("watch.camera"))
    add("--save", type=Path, metavar="DIR", help=help_text("watch.save"))
    add("--limit", type=_count, default=100, metavar="N", help=help_text("watch.limit"))
    add("--seconds", type=positive_seconds, metavar="TIME", help=help_text("watch.seconds"))
    add(
        "--http",
        nargs="?",
        const="127.0.0.1:8090",
        type=_loopback,
        metavar="ADDR:PORT",
        help=help_text("watch.http"),
    )
    add("--json", action="store_true", help=help_text("option.json_lines"))
    add("--decode", action="store_true", help=help_text("watch.decode"))
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_PICTURES:
        message = help_text("watch.bad_limit").format(value=text[:40], most=_MAX_PICTURES)
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _loopback(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback or not port.isdecimal() or int(port) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(help_text("watch.bad_http").format(value=text[:40]))
    return host, int(port)
