"""Renders the screen of `fleet`: a line for each node, the worst first, or one node. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rich.text import Text

from edge_video.text.catalog import lookup
from edge_video.text.formatting import format_number
from edge_video.text.phrases import translated
from edge_video.top.fleet.judging import NodeState, ill_cameras, judge_node
from edge_video.top.fleet.node_page import node_lines
from edge_video.top.fleet.node_text import (
    STYLES,
    cameras_count,
    figure,
    lasting,
    remarks_text,
    state_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.text.catalog import Language
    from edge_video.top.fleet.browsing import Browsing
    from edge_video.top.fleet.judging import JudgedNode
    from edge_video.top.fleet.session import FleetView

_COLUMNS: Final = (
    "node", "state", "cameras", "fps", "cpu", "ram", "heard", "version", "trouble",
)  # fmt: skip
_RIGHT: Final = frozenset({"cameras", "fps", "cpu", "ram", "heard"})
_DROPPED: Final = ("version", "ram", "cpu", "fps", "heard")
"""What a narrow terminal has no room for, the first one first."""
_SHORTEST_NAME: Final = 16
_TROUBLE_CELLS: Final = 24
"""At least so many for what is wrong, before another column goes."""
_BETWEEN: Final = 2
_COUNTED: Final = (
    NodeState.SILENT,
    NodeState.TROUBLE,
    NodeState.WARN,
    NodeState.PARTIAL,
    NodeState.LEFT,
)


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of a screen, none wider than it, and what a key moves among.

    Attributes:
        names: of the nodes that pass the filter, in their order.
        room: how many lines there are for them, or for an open node.
        last: the greatest offset of an open node.
    """

    lines: Sequence[Text]
    names: Sequence[str]
    room: int
    last: int = 0


def full_page(
    view: FleetView, browsing: Browsing, language: Language, size: tuple[int, int], url: str = ""
) -> Page:
    """As many lines as there are at most.

    Args:
        view: what is known.
        browsing: what of it is to be seen.
        language: of its texts.
        size: columns and lines.
        url: of the page for browsers; empty: there is none.
    """
    node = view.fleet.node(browsing.opened) if browsing.opened else None
    if node is not None:
        judged = judge_node(view.fleet, node, view.now_s)
        return _node_page(view, judged, browsing, language, size)
    return _table_page(view, browsing, language, size, url)


def long_page(view: FleetView, language: Language, width: int) -> list[Text]:
    """Every node, however many there are, and no foot: what is printed once, or again and again."""
    lines = [*head(view, language), *_table(view.nodes, view.nodes, language, width)]
    return [_cut(each, width) for each in lines]


def head(view: FleetView, language: Language) -> list[Text]:
    """The connection, and what all nodes amount to."""
    lines = [_connection(view, language)]
    lines += [
        Text(
            lookup("fleet.unheard", language).format(reason=translated(each, language)),
            style="bold yellow",
        )
        for each in view.unheard
    ]
    if view.totals.nodes:
        lines.append(_verdict(view, language))
    elif view.lost is None:
        lines.append(Text(lookup("fleet.none", language)))
    return lines


def _connection(view: FleetView, language: Language) -> Text:
    lost = view.lost
    if lost is None:
        return Text(lookup("fleet.broker", language).format(target=view.target))
    if not lost.reason:
        return Text(lookup("fleet.connecting", language).format(target=view.target))
    key = "fleet.lost" if lost.was_connected else "fleet.never"
    text = lookup(key, language).format(
        target=view.target, since=lasting(lost.for_s), reason=translated(lost.reason, language)
    )
    return Text(text, style="bold white on red")


def _verdict(view: FleetView, language: Language) -> Text:
    totals = view.totals
    parts = [
        lookup("fleet.nodes", language).format(good=totals.states[NodeState.OK], nodes=totals.nodes)
    ]
    worst = NodeState.OK
    for state in reversed(_COUNTED):
        if count := totals.states[state]:
            worst = state
            parts.insert(1, lookup(f"fleet.count.{state.value}", language).format(count=count))
    text = Text(", ".join(parts), style=f"bold {STYLES[worst]}")
    cameras = lookup("fleet.cameras", language).format(
        good=totals.good, wanted=totals.wanted, fps=format_number(totals.fps, language)
    )
    text.append(f" | {cameras}", style="not bold default on default")
    for key, count in (("foreign", view.foreign), ("left_out", view.left_out)):
        if count:
            told = lookup(f"fleet.{key}", language).format(count=count)
            text.append(f" | {told}", style="not bold yellow on default")
    return text


# --- the table ----------------------------------------------------------------------------------


def _table_page(
    view: FleetView, browsing: Browsing, language: Language, size: tuple[int, int], url: str
) -> Page:
    width, height = size
    top = head(view, language)
    if url:
        top[0].append(f" | {lookup('fleet.page', language).format(url=url)}")
    room = max(1, height - len(top) - 2)
    passing = [each for each in view.nodes if passes(each, browsing)]
    names = [each.node.name for each in passing]
    cursor = browsing.cursor(names)
    first = max(0, min(cursor - room // 2, len(passing) - room))
    visible = passing[first : first + room]
    lines = [*top, *_table(visible, passing, language, width, cursor - first)]
    lines += [Text()] * (height - 1 - len(lines))
    foot = _foot(
        _table_foot(browsing, len(passing), len(view.nodes), language), "keys", language, width
    )
    return Page([_cut(each, width) for each in [*lines[: height - 1], foot]], names, room)


def passes(judged: JudgedNode, browsing: Browsing) -> bool:
    """Whether a node, its group, or one of its cameras that are ill has the filter's text."""
    node = judged.node
    group = "" if node.shared is None else node.shared.group
    return browsing.passes(
        node.name, group, judged.state.value, *(each.camera_id for each in ill_cameras(node))
    ) or (bool(browsing.filter_text) and browsing.passes(*node.cameras))


def _table(
    visible: Sequence[JudgedNode],
    passing: Sequence[JudgedNode],
    language: Language,
    width: int,
    cursor: int | None = None,
) -> list[Text]:
    """The titles, and a line for each visible node; as wide as all that pass need it."""
    if not passing:
        return []
    rows = [_cells(each, language) for each in passing]
    titles = {name: Text(lookup(f"fleet.column.{name}", language)) for name in _COLUMNS}
    widths = {name: max(each[name].cell_len for each in [titles, *rows]) for name in _COLUMNS}
    widths["node"] = min(widths["node"], max(_SHORTEST_NAME, width // 4))
    widths["trouble"] = max(widths["trouble"], 1)
    for name in _DROPPED:
        taken = sum(widths.values()) - widths["trouble"] + _BETWEEN * len(widths)
        if width - taken < min(_TROUBLE_CELLS, widths["trouble"]):
            del widths[name]
    lines = [_line(titles, widths)]
    lines[0].stylize("bold")
    for place, each in enumerate(visible):
        line = _line(_cells(each, language), widths)
        if place == cursor:
            line.pad_right(max(0, width - line.cell_len))
            line.stylize("reverse")
        lines.append(line)
    return lines


def _cells(judged: JudgedNode, language: Language) -> dict[str, Text]:
    status = judged.node.status
    process = None if status is None else status.process
    ill = judged.state not in (NodeState.OK, NodeState.PARTIAL, NodeState.LEFT)
    return {
        "node": Text(judged.node.name, style="bold"),
        "state": state_text(judged.state, language),
        "cameras": Text(cameras_count(judged)),
        "fps": Text("–" if judged.fps is None else format_number(judged.fps, language)),
        "cpu": Text(figure(None if process is None else process.system_cpu_percent, language)),
        "ram": Text(figure(None if process is None else process.system_ram_used_percent, language)),
        "heard": Text(lasting(judged.heard_ago_s)),
        "version": Text("–" if status is None else status.version),
        "trouble": Text(remarks_text(judged, language), style="" if ill else "dim"),
    }


def _table_foot(browsing: Browsing, passing: int, nodes: int, language: Language) -> str:
    if browsing.is_typing:
        return lookup("top.typing", language).format(text=browsing.filter_text) + "▏"
    if browsing.filter_text:
        return lookup("fleet.filter", language).format(
            text=browsing.filter_text, count=passing, nodes=nodes
        )
    return ""


# --- one node -----------------------------------------------------------------------------------


def _node_page(
    view: FleetView,
    judged: JudgedNode,
    browsing: Browsing,
    language: Language,
    size: tuple[int, int],
) -> Page:
    width, height = size
    top = head(view, language)[:1] if view.lost is not None else []
    body = node_lines(judged, view.now_s, language)
    room = max(1, height - len(top) - 1)
    last = max(0, len(body) - room)
    offset = min(browsing.offset, last)
    lines = [*top, *body[offset : offset + room]]
    lines += [Text()] * (height - 1 - len(lines))
    foot = _foot(judged.node.name, "node_keys", language, width)
    shown = [_cut(each, width) for each in [*lines[: height - 1], foot]]
    return Page(shown, [browsing.opened], room, last)


# --- lines --------------------------------------------------------------------------------------


def _line(cells: dict[str, Text], widths: dict[str, int]) -> Text:
    line = Text()
    for name, width in widths.items():
        cell = cells[name].copy()
        cell.truncate(width, overflow="ellipsis")
        gap = " " * (width - cell.cell_len)
        line.append_text(Text.assemble(gap, cell) if name in _RIGHT else Text.assemble(cell, gap))
        line.append(" " * _BETWEEN)
    line.rstrip()
    return line


def _cut(line: Text, width: int) -> Text:
    cut = line.copy()
    cut.truncate(width, overflow="ellipsis")
    return cut


def _foot(left: str, keys: str, language: Language, width: int) -> Text:
    right = Text(lookup(f"fleet.{keys}", language), style="dim")
    start = Text(left, style="bold")
    room = width - start.cell_len - right.cell_len
    return Text.assemble(start, " " * room, right) if room >= 0 else start
