"""Renders the full screen of `top`: a line for each camera, as many as there is room for. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.text import Text

from edge_video.status.health import camera_health
from edge_video.status.model import CameraPhase
from edge_video.text.catalog import lookup
from edge_video.text.duration import format_duration
from edge_video.text.escaping import one_line
from edge_video.top.browsing import Browsing, Extent
from edge_video.top.camera_text import (
    ILL,
    by_trouble,
    format_fps_of_target,
    short_remarks_on,
    short_retry,
    state_text,
    state_word,
)
from edge_video.top.header import (
    delivery_text,
    format_title,
    frames_text,
    short_machine_text,
    verdict_text,
)
from edge_video.top.screen import format_lost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.status.model import CameraStatus, SystemStatus
    from edge_video.text.catalog import Language
    from edge_video.top.rates import Rates
    from edge_video.top.screen import Lost

_NARROW: Final = 60
"""Cells below which a camera has no room for the age of its last frame."""
_SHORTEST_NAME: Final = 12
_LOW: Final = 12
"""Lines below which only the verdict and the delivery stand above the cameras."""
_BOTTOM: Final = 2
"""Lines that are no cameras below the header: the columns' titles and the foot."""
_COLUMNS: Final = ("camera", "state", "fps", "last", "retry", "trouble")
_RIGHT: Final = frozenset({"fps", "last", "retry"})


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to be shown."""

    status: SystemStatus | None
    rates: Rates
    language: Language
    url: str
    lost: Lost | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of a screen, none wider than it, and what of the cameras they show."""

    lines: Sequence[Text]
    extent: Extent
    browsing: Browsing


def full_page(shown: Shown, browsing: Browsing, width: int, height: int) -> Page:
    """As many lines as there are at most."""
    head = _head(shown, height)
    room = max(1, height - len(head) - _BOTTOM)
    everybody = [] if shown.status is None else by_trouble(shown.status.cameras)
    passing = [each for each in everybody if _passes(each, browsing)]
    extent = Extent(len(passing), room)
    browsing = browsing.within(extent)
    visible = passing[browsing.offset : browsing.offset + room]
    lines = [*head, *_table(visible, passing, shown, width)]
    lines += [Text()] * (height - 1 - len(lines))
    foot = _foot(shown, browsing, _Hidden.of(everybody, passing, visible, browsing), width)
    cut = [_cut(each, width) for each in [*lines[: max(0, height - 1)], foot]]
    return Page(cut[-height:], extent, browsing)


def long_page(shown: Shown, width: int) -> list[Text]:
    """Every camera, however many there are, and no foot: what is printed once."""
    cameras = [] if shown.status is None else by_trouble(shown.status.cameras)
    lines = [*_head(shown, _LOW), *_table(cameras, cameras, shown, width)]
    return [_cut(each, width) for each in lines]


def _passes(camera: CameraStatus, browsing: Browsing) -> bool:
    return browsing.passes(f"{camera.camera_id} {state_word(camera)}")


def _head(shown: Shown, height: int) -> list[Text]:
    status, language = shown.status, shown.language
    lines = []
    if shown.lost is not None:
        lines.append(Text(format_lost(shown.lost, language), style="bold white on red"))
    if status is None:
        asking = Text(lookup("top.asking", language).format(url=shown.url))
        return lines or [asking]
    verdict = verdict_text(status, language)
    lines.append(verdict.append(f" | {format_title(status, language)}", style="not bold default"))
    lines.append(delivery_text(status, language))
    if height >= _LOW:
        lines.append(frames_text(status, language))
        machine = short_machine_text(status, language)
        lines += [] if machine is None else [machine]
    return lines


def _table(
    visible: Sequence[CameraStatus], passing: Sequence[CameraStatus], shown: Shown, width: int
) -> list[Text]:
    """The titles, and a line for each visible camera; as wide as all that pass need it."""
    if shown.status is None:
        return []
    language = shown.language
    rows = {each.camera_id: _cells(each, shown) for each in passing}
    unused = set() if width >= _NARROW else {"last"}
    if not any(each["retry"] for each in rows.values()):
        unused.add("retry")
    names = [name for name in _COLUMNS if name not in unused]
    titles = {name: Text(lookup(f"top.short.{name}", language)) for name in names}
    widths = {name: max(each[name].cell_len for each in [titles, *rows.values()]) for name in names}
    widths["camera"] = min(widths["camera"], max(_SHORTEST_NAME, width // 4))
    lines = [_line(titles, widths)]
    lines[0].stylize("bold")
    return lines + [_line(rows[each.camera_id], widths) for each in visible]


def _cells(camera: CameraStatus, shown: Shown) -> dict[str, Text]:
    language, last_s = shown.language, camera.last_frame_ago_s
    age = lookup("never", language) if last_s is None else format_duration(float(int(last_s)))
    fps = format_fps_of_target(camera, shown.rates, language).replace(" ", "")
    if camera.phase is CameraPhase.DISABLED:
        fps = age = ""
    return {
        "camera": Text(one_line(camera.camera_id), style="bold"),
        "state": state_text(camera),
        "fps": Text(fps),
        "last": Text(age),
        "retry": Text(short_retry(camera)),
        "trouble": Text(", ".join(short_remarks_on(camera, language))),
    }


def _line(cells: dict[str, Text], widths: dict[str, int]) -> Text:
    line = Text()
    for name, width in widths.items():
        cell = cells[name].copy()
        cell.truncate(width, overflow="ellipsis")
        gap = " " * (width - cell.cell_len)
        line.append_text(Text.assemble(gap, cell) if name in _RIGHT else Text.assemble(cell, gap))
        line.append("  ")
    line.rstrip()
    return line


def _cut(line: Text, width: int) -> Text:
    cut = line.copy()
    cut.truncate(width, overflow="ellipsis")
    return cut


@dataclass(frozen=True, slots=True)
class _Hidden:
    """How many cameras a screen does not show, and why."""

    above: int
    below: int
    passing: int
    cameras: int
    ill: int

    @classmethod
    def of(
        cls,
        everybody: Sequence[CameraStatus],
        passing: Sequence[CameraStatus],
        visible: Sequence[CameraStatus],
        browsing: Browsing,
    ) -> _Hidden:
        seen = {each.camera_id for each in visible}
        ill = sum(camera_health(each) in ILL for each in everybody if each.camera_id not in seen)
        below = len(passing) - len(visible) - browsing.offset
        return cls(browsing.offset, below, len(passing), len(everybody), ill)


def _foot(shown: Shown, browsing: Browsing, hidden: _Hidden, width: int) -> Text:
    """What is hidden, on the left; the keys on the right, as far as there is room."""
    language = shown.language
    left = Text()
    if browsing.is_typing:
        typing = lookup("top.typing", language).format(text=one_line(browsing.filter_text))
        left.append(f"{typing}▏  ", style="bold")
    elif browsing.filter_text:
        text = lookup("top.filter", language).format(
            text=one_line(browsing.filter_text), count=hidden.passing, cameras=hidden.cameras
        )
        left.append(f"{text}  ", style="bold")
    left.append_text(_hidden_text(hidden, language))
    key = "keys"
    if browsing.is_typing or browsing.filter_text:
        key = "typing_keys" if browsing.is_typing else "filter_keys"
    for each in (key, "short_keys"):
        right = Text(lookup(f"top.{each}", language), style="dim")
        room = width - left.cell_len - right.cell_len
        if room >= 0:
            return Text.assemble(left, " " * room, right)
    return left


def _hidden_text(hidden: _Hidden, language: Language) -> Text:
    parts = []
    if hidden.below:
        parts.append(lookup("top.below", language).format(count=hidden.below))
    if hidden.above:
        parts.append(lookup("top.above", language).format(count=hidden.above))
    text = Text(", ".join(parts))
    if hidden.ill:
        ill = lookup("top.ill_hidden", language).format(count=hidden.ill)
        text.append(f"; {ill}" if parts else ill, style="bold red")
    return text.append("  ") if text else text
