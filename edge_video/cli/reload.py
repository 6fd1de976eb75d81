"""Runs the command `reload`, and compares a running system with its files for `check`."""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from edge_video.cli.common import EXIT_BAD_INPUT, EXIT_FAILURE, EXIT_OK
from edge_video.cli.standard_streams import print_error, print_out
from edge_video.text.catalog import language_from_locale, lookup
from edge_video.text.command_help import add_command
from edge_video.text.escaping import one_line
from edge_video.text.help_texts import help_text
from edge_video.top.options import DEFAULT_URL, TOKEN_VARIABLE

if TYPE_CHECKING:
    import argparse

    from edge_video.cli.common import Commands

_PATH: Final = "/api/reload"
_TIMEOUT_S: Final = 20.0
_MAX_ANSWER: Final = 2**20
_PLAN: Final = ("add", "remove", "restart", "reconnect", "live", "needs_restart")


class NoAnswerError(Exception):
    """Raised when a system gives no answer that can be used; says why."""


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
        answer = _asked(url, token or os.environ.get(TOKEN_VARIABLE), dry_run=dry_run)
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
    headers = {"User-Agent": "edge-video-reload"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        f"{whole}?dry_run={int(dry_run)}", data=b"", headers=headers, method="POST"
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as response:
            return _object(response.read(_MAX_ANSWER))
    except urllib.error.HTTPError as error:
        with error:
            return _object(error.read(_MAX_ANSWER), f"HTTP {error.code}")
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise NoAnswerError(getattr(reason, "strerror", None) or str(reason)) from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token must not follow a redirect to wherever it leads."""

    def redirect_request(self, *_: object) -> None:
        """Never."""


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
