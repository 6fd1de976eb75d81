"""Renders the unit with which systemd runs the program, and says what stands in its way. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME: Final = "edge-video"
"""Of the service, its user, its group and its directories."""
SYSUSERS: Final = f'u {NAME} - "edge-video" /var/lib/{NAME}\n'
"""What `systemd-sysusers` makes the user from."""

_RELOAD_BY_NOTIFICATION: Final = 253
"""The first version of systemd that has `Type=notify-reload`."""
_OUT_OF_REACH: Final = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108 - refused
_START: Final = re.compile(
    r"^ExecStart=(?P<program>\S.*) run --config (?P<config>/\S*)$", re.MULTILINE
)
_PLAIN: Final = re.compile(r"/[A-Za-z0-9_./:@+,=-]*")


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret that systemd hands to the service as a file that nobody else can read."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Unit:
    """What differs between the units of two machines.

    Attributes:
        program: the words that start it.
        config: the configuration's file, absolute.
        credentials: secrets to hand over.
        systemd: the version of systemd; 0: unknown.
    """

    program: Sequence[str]
    config: Path
    credentials: Sequence[Credential] = ()
    systemd: int = 0

    def render(self) -> str:
        """The unit as text."""
        loads = "".join(f"LoadCredential={each.name}:{each.path}\n" for each in self.credentials)
        kind = "Type=notify\nExecReload=kill -HUP $MAINPID"
        if self.systemd >= _RELOAD_BY_NOTIFICATION:
            kind = "Type=notify-reload"
        template = resources.files("edge_video.cli") / f"{NAME}.service"
        text = template.read_text(encoding="utf-8")
        for name, value in (
            ("@TYPE@", kind),
            ("@PROGRAM@", " ".join(self.program)),
            ("@CONFIG@", str(self.config)),
            ("@CREDENTIALS@\n", loads),
        ):
            text = text.replace(name, value)
        return text

    @property
    def paths(self) -> list[str]:
        """Every path that stands in it."""
        files = [each for each in self.program if each.startswith("/")]
        return [*files, str(self.config), *(each.path for each in self.credentials)]


def is_plain(path: str) -> bool:
    """Whether systemd reads a path as it is written, without quotes and escapes."""
    return _PLAIN.fullmatch(path) is not None


def out_of_reach(path: str) -> str | None:
    """The directory above a path that the service cannot look into; None: it can."""
    parents = {str(each) for each in PurePosixPath(path).parents}
    return next((each for each in _OUT_OF_REACH if each in parents), None)


def parse_credential(text: str) -> Credential | None:
    """`NAME=FILE` in parts; None when it is not that."""
    name, _, path = text.partition("=")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) or not is_plain(path):
        return None
    return Credential(name, path)


def parse_unit(text: str, systemd: int) -> Unit | None:
    """What differs in a unit that `Unit.render` has made; None when it has made another one."""
    start = re.search(
        r"^ExecStart=(?P<program>\S.*) run --config (?P<config>/\S*)$", text, re.MULTILINE
    )
    if start is None:
        return None
    loads = re.findall(r"^LoadCredential=([^:\s]+):(\S+)$", text, re.MULTILINE)
    credentials = tuple(Credential(name, path) for name, path in loads)
    return Unit(start["program"].split(), Path(start["config"]), credentials, systemd)
