"""Gives the verdicts of the probes, with their reasons. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_video.status.model import CameraPhase, PublisherState
from edge_video.text.escaping import one_line
from edge_video.text.formatting import format_rounded_duration, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge_video.http.camera_history import CameraExtra
    from edge_video.http.status_store import Pulse
    from edge_video.status.model import SystemStatus

MAX_SILENCE_S: Final = 5.0
"""The supervisor and the timer give a sign of life each second."""

MAX_UNDELIVERED_S: Final = 15.0
"""An exchange of which nothing was confirmed for so long does not deliver. Longer than the broker
is given for a confirm, and than frames are on their way on a slow uplink."""

_MAX_REASON: Final = 120
_MAX_NAMES: Final = 5
_NOT_NAMED: Final = frozenset(
    {
        CameraPhase.STREAMING,
        CameraPhase.DISABLED,
        CameraPhase.OFF_SCHEDULE,
        CameraPhase.OFF_EXPECTED,
        CameraPhase.ELSEWHERE,
    }
)
"""Phases of cameras that are not missing where too few stream."""
_EXCUSED: Final = frozenset(
    {CameraPhase.OFF_SCHEDULE, CameraPhase.OFF_EXPECTED, CameraPhase.ELSEWHERE}
)
"""Phases of cameras that nobody waits for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a probe."""

    ok: bool
    reasons: tuple[str, ...]
    """Why not; empty when all is well."""


def health(pulse: Pulse) -> Verdict:
    """Alive: the timer ticks, the supervisor answers, its actors run."""
    reasons = []
    if pulse.timer_ago_s > MAX_SILENCE_S:
        reasons.append(f"the timer has not ticked for {format_rounded_duration(pulse.timer_ago_s)}")
    if pulse.supervisor_ago_s > MAX_SILENCE_S and not pulse.stopping:
        silence = format_rounded_duration(pulse.supervisor_ago_s)
        reasons.append(
            f"the supervisor has said nothing for {silence}: what is shown is as old as that"
        )
    reasons += [f"the {name} does not run" for name, runs in pulse.actors.items() if not runs]
    return Verdict(not reasons, tuple(reasons))


def ready(
    pulse: Pulse,
    status: SystemStatus,
    *,
    needs_publisher: bool,
    needs_cameras: int,
    cameras: Mapping[str, CameraExtra] | None = None,
) -> Verdict:
    """Useful: alive, delivering and streaming, as far as it is asked for.

    Delivering means that the broker confirms frames, or that there are none, for each exchange.
    """
    reasons = list(health(pulse).reasons)
    if pulse.stopping:
        reasons.append("the system is stopping")
    publisher = status.publisher
    if needs_publisher and publisher.state is not PublisherState.CONNECTED:
        why = shorten(one_line(publisher.reason), _MAX_REASON)
        reasons.append(f"the publisher is {publisher.state.value}" + (f": {why}" if why else ""))
    if needs_publisher and publisher.state is PublisherState.CONNECTED:
        reasons += _undelivered(cameras or {})
    reasons += _too_few_streaming(status, needs_cameras)
    return Verdict(not reasons, tuple(reasons))


def _too_few_streaming(status: SystemStatus, needs_cameras: int) -> Iterator[str]:
    streaming = sum(camera.phase is CameraPhase.STREAMING for camera in status.cameras)
    excused = sum(camera.phase in _EXCUSED for camera in status.cameras)
    needs_cameras = min(needs_cameras, len(status.cameras) - excused) if excused else needs_cameras
    if streaming >= needs_cameras:
        return
    silent = [str(camera.camera_id) for camera in status.cameras if camera.phase not in _NOT_NAMED]
    names = ", ".join(silent[:_MAX_NAMES]) + (" …" if len(silent) > _MAX_NAMES else "")
    yield (
        f"{streaming} of {needs_cameras} cameras that must stream do"
        + (f"; not streaming: {names}" if names else "")
    )


def _undelivered(cameras: Mapping[str, CameraExtra]) -> Iterator[str]:
    """The exchanges whose cameras have frames, none of which arrives."""
    waits_s: dict[str, float] = {}
    for camera in cameras.values():
        if camera.undelivered_s is not None:
            known_s = waits_s.get(camera.exchange, camera.undelivered_s)
            waits_s[camera.exchange] = min(known_s, camera.undelivered_s)
    for exchange, wait_s in waits_s.items():
        if wait_s > MAX_UNDELIVERED_S:
            shown = shorten(one_line(exchange), _MAX_REASON)
            where = f" to exchange '{shown}'" if exchange else ""
            yield f"no frame{where} was confirmed for {format_rounded_duration(wait_s)}"
