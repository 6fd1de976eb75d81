"""Declares the settings of the log. No loguru."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What the log writes, where, and when its file is set aside.

    Attributes:
        level: a level of loguru, in any case: TRACE, DEBUG, INFO, SUCCESS, WARNING, ERROR or
            CRITICAL.
        format: `text`, or `json` for one object per line.
        file: written in addition to the stream; None for no file.
        rotation: when a new file begins, as loguru reads it: `10 MB`, `1 day`.
        retention: how many old files are kept.
    """

    level: str = "INFO"
    format: Literal["text", "json"] = "text"
    file: Path | None = None
    rotation: str = "10 MB"
    retention: int = 5
