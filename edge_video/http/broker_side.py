"""Defines what the status store asks about the broker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.commands.counts import CommandCounts


@dataclass(frozen=True, slots=True)
class BrokerSide:
    """What is asked about the broker when somebody looks; each from any thread, without waiting.

    Attributes:
        is_used: whether frames go to a broker now, and not into a directory.
        is_controlled: whether the control connection is open; None: nothing needs one.
        commands: counts of the requests that came over it; None: none are taken.
    """

    is_used: Callable[[], bool] = lambda: True
    is_controlled: Callable[[], bool | None] = lambda: None
    commands: CommandCounts | None = None
