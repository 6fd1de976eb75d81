"""Tells how much room a file system has, without writing to it."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """What this user may still use of a file system.

    Attributes:
        free_bytes: for files.
        free_files: how many more files; None where it does not count them.
        read_only: whether it is mounted so.
    """

    free_bytes: int
    free_files: int | None
    read_only: bool


def disk_space(path: Path) -> DiskSpace:
    """Ask the file system that a path is on; an unreachable network one may hang for ever.

    Raises:
        OSError: there is no such path.
    """
    if sys.platform == "win32":
        return DiskSpace(shutil.disk_usage(path).free, free_files=None, read_only=False)
    found = os.statvfs(path)
    return DiskSpace(
        free_bytes=found.f_bavail * found.f_frsize,
        free_files=found.f_favail if found.f_files else None,
        read_only=bool(found.f_flag & os.ST_RDONLY),
    )


def nearest_existing(path: Path) -> Path:
    """The path itself, or the nearest of its parents that exists."""
    whole = path.absolute()
    return next((each for each in (whole, *whole.parents) if os.path.lexists(each)), whole)
