"""Renders what `top` says of one camera, and orders cameras by trouble. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from rich.text import Text

from edge_video.report.camera_text import format_decoding, format_key_wait, format_rest
from edge_video.report.monitor import status_word
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.liveness import PictureState
from edge_video.status.health import CameraHealth, camera_health
from edge_video.status.model import CameraMode
from edge_video.text.catalog import lookup
from edge_video.text.duration import format_duration
from edge_video.text.escaping import one_line
from edge_video.text.formatting import (
    format_ago,
    format_failure,
    format_number,
    format_retry,
    format_rounded_duration,
    format_short_number,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.status.model import CameraStatus
    from edge_video.text.catalog import Language
    from edge_video.top.rates import Rates

ILL: Final = frozenset({CameraHealth.TROUBLE, CameraHealth.SLOW})
"""What an operator wants to be told of."""

_RANKS: Final = (
    CameraHealth.TROUBLE,
    CameraHealth.SLOW,
    CameraHealth.STARTING,
    CameraHealth.PAUSED,
    CameraHealth.HEALTHY,
    CameraHealth.STOPPED,
    CameraHealth.OFF_SCHEDULE,
    CameraHealth.OFF_EXPECTED,
    CameraHealth.ELSEWHERE,
    CameraHealth.DISABLED,
)
_WORD_RANKS: Final = ("UNOWNED", "CB_OPEN", "WARN", "HALF_OPEN", "KEY_WAIT", "STARTING", "OK")
_STYLES: Final = {
    "UNOWNED": "bold white on red",
    "CB_OPEN": "bold white on red",
    "WARN": "bold red",
    "HALF_OPEN": "bold yellow",
    "SLOW": "bold yellow",
    "KEY_WAIT": "yellow",
    "STARTING": "yellow",
    "PAUSED": "dim",
    "OK": "green",
    "STOPPED": "dim",
    "OFF_SCHEDULE": "dim",
    "OFF_EXPECTED": "dim",
    "ELSEWHERE": "dim",
    "DISABLED": "dim",
}
_MARKS: Final = {
    "CB_OPEN": "✗", "WARN": "!", "HALF_OPEN": "?", "SLOW": "▼", "KEY_WAIT": "…", "STARTING": "…",
    "PAUSED": "‖", "OK": "✓", "STOPPED": "■", "OFF_SCHEDULE": "☾", "OFF_EXPECTED": "○",
    "DISABLED": "–", "ELSEWHERE": "→", "UNOWNED": "✗",
}  # fmt: skip
_WELL: Final = frozenset({CameraHealth.HEALTHY, CameraHealth.STOPPED, CameraHealth.DISABLED})


def by_trouble(cameras: Sequence[CameraStatus]) -> list[CameraStatus]:
    """The troubled cameras first; otherwise in the order of the configuration."""

    def rank(camera: CameraStatus) -> tuple[int, int]:
        word = status_word(camera)
        within = _WORD_RANKS.index(word) if word in _WORD_RANKS else len(_WORD_RANKS)
        return _RANKS.index(camera_health(camera)), within

    return sorted(cameras, key=rank)


def state_word(camera: CameraStatus) -> str:
    """The word of the monitor, or SLOW or PAUSED; not translated."""
    health = camera_health(camera)
    if health in (CameraHealth.SLOW, CameraHealth.PAUSED):
        return health.name
    return status_word(camera)


def state_text(camera: CameraStatus) -> Text:
    """The word with its mark and colour."""
    word = state_word(camera)
    return Text(f"{_MARKS[word]} {word}", style=_STYLES[word])


def format_fps_of_target(camera: CameraStatus, rates: Rates, language: Language) -> str:
    """The rate now, and what the camera is held to."""
    fps = rates.fps(str(camera.camera_id))
    shown = lookup("not_available", language) if fps is None else format_number(fps, language)
    return f"{shown} / {format_short_number(camera.expected_fps, language)}"


def remarks_on(camera: CameraStatus, language: Language) -> list[str]:
    """The last failure, when it was, and the countdown; nothing of a good camera."""
    special = _special(camera, language)
    if special is not None:
        return special
    remarks = []
    if camera.last_failure is not None:
        remarks.append(format_failure(camera.last_failure, language))
        remarks.append(format_ago(camera.last_failure_ago_s, language))
    return [*remarks, *_failures(camera, language), *_retry(camera, language)]


def short_remarks_on(camera: CameraStatus, language: Language) -> list[str]:
    """The same for one line that is cut, without the countdown: what matters most comes first."""
    special = _special(camera, language)
    if special is not None:
        return special
    failure, remarks = camera.last_failure, []
    if failure is not None:
        remarks.append(lookup(f"cause.{failure.cause.value}", language))
        if failure.detail.strip():
            remarks.append(one_line(failure.detail).strip())
    return [*remarks, *_failures(camera, language)]


def short_retry(camera: CameraStatus) -> str:
    """The seconds until the next attempt, rounded up; empty when none is waited for."""
    breaker = camera.breaker
    if breaker.state is not BreakerState.OPEN or breaker.retry_in_s is None:
        return ""
    return format_duration(float(math.ceil(breaker.retry_in_s)))


def _special(camera: CameraStatus, language: Language) -> list[str] | None:
    """What is said of a camera that does not fail; None when its failures are to be told."""
    health = camera_health(camera)
    if health is CameraHealth.HEALTHY and camera.picture not in (None, PictureState.LIVE):
        return [lookup(f"picture_state.{camera.picture}", language)]
    if health in _WELL:
        return [*_decoder(camera, language), *_source(camera, health, language)]
    rests = format_rest(camera, language)
    if rests is not None:
        return [rests]
    if health is CameraHealth.PAUSED:
        return [lookup("held_open", language)]
    if health is CameraHealth.SLOW:
        return [lookup("top.slow", language), *_decoder(camera, language)]
    waiting = format_key_wait(camera, language)
    return None if waiting is None else [waiting]


def _decoder(camera: CameraStatus, language: Language) -> list[str]:
    """That the CPU decodes against the configuration, which may be why it is slow."""
    decoding = format_decoding(camera, language)
    return [] if decoding is None else [lookup("top.decoder", language).format(by=decoding)]


def _source(camera: CameraStatus, health: CameraHealth, language: Language) -> list[str]:
    """That a camera sends still pictures, so that nobody looks for the missing stream."""
    if camera.mode is not CameraMode.SNAPSHOT or health is not CameraHealth.HEALTHY:
        return []
    interval = format_rounded_duration(1 / camera.expected_fps, language)
    return [lookup("top.snapshot", language).format(interval=interval)]


def _failures(camera: CameraStatus, language: Language) -> list[str]:
    count = camera.breaker.consecutive_failures
    return [lookup("top.failures", language).format(count=count)] if count else []


def _retry(camera: CameraStatus, language: Language) -> list[str]:
    breaker = camera.breaker
    if breaker.state is not BreakerState.OPEN or breaker.retry_in_s is None:
        return []
    return [format_retry(breaker.retry_in_s, language)]
