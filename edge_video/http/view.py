"""Renders what the page shows as JSON-ready values without a language. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.delivery.ledger import LATENCY_BOUNDS_S
from edge_video.http.camera_metrics import ffmpeg_of
from edge_video.report.monitor import status_word
from edge_video.resilience.liveness import PictureState
from edge_video.runtime.units import ns_to_ms
from edge_video.status.configuration import ReloadResult
from edge_video.status.health import CameraHealth, camera_health, verdict
from edge_video.status.model import CameraPhase, PublisherState
from edge_video.status.rate_history import STEP_S
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten
from edge_video.text.language import Language
from edge_video.text.phrases import translated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_video.capture.hardware import Decoding
    from edge_video.delivery.ledger import LatencyHistogram
    from edge_video.http.camera_history import CameraExtra
    from edge_video.http.status_store import Snapshot
    from edge_video.metrics.cpu import CpuShortage
    from edge_video.metrics.sample import FfmpegSample, ProcessSample
    from edge_video.status.configuration import ConfigStatus
    from edge_video.status.model import CameraStatus, PublisherStatus, Recent, SystemStatus
    from edge_video.status.rate_history import DayOfRates
    from edge_video.status.timeline import TimelineEntry
    from edge_video.text.json import Json

_MAX_DETAIL: Final = 300
_MAX_DETAILS: Final = 50


def page_view(
    snapshot: Snapshot, *, picture_interval_s: float, actions: bool, can_keep: bool = True
) -> dict[str, Json]:
    """One update of the page.

    Args:
        snapshot: what to show.
        picture_interval_s: how often a page may fetch each picture, so that all of them together
            stay within what the program spends on pictures.
        actions: whether there is a token at all.
        can_keep: whether a change of a camera could be kept.
    """
    status = snapshot.status
    ffmpegs = ffmpeg_of(snapshot)
    return {
        "node": one_line(status.node),
        "version": status.version,
        "taken_at_ms": ns_to_ms(status.taken_at_ns),
        "uptime_s": round(status.uptime_s, 1),
        "actions": actions,
        "can_keep": can_keep,
        "picture_interval_s": round(picture_interval_s, 2),
        "timeline_version": snapshot.timeline_version,
        "stopping": snapshot.pulse.stopping,
        "supervisor_ago_s": round(snapshot.pulse.supervisor_ago_s, 1),
        "cameras": [
            _camera(camera, snapshot.cameras[camera.camera_id], ffmpegs.get(camera.camera_id))
            for camera in status.cameras
        ],
        "verdict": _verdict(status),
        "publisher": _publisher(status.publisher, is_broker=snapshot.is_broker),
        "recent": _recent(status.recent),
        "totals": {
            "confirmed": status.totals.confirmed,
            "errors": status.totals.errors,
            "dropped": status.totals.lost,
            "unchanged": status.totals.dropped_unchanged,
        },
        "process": _process(status.process),
        "sentences": _portuguese(_sentences(status)),
        "config": _config(status.config),
    }


def history_view(day: DayOfRates, now_ns: int) -> dict[str, Json]:
    """How many frames a second a camera sent in the last 24 hours, as of this wall clock."""
    return {
        "at_ms": ns_to_ms(now_ns),
        "step_s": STEP_S,
        "newest_s": round(day.newest_s, 1),
        "fps": list(day.fps),
    }


def timeline_view(version: int, entries: Iterable[TimelineEntry]) -> dict[str, Json]:
    """The timeline, newest first."""
    kept = tuple(entries)
    return {
        "version": version,
        "entries": [
            {
                "number": entry.number,
                "kind": entry.kind.value,
                "first_at_ms": ns_to_ms(entry.first_at_ns),
                "last_at_ms": ns_to_ms(entry.last_at_ns),
                "subject": one_line(entry.subject),
                "camera": entry.camera,
                "cause": entry.cause,
                "detail": one_line(entry.detail),
                "count": entry.count,
                "by": one_line(entry.by),
                "lasted_s": _rounded(entry.lasted_s),
                "dropped": entry.dropped,
            }
            for entry in reversed(kept)
        ],
        "sentences": _portuguese(one_line(entry.detail) for entry in kept),
    }


def _sentences(status: SystemStatus) -> Iterable[str]:
    """What is said in English in a view, as it stands there."""
    publisher = status.publisher
    for reason in (publisher.reason, *(outage.reason for outage in publisher.outages)):
        yield shorten(one_line(reason), _MAX_DETAIL)
    if status.config is not None and status.config.last_reload is not None:
        for line in status.config.last_reload.details[:_MAX_DETAILS]:
            yield shorten(one_line(line), _MAX_DETAIL)
    for camera in status.cameras:
        if camera.last_failure is not None:
            yield shorten(one_line(camera.last_failure.detail), _MAX_DETAIL)
        if camera.decoding is not None and camera.decoding.reason:
            yield shorten(one_line(camera.decoding.reason), _MAX_DETAIL)


def _portuguese(sentences: Iterable[str]) -> list[Json]:
    """English and Portuguese of those that have one: a page may show either language."""
    both = {each: translated(each, Language.PT_BR) for each in sentences}
    return [[english, said] for english, said in both.items() if said != english]


def latency_at(latency: LatencyHistogram, percent: float) -> float | None:
    """An upper bound of the latency of `percent` of the frames; None without frames.

    Frames slower than the last bound count as that bound.
    """
    if not latency.count:
        return None
    return min(latency.percentile_bound_s(percent), LATENCY_BOUNDS_S[-1])


def _verdict(status: SystemStatus) -> dict[str, Json]:
    """The cameras of each health, and whether frames are delivered."""
    judged = verdict(status)
    return {
        **{health.value: judged.cameras[health] for health in CameraHealth},
        "delivery": judged.delivery.value,
        "is_good": judged.is_good,
    }


def _publisher(publisher: PublisherStatus, *, is_broker: bool) -> dict[str, Json]:
    return {
        "state": publisher.state.value,
        "target": one_line(publisher.target),
        "reason": shorten(one_line(publisher.reason), _MAX_DETAIL),
        "connections_lost": publisher.connections_lost,
        "failed_attempts": publisher.failed_attempts,
        "down_for_s": _rounded(publisher.down_for_s),
        "outages": [
            {
                "started_at_ms": ns_to_ms(outage.started_at_ns),
                "ended_at_ms": _ms(outage.ended_at_ns),
                "lasted_s": _rounded(outage.lasted_s),
                "reason": shorten(one_line(outage.reason), _MAX_DETAIL),
                "dropped": outage.dropped,
            }
            for outage in publisher.outages
        ],
        "retry_in_s": _rounded(publisher.retry_in_s),
        "can_retry": publisher.state is PublisherState.WAITING,
        "is_broker": is_broker,
    }


def _camera(
    camera: CameraStatus, extra: CameraExtra, ffmpeg: FfmpegSample | None
) -> dict[str, Json]:
    return {
        "id": camera.camera_id,
        "group": group_of(camera.camera_id),
        "health": camera_health(camera).value,
        "word": status_word(camera),
        "word_since_ms": ns_to_ms(extra.word_since_ns),
        "phase": camera.phase.value,
        "opens_at": camera.opens_at,
        "off_since_ms": None if camera.off_since_ns is None else ns_to_ms(camera.off_since_ns),
        "off_by_profile": camera.off_by_profile,
        "owner": None if camera.owner is None else one_line(camera.owner),
        "epoch": camera.epoch,
        "unowned_s": _rounded(camera.unowned_s),
        "picture": _picture(camera),
        "picture_since_ms": _ms(camera.picture_since_ns),
        "url": one_line(camera.url),
        "fps": _rounded(extra.fps),
        "target_fps": _rounded(camera.expected_fps),
        "history": list(extra.fps_history),
        "since_ms": ns_to_ms(extra.since_ns),
        "width": camera.width,
        "height": camera.height,
        "last_frame_ago_s": _rounded(camera.last_frame_ago_s),
        "mode": camera.mode.value,
        "interval_s": camera.interval_s,
        "masks": camera.masks,
        "decoding": _decoding(camera.decoding),
        "unchanged_s": _rounded(camera.unchanged_s),
        "key_frame_wait_s": _rounded(camera.key_frame_wait_s),
        "key_frame_interval_s": _rounded(camera.key_frame_interval_s),
        "attempts": camera.attempts,
        "uptime_24h": _share(extra.uptime_day),
        "uptime_7d": _share(extra.uptime_week),
        "recent": _recent(camera.recent),
        "failure": _failure(camera),
        "breaker": {
            "state": camera.breaker.state.value,
            "consecutive_failures": camera.breaker.consecutive_failures,
            "retry_in_s": _rounded(camera.breaker.retry_in_s),
            "forced_open": camera.breaker.forced_open,
        },
        "received": camera.frames.received,
        "dropped": camera.frames.lost,
        "unchanged": camera.frames.dropped_unchanged,
        "latency_s": latency_at(camera.latency, 95),
        "ffmpeg_rss_bytes": None if ffmpeg is None else ffmpeg.rss_bytes,
    }


def _decoding(decoding: Decoding | None) -> dict[str, Json] | None:
    if decoding is None:
        return None
    return {
        "wanted": decoding.wanted,
        "used": decoding.used,
        "encodes": decoding.encodes,
        "reason": shorten(one_line(decoding.reason), _MAX_DETAIL),
    }


def _recent(recent: Recent) -> dict[str, Json]:
    return {
        "dropped_5m": recent.dropped_5m,
        "dropping": recent.dropping,
        "failures_5m": recent.failures_5m,
    }


def _failure(camera: CameraStatus) -> dict[str, Json] | None:
    failure = camera.last_failure
    if failure is None:
        return None
    return {
        "cause": failure.cause.value,
        "detail": shorten(one_line(failure.detail), _MAX_DETAIL),
        "exit_status": failure.exit_status,
        "ago_s": _rounded(camera.last_failure_ago_s),
    }


def _process(process: ProcessSample | None) -> dict[str, Json] | None:
    if process is None:
        return None
    return {
        "cpu_percent": _rounded(process.cpu_percent),
        "rss_bytes": process.rss_bytes,
        "ffmpeg_processes": process.ffmpeg_processes,
        "ffmpeg_cpu_percent": _rounded(process.ffmpeg_cpu_percent),
        "ffmpeg_rss_bytes": process.ffmpeg_rss_bytes,
        "machine_cpu_percent": _rounded(process.system_cpu_percent),
        "machine_ram_bytes": process.system_ram_bytes,
        "machine_ram_used_percent": _rounded(process.system_ram_used_percent),
        "memory_level": process.memory_level.value,
        "cpu_shortage": _cpu_shortage(process.cpu_shortage),
    }


def _cpu_shortage(shortage: CpuShortage | None) -> dict[str, Json] | None:
    if shortage is None:
        return None
    return {
        "bound": shortage.use.bound.value,
        "used_percent": _rounded(shortage.used_percent),
        "cores": _rounded(shortage.use.cores),
        "others_cores": _rounded(shortage.use.others_cores),
        "stolen_percent": _rounded(shortage.use.stolen_percent),
        "camera": shortage.camera_id,
        "camera_percent": _rounded(shortage.camera_percent),
    }


def _config(config: ConfigStatus | None) -> dict[str, Json] | None:
    """Whether the files are what runs, and why the last reload was refused, if it was."""
    if config is None:
        return None
    last = config.last_reload
    refused = last if last is not None and last.result is ReloadResult.REFUSED else None
    return {
        "file_differs": config.file_differs,
        "profile": config.profile,
        "profiles": list(config.profiles),
        "refused": None
        if refused is None
        else {
            "at_ms": ns_to_ms(refused.at_ns),
            "reason": refused.reason.value,
            "details": [
                shorten(one_line(each), _MAX_DETAIL) for each in refused.details[:_MAX_DETAILS]
            ],
            "origin": one_line(refused.origin),
        },
    }


def _picture(camera: CameraStatus) -> str | None:
    """What is wrong with what it shows now; None where nothing is, or nobody can tell."""
    is_shown = camera.phase is CameraPhase.STREAMING and camera.picture is not PictureState.LIVE
    return camera.picture.value if is_shown and camera.picture is not None else None


def group_of(camera_id: str) -> str:
    """What stands before the first dot of an id, as in `centre.entrance`; empty without one."""
    group, dot, _ = camera_id.partition(".")
    return group if dot else ""


def _share(share: float | None) -> float | None:
    return None if share is None else round(share, 5)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _ms(at_ns: int | None) -> int | None:
    return None if at_ns is None else ns_to_ms(at_ns)
