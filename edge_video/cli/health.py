"""Runs the command `health`: asks the system of this machine whether it is alive, for a supervisor.

A container's health check starts it every half minute, so what it loads is kept small: the
configuration is read only where no URL is given, and the rest of the command line not at all.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from edge_video.text.catalog import language_from_locale, lookup
from edge_video.text.command_help import CommandParser, add_command, takes_file
from edge_video.text.help_texts import help_text
from edge_video.text.option_types import seconds_between
from edge_video.top.asking import TokenError
from edge_video.top.options import TOKEN_VARIABLE
from edge_video.top.probe_client import ProbeTarget, ask_probe

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_EXIT_OK: Final = 0
_EXIT_FAILURE: Final = 1
_EXIT_BAD_INPUT: Final = 2
_EXIT_SIGNAL: Final = 128

_TIMEOUT_S: Final = 3.0
_ANY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - asked, not listened at


class _BadTargetError(Exception):
    """Nobody can be asked; the message is for the operator."""


def main(argv: Sequence[str]) -> int:
    """Run the command by itself, without the rest of the command line; returns the exit code."""
    parser = CommandParser(prog="edge-video health", description=help_text("health.about"))
    _add_options(parser)
    args = parser.parse_args(argv)
    from edge_video.cli.standard_streams import exit_code_of  # noqa: PLC0415 - as in `health`

    try:
        return health(args)
    except OSError as error:  # of printing: whoever read the output has seen enough
        return exit_code_of(error)
    except KeyboardInterrupt:
        return _EXIT_SIGNAL + signal.SIGINT


def add_parsers(commands: Any) -> None:
    """Add `health` to the command line."""
    _add_options(add_command(commands, "health"))


def _add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    takes_file(add("--config", metavar="FILE", help=help_text("option.config")))
    add("--url", help=help_text("health.url"))
    add("--ready", action="store_true", help=help_text("health.ready"))
    add(
        "--timeout",
        type=seconds_between(0.1, 60.0),
        default=_TIMEOUT_S,
        metavar="TIME",
        help=help_text("health.timeout"),
    )


def health(args: argparse.Namespace) -> int:
    """Ask once and say what was answered; returns the exit code: 0 well, 1 not, 2 bad input."""
    # Not at the top: a check that names a URL needs none of what prints the log.
    from edge_video.cli.standard_streams import print_error, print_out  # noqa: PLC0415

    language = language_from_locale(os.environ)
    try:
        target = _target(args)
    except (_BadTargetError, TokenError) as error:
        print_error(f"edge-video health: {error}")
        return _EXIT_BAD_INPUT
    path = "/ready" if args.ready else "/health"
    url = target.url.rstrip("/") + path
    trouble = ask_probe(ProbeTarget(url, target.token), args.timeout, language)
    if trouble is None:
        print_out(lookup("health.good", language).format(url=url))
        return _EXIT_OK
    print_error(f"edge-video health: {url}: {trouble}")
    return _EXIT_FAILURE


def _target(args: argparse.Namespace) -> ProbeTarget:
    token = os.environ.get(TOKEN_VARIABLE) or None
    if args.url is None:
        return _configured_target(args.config, token)
    split = urlsplit(args.url)
    if split.scheme not in ("http", "https") or not split.hostname or split.username is not None:
        raise _BadTargetError(help_text("health.bad_url").format(example="http://127.0.0.1:8080"))
    return ProbeTarget(args.url, token)


def _configured_target(file: str | None, token: str | None) -> ProbeTarget:
    """Where the system of the configuration listens, as this machine reaches it."""
    from pathlib import Path  # noqa: PLC0415 - as said above

    from edge_video.cli.common import existing_default_config  # noqa: PLC0415 - as said above
    from edge_video.config import ConfigError, load_http_with_env_file  # noqa: PLC0415 - as above

    path = existing_default_config() if file is None else Path(file)
    if path is None:
        raise _BadTargetError(help_text("health.no_config"))
    try:
        section = load_http_with_env_file(path, os.environ)
    except ConfigError as error:
        raise _BadTargetError(str(error)) from None
    if section is None:
        raise _BadTargetError(help_text("health.no_http").format(file=path))
    address = section.address
    if not address.port:
        raise _BadTargetError(help_text("health.no_port").format(file=path))
    host = _ANY_ADDRESS.get(address.host, address.host)
    host = f"[{host}]" if ":" in host else host
    configured = None if section.token is None else section.token.get_secret_value()
    return ProbeTarget(f"http://{host}:{address.port}", token or configured)
