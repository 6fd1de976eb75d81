"""Finds out which hardware decodes here, with this FFmpeg, by having it decode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_video.capture.examination import (
    TrialFailedError,
    TrialTimeoutError,
    decoders,
    try_decoder,
)
from edge_video.capture.hardware.acceleration import AUTO, accelerations

if TYPE_CHECKING:
    from edge_video.capture.binary import Binary
    from edge_video.capture.hardware.acceleration import Acceleration, HardwareKey

LIMIT_S: Final = 10.0
"""For one way; the first use of a card after a start of the machine takes some seconds."""


@dataclass(frozen=True, slots=True)
class TrialResult:
    """What came of a trial.

    Attributes:
        acceleration: the best way that works; None: none does.
        reason: why not, in FFmpeg's words; of `auto`, for each hardware. Empty where one works.
    """

    acceleration: Acceleration | None
    reason: str = ""


def try_hardware(binary: Binary, key: HardwareKey, limit_s: float = LIMIT_S) -> TrialResult:
    """Try what is configured, one way after the other, until one works. Raises nothing.

    Blocks for at most `limit_s` per way, of a hardware that is not there for less than a second.
    One hardware has up to three ways, and `auto` tries those of several; a driver that hangs is
    tried once.
    """
    try:
        has = tuple(decoders(binary))
    except TrialFailedError as error:
        return TrialResult(None, str(error))
    reasons: dict[str, str] = {}
    hangs: set[str] = set()
    for way in accelerations(key, has):
        if way.name in hangs:
            continue
        try:
            try_decoder(binary, way, limit_s)
        except TrialFailedError as error:
            reasons.setdefault(way.name, str(error))
            if isinstance(error, TrialTimeoutError):
                hangs.add(way.name)
        else:
            return TrialResult(way)
    return TrialResult(None, _all_of(reasons, key) or _not_built_in(key, has))


def _all_of(reasons: dict[str, str], key: HardwareKey) -> str:
    """The reason; those of several kinds of hardware with their names."""
    if key.name != AUTO:
        return "".join(reasons.values())
    return "; ".join(f"{name}: {reason}" for name, reason in reasons.items())


def _not_built_in(key: HardwareKey, has: tuple[str, ...]) -> str:
    known = ", ".join(has) or "none"
    if key.name == AUTO:
        return f"this FFmpeg has no hardware that is known here; it has {known}"
    return f"this FFmpeg was built without {key.name}; it has {known}"
