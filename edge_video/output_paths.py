"""Tells when two files of one run are the same: one would be lost in the other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def clash(files: Iterable[tuple[str, Path | None]]) -> str | None:
    """Why the files of one run cannot be told apart; None when they can.

    Devices and pipes may be named more than once: each is written into, and none is replaced.

    Args:
        files: what each of them is for an operator, and its path; those without one do not count.
    """
    taken: dict[str, str] = {}
    for what, path in files:
        if path is None or (path.exists() and not path.is_file()):
            continue
        other = taken.setdefault(os.path.realpath(path), what)
        if other != what:
            return f"{what}: {path} is the file of {other}"
    return None
