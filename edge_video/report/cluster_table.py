"""Renders what a node says of the nodes that share its cameras; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_video.resilience.cluster import LeaseState
from edge_video.text.catalog import lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import format_rounded_duration
from edge_video.text.phrases import translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from edge_video.text.catalog import Language


def captured_here(cluster: Mapping[str, Any]) -> list[str]:
    """Return the cameras that the node captures, of the `cluster` of `/api/cluster`."""
    return [name for name, each in cluster["leases"].items() if each["captures"]]


def is_drained(cluster: Mapping[str, Any]) -> bool:
    """Whether the node has given everything away, and takes nothing."""
    return cluster["is_leaving"] and all(
        each["state"] == LeaseState.OUT.value for each in cluster["leases"].values()
    )


def captured_by_nobody(cluster: Mapping[str, Any]) -> list[str]:
    """Return the cameras that neither the node nor another one captures, as far as it knows."""
    here = captured_here(cluster)
    return [name for name in cluster["leases"] if name not in (*here, *cluster["owners"])]


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
    if cluster["down_for_s"] is not None:
        lasting = format_rounded_duration(cluster["down_for_s"], language)
        reason = translated(one_line(cluster["reason"]), language)
        lines.append(text("down", lasting=lasting, reason=reason or "-"))
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
