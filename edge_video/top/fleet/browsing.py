"""Follows what an operator looks at: which node is chosen or open, and the filter. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge_video.top.keys import Key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.top.keys import Press

_LONGEST: Final = 64
"""Characters of a filter."""


@dataclass(frozen=True, slots=True)
class Browsing:
    """What the operator has asked to see.

    Attributes:
        chosen: the name of the node under the cursor; empty: the first one.
        opened: the name of the node that is shown with all that is known; empty: the table is.
        offset: lines above the first one that is shown.
        filter_text: what nodes must have in their names, or their cameras'; empty: all are shown.
        is_typing: whether the filter is being written.
    """

    chosen: str = ""
    opened: str = ""
    offset: int = 0
    filter_text: str = ""
    is_typing: bool = False
    is_over: bool = False

    def passes(self, *texts: str) -> bool:
        """Whether the filter lets something with one of these texts through."""
        wanted = self.filter_text.casefold()
        return any(wanted in each.casefold() for each in texts)

    def cursor(self, names: Sequence[str]) -> int:
        """The place of the chosen node among those that are shown; the first where it is none."""
        return names.index(self.chosen) if self.chosen in names else 0

    def press(self, key: Press, names: Sequence[str], lines: int, last: int) -> Browsing:
        """What is to be seen after a key.

        Args:
            key: which one.
            names: the nodes that pass the filter, in their order.
            lines: how many of them, or of an open node's lines, the screen has room for.
            last: the greatest offset of an open node.
        """
        if self.opened:
            return self._in_node(key, lines, last)
        place = self._moved(key, self.cursor(names), lines, len(names) - 1)
        if place is not None:
            return replace(self, chosen=names[place] if names else "")
        if key is Key.ESCAPE:
            return replace(self, filter_text="", is_typing=False)
        if key is Key.ENTER and not self.is_typing:
            opened = names[self.cursor(names)] if names else ""
            return replace(self, opened=opened, chosen=opened, offset=0)
        return self._typed(key) if self.is_typing else self._commanded(key)

    def _in_node(self, key: Press, lines: int, last: int) -> Browsing:
        if key in (Key.ESCAPE, Key.BACKSPACE):
            return replace(self, opened="", offset=0)
        offset = self._moved(key, self.offset, lines, last)
        if offset is not None:
            return replace(self, offset=offset)
        return replace(self, is_over=True) if key in ("q", "Q") else self

    @staticmethod
    def _moved(key: Press, place: int, lines: int, last: int) -> int | None:
        """The place after a key that moves; None: it is another one."""
        steps = {
            Key.UP: place - 1,
            Key.DOWN: place + 1,
            Key.PAGE_UP: place - lines,
            Key.PAGE_DOWN: place + lines,
            Key.HOME: 0,
            Key.END: last,
        }
        if not isinstance(key, Key) or key not in steps:
            return None
        return max(0, min(steps[key], last))

    def _typed(self, key: Press) -> Browsing:
        if key is Key.ENTER:
            return replace(self, is_typing=False)
        if key is Key.BACKSPACE:
            return replace(self, filter_text=self.filter_text[:-1])
        if isinstance(key, str) and len(self.filter_text) < _LONGEST:
            return replace(self, filter_text=self.filter_text + key)
        return self

    def _commanded(self, key: Press) -> Browsing:
        if key in ("q", "Q"):
            return replace(self, is_over=True)
        return replace(self, is_typing=True) if key == "/" else self
