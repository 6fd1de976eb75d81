"""Draws a soak: frames per second of each camera, with the faults marked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from edge_video.testing.soak.summary import CONFIRMED

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.testing.soak.summary import SoakResult

_COLOURS: Final = {"camera": "tab:red", "rtsp": "tab:orange", "broker": "tab:purple"}
_OTHERS: Final = "tab:gray"


def save_plot(result: SoakResult, file: Path) -> None:
    """Write a PNG: a row per camera, and one for the confirms. Touches no display."""
    plan = result.plan
    rows = [*plan.cameras, CONFIRMED]
    with mpl.rc_context({"font.size": 8}):
        figure = Figure(figsize=(14, 1.1 * len(rows) + 1.2), layout="constrained")
        axes = figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0]
        for axis, name in zip(axes, rows, strict=True):
            series = result.series[name]
            top = plan.fps * (len(plan.cameras) if name == CONFIRMED else 1)
            axis.fill_between(range(len(series)), series, color="tab:blue", alpha=0.6, linewidth=0)
            axis.set_ylim(0, 1.4 * top)
            axis.set_ylabel(name, rotation=0, ha="right", va="center")
            for at_s, kind, affected in result.marks:
                if name in affected:
                    axis.axvline(at_s, color=_colour(kind), linewidth=0.8)
        axes[-1].set_xlabel("seconds")
        colours = {**_COLOURS, "publisher, reporter, metrics": _OTHERS}
        figure.suptitle(
            f"whole frames per second, seed {plan.seed}; faults: "
            + ", ".join(
                f"{what} ({colour.removeprefix('tab:')})" for what, colour in colours.items()
            )
        )
        figure.savefig(file, dpi=110)


def _colour(kind: str) -> str:
    part, colon, _ = kind.partition(":")
    return _COLOURS.get(part, _OTHERS) if colon else _COLOURS["camera"]
