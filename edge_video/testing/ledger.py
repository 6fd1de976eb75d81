"""Checks whether a status adds up: the two sums that hold in every snapshot."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final

from edge_video.delivery.ledger import FrameCounts

if TYPE_CHECKING:
    from edge_video.status.model import SystemStatus

_DROPPED: Final = tuple(
    each.name for each in fields(FrameCounts) if each.name.startswith("dropped_")
)


def ledger_differences(status: SystemStatus) -> list[str]:
    """What does not add up, one readable line each; empty when frames are all accounted for."""
    named = [(f"[{camera.camera_id}]", camera.frames) for camera in status.cameras]
    return [
        f"{name} {problem}"
        for name, counts in [*named, ("all cameras:", status.totals)]
        for problem in _differences(counts)
    ]


def assert_frames_accounted_for(status: SystemStatus) -> None:
    """Assert that every frame is accounted for.

    Raises:
        AssertionError: with every sum that is wrong, by how much, and its terms.
    """
    differences = ledger_differences(status)
    if differences:
        raise AssertionError("frames are not accounted for:\n  " + "\n  ".join(differences))


def _differences(counts: FrameCounts) -> list[str]:
    sums = (
        (
            "received",
            counts.received,
            {
                "published": counts.published,
                **{name: getattr(counts, name) for name in _DROPPED},
                "held": counts.held,
            },
        ),
        (
            "published",
            counts.published,
            {
                "confirmed": counts.confirmed,
                "nacked": counts.nacked,
                "returned": counts.returned,
                "unknown": counts.unknown,
                "in_flight": counts.in_flight,
            },
        ),
    )
    problems = []
    for name, whole, parts in sums:
        total = sum(parts.values())
        if whole != total:
            terms = " + ".join(f"{part} {value}" for part, value in parts.items() if value) or "0"
            problems.append(f"{name} {whole} != {terms} = {total} ({whole - total:+d})")
        problems += [f"{part} is negative: {value}" for part, value in parts.items() if value < 0]
    return problems
