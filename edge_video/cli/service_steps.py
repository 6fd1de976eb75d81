"""Holds the steps of which an installation of the service is made, each said before it is done."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import stat
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from edge_video.cli.common import refuse
from edge_video.cli.service_unit import NAME
from edge_video.runtime.files import replace_at
from edge_video.runtime.folder import open_directory
from edge_video.text.catalog import language_from_locale, lookup
from edge_video.text.escaping import one_line

with contextlib.suppress(ImportError):  # not on Windows
    import grp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_COMMAND_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file is written, unless it is so already."""

    path: Path
    text: str

    def __str__(self) -> str:
        if not self.path.exists():
            return service_text("will.write", path=self.path)
        is_same = self.path.read_text(encoding="utf-8", errors="replace") == self.text
        return service_text("will.same" if is_same else "will.replace", path=self.path)

    def do(self) -> None:
        """Do it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open_directory(self.path.parent) as directory:
            replace_at(directory, self.path.name, self.text.encode(), mode=0o644)
        self.path.chmod(0o644)  # whatever the umask: systemd's tools warn of others


@dataclass(frozen=True, slots=True)
class RemovedFile:
    """A file is removed."""

    path: Path

    def __str__(self) -> str:
        return service_text("will.remove", path=self.path)

    def do(self) -> None:
        """Do it."""
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class SharedFile:
    """The service's group may read a file, or look into a directory."""

    path: Path

    def __str__(self) -> str:
        return service_text("will.share", group=NAME, path=self.path)

    def do(self) -> None:
        """Do it."""
        if sys.platform == "win32":
            return
        mode = stat.S_IMODE(self.path.stat().st_mode)
        os.chown(self.path, -1, grp.getgrnam(NAME).gr_gid)
        self.path.chmod(mode | (0o050 if self.path.is_dir() else 0o040))


@dataclass(frozen=True, slots=True)
class Command:
    """A command of systemd is run."""

    command: Sequence[str]

    def __str__(self) -> str:
        return service_text("will.run", command=shlex.join(self.command))

    def do(self) -> None:
        """Do it."""
        run_command(self.command)


Step: TypeAlias = WrittenFile | RemovedFile | SharedFile | Command
"""What is done; as text, what will be done."""


def do_all(steps: Sequence[Step]) -> None:
    """Do one step after the other.

    Raises:
        SystemExit: one failed; those before it are done.
    """
    for each in steps:
        try:
            each.do()
        except OSError as error:
            path = error.filename or ""
            refuse_service("not_written", path=str(path), reason=error.strerror or str(error))


def systemd_version() -> int:
    """The version of systemd; 0 where there is none."""
    try:
        shown = subprocess.run(
            ("systemctl", "--version"),  # noqa: S607 - whichever is on PATH
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.match(r"systemd (\d+)", shown)
    return int(match[1]) if match else 0


def run_command(command: Sequence[str]) -> str:
    """Run a command of systemd; returns what it prints.

    Raises:
        SystemExit: it is not there, or fails.
    """
    try:
        done = subprocess.run(  # noqa: S603 - commands of this module
            command, capture_output=True, text=True, timeout=_COMMAND_S, check=False
        )
    except FileNotFoundError:
        refuse_service("no_systemd", program=command[0])
    except (OSError, subprocess.TimeoutExpired) as error:
        refuse_service("failed", command=shlex.join(command), reason=one_line(str(error)))
    if done.returncode:
        reason = one_line(done.stderr.strip() or f"exit status {done.returncode}")
        refuse_service("failed", command=shlex.join(command), reason=reason)
    return done.stdout


def service_text(key: str, **facts: object) -> str:
    """A text about the service, in the language of the environment."""
    return lookup(f"service.{key}", language_from_locale(os.environ)).format(**facts)


def refuse_service(key: str, **facts: str) -> NoReturn:
    """End the command for bad input, with this complaint."""
    refuse(f"edge-video service: {service_text(key, **facts)}")
