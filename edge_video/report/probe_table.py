"""The table that `probe` prints: one line a camera, what it sends or why it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.report.catalog import Language, lookup
from edge_video.report.text import spell_duration, spell_failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.probe import ProbeResult

_COLUMNS = ("camera", "result", "codec", "size", "fps", "first")


def render_probes(results: Sequence[ProbeResult], language: Language) -> str:
    """A header, one line a camera in the given order, and a last line that counts.

    A camera that failed has its reason, in words, in place of what it sends.
    """
    rows = [tuple(lookup(f"probe.{column}", language) for column in _COLUMNS)]
    rows += [_cells(result, language) for result in results]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    lines = []
    for row, failure in zip(rows, [None, *(result.failure for result in results)], strict=True):
        if failure is not None:
            row = (*row[:2], spell_failure(failure, language))
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        lines.append("  ".join(padded).rstrip())
    reached = sum(result.ok for result in results)
    summary = lookup("probe.summary", language).format(reached=reached, cameras=len(results))
    return "\n".join([*lines, summary])


def _cells(result: ProbeResult, language: Language) -> tuple[str, ...]:
    unknown = lookup("not_available", language)
    fps, first_s = result.fps, result.first_frame_s
    return (
        result.camera_id,
        lookup("probe.ok" if result.ok else "probe.failed", language),
        result.codec or unknown,
        f"{result.width}x{result.height}" if result.width and result.height else unknown,
        unknown if fps is None else f"{fps:g}",
        unknown if first_s is None else spell_duration(first_s),
    )
