"""Knows for which cameras a node stands in line: those that nobody has put off here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.status.model import CameraPhase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.resilience.cluster import CameraTerms
    from edge_video.status.snapshot import CameraRecord

_UNWANTED: Final = (CameraPhase.STOPPED, CameraPhase.DISABLED)


class WantedCameras:
    """Part of the lease actor, in its thread.

    Args:
        terms: of the cameras that are configured.

    Attributes:
        has_changed: what is wanted is not what was taken last.
    """

    def __init__(self, terms: Mapping[str, CameraTerms]) -> None:
        self.has_changed = False
        self._terms = terms
        self._unwanted: set[str] = set()

    def configured(self, terms: Mapping[str, CameraTerms]) -> None:
        """Note that these cameras are configured now."""
        self._terms = terms
        self._unwanted &= terms.keys()
        self.has_changed = True

    def changed(self, record: CameraRecord) -> None:
        """Note what an operator and the profile want of a camera here."""
        is_unwanted = record.phase in _UNWANTED or record.off_by_profile is not None
        if is_unwanted is not (record.camera_id in self._unwanted):
            self._unwanted ^= {record.camera_id}
            self.has_changed = True

    def take(self) -> dict[str, CameraTerms]:
        """Return the terms of those that are wanted."""
        self.has_changed = False
        return {name: each for name, each in self._terms.items() if name not in self._unwanted}
