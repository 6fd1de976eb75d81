"""Runs the command `cluster`: who captures what, and a node that is drained for an update."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any, Final

from edge_video.cli.common import EXIT_BAD_INPUT, EXIT_FAILURE, EXIT_OK
from edge_video.cli.running_system import ask_for_cluster, ask_system
from edge_video.cli.standard_streams import print_error, print_out
from edge_video.report.cluster_table import (
    captured_by_nobody,
    captured_here,
    is_drained,
    render_cluster,
)
from edge_video.text.catalog import language_from_locale, lookup
from edge_video.text.command_help import add_command
from edge_video.text.escaping import one_line
from edge_video.text.help_texts import help_text
from edge_video.text.option_types import seconds_between
from edge_video.top.asking import NoAnswerError
from edge_video.top.options import DEFAULT_URL, TOKEN_VARIABLE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from edge_video.cli.common import Commands

_AGENT: Final = "edge-video-cluster"
_LOOK_S: Final = 0.5
_DRAIN_S: Final = 30.0
_TIMEOUT: Final = seconds_between(1.0, 600.0)


class NoClusterError(Exception):
    """The system shares its cameras with nobody."""


def add_parsers(commands: Commands) -> None:
    """Add `cluster` to the command line."""
    parser = add_command(commands, "cluster")
    parser.add_argument("action", choices=list(_ACTIONS), help=help_text("cluster.action"))
    parser.add_argument("--json", action="store_true", help=help_text("cluster.json"))
    parser.add_argument("--url", default=DEFAULT_URL, help=help_text("reload.url"))
    parser.add_argument("--token", help=help_text("reload.token"))
    parser.add_argument(
        "--timeout",
        type=_TIMEOUT,
        default=_DRAIN_S,
        metavar="TIME",
        help=help_text("cluster.timeout"),
    )


def cluster(args: argparse.Namespace) -> int:
    """Ask a running system; returns the exit code."""
    try:
        return _ACTIONS[args.action](args)
    except ValueError as error:
        print_error(f"edge-video: {error}")
        return EXIT_BAD_INPUT
    except NoClusterError:
        print_error(f"edge-video: {one_line(args.url)}: {_text('none')}")
    except NoAnswerError as error:
        print_error(f"edge-video: {one_line(args.url)}: {error}")
    return EXIT_FAILURE


def _status(args: argparse.Namespace) -> int:
    known = _cluster_of(args)
    if args.json:
        print_out(json.dumps(known, ensure_ascii=False, indent=2))
    else:
        print_out(render_cluster(known, language_from_locale(os.environ)))
    return EXIT_OK


def _drain(args: argparse.Namespace) -> int:
    """Have everything given away, and wait for its end."""
    _command(args, "drain")
    ends_at_s = time.monotonic() + args.timeout
    while not is_drained(known := _cluster_of(args)):
        if time.monotonic() >= ends_at_s:
            here = len(captured_here(known))
            late = _text("draining").format(seconds=f"{args.timeout:g}", cameras=here)
            print_error(f"edge-video: {late}")
            return EXIT_FAILURE
        time.sleep(_LOOK_S)
    left = ", ".join(map(one_line, captured_by_nobody(known)))
    print_out(_text("drained_to_nobody").format(cameras=left) if left else _text("drained"))
    return EXIT_OK


def _rejoin(args: argparse.Namespace) -> int:
    _command(args, "rejoin")
    print_out(_text("rejoined"))
    return EXIT_OK


_ACTIONS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "status": _status,
    "drain": _drain,
    "rejoin": _rejoin,
}


def _command(args: argparse.Namespace, action: str) -> None:
    """Have it done, or find that it was so already.

    Raises:
        NoAnswerError: nobody answers, or it is refused.
        NoClusterError: the system belongs to none.
    """
    answer = ask_system(args.url, f"/api/cluster/{action}", _token(args), _AGENT)
    if answer["result"] == "not_running":
        raise NoClusterError
    if answer["result"] not in ("done", "already"):
        raise NoAnswerError(one_line(str(answer["result"])))


def _cluster_of(args: argparse.Namespace) -> dict[str, Any]:
    answer = ask_for_cluster(args.url, _token(args), _AGENT)
    known = answer["cluster"]
    if not isinstance(known, dict):
        raise NoClusterError
    return known


def _token(args: argparse.Namespace) -> str | None:
    return args.token or os.environ.get(TOKEN_VARIABLE) or None


def _text(key: str) -> str:
    return lookup(f"cluster.{key}", language_from_locale(os.environ))
