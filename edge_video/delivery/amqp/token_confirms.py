"""Keeps which tokens the broker has not dealt with yet; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_video.resilience.cluster.terms import Confirmed, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class _Published:
    camera: str
    number: int
    at_s: float
    is_returned: bool = False


class TokenConfirms:
    """What was published on one channel and is neither confirmed nor refused."""

    def __init__(self) -> None:
        self._published = 0
        self._open: dict[int, _Published] = {}
        """By the number that the broker gives them, in this order."""

    @property
    def oldest_s(self) -> float | None:
        """When the oldest was published; None: there is none."""
        return next((each.at_s for each in self._open.values()), None)

    def published(self, camera: str, number: int, now_s: float) -> None:
        """Note that a token is on its way."""
        self._published += 1
        self._open[self._published] = _Published(camera, number, now_s)

    def returned(self, camera: str, number: int) -> None:
        """Note that a token found no queue: the confirm that follows is a refusal."""
        for each in self._open.values():
            if (each.camera, each.number) == (camera, number):
                each.is_returned = True

    def settled(
        self, tag: int, *, multiple: bool, is_taken: bool
    ) -> Iterator[tuple[str, Confirmed | Refused]]:
        """Yield what a confirm or a refusal of the broker is about, by camera."""
        tags = [each for each in self._open if each <= tag] if multiple else [tag]
        for each in tags:
            known = self._open.pop(each, None)
            if known is not None:
                is_in = is_taken and not known.is_returned
                event = Confirmed(known.number) if is_in else Refused(known.number)
                yield known.camera, event
