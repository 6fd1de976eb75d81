"""Runs the commands `check` and `probe`: is the configuration valid, and do its cameras answer?"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import yaml

from edge_video.capture.binary import find_binary
from edge_video.cli.common import (
    EXIT_BAD_INPUT,
    EXIT_FAILURE,
    EXIT_OK,
    add_config_option,
    load_configured,
    notes_on,
)
from edge_video.cli.standard_streams import print_error, print_out
from edge_video.text.option_types import positive_seconds
from edge_video.wiring.settings import configured_language

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from edge_video.cli.common import Commands
    from edge_video.config import CameraConfig, Config


def add_parsers(commands: Commands) -> None:
    """Add `check` and `probe` to the command line."""
    check = commands.add_parser(
        "check", help="validate a configuration and print what it amounts to, secrets masked"
    )
    add_config_option(check)

    probe = commands.add_parser("probe", help="connect to every camera once and say what it sends")
    add_config_option(probe)
    probe.add_argument("camera", nargs="*", metavar="CAMERA", help="ids; default: all enabled")
    probe.add_argument(
        "--timeout",
        type=positive_seconds,
        default=20.0,
        metavar="TIME",
        help="per camera (default 20s)",
    )


def check(args: argparse.Namespace) -> int:
    """Print the configuration with all defaults filled in; returns the exit code."""
    path, config = load_configured(args)
    shown = yaml.safe_dump(config.masked(), sort_keys=False, allow_unicode=True, width=100)
    enabled = sum(camera.enabled for camera in config.cameras)
    notes = [f"# note: {note}" for note in notes_on(config)]
    valid = f"# {path}: valid; {enabled} of {len(config.cameras)} cameras enabled"
    print_out("\n".join([shown.rstrip("\n"), *notes, valid]))
    return EXIT_OK


def probe(args: argparse.Namespace) -> int:
    """Connect to each camera once and print what it sends; returns the exit code."""
    from edge_video.capture.probe import probe_all  # noqa: PLC0415 - only this command needs it
    from edge_video.report.probe_table import render_probes  # noqa: PLC0415 - as above

    path, config = load_configured(args)
    known = [camera.id for camera in config.cameras]
    unknown = [each for each in args.camera if each not in known]
    if unknown:
        print_error(
            f"edge-video: no camera {', '.join(unknown)} in {path}; it has {', '.join(known)}"
        )
        return EXIT_BAD_INPUT
    cameras = _chosen(config, args.camera)
    results = probe_all(find_binary(config.ffmpeg), cameras, config.secrets(), args.timeout)
    print_out(render_probes(results, configured_language(config)))
    return EXIT_OK if all(result.ok for result in results) else EXIT_FAILURE


def _chosen(config: Config, ids: Sequence[str]) -> list[CameraConfig]:
    return [camera for camera in config.cameras if (camera.id in ids if ids else camera.enabled)]
