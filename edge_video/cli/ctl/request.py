"""Makes of the options of `ctl` what a node is asked, or says what is wrong with them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge_video.config.profiles import NO_PROFILE
from edge_video.delivery.commands.catalog import COMMANDS, CommandSpec
from edge_video.delivery.commands.client import Question
from edge_video.delivery.commands.request import MAX_BODY
from edge_video.runtime.files import read_regular
from edge_video.text.catalog import lookup
from edge_video.text.escaping import one_line

if TYPE_CHECKING:
    import argparse

    from edge_video.text.catalog import Language

STANDARD: Final = "-"
"""In the place of a file: standard input, or output."""
_MAX_WAIT_S: Final = 30.0
_SNAPSHOT: Final = "snapshot"
_RELOAD: Final = "reload"


class BadInput(Exception):  # noqa: N818 - it is what the exit code is called
    """The options do not make sense; the message is for the operator."""


def question_of(args: argparse.Namespace, timeout_s: float, language: Language) -> Question:
    """What the node is asked.

    A node waits half of the time for what comes of a command, so that its answer comes in time.

    Raises:
        BadInput: there is no such command, or what it takes is missing or too much.
    """
    name = args.command_name
    known = ", ".join(COMMANDS)
    if name is None:
        raise BadInput(text_of("ctl.needs_command", language, node=args.node, known=known))
    spec = COMMANDS.get(name)
    if spec is None:
        raise BadInput(text_of("ctl.bad_command", language, name=name, known=known))
    _check_options(args, spec, language)
    arguments: dict[str, Any] = {}
    if args.target is not None:
        arguments.update(_target(args.target, spec))
    if "wait_s" in spec.arguments:
        arguments["wait_s"] = min(_MAX_WAIT_S, timeout_s / 2)
    if args.values is not None:
        arguments["values"] = _values(args.values, language)
    if args.dry_run:
        arguments["dry_run"] = True
    body = json.dumps(arguments).encode() if arguments else b""
    return Question(args.node, name, body)


def _check_options(args: argparse.Namespace, spec: CommandSpec, language: Language) -> None:
    """Raise BadInput for what the command needs and has not, or has and does not take."""
    name, target_name = args.command_name, _target_name(spec)
    if args.target is None and target_name in spec.needed:
        raise BadInput(text_of(f"ctl.needs_{target_name}", language, name=name))
    if args.target is not None and target_name is None:
        raise BadInput(text_of("ctl.no_target", language, name=name))
    if args.values is None and "values" in spec.needed:
        raise BadInput(text_of("ctl.needs_values", language, name=name))
    for option, is_given, is_taken in (
        ("--values", args.values is not None, "values" in spec.arguments),
        ("--output", args.output is not None, name == _SNAPSHOT),
        ("--dry-run", args.dry_run, name == _RELOAD),
    ):
        if is_given and not is_taken:
            raise BadInput(text_of("ctl.no_option", language, name=name, option=option))


def _target_name(spec: CommandSpec) -> str | None:
    return next((name for name in ("camera", "name") if name in spec.arguments), None)


def _target(target: str, spec: CommandSpec) -> dict[str, str | None]:
    if "camera" in spec.arguments:
        return {"camera": target}
    return {"name": None if target == NO_PROFILE else target}


def _values(file: str, language: Language) -> dict[str, Any]:
    try:
        if file == STANDARD:
            values = json.loads(sys.stdin.buffer.read(MAX_BODY + 1))
        else:
            values = json.loads(read_regular(Path(file), MAX_BODY))
    except (OSError, ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise BadInput(text_of("ctl.bad_values", language, file=file))
    return values


def text_of(key: str, language: Language, **facts: str) -> str:
    """A text of this program with what it is about; the facts are shown in one line."""
    return lookup(key, language).format(**{name: one_line(each) for name, each in facts.items()})
