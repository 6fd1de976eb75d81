"""Renders the live table of `watch` as a terminal has room for it. Pure."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from rich.text import Text

from edge_video.text.catalog import Language, lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import format_rounded_duration
from edge_video.watch.view import (
    format_away,
    format_latency,
    format_picture,
    format_rate,
    format_size,
    is_overdue,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.watch.tally import CameraView

_ORDER: Final = (
    "camera", "fps", "last", "gaps", "dropped", "away", "latency", "size", "picture",
    "undecodable", "frames",
)  # fmt: skip
_PRIORITY: Final = (
    "camera", "fps", "last", "gaps", "dropped", "latency", "size", "frames", "picture",
    "undecodable", "away",
)  # fmt: skip
"""Which columns a narrow terminal keeps."""
_BESIDE: Final = {"undecodable": "gaps", "away": "dropped"}
"""Where these come when they tell of trouble."""
_BETWEEN: Final = 2
"""Cells between two columns."""
_SHORTEST_NAME: Final = 12
_TITLE_CELLS: Final = 9
"""A title is wrapped to this, or to its longest word."""


@dataclass(frozen=True, slots=True)
class Room:
    """The size of the terminal, in cells and lines."""

    width: int
    height: int


def live_table(views: Sequence[CameraView], header: str, language: Language, room: Room) -> Group:
    """What is watched, and a line for each camera; what is wrong has a colour and a word.

    The columns that have no room are left out, the name and the rate last. Where the cameras have
    no room, the silent ones come first, and a line says how many are below.
    """
    title = Text(header, no_wrap=True, overflow="ellipsis")
    if not views:
        return Group(title, Text(lookup("watch.nothing", language)))
    rows = [_cells(view, language) for view in views]
    columns = _fitting([_Column(name, rows, language) for name in _ORDER], room.width)
    lines = max(1, room.height - 2 - max(len(each.title) for each in columns))
    numbers = list(range(len(views)))
    if len(views) > lines:
        numbers.sort(key=lambda number: not is_overdue(views[number]))
        numbers = numbers[: max(1, lines - 1)]
    parts: list[Text | Table] = [title, _table(columns, numbers)]
    if len(views) > len(numbers):
        below = lookup("watch.more", language).format(count=len(views) - len(numbers))
        parts.append(Text(below, style="bold"))
    return Group(*parts)


def _table(columns: Sequence[_Column], numbers: Sequence[int]) -> Table:
    table = Table(box=None, padding=(0, _BETWEEN, 0, 0), pad_edge=False, header_style="bold")
    for each in columns:
        table.add_column(
            Text("\n".join(each.title)),
            justify="left" if each.name == "camera" else "right",
            vertical="bottom",
            no_wrap=True,
            overflow="ellipsis",
            width=each.width,
        )
    for number in numbers:
        table.add_row(*(each.cells[number] for each in columns))
    return table


class _Column:
    """One column: its title in lines, its cells, and how wide it is."""

    def __init__(self, name: str, rows: Sequence[dict[str, Text]], language: Language) -> None:
        self.name = name
        self.cells = [each[name] for each in rows]
        widest = max(each.cell_len for each in self.cells)
        self.title = textwrap.wrap(
            lookup(f"watch.{name}", language), max(widest, _TITLE_CELLS), break_long_words=False
        )
        self.width = max(widest, *map(cell_len, self.title))
        self.tells_trouble = name in _BESIDE and any(
            each.plain not in ("", "0") for each in self.cells
        )

    @property
    def rank(self) -> int:
        """Its place among those that a narrow terminal keeps."""
        place = _BESIDE[self.name] if self.tells_trouble else self.name
        return _PRIORITY.index(place)


def _fitting(columns: Sequence[_Column], width: int) -> list[_Column]:
    """Those that have room, in the order of all; a long name gives way to other columns."""
    name = columns[0]
    natural, name.width = name.width, min(name.width, max(_SHORTEST_NAME, width // 4))
    kept: list[_Column] = []
    left = width + _BETWEEN
    for each in sorted(columns, key=lambda column: column.rank):
        if each.name == "away" and not each.tells_trouble:
            continue
        if each is not name and each.width + _BETWEEN > left:
            break
        kept.append(each)
        left -= each.width + _BETWEEN
    name.width = min(natural, name.width + max(0, left))
    return [each for each in columns if each in kept]


def _cells(view: CameraView, language: Language) -> dict[str, Text]:
    is_silent = is_overdue(view)
    return {
        "camera": Text(one_line(view.camera_id), style="bold"),
        "fps": Text(format_rate(view, language), style="red" if is_silent else "green"),
        "last": _last(view, language, is_silent=is_silent),
        "gaps": Text(str(view.gaps), style="bold red" if view.gaps else ""),
        "dropped": Text(str(view.dropped), style="yellow" if view.dropped else ""),
        "away": Text(format_away(view, language), style="yellow"),
        "latency": Text(format_latency(view, language)),
        "size": Text(format_size(view.size, language)),
        "picture": Text(format_picture(view, language)),
        "undecodable": Text(str(view.undecodable), style="bold red" if view.undecodable else ""),
        "frames": Text(str(view.frames)),
    }


def _last(view: CameraView, language: Language, *, is_silent: bool) -> Text:
    ago = format_rounded_duration(float(round(view.silent_s)))
    if is_silent:
        return Text(lookup("watch.silent", language).format(since=ago), style="bold red")
    return Text(ago)
