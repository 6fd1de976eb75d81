"""Renders the final report: everything that was counted, when the program ends."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_video.report.camera_text import format_drops, format_rest
from edge_video.report.monitor import format_publisher
from edge_video.report.outage_text import format_outages, outage_lines
from edge_video.resilience.breaker import BreakerState
from edge_video.runtime.units import ns_to_whole_s
from edge_video.status.health import HEALTHY_PERCENT
from edge_video.status.model import CameraPhase
from edge_video.text.catalog import Language, count_text, lookup
from edge_video.text.duration import format_duration
from edge_video.text.escaping import one_line
from edge_video.text.formatting import (
    MB,
    RULE,
    format_ago,
    format_failure,
    format_mean,
    format_number,
    format_percent,
    format_rounded_duration,
    format_short_number,
    percent,
    shorten,
)
from edge_video.text.phrases import translated

if TYPE_CHECKING:
    from datetime import tzinfo

    from edge_video.delivery.ledger import FrameCounts
    from edge_video.metrics.sample import ProcessSample
    from edge_video.status.model import BreakerView, CameraStatus, SystemStatus

Row: TypeAlias = tuple[str, object]
"""A key of the catalog and its value."""

_LABEL_WIDTH: Final = 20
_FAILURE_LIMIT: Final = 120


def render_final(status: SystemStatus, language: Language, *, zone: tzinfo | None = None) -> str:
    """The report as text without a final line end. `zone` None is the machine's own time zone."""
    sections = [
        _header(status, language, zone),
        _publisher(status, language, zone),
        _cameras(status, language),
        _totals(status, language),
        _profile(status, language),
    ]
    body = "\n\n".join("\n".join(section) for section in sections)
    return "\n".join([RULE, lookup("final.title", language), RULE, body, RULE])


def _row(key: str, value: object, language: Language, *, indent: int = 3) -> str:
    label = f"{lookup(key, language)}:"
    return f"{' ' * indent}{label:<{_LABEL_WIDTH}}{value}"


def _noted(value: int, note_key: str, language: Language) -> str:
    """A count, explained only when it is not zero."""
    return f"{value} ({lookup(note_key, language)})" if value else str(value)


def _rate(count: int, uptime_s: float, language: Language) -> str:
    return f"{count / uptime_s:.2f}" if uptime_s > 0 else lookup("not_available", language)


def _volume(size_bytes: int) -> str:
    return f"{size_bytes / MB:.2f} MB"


def program_line(status: SystemStatus, language: Language) -> str:
    """Version and node."""
    return lookup("final.program", language).format(
        version=one_line(status.version), node=one_line(status.node)
    )


def _header(status: SystemStatus, language: Language, zone: tzinfo | None) -> list[str]:
    rows = header_rows(status, language, zone)
    return [
        f"   {program_line(status, language)}",
        *(_row(key, value, language) for key, value in rows),
    ]


def header_rows(status: SystemStatus, language: Language, zone: tzinfo | None) -> list[Row]:
    """Start, end and duration of the run."""

    def instant(wall_ns: int) -> str:
        moment = datetime.fromtimestamp(ns_to_whole_s(wall_ns), tz=zone)
        return (moment if zone else moment.astimezone()).isoformat(sep=" ")

    return [
        ("final.start", instant(status.started_at_ns)),
        ("final.end", instant(status.taken_at_ns)),
        ("final.uptime", format_rounded_duration(status.uptime_s, language)),
    ]


def _publisher(status: SystemStatus, language: Language, zone: tzinfo | None) -> list[str]:
    rows = publisher_rows(status, language)
    return [
        lookup("final.publisher", language),
        *(_row(key, value, language) for key, value in rows),
        *(" " * 6 + line for line in outage_lines(status, language, zone=zone)),
    ]


def publisher_rows(status: SystemStatus, language: Language) -> list[Row]:
    """The publisher's figures."""
    publisher, totals = status.publisher, status.totals
    rows: list[Row] = [("final.state", format_publisher(publisher, language))]
    if publisher.reason:
        reason = translated(one_line(publisher.reason), language)
        rows.append(("final.reason", shorten(reason, _FAILURE_LIMIT)))
    returned = _noted(totals.returned, "final.returned_note", language)
    unknown = _noted(totals.unknown, "final.unknown_note", language)
    failed = _noted(publisher.failed_attempts, "final.failed_attempts_note", language)
    return [
        *rows,
        ("final.target", one_line(publisher.target)),
        ("final.published", totals.published),
        ("final.confirmed", totals.confirmed),
        ("final.nacked", totals.nacked),
        ("final.returned", returned),
        ("final.unknown", unknown),
        ("final.in_flight", totals.in_flight),
        ("final.connections", publisher.connections),
        ("final.connections_lost", publisher.connections_lost),
        ("final.failed_attempts", failed),
        ("final.outages", format_outages(status, language)),
    ]


def _cameras(status: SystemStatus, language: Language) -> list[str]:
    lines = [lookup("final.cameras", language)]
    for camera in status.cameras:
        if camera.phase is CameraPhase.DISABLED:
            lines.append(
                f"   – [{one_line(camera.camera_id)}] {lookup('final.disabled', language)}"
            )
        else:
            lines += _camera(camera, status.uptime_s, language)
    return lines


def expected_s(camera: CameraStatus, uptime_s: float) -> float:
    """How long a picture was expected of the camera: not while closed, or off as expected."""
    return max(0.0, uptime_s - camera.off_schedule_s - camera.off_expected_s)


def efficiency(camera: CameraStatus, uptime_s: float) -> float | None:
    """Percent of the frames that the target rate asks for that the camera sent.

    What became of them is no merit and no fault of the camera's.
    The target of a camera that never sends as many as it may is what it sends.
    None when no time has passed. A little over 100 is possible: cameras have clocks of their own.
    """
    wanted = camera.expected_fps * expected_s(camera, uptime_s)
    shown = camera.frames.received + camera.capture.unchanged  # the same picture again is an answer
    return percent(shown, wanted) if wanted > 0 else None


def is_healthy(camera: CameraStatus, uptime_s: float) -> bool:
    """Whether a camera gets the ✓: closed breaker, frames, and most of those it should have."""
    if camera.phase is CameraPhase.OFF_SCHEDULE and not camera.attempts:
        return True  # it was closed throughout
    if camera.phase is CameraPhase.OFF_EXPECTED and not camera.frames.received:
        return True  # it was off throughout
    if camera.phase is CameraPhase.ELSEWHERE and not camera.attempts and camera.unowned_s is None:
        return True  # another node had it throughout
    reached = efficiency(camera, uptime_s)
    return (
        camera.breaker.state is BreakerState.CLOSED
        and camera.frames.received > 0
        and (reached is None or reached >= HEALTHY_PERCENT)
    )


def _camera(camera: CameraStatus, uptime_s: float, language: Language) -> list[str]:
    mark = "✓" if is_healthy(camera, uptime_s) else "⚠"
    rows = camera_rows(camera, uptime_s, language)
    return [
        f"   {mark} [{one_line(camera.camera_id)}]",
        *(_row(key, value, language, indent=6) for key, value in rows),
    ]


def camera_rows(camera: CameraStatus, uptime_s: float, language: Language) -> list[Row]:
    """The block of the user's own layout; what the layout does not have comes after it."""
    frames, reached = camera.frames, efficiency(camera, uptime_s)
    open_s = expected_s(camera, uptime_s)
    return [
        (
            "final.camera_frames",
            lookup("final.camera_frames_value", language).format(
                frames=frames.received, fps=_rate(frames.received, open_s, language)
            ),
        ),
        (
            "final.frames_published",
            lookup("final.frames_published_value", language).format(
                frames=frames.published, fps=_rate(frames.published, open_s, language)
            ),
        ),
        ("final.frames_dropped", _dropped(frames, language)),
        ("final.fps_target", _target(camera, language)),
        (
            "final.efficiency",
            lookup("not_available", language) if reached is None else f"{reached:.1f}%",
        ),
        ("final.volume", _volume(frames.published_bytes)),
        ("final.last_frame", format_ago(camera.last_frame_ago_s, language)),
        ("final.breaker", _breaker(camera.breaker, language)),
        *_camera_extras(camera, language),
    ]


def _breaker(breaker: BreakerView, language: Language) -> str:
    return lookup("final.breaker_value", language).format(
        state=breaker.state.value,
        calls=breaker.calls,
        successes=breaker.successes,
        failures=breaker.failures,
        rejected=breaker.rejected,
        changes=breaker.changes,
    )


def _target(camera: CameraStatus, language: Language) -> str:
    if camera.interval_s is not None:
        interval = format_duration(camera.interval_s)
        return lookup("check.interval", language).format(interval=interval)
    if camera.expected_fps == camera.target_fps:
        return format_short_number(camera.expected_fps, language)
    return lookup("final.fps_target_value", language).format(
        fps=format_short_number(camera.expected_fps, language), limit=camera.target_fps
    )


def _camera_extras(camera: CameraStatus, language: Language) -> list[Row]:
    rows: list[Row] = []
    if camera.phase is not CameraPhase.WAITING or camera.breaker.forced_open:
        # A breaker that is OPEN says of itself that the camera waits.
        rows.append(("final.phase", _end_state(camera, language)))
    if camera.last_failure is not None:
        text = format_failure(camera.last_failure, language, limit=_FAILURE_LIMIT)
        when = format_ago(camera.last_failure_ago_s, language)
        count = lookup("final.failure_count", language).format(count=camera.breaker.failures)
        rows.append(("final.last_failure", f"{text} | {when} | {count}"))
    if camera.breaker.session_ends:
        ended = lookup("final.session_ends_value", language)
        rows.append(("final.session_ends", ended.format(count=camera.breaker.session_ends)))
    if camera.attempts > 1:
        rows.append(("final.attempts", camera.attempts))
    if camera.width and camera.height:
        rows.append(("final.resolution", f"{camera.width}x{camera.height}"))
    capture = camera.capture
    if capture.discarded_bytes or capture.oversized:
        garbage = count_text(
            "final.discarded_value", capture.oversized, language, bytes=capture.discarded_bytes
        )
        rows.append(("final.discarded", garbage))
    if capture.unchanged:
        rows.append(("final.unchanged", capture.unchanged))
    return rows


def _end_state(camera: CameraStatus, language: Language) -> str:
    """What the camera was doing when the end began."""
    rests = format_rest(camera, language)
    if rests is not None:
        return rests
    paused = camera.breaker.forced_open and camera.phase is not CameraPhase.STOPPED
    return lookup(f"phase.{'paused' if paused else camera.phase.value}", language)


def _dropped(frames: FrameCounts, language: Language) -> str:
    share = f"{frames.dropped} ({percent(frames.dropped, frames.received):.1f}%)"
    reasons = format_drops(frames, language)
    return f"{share} - {reasons}" if reasons else share


def _totals(status: SystemStatus, language: Language) -> list[str]:
    rows = totals_rows(status, language)
    return [
        lookup("final.totals", language),
        *(_row(key, value, language) for key, value in rows),
        *(" " * 6 + line for line in accounting_lines(status, language)),
    ]


def totals_rows(status: SystemStatus, language: Language) -> list[Row]:
    """The figures of all cameras together; whether the counts add up comes last."""
    totals = status.totals
    received = f"{totals.received} ({_rate(totals.received, status.uptime_s, language)} FPS)"
    published = f"{totals.published} ({_rate(totals.published, status.uptime_s, language)} FPS)"
    rows: list[Row] = [
        ("final.frames_received", received),
        ("final.frames_published", published),
        ("final.frames_dropped", _dropped(totals, language)),
        ("final.volume", _volume(totals.published_bytes)),
    ]
    if totals.refused_late:
        late = _noted(totals.refused_late, "final.refused_late_note", language)
        rows.append(("final.refused_late", late))
    restarts = ", ".join(f"{one_line(name)} {n}" for name, n in status.restarts.items() if n)
    if restarts:
        rows.append(("final.restarts", restarts))
    if status.faults_injected or status.faults_refused:
        faults = lookup("final.faults_value", language).format(
            injected=status.faults_injected, refused=status.faults_refused
        )
        rows.append(("final.faults", faults))
    return [*rows, ("final.accounting", _accounting_verdict(status, language))]


def _accounting_verdict(status: SystemStatus, language: Language) -> str:
    """Whether both identities hold everywhere, and where they do not."""
    unbalanced = [one_line(c.camera_id) for c in status.cameras if c.frames.imbalance() is not None]
    if status.totals.imbalance() is not None:
        unbalanced.append(lookup("final.accounting_totals", language))
    key = "final.accounting_imbalance" if unbalanced else "final.accounting_balanced"
    verdict = lookup(key, language)
    return verdict.format(where=", ".join(unbalanced))


def accounting_lines(status: SystemStatus, language: Language) -> list[str]:
    """The two identities with their numbers; the third line goes on with the second."""
    totals = status.totals
    return [
        lookup("final.accounting_received", language).format(
            received=totals.received,
            published=totals.published,
            dropped=totals.dropped,
            held=totals.held,
        ),
        lookup("final.accounting_published", language).format(
            published=totals.published,
            confirmed=totals.confirmed,
            nacked=totals.nacked,
            returned=totals.returned,
        ),
        "   "
        + lookup("final.accounting_published_more", language).format(
            unknown=totals.unknown, in_flight=totals.in_flight
        ),
    ]


def _profile(status: SystemStatus, language: Language) -> list[str]:
    return [lookup("final.profile", language), *profile_lines(status, language)]


def profile_lines(status: SystemStatus, language: Language) -> list[str]:
    """What the work cost, and the machine."""
    captures = [camera.capture for camera in status.cameras]
    totals = status.totals

    def line(key: str, total_ns: int, count: int) -> str:
        value = lookup("final.average", language).format(
            time=format_mean(total_ns, count, language), count=count
        )
        return lookup(key, language).format(value=value)

    opened = sum(camera.breaker.state is BreakerState.OPEN for camera in status.cameras)
    return [
        line("profile.read", sum(c.read_ns for c in captures), sum(c.reads for c in captures)),
        line("profile.split", sum(c.split_ns for c in captures), sum(c.splits for c in captures)),
        line("profile.publish", totals.confirm_ns, totals.confirmed),
        *_machine(status.process, language),
        lookup("profile.open", language).format(count=opened),
    ]


def _machine(process: ProcessSample | None, language: Language) -> list[str]:
    if process is None:
        return [lookup("profile.unmeasured", language)]
    return [
        lookup("profile.memory", language).format(
            blocks=process.allocated_blocks,
            collections=process.gc_collections,
            last=format_ago(process.gc_last_ago_s, language),
        ),
        lookup("profile.process", language).format(
            cpu=format_percent(process.cpu_percent, language),
            ram=format_number(process.rss_bytes / MB, language),
        ),
        lookup("profile.ffmpeg", language).format(
            count=process.ffmpeg_processes,
            cpu=format_percent(process.ffmpeg_cpu_percent, language),
            ram=format_number(process.ffmpeg_rss_bytes / MB, language),
        ),
        lookup("profile.system", language).format(
            ram=f"{process.system_ram_bytes / MB:.0f}",
            ram_percent=format_number(process.system_ram_used_percent, language),
            cpu=format_percent(process.system_cpu_percent, language),
        ),
        lookup("profile.threads", language).format(threads=process.threads, actors=process.actors),
    ]
