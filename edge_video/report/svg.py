"""Draws plots as inline SVG. Pure: no script, no font, no outside resource.

Colours are CSS classes (`s0` … and the names of states), so that a page decides them for light and
dark. Every text goes through `escape`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_LEFT: Final = 52
_RIGHT: Final = 10
_TOP: Final = 8
_BOTTOM: Final = 22
_SMALLEST: Final = 1e-9
_LABEL_WIDTH: Final = 52
"""Of a column's label, with the room around it."""
_NEAR_THE_END: Final = 0.95
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Line:
    """One curve."""

    label: str
    css: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of a lane."""

    start: float
    end: float
    css: str
    title: str


@dataclass(frozen=True, slots=True)
class Axis:
    """The length of an axis and how its numbers are written."""

    end: float
    format: Callable[[float], str]
    most_ticks: int = 6

    @property
    def ticks(self) -> list[float]:
        """Round numbers from 0 to the end."""
        return ticks(self.end, self.most_ticks)


def ticks(end: float, most: int = 6) -> list[float]:
    """At most `most` + 1 round, evenly spaced numbers from 0 up to `end`."""
    if not _SMALLEST <= end < math.inf:
        return [0.0]
    rough = end / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in _STEPS if each * power >= rough * 0.999)
    return [number * step for number in range(int(end / step + 1e-9) + 1)]


def time_ticks(end_s: float, most: int = 6) -> list[float]:
    """The same for seconds, at instants a clock would choose."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
    rough = end_s / most
    step = next((each for each in steps if each >= rough), None)
    if step is None:
        step = 86400 * max(1, math.ceil(rough / 86400))
    return [float(at) for at in range(0, int(end_s) + 1, step)]


def line_chart(
    lines: Iterable[Line],
    x: Axis,
    y: Axis,
    *,
    width: int = 720,
    height: int = 180,
    guide: float | None = None,
    title: str,
) -> str:
    """Curves over time; `guide` is a dashed horizontal line."""
    plot = _Plot(width, height, x.end or 1.0, y.end or 1.0)
    parts = [plot.grid(time_ticks(x.end, x.most_ticks), x.format, y.ticks, y.format)]
    if guide is not None and guide <= y.end:
        at = plot.y(guide)
        parts.append(f'<line class="guide" x1="{_LEFT}" x2="{plot.right}" y1="{at}" y2="{at}"/>')
    for line in lines:
        points = " ".join(f"{plot.x(at)},{plot.y(min(value, y.end))}" for at, value in line.points)
        if points:
            parts.append(f'<polyline class="curve {line.css}" points="{points}"/>')
    return _svg(width, height, title, parts)


def lanes(
    rows: Sequence[tuple[str, Sequence[Bar]]], x: Axis, *, width: int = 720, title: str
) -> str:
    """One lane of coloured stretches for each row."""
    left, lane, gap = 130, 16, 6
    height = _TOP + len(rows) * (lane + gap) + _BOTTOM
    scale = (width - left - _RIGHT) / (x.end or 1.0)
    bottom = height - _BOTTOM
    parts = []
    for at in time_ticks(x.end, x.most_ticks):
        mark = _number(left + at * scale)
        parts.append(f'<line class="grid" x1="{mark}" x2="{mark}" y1="{_TOP}" y2="{bottom}"/>')
        anchor = _anchor(at, x.end)
        parts.append(_text(mark, height - 7, x.format(at), anchor))
    for number, (label, bars) in enumerate(rows):
        top = _TOP + number * (lane + gap)
        shown = label if len(label) <= 18 else label[:17] + "…"  # noqa: PLR2004 - what fits
        parts.append(_text(_number(left - 8), top + lane - 4, shown, "end", tip=label))
        for bar in bars:
            start, length = left + bar.start * scale, max(1.0, (bar.end - bar.start) * scale)
            length = min(length, width - _RIGHT - start) if start < width - _RIGHT else 1.0
            parts.append(
                f'<rect class="{bar.css}" x="{_number(start)}" y="{top}"'
                f' width="{_number(length)}" height="{lane}" rx="2">'
                f"<title>{escape(bar.title)}</title></rect>"
            )
    return _svg(width, height, title, parts)


def columns(
    bars: Sequence[tuple[str, float, str]], *, width: int = 720, height: int = 180, title: str
) -> str:
    """A histogram: label, height and tip of each column."""
    highest = max((value for _, value, _ in bars), default=0.0)
    plot = _Plot(width, height, max(1, len(bars)), highest or 1.0)
    parts = [plot.grid([], _whole, ticks(highest, 4), _whole)]
    each = math.ceil(len(bars) * _LABEL_WIDTH / width)  # labels that would overlap are left out
    for number, (label, value, tip) in enumerate(bars):
        left, right, top = plot.x(number + 0.12), plot.x(number + 0.88), plot.y(value)
        parts.append(
            f'<rect class="s0 area" x="{left}" y="{top}" width="{_number(right - left)}"'
            f' height="{_number(plot.bottom - top)}"><title>{escape(tip)}</title></rect>'
        )
        if number % each == 0:
            parts.append(_text(plot.x(number + 0.5), height - 7, label, "middle"))
    return _svg(width, height, title, parts)


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where numbers lie on the picture."""

    width: int
    height: int
    x_end: float
    y_end: float

    @property
    def right(self) -> int:
        return self.width - _RIGHT

    @property
    def bottom(self) -> int:
        return self.height - _BOTTOM

    def x(self, value: float) -> float:
        return _number(_LEFT + value / self.x_end * (self.right - _LEFT))

    def y(self, value: float) -> float:
        return _number(self.bottom - value / self.y_end * (self.bottom - _TOP))

    def grid(
        self,
        x_ticks: Iterable[float],
        format_x: Callable[[float], str],
        y_ticks: Iterable[float],
        format_y: Callable[[float], str],
    ) -> str:
        parts = []
        for value in y_ticks:
            at = self.y(value)
            parts.append(f'<line class="grid" x1="{_LEFT}" x2="{self.right}" y1="{at}" y2="{at}"/>')
            parts.append(_text(_LEFT - 6, _number(at + 4), format_y(value), "end"))
        for value in x_ticks:
            at = self.x(value)
            parts.append(_text(at, self.height - 7, format_x(value), _anchor(value, self.x_end)))
        return "".join(parts)


def _svg(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


def _text(x: float, y: float, content: str, anchor: str, *, tip: str | None = None) -> str:
    hint = "" if tip is None else f"<title>{escape(tip)}</title>"
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{hint}{escape(content)}</text>'


def _anchor(value: float, end: float) -> str:
    """A label at either end of an axis stays inside the picture."""
    if value <= 0:
        return "start"
    return "end" if value > _NEAR_THE_END * end else "middle"


def _number(value: float) -> float:
    """A tenth of a pixel is enough, and keeps the file small."""
    return round(value, 1)


def _whole(value: float) -> str:
    return f"{value:g}"
