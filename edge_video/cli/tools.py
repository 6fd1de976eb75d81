"""Runs `watch`, `top`, `fleet` and `ctl`, which look at running systems from outside."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edge_video.cli.common import (
    EXIT_BAD_INPUT,
    EXIT_FAILURE,
    EXIT_OK,
    add_config_option,
    existing_default_config,
)
from edge_video.cli.ctl.options import add_parser as add_ctl_parser
from edge_video.cli.standard_streams import print_error
from edge_video.config import Config, load_routes_with_env_file
from edge_video.runtime.files import umask_added
from edge_video.text.catalog import language_from_locale
from edge_video.top.fleet.options import add_parser as add_fleet_parser
from edge_video.top.options import TOKEN_VARIABLE
from edge_video.top.options import add_parser as add_top_parser
from edge_video.watch.options import add_parser as add_watch_parser
from edge_video.wiring.settings import configured_language

if TYPE_CHECKING:
    import argparse

    from edge_video.cli.common import Commands
    from edge_video.text.catalog import Language


def add_parsers(commands: Commands) -> None:
    """Add `watch`, `top`, `fleet` and `ctl` to the command line."""
    add_config_option(add_watch_parser(commands))
    add_top_parser(commands)
    add_config_option(add_fleet_parser(commands))
    add_config_option(add_ctl_parser(commands))


def watch(args: argparse.Namespace) -> int:
    """Consume frames from the broker and show what arrives; returns the exit code."""
    from edge_video.watch.command import BadInput, run  # noqa: PLC0415 - only this command needs it

    try:
        config = _optional_config(args)
        umask = Config.model_fields["umask"].default if config is None else config.umask
        with umask_added(int(umask, 8)):
            saw_frames = run(args, config, _language(config))
    except BadInput as error:
        print_error(f"edge-video watch: {error}")
        return EXIT_BAD_INPUT
    return EXIT_OK if saw_frames else EXIT_FAILURE


def top(args: argparse.Namespace) -> int:
    """Show the status of a running system, asked for over HTTP; returns the exit code."""
    from edge_video.top.asking import TokenError  # noqa: PLC0415 - only this command needs it
    from edge_video.top.client import Client  # noqa: PLC0415 - only this command needs it
    from edge_video.top.command import run  # noqa: PLC0415 - as above

    token = args.token or os.environ.get(TOKEN_VARIABLE) or None
    try:
        client = Client(args.url, token)
    except ValueError as error:
        option = "" if isinstance(error, TokenError) else "--url: "
        print_error(f"edge-video top: {option}{error}")
        return EXIT_BAD_INPUT
    return run(args, client, language_from_locale(os.environ))


def fleet(args: argparse.Namespace) -> int:
    """Show every node that publishes at the broker; returns the exit code."""
    from edge_video.top.fleet.command import BadInput, run  # noqa: PLC0415 - only this command

    token = args.token or os.environ.get(TOKEN_VARIABLE) or None
    try:
        config = _optional_config(args)
        return run(args, config, token, _language(config))
    except BadInput as error:
        print_error(f"edge-video fleet: {error}")
        return EXIT_BAD_INPUT


def ctl(args: argparse.Namespace) -> int:
    """Ask a node for something, over the broker or HTTP; returns the exit code."""
    from edge_video.cli.ctl.command import run  # noqa: PLC0415 - only this command needs it
    from edge_video.cli.ctl.request import BadInput  # noqa: PLC0415 - as above

    try:
        config = _optional_config(args)
        return run(args, config, _language(config))
    except BadInput as error:
        print_error(f"edge-video ctl: {error}")
        return EXIT_BAD_INPUT


def _optional_config(args: argparse.Namespace) -> Config | None:
    """The routes of a configuration, if one is named or here; with a URL none is needed.

    Whoever looks at frames has the broker's secrets, and need not have those of the cameras.
    """
    path = args.config
    if path is None and args.url is None:
        path = existing_default_config()
    return None if path is None else load_routes_with_env_file(path, os.environ)


def _language(config: Config | None) -> Language:
    return language_from_locale(os.environ) if config is None else configured_language(config)
