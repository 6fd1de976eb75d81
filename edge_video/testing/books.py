"""Whether a status adds up, and where it does not: the two sums that hold in every snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_video.stats import FrameCounts, SystemStatus


def books_differences(status: SystemStatus) -> list[str]:
    """What does not add up, one readable line each; empty when the books balance."""
    named = [(f"[{camera.camera_id}]", camera.frames) for camera in status.cameras]
    return [
        f"{name} {problem}"
        for name, counts in [*named, ("all cameras:", status.totals)]
        for problem in _differences(counts)
    ]


def assert_books_balance(status: SystemStatus) -> None:
    """Assert that nothing was lost from the books.

    Raises:
        AssertionError: with every sum that is wrong, by how much, and its terms.
    """
    differences = books_differences(status)
    if differences:
        raise AssertionError("the books do not balance:\n  " + "\n  ".join(differences))


def _differences(counts: FrameCounts) -> list[str]:
    sums = (
        (
            "received",
            counts.received,
            {
                "published": counts.published,
                "dropped_overflow": counts.dropped_overflow,
                "dropped_stale": counts.dropped_stale,
                "dropped_shutdown": counts.dropped_shutdown,
                "dropped_memory": counts.dropped_memory,
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
