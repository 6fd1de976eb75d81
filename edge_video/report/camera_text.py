"""Renders texts about a camera that several reports show. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge_video.delivery.ledger import NO_LOSS, DropReason
from edge_video.runtime.opening_hours import DAYS
from edge_video.runtime.units import ns_to_whole_s
from edge_video.status.health import LATE_AFTER_S
from edge_video.status.model import CameraPhase
from edge_video.text.catalog import lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import format_rounded_duration
from edge_video.text.phrases import translated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edge_video.delivery.ledger import FrameCounts
    from edge_video.status.model import CameraStatus
    from edge_video.text.catalog import Language


def format_key_wait(camera: CameraStatus, language: Language) -> str | None:
    """How long a camera's data have come without a picture; None when it owes no key frame."""
    if camera.key_frame_wait_s is None:
        return None
    waited = format_rounded_duration(float(round(camera.key_frame_wait_s)), language)
    if camera.key_frame_interval_s is None:
        return lookup("key_wait", language).format(waited=waited)
    interval = format_rounded_duration(float(round(camera.key_frame_interval_s)), language)
    return lookup("key_wait.known", language).format(waited=waited, interval=interval)


def format_unchanged(camera: CameraStatus, language: Language) -> str | None:
    """How long a camera's picture has been the same, if for long; None: it changes."""
    if camera.unchanged_s is None or camera.unchanged_s < LATE_AFTER_S:
        return None
    lasted = format_rounded_duration(float(round(camera.unchanged_s)), language)
    return lookup("unchanged", language).format(lasted=lasted)


def format_closed(camera: CameraStatus, language: Language) -> str | None:
    """Which profile keeps a camera off, or until when its schedule; None: neither does.

    The time is on the schedule's clocks.
    """
    if camera.phase is not CameraPhase.OFF_SCHEDULE:
        return None
    if camera.off_by_profile is not None:
        return lookup("off_by_profile", language).format(profile=one_line(camera.off_by_profile))
    if camera.opens_at is None:
        return None
    opens_at = datetime.fromisoformat(camera.opens_at)
    day = lookup(f"weekday.{DAYS[opens_at.weekday()]}", language)
    return lookup("closed_until", language).format(time=f"{day} {opens_at:%H:%M}")


def format_off(camera: CameraStatus, language: Language) -> str | None:
    """Since when a camera is off as expected, on this machine's clock; None: it is not."""
    if camera.phase is not CameraPhase.OFF_EXPECTED or camera.off_since_ns is None:
        return None
    since = datetime.fromtimestamp(ns_to_whole_s(camera.off_since_ns), tz=UTC).astimezone()
    return lookup("off_since", language).format(time=f"{since:%Y-%m-%d %H:%M}")


def format_elsewhere(camera: CameraStatus, language: Language) -> str | None:
    """Which other node captures a camera, or that none does; None: it is this one's."""
    if camera.phase is not CameraPhase.ELSEWHERE:
        return None
    if camera.owner is not None:
        return lookup("on_node", language).format(node=one_line(camera.owner))
    if camera.unowned_s is None:
        return lookup("on_no_node_yet", language)
    lasted = format_rounded_duration(float(round(camera.unowned_s)), language)
    return lookup("on_no_node", language).format(duration=lasted)


def format_rest(camera: CameraStatus, language: Language) -> str | None:
    """Why nobody expects a picture of a camera that no operator has stopped; None: one is."""
    return (
        format_closed(camera, language)
        or format_off(camera, language)
        or format_elsewhere(camera, language)
    )


def format_decoding(camera: CameraStatus, language: Language) -> str | None:
    """That the CPU decodes in the place of a hardware that fails, and why; None: it does not."""
    decoding = camera.decoding
    if decoding is None or not decoding.has_fallen_back:
        return None
    reason = translated(one_line(decoding.reason), language)
    facts = {"hwaccel": decoding.wanted, "reason": reason}
    return lookup("decoded_in_software", language).format(**facts)


def format_drops(counts: FrameCounts, language: Language) -> str:
    """The reasons that frames were dropped for, with their numbers; empty when there are none."""
    return _listed(counts, DropReason, language)


def format_losses(counts: FrameCounts, language: Language) -> str:
    """As `format_drops`, without the frames that nobody misses."""
    lost = (reason for reason in DropReason if reason not in NO_LOSS)
    return _listed(counts, lost, language)


def _listed(counts: FrameCounts, reasons: Iterable[DropReason], language: Language) -> str:
    return ", ".join(
        lookup(f"drop.{reason.value}", language).format(count=count)
        for reason in reasons
        if (count := counts.dropped_for(reason))
    )
