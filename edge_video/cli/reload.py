"""Runs the command `reload`, and compares a running system with its files for `check`."""

from __future__ import annotations

import http.client
import json
import os
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from edge_video.cli.common import EXIT_BAD_INPUT, EXIT_FAILURE, EXIT_OK
from edge_video.cli.standard_streams import print_error, print_out
from edge_video.runtime.threads import on_thread
from edge_video.text.catalog import language_from_locale, lookup
from edge_video.text.command_help import add_command
from edge_video.text.escaping import one_line
from edge_video.text.help_texts import help_text
from edge_video.top.asking import NoAnswerError, Question, ask, bearer
from edge_video.top.options import DEFAULT_URL, TOKEN_VARIABLE

if TYPE_CHECKING:
    import argparse

    from edge_video.cli.common import Commands

_PATH: Final = "/api/reload"
_TIMEOUT_S: Final = 20.0
"""For each step: the connection, each piece of the answer."""
_WHOLE_S: Final = 30.0
"""For all of it: a server may send its answer byte by byte, for ever."""
_MAX_ANSWER: Final = 2**20
_PLAN: Final = ("add", "remove", "restart", "reconnect", "live", "needs_restart")


def add_parsers(commands: Commands) -> None:
    """Add `reload` to the command line."""
    parser = add_command(commands, "reload")
    parser.add_argument("--url", default=DEFAULT_URL, help=help_text("reload.url"))
    parser.add_argument("--token", help=help_text("reload.token"))
    parser.add_argument("--dry-run", action="store_true", help=help_text("reload.dry_run"))


def reload(args: argparse.Namespace) -> int:
    """Ask a running system to read its configuration anew; returns the exit code."""
    return ask_and_print(args.url, args.token, dry_run=args.dry_run)


def ask_and_print(url: str, token: str | None, *, dry_run: bool) -> int:
    """Ask for a reload, or what it would do, and print the answer; returns the exit code."""
    try:
        answer = _asked(url, token or os.environ.get(TOKEN_VARIABLE) or None, dry_run=dry_run)
    except ValueError as error:
        print_error(f"edge-video: {error}")
        return EXIT_BAD_INPUT
    except NoAnswerError as error:
        print_error(f"edge-video: {url}: {error}")
        return EXIT_FAILURE
    print_out("\n".join(_lines(answer)))
    return EXIT_FAILURE if answer.get("result") == "refused" else EXIT_OK


def _asked(url: str, token: str | None, *, dry_run: bool) -> dict[str, Any]:
    split = urlsplit(url if "://" in url else f"http://{url}")
    if split.scheme not in ("http", "https") or not split.hostname or split.username is not None:
        raise ValueError("--url must be like http://127.0.0.1:8080")
    whole = f"{split.scheme}://{split.netloc}{split.path.rstrip('/')}{_PATH}"
    question = Question(
        f"{whole}?dry_run={int(dry_run)}",
        {"User-Agent": "edge-video-reload"} | bearer(token),
        step_s=_TIMEOUT_S,
        whole_s=_WHOLE_S,
        max_bytes=_MAX_ANSWER,
        max_error_bytes=_MAX_ANSWER,
        post=True,
    )
    try:
        answer = on_thread("reload-ask", partial(ask, question)).result(_WHOLE_S)
    except TimeoutError:
        raise NoAnswerError(f"no whole answer within {_WHOLE_S:g} s") from None
    is_good = answer.code == http.client.OK
    return _object(answer.body, "" if is_good else f"HTTP {answer.code}")


def _object(body: bytes, status: str = "") -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict) and "result" in answer:
        return answer
    said = answer.get("error") if isinstance(answer, dict) else None
    raise NoAnswerError(one_line(f"{status} {said or ''}".strip()) or "no answer of edge-video")


def _lines(answer: dict[str, Any]) -> list[str]:
    """The answer in words; what a foreign server says cannot steer the terminal."""
    language = language_from_locale(os.environ)
    result, reason = str(answer.get("result")), answer.get("reason")
    key = f"reload.{result}.{reason}" if reason else f"reload.{result}"
    try:
        lines = [lookup(key, language)]
    except KeyError:
        lines = [one_line(f"{result} {reason or ''}".strip())]
    lines += [f"  {one_line(str(each))}" for each in answer.get("details") or ()]
    plan = answer.get("plan")
    for name in _PLAN:
        given = plan.get(name) if isinstance(plan, dict) else None
        if isinstance(given, list) and given:
            shown = ", ".join(one_line(str(each)) for each in given)
            lines.append(lookup(f"reload.plan.{name}", language).format(names=shown))
    return lines
