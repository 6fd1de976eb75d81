"""Renders what a node says of the nodes that share its cameras; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_video.text.catalog import lookup
from edge_video.text.escaping import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from edge_video.text.catalog import Language

_CAPTURING = ("OWNER", "SUSPECT", "RELEASING")


def captured_here(cluster: Mapping[str, Any]) -> list[str]:
    """Return the cameras that the node captures, of the `cluster` in its status."""
    return [name for name, each in cluster["leases"].items() if each["state"] in _CAPTURING]


def render_cluster(cluster: Mapping[str, Any], language: Language) -> str:
    """Return the block of text for a terminal; what others may have chosen is made harmless."""

    def text(key: str, **fields: object) -> str:
        return lookup(f"cluster.{key}", language).format(
            **{name: one_line(str(value)) for name, value in fields.items()}
        )

    here = captured_here(cluster)
    lines = [text("own", node=cluster["node"], group=cluster["group"], cameras=len(here))]
    if cluster["is_leaving"]:
        lines.append(text("leaving"))
    if cluster["down_since_s"] is not None:
        lines.append(text("down", reason=cluster["reason"] or "-"))
    if cluster["namesakes"]:
        lines.append(text("namesakes", count=cluster["namesakes"]))
    if cluster["differing"]:
        lines.append(text("differing", cameras=", ".join(cluster["differing"])))
    head = (text("node"), text("capacity"), text("cameras"), "")
    nodes = [
        (
            each["node"],
            f"{each['capacity']:g}",
            each["cameras"],
            text("is_leaving") if each["is_leaving"] else "",
        )
        for each in cluster["nodes"]
    ]
    lines += ["", *_table([head, *nodes])] if nodes else []
    head = (text("camera"), text("node"), text("state"), text("epoch"))
    cameras = [
        (
            name,
            cluster["node"] if name in here else cluster["owners"].get(name, text("nobody")),
            each["state"],
            each["epoch"] or "",
        )
        for name, each in cluster["leases"].items()
    ]
    return "\n".join([*lines, "", *_table([head, *cameras])])


def _table(rows: Sequence[Iterable[object]]) -> list[str]:
    cells = [[one_line(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
