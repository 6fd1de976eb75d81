"""Declares the options of `watch`; imports nothing that `run` would have to carry."""

from __future__ import annotations

import argparse
import ipaddress
from pathlib import Path
from typing import Any, Final

from edge_video.text.option_types import positive_seconds

_MAX_PICTURES: Final = 1_000_000
_HIGHEST_PORT: Final = 65_535


def add_parser(commands: Any) -> argparse.ArgumentParser:
    """The command's options; `--config` is added by the caller."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "watch",
        help="consume the frames of a running system and say what comes: rate, latency, gaps",
        description="A consumer for a running system. It has a bounded queue of its own and"
        " disturbs nobody. Without --url it takes the broker from the configuration.",
    )
    parser.add_argument("--url", metavar="AMQP", help="amqp://user:password@host:5672/vhost")
    parser.add_argument("--exchange", metavar="NAME", help="with --url; default: edge-video")
    parser.add_argument(
        "--camera", action="append", default=[], metavar="ID", help="only this one; repeatable"
    )
    parser.add_argument("--save", type=Path, metavar="DIR", help="keep the newest pictures there")
    parser.add_argument(
        "--limit", type=_count, default=100, metavar="N", help="pictures per camera (default 100)"
    )
    parser.add_argument(
        "--seconds",
        type=positive_seconds,
        metavar="TIME",
        help="end after so long (90, 90s, 2m), with a summary; exit code 1 if no frame came",
    )
    parser.add_argument(
        "--http",
        nargs="?",
        const="127.0.0.1:8090",
        type=_loopback,
        metavar="ADDR:PORT",
        help="show the pictures in a browser of this machine (default 127.0.0.1:8090)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--decode",
        action="store_true",
        help="decode every picture with Pillow, instead of looking at its structure",
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_PICTURES:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to {_MAX_PICTURES}")
    return int(text)


def _loopback(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        is_loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback or not port.isdecimal() or int(port) > _HIGHEST_PORT:
        raise argparse.ArgumentTypeError(
            f"{text} is not an address of this machine and a port, like 127.0.0.1:8090;"
            " pictures are shown on this machine only"
        )
    return host, int(port)
