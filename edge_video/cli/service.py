"""Runs the command `service`: installs, shows and removes the service of systemd."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import edge_video
from edge_video.cli.common import EXIT_FAILURE, EXIT_OK, refuse
from edge_video.cli.service_steps import (
    Command,
    RemovedFile,
    SharedFile,
    Step,
    WrittenFile,
    do_all,
    refuse_service,
    run_command,
    service_text,
    systemd_version,
)
from edge_video.cli.service_unit import (
    NAME,
    SYSUSERS,
    Credential,
    Unit,
    is_plain,
    out_of_reach,
    parse_credential,
    parse_unit,
)
from edge_video.cli.standard_streams import print_error, print_out
from edge_video.config.env_file import ENV_FILE
from edge_video.text.command_help import add_command, takes_file
from edge_video.text.escaping import one_line
from edge_video.text.help_texts import help_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_video.cli.common import Commands

_CONFIG: Final = Path(f"/etc/{NAME}/config.yaml")
_UNIT: Final = Path(f"etc/systemd/system/{NAME}.service")
_USER: Final = Path(f"etc/sysusers.d/{NAME}.conf")
_SHOWN: Final = (
    *("LoadState", "ActiveState", "SubState", "UnitFileState", "MainPID", "NRestarts"),
    *("Result", "StatusText"),
)
_RELOAD_UNITS: Final = ("systemctl", "daemon-reload")


def add_parsers(commands: Commands) -> None:
    """Add `service` to the command line."""
    service = add_command(commands, "service")
    service.add_argument("action", choices=list(_ACTIONS), help=help_text("service.action"))
    config = service.add_argument(
        "--config", type=Path, metavar="FILE", help=help_text("service.config")
    )
    takes_file(config)
    service.add_argument(
        "--credential",
        action="append",
        default=[],
        type=_credential,
        metavar="NAME=FILE",
        help=help_text("service.credential"),
    )
    service.add_argument("--print", action="store_true", help=help_text("service.print"))
    service.add_argument("--yes", action="store_true", help=help_text("service.yes"))
    service.add_argument(
        "--root", type=Path, default=Path("/"), metavar="DIR", help=help_text("service.root")
    )


def service(args: argparse.Namespace) -> int:
    """Do what the action says; returns the exit code."""
    return _ACTIONS[args.action](args)


def _credential(text: str) -> Credential:
    found = parse_credential(text)
    if found is None:
        raise argparse.ArgumentTypeError(service_text("credential"))
    return found


# --- the actions ----------------------------------------------------------------------------------


def _install(args: argparse.Namespace) -> int:
    unit = _wanted_unit(args)
    text = unit.render()
    problem = _problem_of(unit)
    if args.print:
        if problem is not None:
            print_error(f"edge-video service: {problem}")
        print_out(text.rstrip("\n"))
        return EXIT_OK
    if problem is not None:
        refuse(f"edge-video service: {problem}")
    if not _below(args.root, unit.config).is_file():
        refuse_service("no_config", path=str(unit.config))
    _require_root(args)
    is_update = (args.root / _UNIT).exists()
    steps = _steps_of(args, unit, text)
    if not _agreed(args, steps):
        return EXIT_FAILURE
    do_all(steps)
    command = f"restart {NAME}" if is_update else f"enable --now {NAME}"
    print_out(f"{service_text('updated' if is_update else 'installed')}\n  systemctl {command}")
    return EXIT_OK


def _wanted_unit(args: argparse.Namespace) -> Unit:
    """The unit to install: what is not said anew stays as it is in the one that is there."""
    before = _installed_unit(args)
    config = args.config or (before.config if before else _CONFIG)
    credentials = {each.name: each for each in (before.credentials if before else ())}
    credentials |= {each.name: each for each in args.credential}
    return Unit(_program(), config.absolute(), tuple(credentials.values()), systemd_version())


def _steps_of(args: argparse.Namespace, unit: Unit, text: str) -> list[Step]:
    steps: list[Step] = [
        WrittenFile(args.root / _USER, SYSUSERS),
        WrittenFile(args.root / _UNIT, text),
    ]
    if _is_running_system(args):
        steps.append(Command(("systemd-sysusers", str(args.root / _USER))))
        steps += _shared(unit.config)
        steps.append(Command(_RELOAD_UNITS))
    return steps


def _uninstall(args: argparse.Namespace) -> int:
    paths = [path for path in (args.root / _UNIT, args.root / _USER) if path.exists()]
    if not paths:
        print_error(f"edge-video service: {service_text('not_installed')}")
        return EXIT_FAILURE
    _require_root(args)
    steps: list[Step] = [RemovedFile(path) for path in paths]
    if _is_running_system(args):
        steps = [
            Command(("systemctl", "disable", "--now", NAME)),
            *steps,
            Command(_RELOAD_UNITS),
        ]
    if not _agreed(args, steps):
        return EXIT_FAILURE
    do_all(steps)
    print_out(service_text("removed", state=f"/var/lib/{NAME}", user=NAME))
    return EXIT_OK


def _status(args: argparse.Namespace) -> int:
    """Say in a few lines how the service is; exit code 0 only if it runs."""
    facts = _facts(run_command(("systemctl", "show", NAME, f"--property={','.join(_SHOWN)}")))
    if facts.get("LoadState") != "loaded":
        print_error(f"edge-video service: {service_text('not_installed')}")
        return EXIT_FAILURE
    active = facts.get("ActiveState", "")
    lines = [service_text("state", unit=NAME, active=active, sub=facts.get("SubState", ""))]
    if facts.get("StatusText"):
        lines.append(service_text("state.text", text=facts["StatusText"]))
    if facts.get("MainPID", "0") != "0":
        restarts = facts.get("NRestarts", "0")
        lines.append(service_text("state.process", pid=facts["MainPID"], restarts=restarts))
    if facts.get("Result", "success") != "success":
        lines.append(service_text("state.result", result=facts["Result"]))
    lines.append(service_text("state.boot", state=facts.get("UnitFileState", "")))
    if _differs(args):
        lines.append(service_text("state.differs"))
    print_out("\n".join(map(one_line, lines)))
    return EXIT_OK if active in ("active", "reloading") else EXIT_FAILURE


_ACTIONS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "install": _install,
    "status": _status,
    "uninstall": _uninstall,
}


def _agreed(args: argparse.Namespace, steps: Sequence[Step]) -> bool:
    """Say what will be done and ask whether to go on; with `--yes` nobody is asked."""
    print_out("\n".join([service_text("will"), *(f"  {each}" for each in steps)]))
    if args.yes:
        return True
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        refuse_service("unasked")
    yes = service_text("ask.yes")
    try:
        answer = input(f"{service_text('ask')} [{yes}/N] ")
    except EOFError:
        answer = ""
    if answer.strip().casefold()[:1] in {yes, "y"}:
        return True
    print_error(f"edge-video service: {service_text('abandoned')}")
    return False


# --- the machine ----------------------------------------------------------------------------------


def _program() -> list[str]:
    """The command that starts this program, as it is installed here."""
    script = Path(sys.executable).with_name(NAME)
    if script.is_file():
        return [str(script)]
    # Safe path: else the service's own, writable directory would be searched for modules first.
    return [sys.executable, "-P", "-m", "edge_video"]


def _problem_of(unit: Unit) -> str | None:
    """Why the service could not start; None when nothing is known to be in its way."""
    for path in unit.paths:
        if not is_plain(path):
            return service_text("odd_path", path=one_line(path))
    code = Path(edge_video.__file__).parent
    interpreter = Path(sys.executable).resolve()
    for path, instead in (
        *((word, f"/opt/{NAME}") for word in (unit.program[0], str(interpreter), str(code))),
        (str(unit.config), str(_CONFIG)),
    ):
        directory = out_of_reach(path)
        if directory is not None:
            return service_text("out_of_reach", path=path, directory=directory, instead=instead)
    return None


def _shared(config: Path) -> list[Step]:
    """What of the configuration the service's user may not read yet."""
    steps: list[Step] = []
    for path in (config.parent, config, config.with_name(ENV_FILE)):
        if not path.exists():
            continue
        others = 0o005 if path.is_dir() else 0o004
        if path.stat().st_mode & others != others:
            steps.append(SharedFile(path))
    return steps


def _installed_unit(args: argparse.Namespace) -> Unit | None:
    """The unit that is there; None where there is none, or one that `install` did not write."""
    try:
        found = (args.root / _UNIT).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    return parse_unit(found, systemd_version())


def _differs(args: argparse.Namespace) -> bool:
    """Whether the unit that is there is not what `install` would write with the same paths."""
    try:
        found = (args.root / _UNIT).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    unit = parse_unit(found, systemd_version())
    return unit is None or unit.render() != found


def _require_root(args: argparse.Namespace) -> None:
    """Refuse where the files of the running system are to be changed by somebody who may not."""
    if sys.platform != "win32" and _is_running_system(args) and os.geteuid() != 0:
        command = [*_program(), *sys.argv[1:]]
        refuse_service("not_root", directory="/etc/systemd/system", command=shlex.join(command))


def _is_running_system(args: argparse.Namespace) -> bool:
    root: Path = args.root
    return root.resolve() == Path("/")


def _below(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def _facts(shown: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in shown.splitlines())
    return {name: value for name, _, value in pairs}
