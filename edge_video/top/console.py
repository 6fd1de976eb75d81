"""Opens what screens are printed on: as wide as the terminal, of a fixed width in a pipe."""

from __future__ import annotations

import sys
from typing import Final

from rich.console import Console

_STATUS_WIDTH: Final = 160
"""Columns that the status of a node needs."""


def open_console(pipe_width: int = _STATUS_WIDTH) -> Console:
    """Standard output for screens.

    Args:
        pipe_width: columns where it is no terminal; the default is wide enough for a node's status.
    """
    return Console(width=None if sys.stdout.isatty() else pipe_width, highlight=False)
