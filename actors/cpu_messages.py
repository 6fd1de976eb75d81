"""Defines the message about CPU that is short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_video.metrics.cpu import CpuShortage


@dataclass(frozen=True, slots=True)
class CpuShortageChanged:
    """Metrics → supervisor → notifier: CPU is short, or enough again."""

    shortage: CpuShortage
    """As it is, or as it was last."""
    lasted_s: float | None = None
    """None while it lasts."""
