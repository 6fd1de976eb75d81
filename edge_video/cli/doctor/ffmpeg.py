"""Checks FFmpeg: is there one, can it do what cameras need, and which hardware decodes here?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.capture.binary import Binary, BinaryMissing, find_binary
from edge_video.capture.examination import (
    TrialFailedError,
    decoders,
    missing_options,
    try_decoder,
    try_transcoding,
)
from edge_video.report.finding import Check, Finding, FindingWriter

if TYPE_CHECKING:
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
    """Whether the hardware that cameras name decodes; else which would."""
    write = FindingWriter(Check.HARDWARE, subject.language)
    wanted = {camera.hwaccel for camera in subject.cameras if camera.hwaccel is not None}
    try:
        known = decoders(binary)
    except TrialFailedError as error:
        return [write.problem("hardware.unknown", reason=error)]
    if wanted - {"auto"}:
        return [_tried(write, binary, name, known) for name in sorted(wanted - {"auto"})]
    works = [name for name in known if _works(binary, name)]
    if "auto" in wanted and not works:
        return [write.hint("hardware.auto", "auto")]
    return [write.ok("hardware.some" if works else "hardware.none", names=", ".join(works))]


def _tried(write: FindingWriter, binary: Binary, name: str, known: list[str]) -> Finding:
    if name not in known:
        return write.problem("hardware.not_built", name, known=", ".join(known))
    try:
        try_decoder(binary, name)
    except TrialFailedError as error:
        return write.problem("hardware.fails", name, reason=error)
    return write.ok("hardware.ok", name)


def _works(binary: Binary, name: str) -> bool:
    try:
        try_decoder(binary, name)
    except TrialFailedError:
        return False
    return True
