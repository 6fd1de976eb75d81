"""Defines what decodes a camera's pictures, as a status shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decoding:
    """What decodes a camera's pictures.

    Attributes:
        wanted: as configured: `auto`, or a hardware by its name.
        used: the hardware that decodes; `software`: the CPU does.
        reason: why the hardware does not, in FFmpeg's words; empty while it does, and where `auto`
            has never found any.
        encodes: the device makes the JPEG images, too.
    """

    wanted: str
    used: str
    reason: str = ""
    encodes: bool = False

    @property
    def has_fallen_back(self) -> bool:
        """Whether the CPU decodes in the place of a hardware that does not work."""
        return bool(self.reason)
