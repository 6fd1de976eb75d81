"""Reads how long processes wait for CPU: the kernel's pressure stall information (PSI)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_PRESSURE: Final = Path("/proc/pressure/cpu")
_SOME: Final = re.compile(r"^some .*\bavg60=(\d+(?:\.\d+)?)", re.MULTILINE)


def cpu_waiting_percent(path: Path = _PRESSURE) -> float | None:
    """Of the last minute, the share of time in which some process waited for CPU.

    None where the kernel does not tell: before Linux 4.20, without `psi=1`, in some sandboxes.
    """
    try:
        match = _SOME.search(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return None if match is None else float(match[1])
