"""Follows which of the cameras `top` shows: how far it is scrolled, and the filter. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge_video.top.keys import Key

if TYPE_CHECKING:
    from edge_video.top.keys import Press

_LONGEST: Final = 64
"""Characters of a filter; no camera's id has more."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How many cameras pass the filter, and how many of them the screen has lines for."""

    cameras: int
    lines: int

    @property
    def last_offset(self) -> int:
        """The offset at which the last camera stands on the last line."""
        return max(0, self.cameras - self.lines)


@dataclass(frozen=True, slots=True)
class Browsing:
    """What the operator has asked to see."""

    offset: int = 0
    """Cameras above the first one that is shown."""
    filter_text: str = ""
    """The filter; empty shows every camera."""
    is_typing: bool = False
    """Whether the filter is being written."""
    is_over: bool = False

    def passes(self, text: str) -> bool:
        """Whether the filter lets this text through; case does not matter."""
        return self.filter_text.casefold() in text.casefold()

    def within(self, extent: Extent) -> Browsing:
        """The same, with an offset that there is: cameras and lines come and go."""
        return replace(self, offset=min(max(0, self.offset), extent.last_offset))

    def press(self, key: Press, extent: Extent) -> Browsing:
        """What is to be seen after a key, on the screen that was shown when it was pressed."""
        offset = self._scrolled(key, extent)
        if offset is not None:
            return replace(self, offset=offset).within(extent)
        if key is Key.ESCAPE:
            return replace(self, offset=0, filter_text="", is_typing=False)
        return self._typed(key) if self.is_typing else self._commanded(key)

    def _scrolled(self, key: Press, extent: Extent) -> int | None:
        steps = {
            Key.UP: self.offset - 1,
            Key.DOWN: self.offset + 1,
            Key.PAGE_UP: self.offset - extent.lines,
            Key.PAGE_DOWN: self.offset + extent.lines,
            Key.HOME: 0,
            Key.END: extent.last_offset,
        }
        return steps.get(key) if isinstance(key, Key) else None

    def _typed(self, key: Press) -> Browsing:
        if key is Key.ENTER:
            return replace(self, is_typing=False)
        if key is Key.BACKSPACE:
            return replace(self, offset=0, filter_text=self.filter_text[:-1])
        if isinstance(key, str) and len(self.filter_text) < _LONGEST:
            return replace(self, offset=0, filter_text=self.filter_text + key)
        return self

    def _commanded(self, key: Press) -> Browsing:
        if key in ("q", "Q"):
            return replace(self, is_over=True)
        return replace(self, is_typing=True) if key == "/" else self
