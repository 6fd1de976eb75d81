"""Slow ways to the broker for minutes, in figures: `python -m bench.uplink [--minutes 5]`.

Needs root, iproute2 and rabbitmq-server. Prints a line per way; the exit code is 1 when a limit was
exceeded. The suite runs seconds of the same: tests/end_to_end/test_uplink.py.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge_video.testing.uplink import FREE, Figures, distant, thin, why_no_uplink
from tests.support.uplink import FarBroker, Result, far_broker, frames

if TYPE_CHECKING:
    from collections.abc import Sequence

_SETTLED_S: Final = 10.0
"""From the start; what comes later is judged."""


@dataclass(frozen=True)
class Way:
    """One way to the broker, what is sent over it, and what is expected."""

    name: str
    up: Figures
    down: Figures
    sizes: Sequence[int]
    median_s: float
    """Largest median age of a picture."""
    fps: int = 10
    tls: bool = False
    losses: int = 0


WAYS: Final = (
    Way("1 Mbit/s, 50 KB", thin(1e6), FREE, [50_000] * 5, 3.0),
    Way("1 Mbit/s, 50 KB, TLS", thin(1e6), FREE, [50_000] * 5, 3.0, tls=True),
    Way("1 Mbit/s, 150 KB", thin(1e6), FREE, [150_000] * 5, 6.0),
    Way("1 Mbit/s, 300 and 10 KB", thin(1e6), FREE, [300_000] + [10_000] * 4, 6.0),
    Way(
        "2 Mbit/s, 200 ms, 5 % loss",
        distant(0.2, rate=2e6, loss=0.05),
        FREE,
        [50_000] * 5,
        6.0,
    ),
    Way("2 s each way", distant(2.0), distant(2.0), [50_000] * 5, 6.0, losses=2),
)


def main() -> int:
    """Measure every way that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.uplink", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="of each way")
    parser.add_argument("--only", default="", help="ways whose name contains this")
    args = parser.parse_args()
    if missing := why_no_uplink():
        print(f"this machine has no {missing}", file=sys.stderr)
        return 2
    failed = False
    with far_broker() as far:
        for way in WAYS:
            if args.only in way.name:
                failed |= _measure(far, way, args.minutes * 60)
    return int(failed)


def _measure(far: FarBroker, way: Way, seconds: float) -> bool:
    far.uplink.shape(way.up, way.down)
    with tempfile.TemporaryDirectory() as folder:
        result = frames(far, Path(folder), seconds, way.sizes, fps=way.fps, tls=way.tls)
    ages = result.ages_s(_SETTLED_S)
    middle = result.median_age_s(_SETTLED_S)
    slowest = ages[int(len(ages) * 0.99)] if ages else float("inf")
    wrong = _complaints(result, way, middle)
    print(
        f"{way.name}: {len(result.arrivals)} arrived, age {middle:.2f} s in the median,"
        f" {slowest:.2f} s at 99 %; {result.megabit_per_s(_SETTLED_S, seconds):.2f} Mbit/s;"
        f" {len(result.losses)} connections lost; by camera {result.per_camera()};"
        f" {'; '.join(wrong) or 'as it should be'}",
        flush=True,
    )
    return bool(wrong)


def _complaints(result: Result, way: Way, median_s: float) -> list[str]:
    wrong: list[Any] = []
    if median_s > way.median_s:
        wrong.append(f"older than {way.median_s:g} s")
    if len(result.losses) > way.losses:
        wrong.append(f"more than {way.losses} losses: {result.losses}")
    if result.imbalances():
        wrong.append(f"the counters do not add up: {result.imbalances()}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
