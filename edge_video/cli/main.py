"""Parses the command line and calls the function that runs the command.

Exit codes: 0 all is well (an orderly stop included), 1 `probe` could not reach a camera,
`top --once` a system, or `watch --seconds` saw no frame, 2 bad input or no FFmpeg (a report that
cannot be written is bad input), 70 the system gave up on itself, 74 what a command prints could not
be printed, 128 + n stopped at once by signal n: by the second one while the system runs, by the
first SIGINT in `check` and `probe`, by whoever closed the pipe that a command prints to.
"""

from __future__ import annotations

import argparse
import signal
import sys
from typing import TYPE_CHECKING, Final

from edge_video.capture.binary import BinaryMissing
from edge_video.cli import check, demo, init_config, run, tools
from edge_video.cli.common import EXIT_BAD_INPUT, EXIT_SIGNAL
from edge_video.cli.standard_streams import exit_code_of, print_error
from edge_video.config import ConfigError
from edge_video.runtime.version import version

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "run": run.run,
    "demo": demo.demo,
    "init": init_config.init,
    "schema": init_config.schema,
    "check": check.check,
    "probe": check.probe,
    "watch": tools.watch,
    "top": tools.top,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # A word that is no command is left for argparse, which names those there are.
    if not arguments or (
        arguments[0].startswith("-") and arguments[0] not in ("-h", "--help", "-V", "--version")
    ):
        arguments.insert(0, "run")
    args = _parser().parse_args(arguments)
    try:
        return _COMMANDS[args.command](args)
    except ConfigError as error:
        print_error(str(error))
        return EXIT_BAD_INPUT
    except BinaryMissing as error:
        print_error(f"edge-video: {error}")
        return EXIT_BAD_INPUT
    except KeyboardInterrupt:
        return EXIT_SIGNAL + signal.SIGINT
    except SystemExit as exit_:
        # rich ends a program so when nobody reads what it prints.
        if isinstance(exit_.__context__, BrokenPipeError):
            return exit_code_of(exit_.__context__)
        raise
    except OSError as error:  # whoever read the output has seen enough, or its disk is full
        if not isinstance(error, BrokenPipeError):
            print_error(f"edge-video: cannot print: {error.strerror or error}")
        return exit_code_of(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="edge-video",
        description="IP cameras to RabbitMQ: one supervised FFmpeg per camera, JPEG frames.",
        epilog="Without a command: run.",
    )
    parser.add_argument("-V", "--version", action="version", version=f"edge-video {version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    run.add_parsers(commands)
    init_config.add_parsers(commands)
    check.add_parsers(commands)
    tools.add_parsers(commands)
    return parser
