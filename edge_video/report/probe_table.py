"""Renders what `probe` prints: one row a camera as it answers, the broker's steps, the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.delivery.amqp.inquiry import Verdict
from edge_video.text.catalog import Language, lookup
from edge_video.text.formatting import (
    format_failure,
    format_rounded_duration,
    format_short_number,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edge_video.capture.probe import KeyFrames, ProbeResult
    from edge_video.delivery.amqp.inquiry import BrokerResult, BrokerStep

_USUAL_INTERVAL_S: Final = 5.0
_EXACT_BELOW_S: Final = 0.1
_SLOW_SHARE: Final = 0.95
"""A camera that announces less than this of the configured rate is slower than it."""
_COLUMNS: Final = ("camera", "result", "codec", "size", "fps", "first", "key")
_WIDTHS: Final = (0, 0, 8, 9, 5, 0, 0)
"""The usual widths: a row is printed before the next one is known."""
_SYMBOLS: Final = {Verdict.OK: "✓", Verdict.MISSING: "!", Verdict.FAILED: "✗"}


class ProbeTable:
    """Renders rows whose columns line up though each is printed when it is known.

    Args:
        camera_ids: of all cameras that will be shown.
        language: the operator's.
    """

    def __init__(self, camera_ids: Iterable[str], language: Language) -> None:
        self._language = language
        self._header = tuple(lookup(f"probe.{column}", language) for column in _COLUMNS)
        outcomes = [lookup(key, language) for key in ("probe.ok", "probe.failed")]
        self._widths = [max(pair) for pair in zip(map(len, self._header), _WIDTHS, strict=True)]
        self._widths[0] = max([self._widths[0], *map(len, camera_ids)])
        self._widths[1] = max([self._widths[1], *map(len, outcomes)])

    def header(self) -> str:
        """The names of the columns."""
        return self._line(self._header)

    def row(self, result: ProbeResult) -> str:
        """A camera's row; what can be done stands in a line of its own below.

        A camera that failed has its reason in place of what it sends.
        """
        advice = [f"  → {each}" for each in camera_advice(result, self._language)]
        return "\n".join([self._line(self._cells(result)), *advice])

    def broker(self, result: BrokerResult) -> str:
        """The broker's steps, a line each, with advice below one that failed."""
        title = lookup("probe.broker", self._language).format(target=result.target)
        names = [lookup(f"probe.broker.{step.inquiry}", self._language) for step in result.steps]
        width = max(map(len, names), default=0)
        lines = [title]
        for name, step in zip(names, result.steps, strict=True):
            text = f"  {_SYMBOLS[step.verdict]} {name.ljust(width)}  {self._found(step)}"
            lines.append(text.rstrip())
            lines += [f"  → {each}" for each in broker_advice(step, self._language)]
        return "\n".join(lines)

    def summary(self, results: Sequence[ProbeResult], brokers: Sequence[BrokerResult]) -> str:
        """The last line, which counts."""
        key = "probe.summary.one" if len(results) == 1 else "probe.summary"
        reached = sum(result.ok for result in results)
        text = lookup(key, self._language).format(reached=reached, cameras=len(results))
        if not brokers:
            return text
        ready = [each.ok for each in brokers]
        if any(ready) and not all(ready):
            some = lookup("probe.summary.some_brokers", self._language)
            return f"{text}; {some.format(ready=sum(ready), count=len(ready))}"
        key = "probe.summary.broker" if all(ready) else "probe.summary.no_broker"
        return f"{text}; {lookup(key, self._language)}"

    def _found(self, step: BrokerStep) -> str:
        if step.verdict is Verdict.MISSING:
            return f"{step.subject} {lookup('probe.broker.missing', self._language)}"
        if step.verdict is Verdict.FAILED:
            return step.detail
        parts = [step.subject, step.detail] if step.names_subject else [step.detail]
        return f"{', '.join(filter(None, parts))} ({format_rounded_duration(step.took_s)})"

    def _line(self, cells: Sequence[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, self._widths, strict=False))
        return "  ".join(padded).rstrip()

    def _cells(self, result: ProbeResult) -> tuple[str, ...]:
        language = self._language
        outcome = lookup("probe.ok" if result.ok else "probe.failed", language)
        if result.failure is not None:
            return result.camera_id, outcome, format_failure(result.failure, language)
        unknown = lookup("not_available", language)
        fps, first_s, key_frames = result.fps, result.first_frame_s, result.key_frames
        return (
            result.camera_id,
            outcome,
            result.codec or unknown,
            f"{result.width}x{result.height}" if result.width and result.height else unknown,
            unknown if fps is None else format_short_number(fps, language, digits=2),
            unknown if first_s is None else format_rounded_duration(first_s),
            unknown if key_frames is None else _format_key_frames(key_frames, language),
        )


def camera_advice(result: ProbeResult, language: Language) -> list[str]:
    """What can be done about a camera that failed, or about what it sends."""
    if result.failure is not None:
        return [lookup(f"advice.{result.failure.cause.value}", language)]
    advice = []
    if result.key_frames is not None and result.key_frames.interval_s > _USUAL_INTERVAL_S:
        advice.append(lookup("probe.key.long", language))
    sent, wanted = result.fps, result.wanted_fps
    if sent is not None and wanted is not None and sent < _SLOW_SHARE * wanted:
        shown = format_short_number(sent, language, digits=2)
        advice.append(lookup("probe.slow", language).format(sent=shown, wanted=wanted))
    return advice


def broker_advice(step: BrokerStep, language: Language) -> list[str]:
    """What can be done about a step that failed."""
    if step.verdict is not Verdict.FAILED:
        return []
    return [lookup(f"advice.broker.{step.remedy or step.inquiry}", language)]


def _format_key_frames(key_frames: KeyFrames, language: Language) -> str:
    seconds = key_frames.interval_s
    rounded_s = round(seconds, 1) if seconds >= _EXACT_BELOW_S else seconds
    kind = "at_least" if key_frames.at_least else "every"
    return lookup(f"probe.key.{kind}", language).format(interval=format_rounded_duration(rounded_s))
