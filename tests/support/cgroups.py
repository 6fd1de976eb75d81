"""A directory that stands for a control group, and what the kernel says of it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from edge_video.runtime.cgroup import Places

if TYPE_CHECKING:
    from pathlib import Path


class ScriptedCgroup:
    """A delegated control group; `is_busy` says that none below it can be removed."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "cgroups/unit.service"
        self.path.mkdir(parents=True)
        self.is_busy = False
        self._folder = folder
        self.places = Places(folder / "membership", folder / "mounts", remove=self._remove)
        self.mount()
        self.write("cgroup.controllers", "cpuset cpu memory pids\n")
        self.write("cgroup.subtree_control", "")
        self.write("cgroup.procs", f"{os.getpid()}\n")

    def mount(self, root: str = "/", membership: str = "/unit.service") -> None:
        """Say where it is mounted, and to which group this process belongs."""
        point = self._folder / "cgroups"
        self.places.mounts.write_text(
            "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
            f"30 20 0:26 {root} {point} rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"
        )
        self.places.membership.write_text(f"4:memory:/elsewhere\n0::{membership}\n")

    def write(self, file: str, text: str) -> None:
        """Set one of its files."""
        (self.path / file).write_text(text)

    def files(self) -> dict[str, str]:
        """All of its files, those below it included."""
        return {
            str(each.relative_to(self.path)): each.read_text()
            for each in self.path.rglob("*")
            if each.is_file()
        }

    def _remove(self, path: Path) -> None:
        if self.is_busy:
            raise OSError(16, "Device or resource busy")
        shutil.rmtree(path)
