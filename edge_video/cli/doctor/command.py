"""Runs the commands `doctor` and `bundle`."""

from __future__ import annotations

import getpass
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge_video.cli.common import (
    EXIT_FAILURE,
    EXIT_OK,
    add_config_options,
    configured_path,
    refuse,
)
from edge_video.cli.doctor.archive import make_bundle
from edge_video.cli.doctor.examination import examine
from edge_video.cli.doctor.machine import Machine, Subject
from edge_video.cli.standard_streams import TransientLine, print_out
from edge_video.config.env_file import load_whole
from edge_video.report.doctor_table import doctor_as_json, is_good, render_doctor, render_sum
from edge_video.runtime.files import replace_at
from edge_video.runtime.folder import open_directory
from edge_video.runtime.version import version
from edge_video.text.catalog import lookup
from edge_video.text.command_help import add_command, takes_file
from edge_video.text.help_texts import help_text
from edge_video.text.option_types import positive_seconds
from edge_video.wiring.settings import configured_language

if TYPE_CHECKING:
    import argparse

    from edge_video.cli.common import Commands
    from edge_video.report.finding import Finding


def add_parsers(commands: Commands) -> None:
    """Add `doctor` and `bundle` to the command line."""
    doctor_parser = add_command(commands, "doctor")
    _add_options(doctor_parser)
    doctor_parser.add_argument("--json", action="store_true", help=help_text("option.json"))
    bundle_parser = add_command(commands, "bundle")
    _add_options(bundle_parser)
    output = bundle_parser.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help=help_text("bundle.output")
    )
    takes_file(output)


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_config_options(parser)
    parser.add_argument(
        "--timeout",
        type=positive_seconds,
        default=10.0,
        metavar="TIME",
        help=help_text("doctor.timeout"),
    )


def doctor(args: argparse.Namespace, machine: Machine | None = None) -> int:
    """Look at everything that a system of this configuration needs; returns the exit code."""
    subject = _subject(args, machine or Machine())
    findings = _examined(subject, quiet=args.json)
    if args.json:
        print_out(json.dumps(doctor_as_json(findings), ensure_ascii=False, indent=2))
    else:
        print_out(_rendered(subject, findings))
    return EXIT_OK if is_good(findings) else EXIT_FAILURE


def bundle(args: argparse.Namespace, machine: Machine | None = None) -> int:
    """Write one file with what support asks for, without secrets; returns the exit code."""
    subject = _subject(args, machine or Machine())
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    path = args.output or Path(f"edge-video-{_file_name(subject.config.node)}-{stamp}.tar.gz")
    _refuse_unusable(path, subject)
    findings = _examined(subject, quiet=False)
    whole = make_bundle(subject, findings, _rendered(subject, findings))
    try:
        with open_directory(path.parent) as directory:
            replace_at(directory, path.name, whole, mode=0o600)
    except OSError as error:
        text = lookup("bundle.not_written", subject.language)
        refuse(f"edge-video bundle: {text.format(file=path, reason=error.strerror or error)}")
    text = lookup("bundle.written", subject.language)
    print_out(text.format(file=path, size=-(-len(whole) // 1024)))
    print_out(render_sum(findings, subject.language))
    return EXIT_OK


def _subject(args: argparse.Namespace, machine: Machine) -> Subject:
    """What to examine.

    Raises:
        edge_video.config.ConfigError: the configuration is not valid.
    """
    path = configured_path(args)
    loaded = load_whole(path, os.environ, directory=args.config_dir)
    config = loaded.config
    return Subject(
        config=config,
        path=path,
        files=loaded.files,
        exposed=loaded.exposed,
        cameras=tuple(camera for camera in config.cameras if camera.enabled),
        language=configured_language(config),
        timeout_s=args.timeout,
        machine=machine,
    )


def _examined(subject: Subject, *, quiet: bool) -> list[Finding]:
    line = TransientLine(enabled=not quiet)
    line.show(lookup("doctor.looking", subject.language))
    try:
        return examine(subject)
    finally:
        line.clear()


def _rendered(subject: Subject, findings: list[Finding]) -> str:
    head = lookup("doctor.head", subject.language)
    facts = {"version": version(), "file": subject.path, "user": _user()}
    return render_doctor(head.format(**facts), findings, subject.language)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        if sys.platform == "win32":
            return "?"
        return str(os.getuid())


def _refuse_unusable(path: Path, subject: Subject) -> None:
    """Refuse a file that exists, before minutes are spent."""
    if os.path.lexists(path):
        text = lookup("bundle.exists", subject.language)
        refuse(f"edge-video bundle: {text.format(file=path)}")
    if not path.parent.is_dir():
        text = lookup("init.no_folder", subject.language)
        refuse(f"edge-video bundle: {text.format(folder=path.parent)}")


def _file_name(node: str) -> str:
    """A node's name with what is awkward in a file's name left out."""
    return "".join(each for each in node if each.isalnum() or each in "-_")[:40] or "node"
