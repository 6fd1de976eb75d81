"""Runs all checks side by side, each bounded in time, none of them changing anything."""

from __future__ import annotations

import time
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from edge_video.capture.probe import MAX_AT_ONCE, CameraProbes
from edge_video.cli.broker_questions import ask_brokers
from edge_video.cli.doctor.clock import check_clocks, check_zone
from edge_video.cli.doctor.ffmpeg import check_ffmpeg, check_hardware, find_ffmpeg
from edge_video.cli.doctor.files import check_files, check_notes
from edge_video.cli.doctor.limits import check_limits
from edge_video.cli.doctor.network import broker_findings, camera_finding
from edge_video.cli.doctor.places import check_disk, check_state
from edge_video.cli.doctor.port import check_port
from edge_video.config import AmqpSinkConfig
from edge_video.report.doctor_table import in_order
from edge_video.report.finding import Check, Finding, FindingWriter
from edge_video.runtime.threads import on_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from edge_video.cli.doctor.machine import Subject

_SPARE_S: Final = 5.0
_BROKER_STEPS: Final = 6
_FFMPEG_S: Final = 60.0
_HARDWARE_S: Final = 120.0
"""For all decoders, one after the other."""

_LOCAL: Final = (
    *((Check.DISK, check_disk), (Check.STATE, check_state), (Check.LIMITS, check_limits)),
    *((Check.FILES, check_files), (Check.PORT, check_port), (Check.CONFIG, check_notes)),
    *((Check.CLOCK, check_zone), (Check.CLOCK, check_clocks)),
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One check under way."""

    check: Check
    answer: Future[Any]
    until_s: float
    read: Callable[[Any], list[Finding]]
    subject: str = ""


def examine(subject: Subject) -> list[Finding]:
    """Look at everything; returns what was found, in the order of `Check`.

    Blocks for as long as the slowest check takes. Main thread; raises nothing.
    """
    limit_s = subject.machine.limit_s
    asked = [_begin(check, partial(look, subject), limit_s) for check, look in _LOCAL]
    if isinstance(subject.config.sink, AmqpSinkConfig):
        asked += _brokers(subject)
    binary = find_ffmpeg(subject)
    if isinstance(binary, Finding):
        write = FindingWriter(Check.CAMERA, subject.language)
        return in_order([binary, write.skipped("camera.no_ffmpeg"), *_collected(subject, asked)])
    asked.append(_begin(Check.FFMPEG, partial(check_ffmpeg, subject, binary), _FFMPEG_S))
    asked.append(_begin(Check.HARDWARE, partial(check_hardware, subject, binary), _HARDWARE_S))
    with CameraProbes(binary, subject.config.secrets(), subject.timeout_s) as probes:
        asked += _cameras(subject, probes)
        return in_order(_collected(subject, asked))


def _begin(check: Check, look: Callable[[], list[Finding]], limit_s: float) -> _Asked:
    until_s = time.monotonic() + limit_s
    return _Asked(check, on_thread(f"doctor-{check}", look), until_s, list)


def _brokers(subject: Subject) -> list[_Asked]:
    answers = ask_brokers(subject.config, subject.cameras, subject.timeout_s)
    until_s = time.monotonic() + _BROKER_STEPS * subject.timeout_s + _SPARE_S
    read = partial(broker_findings, subject)
    return [
        _Asked(Check.BROKER, answer, until_s, read, target) for answer, target in answers.items()
    ]


def _cameras(subject: Subject, probes: CameraProbes) -> list[_Asked]:
    rounds = -(-len(subject.cameras) // MAX_AT_ONCE)
    until_s = time.monotonic() + rounds * (subject.timeout_s + _SPARE_S)
    return [
        _Asked(
            Check.CAMERA,
            probes.begin(camera),
            until_s,
            lambda result: [camera_finding(subject.language, result)],
            camera.id,
        )
        for camera in subject.cameras
    ]


def _collected(subject: Subject, asked: list[_Asked]) -> list[Finding]:
    found = []
    redact = subject.config.secrets()
    for each in asked:
        write = FindingWriter(each.check, subject.language)
        try:
            left_s = max(0.0, each.until_s - time.monotonic())
            found += each.read(each.answer.result(timeout=left_s))
        except LateError:
            found.append(write.problem("late", each.subject))
        except Exception as error:  # noqa: BLE001 - one check's defect must not hide the others
            reason = redact(f"{type(error).__name__}: {error}")
            found.append(write.problem("broken", each.subject, reason=reason))
    return found
