"""Runs `discover --match`: where are the cameras of the configuration now?"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from edge_video.capture.onvif.matching import Whereabouts, find_again
from edge_video.capture.onvif.neighbours import neighbours
from edge_video.cli.common import EXIT_FAILURE, EXIT_MOVED, EXIT_OK, load_configured, refuse
from edge_video.cli.configured_cameras import wanted_cameras, with_configured
from edge_video.cli.standard_streams import print_error, print_out
from edge_video.config.device_lines import add_devices
from edge_video.config.files import read_text
from edge_video.report.match_table import device_line, matches_as_json, render_matches
from edge_video.runtime.files import write_whole
from edge_video.text.catalog import Language, lookup
from edge_video.wiring.settings import configured_language

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from edge_video.capture.onvif.matching import Match
    from edge_video.capture.onvif.model import Answer, Device

    Ask: TypeAlias = Callable[[Language, Callable[[list[Answer]], list[Answer]]], list[Device]]


def match(args: argparse.Namespace, ask: Ask) -> int:
    """Say where the cameras of the configuration are now; returns the exit code.

    Args:
        args: the options of `discover`.
        ask: searches, and asks those who answer and whom its function adds to them.
    """
    path, config = load_configured(args)
    language = configured_language(config)
    cameras = wanted_cameras(config)
    if not cameras:
        _refuse(language, "none")
    devices = ask(language, partial(with_configured, cameras=cameras))
    matches = find_again(cameras, devices, neighbours())
    if args.json:
        shown = matches_as_json(matches, language)
        print_out(json.dumps(shown, ensure_ascii=False, indent=2))
    else:
        print_out(render_matches(matches, language))
    if args.write:
        _write(path, matches, language)
    states = {each.whereabouts for each in matches}
    if Whereabouts.MOVED in states:
        return EXIT_MOVED
    return EXIT_OK if states == {Whereabouts.STILL_THERE} else EXIT_FAILURE


def _write(path: Path, matches: Sequence[Match], language: Language) -> None:
    """Note in the file which devices are at the addresses of cameras that do not say it."""
    unsaid = [each for each in matches if each.identity and not each.wanted.identity]
    devices = {each.wanted.camera_id: device_line(each) for each in unsaid}
    text, written = add_devices(read_text(path), devices)
    try:
        if written:
            write_whole(path, text)
    except OSError as error:
        _refuse(language, "no_file", file=path, reason=error.strerror or error)
    left = [each for each in devices if each not in written]
    for key, names in (("written", written), ("not_written", left)):
        if names:
            told = lookup(f"match.{key}", language).format(file=path, names=", ".join(names))
            print_error(told)


def _refuse(language: Language, key: str, **facts: object) -> NoReturn:
    refuse(f"edge-video discover: {lookup(f'match.{key}', language).format(**facts)}")
