"""Defines the result of a soak, and renders it. Pure."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final

from edge_video.testing.soak.recovery import spread_of

if TYPE_CHECKING:
    from edge_video.testing.soak.health import Vitals
    from edge_video.testing.soak.recovery import Outage


CONFIRMED: Final = "confirmed"
"""The series of confirmed frames, beside those of the cameras."""

_MAX_VIOLATIONS: Final = 100


@dataclass(frozen=True, slots=True)
class SoakPlan:
    """What a soak was asked for."""

    seed: int
    minutes: float
    cameras: list[str]
    fps: int


@dataclass(slots=True)
class SoakTotals:
    """What was counted when the system had stopped."""

    frames: dict[str, int] = field(default_factory=dict)
    """The frame accounting of all cameras, by its own names."""
    arrived: int = 0
    """Frames at the consumer."""
    attempts: int = 0
    restarts: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    probes: dict[str, float] = field(default_factory=dict)
    """`asked`, `unanswered`, `slowest_s`; empty without strangers."""


@dataclass(slots=True)
class SoakVitals:
    """The process when it was warm, at its worst, and at the end."""

    baseline: Vitals | None = None
    peak: Vitals | None = None
    end: Vitals | None = None


@dataclass(slots=True)
class SoakResult:
    """Everything a soak found. Times in seconds since its start."""

    plan: SoakPlan
    ran_s: float = 0.0
    interrupted: bool = False
    faults: Counter[str] = field(default_factory=Counter)
    """By kind: those that were brought."""
    refused: Counter[str] = field(default_factory=Counter)
    marks: list[tuple[float, str, list[str]]] = field(default_factory=list)
    """When, what, and whose stream it may interrupt."""
    violations: list[str] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    totals: SoakTotals = field(default_factory=SoakTotals)
    vitals: SoakVitals = field(default_factory=SoakVitals)
    series: dict[str, list[float]] = field(default_factory=dict)
    """Per camera, whole frames in each second; under `CONFIRMED` the confirmed frames of all."""

    def note(self, violation: str) -> bool:
        """Keep a violation; False when it is known already, or there are too many to keep."""
        if violation in self.violations or len(self.violations) >= _MAX_VIOLATIONS:
            return False
        self.violations.append(violation)
        return True


def as_json(result: SoakResult) -> str:
    """Everything, for programs."""
    # Not `asdict` of the whole: it makes a Counter of pairs out of a Counter.
    everything: dict[str, Any] = {each.name: getattr(result, each.name) for each in fields(result)}
    return json.dumps(everything, indent=1, ensure_ascii=False, default=asdict) + "\n"


def as_markdown(result: SoakResult, command: str) -> str:
    """For people; ready to be pasted into a document."""
    plan, found = result.plan, len(result.violations)
    more = " or more" if found >= _MAX_VIOLATIONS else ""
    verdict = f"FAILED, violations: {found}{more}" if found else "passed"
    how = (
        f"{result.ran_s / 60:.1f} minutes{', interrupted' if result.interrupted else ''},"
        f" {len(plan.cameras)} cameras, {result.faults.total()} faults, seed {plan.seed}"
    )
    lines = [
        f"`{command}`: **{verdict}** ({how}).",
        "",
        *_faults(result),
        "",
        *_vitals(result),
        "",
        *_accounting(result.totals),
    ]
    if result.violations:
        lines += ["", "Violations:", "", *(f"- {each}" for each in result.violations)]
    return "\n".join(lines) + "\n"


def _faults(result: SoakResult) -> list[str]:
    times: defaultdict[str, list[float]] = defaultdict(list)
    for outage in result.outages:
        times[outage.kind].append(outage.recovery_s)
    kinds = sorted({*result.faults, *times}, key=lambda kind: (":" in kind, kind))
    rows = [
        "| fault | brought | interruptions | median | 95th percentile | worst |",
        "|---|---|---|---|---|---|",
    ]
    rows += [f"| {kind} | {result.faults[kind] or ''} |{_spread(times[kind])}" for kind in kinds]
    every = [outage.recovery_s for outage in result.outages]
    rows.append(f"| all | {result.faults.total()} |{_spread(every)}")
    note = (
        "Time to recover: from the moment when nothing stood in the way any more until frames (or"
        " confirms) came again; detection, backoff and start-up included."
    )
    skipped = (
        f" Refused or without effect, and not counted: {result.refused.total()}."
        if result.refused
        else ""
    )
    return [*rows, "", note + skipped]


def _spread(times_s: list[float]) -> str:
    spread = spread_of(times_s)
    if spread is None:
        return "  | | | |"
    return (
        f" {spread.count} | {spread.median_s:.1f} s | {spread.p95_s:.1f} s"
        f" | {spread.worst_s:.1f} s |"
    )


def _vitals(result: SoakResult) -> list[str]:
    rows = ["| process | when warm | peak | at the end |", "|---|---|---|---|"]
    names = {
        "rss_mib": "resident memory, MiB",
        "descriptors": "descriptors, HTTP's not among them",
        "http_connections": "HTTP connections",
        "threads": "threads",
        "longest_mailbox": "longest mailbox",
        "ffmpegs": "FFmpegs",
        "zombies": "zombies",
    }
    for name, label in names.items():
        cells = [
            "n/a" if each is None else f"{getattr(each, name):.0f}"
            for each in (result.vitals.baseline, result.vitals.peak, result.vitals.end)
        ]
        rows.append(f"| {label} | {' | '.join(cells)} |")
    return rows


def _accounting(totals: SoakTotals) -> list[str]:
    frames = ", ".join(f"{name} {value}" for name, value in totals.frames.items() if value)
    restarts = ", ".join(f"{name} {count}" for name, count in totals.restarts.items() if count)
    starts = (
        f"Attempts of the cameras: {totals.attempts}; connections to the broker:"
        f" {totals.connections}; restarts: {restarts or 'none'}."
    )
    probes = totals.probes
    asked = []
    if probes:
        sentence = (
            f"Probes beside the strangers: {probes['asked']:.0f} asked,"
            f" {probes['unanswered']:.0f} without an answer, the slowest"
            f" {probes['slowest_s']:.2f} s."
        )
        asked = ["", sentence]
    arrived = f"Frames at the end: {frames or 'n/a'}. At the consumer: {totals.arrived}."
    return [arrived, "", starts, *asked]
