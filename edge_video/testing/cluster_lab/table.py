"""Writes what faults cost as a table in Markdown, into a document where it has a place there."""

from __future__ import annotations

from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING, Final

from edge_video.testing.cluster_lab.limits import LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from edge_video.testing.cluster_lab.figures import Figures

BEGIN: Final = "<!-- the lab writes from here: RabbitMQ {version} -->"
END: Final = "<!-- to here -->"
_HEAD: Final = (
    "| fault | times | cameras moved | to move, median | worst | longest gap | to reach"
    " | two publishers | late | missing | set aside |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|\n"
)
_COLUMNS: Final = _HEAD.count("---")


def as_markdown(figures: Iterable[Figures]) -> str:
    """Return a table with a row for each fault, in the order of the table of limits.

    Rounds in which the machine had no CPU for the lab are set aside, and told apart: of a fault
    that has no other ones nothing was measured.
    """
    order = list(LIMITS)
    in_order = sorted(figures, key=lambda each: order.index(each.fault))
    rows = [
        _row(fault, tuple(group)) for fault, group in groupby(in_order, key=lambda each: each.fault)
    ]
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def write_table(table: str, path: Path, version: str) -> None:
    """Write a table into a file: between two marks of a document, else as the whole of it.

    Args:
        table: what is written.
        path: of the file.
        version: of RabbitMQ, which is named in the first mark, as in `BrokerPrograms`.
    """
    old = path.read_text() if path.exists() else ""
    before, begin, rest = old.partition(BEGIN.format(version=version))
    _, end, after = rest.partition(END)
    text = f"{before}{begin}\n\n{table}\n{end}{after}" if begin and end else table
    path.write_text(text)


def _row(fault: str, rounds: Sequence[Figures]) -> tuple[str, ...]:
    limits = LIMITS[fault]
    aside = [each for each in rounds if each.is_the_machines]
    told = f"{len(aside)}: {max(each.gap_s for each in aside):.1f} s" if aside else ""
    rounds = [each for each in rounds if each not in aside]
    if not rounds:
        return (f"`{fault}`: {limits.what}", "0", *("–",) * (_COLUMNS - 3), told)
    took = [each for one in rounds for each in one.took_s]
    gap_s = max(each.gap_s for each in rounds)
    return (
        f"`{fault}`: {limits.what}",
        str(len(rounds)),
        str(len(took)),
        f"{median(took):.1f} s" if took else "–",
        f"{max(took):.1f} s" if took else "–",
        f"{gap_s:.1f} s",
        _goal(limits.goal_s, gap_s),
        f"{max(each.doubled_s for each in rounds):.1f} s",
        str(sum(each.late for each in rounds)),
        str(sum(each.missing for each in rounds)) if limits.loses_nothing else "",
        told,
    )


def _goal(goal_s: float | None, gap_s: float) -> str:
    if goal_s is None:
        return "as long as it lasts"
    return f"{goal_s:g} s" if gap_s <= goal_s else f"**{goal_s:g} s: missed**"
