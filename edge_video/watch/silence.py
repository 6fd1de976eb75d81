"""Tells which cameras fall silent and which are back, once each. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SILENT_AFTER_S: Final = 3.0
"""A camera that sends nothing for so long is silent."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A camera, or with `camera_id` None everybody, fell silent or is back."""

    camera_id: str | None
    silent: bool


class Silences:
    """Tells every silence and its end once, and those of all cameras together in one word.

    Where all were silent, their coming back is told once, with the first of them. Those that do not
    follow it within `SILENT_AFTER_S` are told as silent, each by its name. Time is an argument.
    """

    def __init__(self) -> None:
        self._silent: set[str] = set()
        self._awaited: set[str] = set()
        """Those that have not followed the first one back yet."""
        self._awaited_until_s = 0.0
        self._connected_at_s = 0.0

    def connected(self, now_s: float) -> None:
        """Note that this consumer hears the cameras from now on: no new silence began before."""
        self._connected_at_s = now_s

    def changes(self, silent_s: Mapping[str, float], now_s: float) -> list[Silence]:
        """What is to be told, given for how many seconds each camera has sent nothing."""
        before, everybody = self._silent, len(silent_s)
        is_long = now_s - self._connected_at_s >= SILENT_AFTER_S
        self._silent = silent = {
            camera_id
            for camera_id, seconds in silent_s.items()
            if seconds >= SILENT_AFTER_S and (is_long or camera_id in before)
        }
        if everybody > 1 and len(silent) == everybody > len(before):
            self._awaited.clear()
            return [Silence(None, silent=True)]
        told = []
        if everybody > 1 and len(before) == everybody > len(silent):
            self._awaited, self._awaited_until_s = set(before), now_s + SILENT_AFTER_S
            told.append(Silence(None, silent=False))
        back = before - silent - self._awaited
        fallen = (silent - before) | self._not_followed(now_s)
        told += [Silence(each, silent=True) for each in sorted(fallen)]
        return told + [Silence(each, silent=False) for each in sorted(back)]

    def _not_followed(self, now_s: float) -> set[str]:
        """Those that were awaited for too long; from now on each is told by its name."""
        self._awaited &= self._silent
        if now_s < self._awaited_until_s:
            return set()
        late, self._awaited = self._awaited, set()
        return late
