"""The benchmark's sections on pictures: how they are watched, left out, and fetched one by one.

`bench.liveness`, `bench.change` and `bench.snapshots` measure each alone, too.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from bench.change import measure as measure_change
from bench.liveness import CALM, OPEN, SIZES, measure_liveness
from bench.show import Table
from bench.snapshots import measure_snapshots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.rig import Bench

    _Row = Callable[[dict[str, Any]], tuple[str, ...]]

Result = dict[str, Any]
_LOOKS_S: Final = 8
"""Calm pictures are looked at every four seconds."""


def liveness(bench: Bench) -> Result:
    """CPU of twenty cameras whose pictures are looked at, by size, and with a verdict open."""
    if _lacks(bench, "liveness", "PIL"):
        return {"rows": []}
    rows = []
    for size in SIZES[1:2] if bench.quick else SIZES:
        for name, policy in (("calm", CALM), ("open", OPEN)):
            bench.progress.show(f"liveness: {size}, {name}")
            found = measure_liveness(size, 20, max(_LOOKS_S, round(bench.seconds)), policy)
            rows.append({"name": f"{size}, {name}"} | found._asdict())
    return {"rows": rows}


def change(bench: Bench) -> Result:
    """What publishing only changes saves, scene by scene, and what each look costs."""
    if _lacks(bench, "change", "PIL"):
        return {"rows": []}
    bench.progress.show("scenes of publish: changed")
    rows = measure_change(round(2 * bench.seconds))
    return {"rows": [each._asdict() | {"share": each.share} for each in rows]}


def snapshots(bench: Bench) -> Result:
    """CPU for each picture that is fetched from one of five cameras, by its size."""
    if _lacks(bench, "snapshots", "httpcore"):
        return {"rows": []}
    bench.progress.show("still pictures")
    found = measure_snapshots(seconds=bench.seconds)
    return {"rows": [{"bytes": int(size), **figures} for size, figures in found.items()]}


def _lacks(bench: Bench, section: str, package: str) -> bool:
    if find_spec(package) is not None:
        return False
    bench.skipped.append(f"{section}: {package} is not installed")
    return True


def picture_tables(results: dict[str, Any]) -> Iterator[Table]:
    """What these sections found; one that was not run has no table."""
    for section, (title, columns, row) in _TABLES.items():
        if found := results.get(section, {}).get("rows"):
            yield Table(title, columns, [row(each) for each in found])


_TABLES: Final[dict[str, tuple[str, tuple[str, ...], _Row]]] = {
    "liveness": (
        "Liveness, twenty cameras, with no verdict open and with one always",
        ("picture", "KB", "CPU, % of a core", "ms/picture"),
        lambda each: (
            each["name"],
            f"{each['kilobytes']:.0f}",
            f"{each['cpu_percent']:.1f}",
            f"{each['ms_per_picture']:.2f}",
        ),
    ),
    "change": (
        "Publishing what changes",
        ("scene", "published", "bytes, %", "CPU a frame, µs"),
        lambda each: (
            each["name"],
            f"{each['published']} of {each['frames']}",
            f"{100 * each['share']:.1f}",
            f"{each['look_us']:.0f}",
        ),
    ),
    "snapshots": (
        "Still pictures over HTTP, five cameras at 15 fps, with a digest",
        ("picture", "CPU µs/picture", "pictures/s"),
        lambda each: (
            f"{each['bytes'] // 1000} KB",
            f"{each['cpu_us_per_picture']:.0f}",
            f"{each['pictures_per_s']:.1f}",
        ),
    ),
}
"""Title, columns and row of each section's table."""
