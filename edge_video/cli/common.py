"""Holds what several commands share: exit codes, the configuration's option and its file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

from edge_video.cli.standard_streams import print_error
from edge_video.config import load_with_env_file
from edge_video.runtime.descriptors import descriptor_note, hard_limit
from edge_video.text.catalog import language_from_locale, lookup
from edge_video.text.command_help import takes_file
from edge_video.text.help_texts import help_text

if TYPE_CHECKING:
    import argparse

    from edge_video.config import Config

EXIT_OK: Final = 0
EXIT_FAILURE: Final = 1
EXIT_BAD_INPUT: Final = 2
EXIT_MOVED: Final = 4
EXIT_GAVE_UP: Final = 70
"""`EX_SOFTWARE` of sysexits.h."""
EXIT_SIGNAL: Final = 128
"""The number of the signal is added, as a shell reports it."""

Commands: TypeAlias = Any
"""What `add_subparsers` returns; the type has no public name."""

_DEFAULT_CONFIGS: Final = (Path("config.yaml"), Path("config/config.yaml"))


def refuse(message: str) -> NoReturn:
    """End the command for bad input, with this complaint on standard error."""
    print_error(message)
    raise SystemExit(EXIT_BAD_INPUT)


def add_config_option(parser: argparse.ArgumentParser) -> argparse.Action:
    """Add `--config`; returns it."""
    option = parser.add_argument(
        "--config", type=Path, metavar="FILE", help=help_text("option.config")
    )
    takes_file(option)
    return option


def add_config_options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Add `--config` and `--config-dir`; returns them."""
    directory = parser.add_argument(
        "--config-dir", type=Path, metavar="DIR", help=help_text("option.config_dir")
    )
    takes_file(directory)
    return [add_config_option(parser), directory]


def existing_default_config() -> Path | None:
    """The first of the default configuration files that is there."""
    return next((path for path in _DEFAULT_CONFIGS if path.is_file()), None)


def load_configured(args: argparse.Namespace) -> tuple[Path, Config]:
    """The configuration that `--config` names, or the default one, and its path.

    Raises:
        edge_video.config.ConfigError: it is not valid.
        SystemExit: no file is named, and there is no default one.
    """
    path = configured_path(args)
    return path, load_with_env_file(path, os.environ, directory=args.config_dir)


def configured_path(args: argparse.Namespace) -> Path:
    """The file that `--config` names, or the default one.

    Raises:
        SystemExit: no file is named, and there is no default one.
    """
    path: Path | None = args.config or existing_default_config()
    if path is None:
        language = language_from_locale(os.environ)
        lines = [lookup(f"no_config.{part}", language) for part in ("what", "write", "demo")]
        refuse("\n".join([f"edge-video: {lines[0]}", *lines[1:]]))
    return path


def notes_on(config: Config) -> list[str]:
    """Collect what an operator should know of the configuration and of the machine to run it."""
    descriptors = descriptor_note(len(config.cameras), hard_limit())
    return [*config.warnings, *([] if descriptors is None else [descriptors])]
