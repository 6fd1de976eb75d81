"""Renders the monitor: what an operator sees every thirty seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.report.camera_text import (
    format_key_wait,
    format_losses,
    format_rest,
    format_unchanged,
)
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause
from edge_video.status.health import is_late, is_unowned
from edge_video.status.model import CameraPhase, PublisherState
from edge_video.text.catalog import Language, lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import (
    MB,
    RULE,
    format_ago,
    format_failure,
    format_number,
    format_percent,
    format_retry,
    percent,
    shorten,
)
from edge_video.text.phrases import translated

if TYPE_CHECKING:
    from edge_video.delivery.ledger import FrameCounts
    from edge_video.metrics.sample import ProcessSample
    from edge_video.status.model import CameraStatus, PublisherStatus, Recent, SystemStatus

_REASON_LIMIT: Final = 60
_SHOWN_WITH_DETAIL: Final = frozenset({Cause.UNKNOWN, Cause.CRASHED, Cause.SPAWN_FAILED})
_RESTING: Final = frozenset(
    {
        CameraPhase.DISABLED,
        CameraPhase.STOPPED,
        CameraPhase.OFF_SCHEDULE,
        CameraPhase.OFF_EXPECTED,
        CameraPhase.ELSEWHERE,
    }
)
_TROUBLED: Final = frozenset({"CB_OPEN", "HALF_OPEN", "KEY_WAIT", "STARTING", "WARN"})


def render_monitor(status: SystemStatus, language: Language) -> str:
    """The block as text without a final line end.

    Lines without content are left out: a system of good cameras is one line for the
    publisher and one for each camera. What a troubled camera adds comes at the end of its line:
    `| <last failure>, <countdown>`.
    """
    totals = status.totals
    lines = [RULE, lookup("monitor.title", language), RULE]
    lines.append(_publisher_line(status.publisher, totals, language))
    lines += [_camera_line(camera, language) for camera in status.cameras]
    lines += _frame_lines(totals, status.recent, language)
    if status.process is not None:
        lines += _process_lines(status.process, language)
    lines.append(RULE)
    return "\n".join(lines)


def status_word(camera: CameraStatus) -> str:
    """OK, WARN, CB_OPEN, HALF_OPEN (probing), KEY_WAIT, STARTING, UNOWNED, or a resting phase.

    Not translated. KEY_WAIT is a camera whose data arrive while it owes a key frame.
    WARN is a camera that should deliver and has not for five seconds; one that never has, and
    has not yet failed often enough for its breaker, is STARTING. UNOWNED is one that no node of its
    cluster captures.
    """
    if camera.phase in _RESTING:
        return "UNOWNED" if is_unowned(camera) else camera.phase.name
    if camera.breaker.state is BreakerState.OPEN:
        return "CB_OPEN"
    if camera.key_frame_wait_s is not None:
        return "KEY_WAIT"
    late = is_late(camera)
    if camera.breaker.state is BreakerState.HALF_OPEN:
        return "WARN" if late and camera.phase is CameraPhase.STREAMING else "HALF_OPEN"
    if late:
        return "WARN"
    return "OK" if camera.phase is CameraPhase.STREAMING else "STARTING"


def format_publisher(publisher: PublisherStatus, language: Language) -> str:
    """The state of the publisher as a mark and a word."""
    return lookup(f"publisher.{publisher.state.value}", language)


def _publisher_line(publisher: PublisherStatus, totals: FrameCounts, language: Language) -> str:
    line = lookup("monitor.publisher", language).format(
        state=format_publisher(publisher, language),
        published=totals.published,
        errors=totals.errors,
        percent=f"{percent(totals.errors, totals.published):.2f}",
    )
    remarks = publisher_remarks(publisher, language)
    return " | ".join([line, ", ".join(remarks)]) if remarks else line


def publisher_remarks(publisher: PublisherStatus, language: Language) -> list[str]:
    """Why it is not connected, and when it tries again; empty when all is well."""
    remarks = []
    if publisher.reason:
        remarks.append(shorten(translated(one_line(publisher.reason), language), _REASON_LIMIT))
    if publisher.retry_in_s is not None and publisher.state is PublisherState.WAITING:
        remarks.append(format_retry(publisher.retry_in_s, language))
    return remarks


def _camera_line(camera: CameraStatus, language: Language) -> str:
    line = lookup("monitor.camera", language).format(
        camera_id=one_line(camera.camera_id),
        status=status_word(camera),
        frames=camera.frames.received,
        last=format_ago(camera.last_frame_ago_s, language),
        breaker=camera.breaker.state.value,
    )
    remarks = camera_remarks(camera, language)
    return " | ".join([line, ", ".join(remarks)]) if remarks else line


def camera_remarks(camera: CameraStatus, language: Language) -> list[str]:
    """Why a camera sends nothing (new), and until when; empty when it sends, or was stopped."""
    rests = format_rest(camera, language)
    if rests is not None:
        return [rests]
    if status_word(camera) not in _TROUBLED:
        unchanged = format_unchanged(camera, language)
        return [] if unchanged is None else [unchanged]
    waiting = format_key_wait(camera, language)
    if waiting is not None:
        return [waiting]
    remarks = []
    failure = camera.last_failure
    # A stream that runs but is late has not failed (yet): its last failure is no reason for that.
    if failure is not None and camera.phase is not CameraPhase.STREAMING:
        if failure.cause in _SHOWN_WITH_DETAIL:
            remarks.append(format_failure(failure, language, limit=_REASON_LIMIT))
        else:
            remarks.append(lookup(f"cause.{failure.cause.value}", language))
    if camera.breaker.forced_open:
        remarks.append(lookup("held_open", language))
    elif camera.breaker.state is BreakerState.OPEN and camera.breaker.retry_in_s is not None:
        remarks.append(format_retry(camera.breaker.retry_in_s, language))
    return remarks


def _frame_lines(totals: FrameCounts, recent: Recent, language: Language) -> list[str]:
    lines = []
    if totals.errors:
        lines.append(
            lookup("monitor.errors", language).format(
                nacked=totals.nacked, returned=totals.returned, unknown=totals.unknown
            )
        )
    if totals.lost:
        lines.append(
            lookup("monitor.dropping" if recent.dropping else "monitor.dropped", language).format(
                count=totals.lost,
                recent=recent.dropped_5m,
                reasons=format_losses(totals, language),
            )
        )
    return lines


def _process_lines(process: ProcessSample, language: Language) -> list[str]:
    lines = []
    if process.memory_limit_bytes is not None:
        lines.append(
            lookup("monitor.memory", language).format(
                level=lookup(f"memory_level.{process.memory_level.value}", language),
                used=format_number(process.rss_bytes / MB, language),
                limit=f"{process.memory_limit_bytes / MB:.0f}",
                percent=format_number(
                    percent(process.rss_bytes, process.memory_limit_bytes), language
                ),
            )
        )
    lines.append(
        lookup("monitor.ffmpeg", language).format(
            count=process.ffmpeg_processes,
            cpu=format_percent(process.ffmpeg_cpu_percent, language),
            ram=format_number(process.ffmpeg_rss_bytes / MB, language),
        )
    )
    lines.append(
        lookup("monitor.process", language).format(
            cpu=format_percent(process.cpu_percent, language),
            ram=format_number(process.rss_bytes / MB, language),
        )
    )
    return lines
