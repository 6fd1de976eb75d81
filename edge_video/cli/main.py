"""Parses the command line and calls the function that runs the command.

Exit codes: 0 all is well (an orderly stop included), 1 `probe` could not reach a camera or the
broker, `doctor` found something to do, `top --once` or `fleet --once` found trouble, `health` no
health, `ctl` nobody or a refusal, `service` found it not running, `discover` found no camera, or
`watch --seconds` saw no frame, 2 bad input or no FFmpeg (a report that cannot be written is bad
input), 3 `top --once` or `fleet --once` found nobody, 70 the system gave up on itself, 74 what a
command prints could not be printed, 128 + n stopped at once by signal n: by the second one while
the system runs, by the first SIGINT in `check`, `probe` and `doctor`, by whoever closed the pipe
that a command prints to.
"""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Final

from edge_video.capture.binary import BinaryMissing
from edge_video.cli import (
    check,
    cluster,
    demo,
    discover,
    health,
    init_config,
    lookups,
    profile,
    reload,
    run,
    service,
    tools,
)
from edge_video.cli.common import EXIT_BAD_INPUT, EXIT_SIGNAL
from edge_video.cli.doctor import command as doctor
from edge_video.cli.probe import probe
from edge_video.cli.standard_streams import exit_code_of, print_error
from edge_video.config import ConfigError
from edge_video.runtime.version import version
from edge_video.text.command_help import CommandParser, definitions, examples, options_section
from edge_video.text.help_texts import EXIT_CODES, VARIABLES, help_text
from edge_video.wiring.settings import language_of_file

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

_COMMANDS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "run": run.run,
    "demo": demo.demo,
    "init": init_config.init,
    "discover": discover.discover,
    "schema": init_config.schema,
    "check": check.check,
    "probe": probe,
    "reload": reload.reload,
    "profile": profile.profile,
    "cluster": cluster.cluster,
    "doctor": doctor.doctor,
    "bundle": doctor.bundle,
    "watch": tools.watch,
    "top": tools.top,
    "fleet": tools.fleet,
    "ctl": tools.ctl,
    "service": service.service,
    "health": health.health,
    "explain": lookups.explain,
    "completion": lambda args: lookups.completion(args, make_parser()),
}
_GLOBAL_OPTIONS: Final = ("-h", "--help", "-V", "--version")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    try:
        args = _parse(list(sys.argv[1:] if argv is None else argv))
        return _COMMANDS[args.command](args)
    except ConfigError as error:
        print_error(str(error), language_of_file(error.problems[0].file))
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
            text = help_text("complaint.print").format(reason=error.strerror or error)
            print_error(f"edge-video: {text}")
        return exit_code_of(error)


def make_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line, for completion and the manual page as well."""
    parser = CommandParser(
        prog="edge-video", usage="%(prog)s [COMMAND] [...]", description=help_text("program.about")
    )
    parser.add_argument(
        "-V",
        "--version",
        action="version",
        version=f"edge-video {version()}",
        help=help_text("option.version"),
    )
    commands = parser.add_subparsers(
        title=help_text("heading.commands"), dest="command", metavar="COMMAND", prog="edge-video"
    )
    run_options = run.add_parsers(commands)
    init_config.add_parsers(commands)
    discover.add_parsers(commands)
    check.add_parsers(commands)
    reload.add_parsers(commands)
    profile.add_parsers(commands)
    cluster.add_parsers(commands)
    doctor.add_parsers(commands)
    tools.add_parsers(commands)
    service.add_parsers(commands)
    health.add_parsers(commands)
    lookups.add_parsers(commands)
    parser.epilog = _epilog(run_options)
    return parser


def _parse(arguments: list[str]) -> argparse.Namespace:
    # A word that is no command is left for argparse, which names those there are.
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in _GLOBAL_OPTIONS):
        arguments.insert(0, "run")
    topic = arguments[1:2]
    if arguments[0] == "help" and not (topic and topic[0].startswith("-")):
        arguments = [*topic, "--help"]  # which complains of what is no command
    return make_parser().parse_args(arguments)


def _epilog(run_options: Sequence[argparse.Action]) -> str:
    """What stands below the commands: the options of `run`, examples, codes and variables."""
    parts = [
        options_section(help_text("heading.run_options"), run_options),
        examples("program"),
        definitions("heading.exit_codes", EXIT_CODES),
        definitions("heading.variables", VARIABLES),
    ]
    return "\n\n".join(parts)
