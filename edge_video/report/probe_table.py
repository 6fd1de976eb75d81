"""Renders the table that `probe` prints: one line a camera, what it sends or why it does not."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from edge_video.text.catalog import Language, lookup
from edge_video.text.formatting import format_failure, format_rounded_duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.capture.probe import KeyFrames, ProbeResult

_USUAL_INTERVAL_S: Final = 5.0
_COLUMNS = ("camera", "result", "codec", "size", "fps", "first", "key")


def render_probes(results: Sequence[ProbeResult], language: Language) -> str:
    """A header, a line or two a camera in the given order, and a last line that counts.

    A camera that failed has its reason in place of what it sends. What can be done
    about it, or about what it sends, is in a line of its own below.
    """
    header = tuple(lookup(f"probe.{column}", language) for column in _COLUMNS)
    rows = [header, *(_cells(result, language) for result in results)]
    # A reason is the last cell of its row: however long, it moves no column of the others.
    widths = [max(map(len, cells)) for cells in zip_longest(*rows, fillvalue="")]
    widths[2] = max(len(row[2]) for row in rows if len(row) == len(header))
    lines = [_line(header, widths)]
    for row, result in zip(rows[1:], results, strict=True):
        lines.append(_line(row, widths))
        lines += [f"  → {advice}" for advice in _advice(result, language)]
    reached = sum(result.ok for result in results)
    summary = lookup("probe.summary", language).format(reached=reached, cameras=len(results))
    return "\n".join([*lines, summary])


def _advice(result: ProbeResult, language: Language) -> list[str]:
    if result.failure is not None:
        return [lookup(f"advice.{result.failure.cause.value}", language)]
    if result.key_frames is not None and result.key_frames.interval_s > _USUAL_INTERVAL_S:
        return [lookup("probe.key.long", language)]
    return []


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
    return "  ".join(padded).rstrip()


def _cells(result: ProbeResult, language: Language) -> tuple[str, ...]:
    outcome = lookup("probe.ok" if result.ok else "probe.failed", language)
    if result.failure is not None:
        return result.camera_id, outcome, format_failure(result.failure, language)
    unknown = lookup("not_available", language)
    fps, first_s = result.fps, result.first_frame_s
    return (
        result.camera_id,
        outcome,
        result.codec or unknown,
        f"{result.width}x{result.height}" if result.width and result.height else unknown,
        unknown if fps is None else f"{fps:g}",
        unknown if first_s is None else format_rounded_duration(first_s),
        unknown if result.key_frames is None else _format_key_frames(result.key_frames, language),
    )


def _format_key_frames(key_frames: KeyFrames, language: Language) -> str:
    rounded_s = round(key_frames.interval_s, 1)
    kind = "at_least" if key_frames.at_least else "every"
    return lookup(f"probe.key.{kind}", language).format(interval=format_rounded_duration(rounded_s))
