"""Checks FFmpeg: is there one, can it do what cameras need, and which hardware decodes here?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.capture.binary import Binary, BinaryMissing, find_binary
from edge_video.capture.examination import (
    TrialFailedError,
    decoders,
    missing_options,
    try_transcoding,
)
from edge_video.capture.hardware import HardwareKey
from edge_video.capture.hardware.acceleration import AUTO, is_built_in, is_known
from edge_video.capture.hardware.survey import survey_hardware
from edge_video.capture.hardware.trial import try_hardware
from edge_video.report.finding import Check, Finding, FindingWriter
from edge_video.report.hardware_table import card_facts

if TYPE_CHECKING:
    from edge_video.capture.hardware.cards import Card
    from edge_video.capture.hardware.survey import Tried
    from edge_video.cli.doctor.machine import Subject

_OLDEST: Final = (5,)
"""What is tested is in docs/install.md."""


def find_ffmpeg(subject: Subject) -> Binary | Finding:
    """The FFmpeg that a system would use, or that there is none."""
    try:
        return find_binary(subject.config.ffmpeg)
    except BinaryMissing as error:
        return FindingWriter(Check.FFMPEG, subject.language).problem(
            "ffmpeg.missing", reason=str(error)
        )


def check_ffmpeg(subject: Subject, binary: Binary) -> list[Finding]:
    """Whether it is new enough, has every option, and makes pictures."""
    write = FindingWriter(Check.FFMPEG, subject.language)
    shown = ".".join(map(str, binary.version))
    if binary.version < _OLDEST:
        oldest = ".".join(map(str, _OLDEST))
        return [write.problem("ffmpeg.old", binary.path, version=shown, oldest=oldest)]
    try:
        missing = missing_options(binary)
        if missing:
            names = ", ".join(missing)
            return [write.problem("ffmpeg.options", binary.path, version=shown, names=names)]
        try_transcoding(binary)
    except TrialFailedError as error:
        return [write.problem("ffmpeg.trial", binary.path, version=shown, reason=error)]
    code = "ffmpeg.ok" if binary.zscale else "ffmpeg.no_zscale"
    found = write.ok if binary.zscale else write.hint
    return [found(code, binary.path, version=shown)]


def check_hardware(subject: Subject, binary: Binary) -> list[Finding]:
    """Whether the hardware that cameras name decodes, and has room for them; else which would."""
    write = FindingWriter(Check.HARDWARE, subject.language)
    try:
        known = decoders(binary)
    except TrialFailedError as error:
        return [write.problem("hardware.unknown", reason=error)]
    survey = survey_hardware(binary, subject.cameras)
    if not survey.tried:
        works = [name for name in known if is_known(name) and _works(binary, name)]
        return [write.ok("hardware.some" if works else "hardware.none", names=", ".join(works))]
    found = [_tried(write, each, known) for each in survey.tried]
    return [*found, *(_room(write, card, survey.on_cards) for card in survey.cards)]


def _tried(write: FindingWriter, tried: Tried, known: list[str]) -> Finding:
    key, way, reason = tried.key, tried.result.acceleration, tried.result.reason
    if way is None and key.name == AUTO:
        return write.hint("hardware.auto", tried.subject, reason=reason)
    if way is None:
        built = is_built_in(key.name, tuple(known))
        code = "hardware.fails" if built else "hardware.not_built"
        return write.problem(code, tried.subject, reason=reason, known=", ".join(known))
    code = "hardware.encodes" if way.encodes else "hardware.ok"
    return write.ok(code, tried.subject, name=way.name)


def _room(write: FindingWriter, card: Card, cameras: int) -> Finding:
    facts, subject = card_facts(card, cameras), f"cuda ({card.index})"
    if cameras > card.most_cameras:
        return write.problem("hardware.card_full", subject, **facts)
    return write.ok("hardware.card", subject, **facts)


def _works(binary: Binary, name: str) -> bool:
    return try_hardware(binary, HardwareKey(name)).acceleration is not None
