"""Tells when two files of one run are the same: one would be lost in the other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edge_video.runtime.files import is_standard_stream

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def clash(files: Iterable[tuple[str, Path | None]]) -> str | None:
    """Explain why the files of one run cannot be told apart; None when they can.

    Devices, pipes and standard output may be named more than once: they are written into, and not
    replaced.

    Args:
        files: what each of them is for an operator, and its path; those without one do not count.
    """
    taken: dict[str, str] = {}
    for what, path in files:
        if path is None or is_standard_stream(path) or (path.exists() and not path.is_file()):
            continue
        other = taken.setdefault(os.path.realpath(path), what)
        if other != what:
            return f"{what}: {path} is the file of {other}"
    return None
