"""The verdicts of the probes, with their reasons in words; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_video.report.text import one_line, shorten, spell_duration
from edge_video.stats import CameraPhase, PublisherState

if TYPE_CHECKING:
    from edge_video.http.board import Pulse
    from edge_video.stats import SystemStatus

LONGEST_SILENCE_S: Final = 5.0
"""The supervisor and the timer give a sign of life each second."""

_LONGEST_REASON: Final = 120
_MOST_NAMES: Final = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a probe."""

    ok: bool
    reasons: tuple[str, ...]
    """Why not; empty when all is well."""


def health(pulse: Pulse) -> Verdict:
    """Alive: the timer ticks, the supervisor answers, its actors run."""
    reasons = []
    if pulse.timer_ago_s > LONGEST_SILENCE_S:
        reasons.append(f"the timer has not ticked for {spell_duration(pulse.timer_ago_s)}")
    if pulse.supervisor_ago_s > LONGEST_SILENCE_S and not pulse.stopping:
        silence = spell_duration(pulse.supervisor_ago_s)
        reasons.append(
            f"the supervisor has said nothing for {silence}: what is shown is as old as that"
        )
    reasons += [f"the {name} does not run" for name, runs in pulse.actors.items() if not runs]
    return Verdict(not reasons, tuple(reasons))


def ready(
    pulse: Pulse, status: SystemStatus, *, needs_publisher: bool, needs_cameras: int
) -> Verdict:
    """Useful: alive, connected and streaming, as far as it is asked for."""
    reasons = list(health(pulse).reasons)
    if pulse.stopping:
        reasons.append("the system is stopping")
    publisher = status.publisher
    if needs_publisher and publisher.state is not PublisherState.CONNECTED:
        why = shorten(one_line(publisher.reason), _LONGEST_REASON)
        reasons.append(f"the publisher is {publisher.state.value}" + (f": {why}" if why else ""))
    streaming = sum(camera.phase is CameraPhase.STREAMING for camera in status.cameras)
    if streaming < needs_cameras:
        silent = [
            str(camera.camera_id)
            for camera in status.cameras
            if camera.phase not in (CameraPhase.STREAMING, CameraPhase.DISABLED)
        ]
        names = ", ".join(silent[:_MOST_NAMES]) + (" …" if len(silent) > _MOST_NAMES else "")
        reasons.append(
            f"{streaming} of {needs_cameras} cameras that must stream do"
            + (f"; not streaming: {names}" if names else "")
        )
    return Verdict(not reasons, tuple(reasons))
