"""Puts the priority in front of lines for the journal of systemd, as `sd-daemon(3)` has it."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping

_PRIORITIES: Final = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
)
_DEBUG: Final = 7


def is_journal(stream: TextIO | None, environ: Mapping[str, str]) -> bool:
    """Whether a stream goes to the journal itself, and not into a file or a pipe on the way."""
    named = environ.get("JOURNAL_STREAM")
    if stream is None or not named:
        return False
    try:
        found = os.fstat(stream.fileno())
    except (OSError, AttributeError, ValueError):
        return False
    return named == f"{found.st_dev}:{found.st_ino}"


def with_priority(text: str, level: int) -> str:
    """Return a text with the priority of a log level in front of each of its lines."""
    number = next((number for least, number in _PRIORITIES if level >= least), _DEBUG)
    return "".join(f"<{number}>{line}" for line in text.splitlines(keepends=True))
