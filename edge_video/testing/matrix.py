"""Chooses the RabbitMQ and FFmpeg of the tests: the machine's own, or the second set beside it.

The second set is Debian trixie's, RabbitMQ 4.0 and FFmpeg 7.1, in a folder that
`scripts/make-matrix-root.sh` makes. Its FFmpeg is an ordinary program; its RabbitMQ needs Erlang
at its own place, so it runs in a chroot, which needs root.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROGRAMS: Final = Path("/usr/lib/rabbitmq/bin")
"""Debian's scripts themselves; the wrappers on PATH switch to another user and its own node."""

_CHROOT: Final = """
set -e
top=$1 node=$2
shift 2
mkdir -p "$top$node"
mount -t proc proc "$top/proc"
mount --rbind /dev "$top/dev"
mount --bind "$node" "$top$node"
exec chroot "$top" "$@"
"""
"""What is mounted is seen by the node alone, and is gone with it."""


class BrokerPrograms(Protocol):
    """Where a RabbitMQ is, and how its programs are started."""

    @property
    def version(self) -> str:
        """`installed`, or a version like 4.0."""
        ...

    def command(self, name: str, node: Path) -> list[str]:
        """The words that start `rabbitmq-server`, `rabbitmqctl` or `epmd`; more may follow.

        Args:
            name: of the program.
            node: the folder of the node; the program sees it under the same name.
        """
        ...

    def environment(self) -> dict[str, str]:
        """What its command-line tools need beside the node's own settings."""
        ...

    def tidy(self, node: Path) -> None:
        """Remove what `command` needed for a node that has ended."""
        ...

    def missing(self) -> list[str]:
        """What this machine lacks for it; empty when a node can be started."""
        ...


class InstalledBroker:
    """The machine's own."""

    version = "installed"

    def command(self, name: str, node: Path) -> list[str]:  # noqa: ARG002 - nothing to arrange
        """The program itself."""
        return ["epmd"] if name == "epmd" else [str(_PROGRAMS / name)]

    def environment(self) -> dict[str, str]:
        """Nothing: its tools find what belongs to it."""
        return {}

    def tidy(self, node: Path) -> None:
        """Nothing was needed."""

    def missing(self) -> list[str]:
        """RabbitMQ or Erlang's port mapper."""
        found = {
            "rabbitmq-server": (_PROGRAMS / "rabbitmq-server").exists(),
            "epmd": shutil.which("epmd") is not None,
        }
        return [name for name, there in found.items() if not there]


@dataclass(frozen=True, slots=True)
class Trixie:
    """The second set: RabbitMQ 4.0 and FFmpeg 7.1."""

    folder: Path
    version = "4.0"

    @classmethod
    def at_its_place(cls, environ: Mapping[str, str] = os.environ) -> Trixie:
        """Where the script puts it, made or not."""
        cache = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return cls(Path(environ.get("EDGE_VIDEO_MATRIX") or cache / "edge-video/trixie"))

    @property
    def ffmpeg(self) -> Path:
        """FFmpeg 7.1, to be started like any other."""
        return self.folder / "edge-video/bin/ffmpeg"

    def is_made(self) -> bool:
        """Whether it is there."""
        return (self.folder / "edge-video/made").exists()

    def command(self, name: str, node: Path) -> list[str]:
        """The program in a chroot, with mounts that nobody else sees."""
        program = "epmd" if name == "epmd" else str(_PROGRAMS / name)
        enter = ["unshare", "--mount", "sh", "-c", _CHROOT, "sh", str(self.folder), str(node)]
        return [*enter, program]

    def environment(self) -> dict[str, str]:
        """Where the plugins are: its tools look beside their own links to themselves."""
        found = [*self.folder.glob("usr/lib/rabbitmq/lib/*/plugins")]
        return {"RABBITMQ_PLUGINS_DIR": f"/{found[0].relative_to(self.folder)}"} if found else {}

    def tidy(self, node: Path) -> None:
        """Remove the empty folder on which the node's was mounted."""
        shutil.rmtree(self.folder / node.relative_to("/"), ignore_errors=True)

    def missing(self) -> list[str]:
        """The folder, or the right to use it."""
        found = {
            f"RabbitMQ 4.0 (scripts/make-matrix-root.sh makes it in {self.folder})": self.is_made(),
            "right to chroot (root)": os.geteuid() == 0,
        }
        return [name for name, there in found.items() if not there]


def chosen_broker(environ: Mapping[str, str] = os.environ) -> BrokerPrograms:
    """What `EDGE_VIDEO_RABBITMQ` names: `installed` (also when it is not set) or `4.0`.

    Raises:
        ValueError: it names something else.
    """
    match environ.get("EDGE_VIDEO_RABBITMQ") or "installed":
        case "installed":
            return InstalledBroker()
        case "4.0":
            return Trixie.at_its_place(environ)
        case other:
            raise ValueError(f"EDGE_VIDEO_RABBITMQ={other}: it must be installed or 4.0")
