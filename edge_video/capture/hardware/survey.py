"""Tries all hardware that some cameras are configured for, and looks for room on the cards."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_video.capture.hardware.acceleration import NONE, HardwareKey, wanted_hardware
from edge_video.capture.hardware.cards import Card, nvidia_cards
from edge_video.capture.hardware.trial import TrialResult, try_hardware

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.capture.binary import Binary
    from edge_video.config import CameraConfig


@dataclass(frozen=True, slots=True)
class Tried:
    """One hardware that was tried.

    Attributes:
        key: as it is configured.
        cameras: how many are to be decoded on it.
        result: what came of it.
    """

    key: HardwareKey
    cameras: int
    result: TrialResult

    @property
    def subject(self) -> str:
        """Its name, and the device where one is configured."""
        return self.key.name if self.key.device is None else f"{self.key.name} ({self.key.device})"


@dataclass(frozen=True, slots=True)
class HardwareSurvey:
    """What hardware does here.

    Attributes:
        tried: what is configured, each once.
        cards: NVIDIA's, where cameras are to be decoded on them.
    """

    tried: tuple[Tried, ...] = ()
    cards: tuple[Card, ...] = ()

    @property
    def on_cards(self) -> int:
        """How many cameras are to be decoded on NVIDIA's cards, all of them together."""
        ways = ((each.cameras, each.result.acceleration) for each in self.tried)
        return sum(cameras for cameras, way in ways if way is not None and way.name == "cuda")


def survey_hardware(binary: Binary, cameras: Sequence[CameraConfig]) -> HardwareSurvey:
    """Try what is configured for these cameras; blocks for as long as the trials take."""
    wanted = Counter(_key_of(camera) for camera in cameras if camera.hwaccel != NONE)
    tried = tuple(
        Tried(key, count, try_hardware(binary, key))
        for key, count in sorted(wanted.items(), key=str)
    )
    survey = HardwareSurvey(tried)
    return HardwareSurvey(tried, tuple(nvidia_cards())) if survey.on_cards else survey


def _key_of(camera: CameraConfig) -> HardwareKey:
    """What is configured, though this camera may have nothing to decode."""
    return wanted_hardware(camera) or HardwareKey(camera.hwaccel, camera.hwaccel_device)
