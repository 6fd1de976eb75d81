"""Puts the parts of `ctl` together: whom to ask, what, and where the answer goes."""

from __future__ import annotations

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from edge_video.cli.common import EXIT_BAD_INPUT, EXIT_FAILURE, EXIT_OK
from edge_video.cli.ctl.answers import answer_text, body_of, is_good, node_line, status_screen
from edge_video.cli.ctl.options import LIST_NODES
from edge_video.cli.ctl.request import STANDARD, BadInput, question_of, text_of
from edge_video.cli.ctl.target import asker_of
from edge_video.cli.standard_streams import print_error, print_out
from edge_video.delivery.commands.client import BusyError, CannotAskError, NobodyThereError
from edge_video.runtime.files import replace_at
from edge_video.runtime.folder import open_directory
from edge_video.text.catalog import lookup
from edge_video.text.duration import format_duration
from edge_video.text.escaping import one_line
from edge_video.top.console import open_console

if TYPE_CHECKING:
    import argparse

    from edge_video.config import Config
    from edge_video.delivery.commands.client import Question, Reply
    from edge_video.text.catalog import Language

_TIMEOUT_S: Final = 10.0
_LISTEN_S: Final = 2.0
_PICTURE: Final = "image/jpeg"


class Asker(Protocol):
    """Who asks nodes: over the broker, or one over HTTP."""

    def ask(self, question: Question, timeout_s: float) -> Reply:
        """See `CommandClient.ask`."""

    def ask_all(self, timeout_s: float) -> list[Reply]:
        """See `CommandClient.ask_all`."""


def run(args: argparse.Namespace, config: Config | None, language: Language) -> int:
    """Ask, and print the answer; returns the exit code.

    Args:
        args: the command's options.
        config: where the broker is named, without `--url`.
        language: of all texts.

    Raises:
        BadInput: the options do not make sense.
        edge_video.config.ConfigError: the configuration is not valid.
    """
    asks_all = args.node == LIST_NODES and args.command_name is None
    timeout_s = args.timeout or (_LISTEN_S if asks_all else _TIMEOUT_S)
    question = None if asks_all else question_of(args, timeout_s, language)
    if args.output == STANDARD and sys.stdout.isatty():
        raise BadInput(lookup("ctl.terminal", language))
    asker = asker_of(args, config, language)
    try:
        if question is None:
            return _list(args, asker, timeout_s, language)
        return _print(args, question, asker.ask(question, timeout_s), language)
    except NobodyThereError:
        trouble = _nobody(args.node, asker, language)
    except BusyError:
        trouble = text_of("ctl.busy", language, node=args.node)
    except TimeoutError:
        shown = format_duration(timeout_s)
        trouble = text_of("ctl.late", language, node=args.node, timeout=shown)
    except CannotAskError as error:
        trouble = str(error)
    print_error(f"edge-video ctl: {trouble}", language)
    return EXIT_FAILURE


def _list(args: argparse.Namespace, asker: Asker, timeout_s: float, language: Language) -> int:
    replies = asker.ask_all(timeout_s)
    if args.json:
        print_out(json.dumps({"nodes": [_document(each) for each in replies]}))
    for each in () if args.json else replies:
        print_out(node_line(each, language))
    if not replies:
        print_error(f"edge-video ctl: {lookup('ctl.nobody_at_all', language)}", language)
        return EXIT_FAILURE
    return EXIT_OK


def _nobody(node: str, asker: Asker, language: Language) -> str:
    """That nobody has this name, and who there is, if that may be asked."""
    try:
        others = [each.node for each in asker.ask_all(_LISTEN_S)]
    except (CannotAskError, BusyError, TimeoutError):
        others = []
    key = "ctl.nobody" if others else "ctl.nobody_known"
    return text_of(key, language, node=node, nodes=", ".join(others))


def _print(args: argparse.Namespace, question: Question, reply: Reply, language: Language) -> int:
    code = EXIT_OK if is_good(reply) else EXIT_FAILURE
    if reply.content_type == _PICTURE:
        return _put_picture(args, reply, language)
    if args.json:
        print_out(json.dumps(_document(reply)))
        return code
    screen = None
    if question.command == "status" and args.target is None and code == EXIT_OK:
        screen = status_screen(reply, language)
    if screen is not None:
        open_console().print(screen)
        return code
    text = answer_text(question, reply, language)
    if code == EXIT_OK:
        print_out(text)
    else:
        print_error(f"edge-video ctl: {text}", language)
    return code


def _document(reply: Reply) -> dict[str, Any]:
    return {"node": reply.node, "status": reply.status, "answer": body_of(reply)}


def _put_picture(args: argparse.Namespace, reply: Reply, language: Language) -> int:
    if args.output == STANDARD:
        sys.stdout.buffer.write(reply.body)
        sys.stdout.buffer.flush()
        return EXIT_OK
    path = Path(args.output or f"{_file_name(args.target)}.jpg")
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(reply.body)  # a device or a pipe
        else:
            with open_directory(path.parent) as folder:
                replace_at(folder, path.name, reply.body)
    except OSError as error:
        print_error(f"edge-video ctl: {path}: {error.strerror or error}", language)
        return EXIT_BAD_INPUT
    facts = {name: reply.headers.get(name) for name in ("seq", "captured_at_ms", "stale")}
    if args.json:
        answer = {"file": str(path), **facts}
        print_out(json.dumps({"node": reply.node, "status": reply.status, "answer": answer}))
        return EXIT_OK
    key = "ctl.stale" if facts["stale"] else "ctl.picture"
    print_out(text_of(key, language, file=str(path), time=_time(facts["captured_at_ms"])))
    return EXIT_OK


def _file_name(camera: str) -> str:
    """The id of a camera, in which nothing leads out of this folder."""
    return one_line(camera).replace("/", "_").replace(os.sep, "_")


def _time(captured_at_ms: object) -> str:
    if not isinstance(captured_at_ms, int):
        return "?"
    try:
        moment = datetime.fromtimestamp(captured_at_ms / 1000).astimezone()
    except (ValueError, OverflowError, OSError):
        return "?"
    return moment.strftime("%Y-%m-%d %H:%M:%S")
