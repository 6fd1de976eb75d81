"""Runs the command `check`, and declares its options and those of `probe`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import yaml

from edge_video.capture.limits import FfmpegLimits, LimitKeeper
from edge_video.cli.common import (
    EXIT_BAD_INPUT,
    EXIT_OK,
    add_config_options,
    load_configured,
    notes_on,
)
from edge_video.cli.reload import ask_and_print
from edge_video.cli.standard_streams import print_out
from edge_video.config import ConfigError
from edge_video.report.check_table import render_check, render_verdict
from edge_video.text.catalog import lookup
from edge_video.text.command_help import add_command
from edge_video.text.help_texts import help_text
from edge_video.text.option_types import megabytes_per_s, positive_seconds, seconds_between
from edge_video.text.phrases import translated
from edge_video.wiring.settings import configured_language, sink_target

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from edge_video.cli.common import Commands
    from edge_video.config import Config

_MIN_MEASURED_S: Final = 1.0
_MAX_MEASURED_S: Final = 3600.0


def add_parsers(commands: Commands) -> None:
    """Add `check` and `probe` to the command line."""
    check = add_command(commands, "check")
    add_config_options(check)
    shown = check.add_mutually_exclusive_group()
    shown.add_argument("--full", action="store_true", help=help_text("check.full"))
    shown.add_argument("--json", action="store_true", help=help_text("option.json"))
    check.add_argument("--against", metavar="URL", help=help_text("check.against"))

    _add_probe(commands)


def _add_probe(commands: Commands) -> None:
    probe = add_command(commands, "probe")
    add_config_options(probe)
    add = probe.add_argument
    add("camera", nargs="*", metavar="CAMERA", help=help_text("probe.camera"))
    timeout = help_text("probe.timeout")
    add("--timeout", type=positive_seconds, default=20.0, metavar="TIME", help=timeout)
    add("--no-broker", dest="broker", action="store_false", help=help_text("probe.no_broker"))
    add("--measure", action="store_true", help=help_text("probe.measure"))
    seconds = seconds_between(_MIN_MEASURED_S, _MAX_MEASURED_S)
    add("--seconds", type=seconds, metavar="TIME", help=help_text("probe.seconds"))
    add("--together", action="store_true", help=help_text("probe.together"))
    add("--uplink", type=megabytes_per_s, metavar="MB/S", help=help_text("probe.uplink"))
    add("--json", action="store_true", help=help_text("option.json"))


def check(args: argparse.Namespace) -> int:
    """Print what a configuration amounts to, and the verdict; returns the exit code."""
    try:
        path, config = load_configured(args)
    except ConfigError as error:
        if not args.json:
            raise
        print_out(_json_of_problems(error))
        return EXIT_BAD_INPUT
    if args.json:
        print_out(_json_of(path, config))
    elif args.full:
        print_out(_yaml_of(path, config))
    else:
        language = configured_language(config)
        notes = [translated(note, language) for note in notes_on(config)]
        limited = any(map(FfmpegLimits.of, config.cameras))
        way = LimitKeeper().way() if limited else None
        target = sink_target(config)
        print_out(render_check(str(path), config, target, notes, language, limit_way=way))
    return EXIT_OK if args.against is None else ask_and_print(args.against, None, dry_run=True)


def _yaml_of(path: Path, config: Config) -> str:
    """The whole configuration with its defaults; a file of it would be read again."""
    language = configured_language(config)
    shown = yaml.safe_dump(config.masked(), sort_keys=False, allow_unicode=True, width=100)
    notes = [
        lookup("check.note", language).format(note=translated(note, language))
        for note in notes_on(config)
    ]
    comments = [f"# {line}" for line in (*notes, render_verdict(str(path), config, language))]
    return "\n".join([shown.rstrip("\n"), *comments])


def _json_of(path: Path, config: Config) -> str:
    shown = {
        "file": str(path),
        "valid": True,
        "cameras": len(config.cameras),
        "enabled": sum(camera.enabled for camera in config.cameras),
        "notes": notes_on(config),
        "config": config.masked(),
    }
    return json.dumps(shown, ensure_ascii=False, indent=2)


def _json_of_problems(error: ConfigError) -> str:
    problems = [
        {"file": each.file, "line": each.line, "key": each.key or None, "message": each.message}
        for each in error.problems
    ]
    return json.dumps({"valid": False, "problems": problems}, ensure_ascii=False, indent=2)
