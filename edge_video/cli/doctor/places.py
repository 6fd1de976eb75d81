"""Checks where files go: is there room, and may this user write there?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_video.config import DirectorySinkConfig
from edge_video.report.finding import Check, Finding, FindingWriter
from edge_video.runtime.disk import nearest_existing
from edge_video.text.formatting import MB

if TYPE_CHECKING:
    from edge_video.cli.doctor.machine import Subject
    from edge_video.config import Config
    from edge_video.runtime.disk import DiskSpace

_LEAST_MB: Final = 256
"""Below that a log of the usual five files of 10 MB and some pictures soon find none."""
_LEAST_FILES: Final = 1000


def check_disk(subject: Subject) -> list[Finding]:
    """Whether the log, the pictures and the reports have room where they go."""
    write = FindingWriter(Check.DISK, subject.language)
    places = _places(subject.config) or [Path()]
    found = [finding for place in places for finding in _access(write, place)]
    found += _log_file(write, subject.config)
    return found + [_room(write, place, subject) for place in places]


def check_state(subject: Subject) -> list[Finding]:
    """Whether what is kept between two starts can be written, and has room."""
    if subject.config.state is None:
        return []
    write = FindingWriter(Check.STATE, subject.language)
    place = Path(subject.config.state.dir)
    return _access(write, place) or [_room(write, place, subject)]


def _places(config: Config) -> list[Path]:
    """The directories to which the system writes, without that of its state."""
    places = [] if config.log.file is None else [Path(config.log.file).parent]
    if isinstance(config.sink, DirectorySinkConfig):
        places.append(Path(config.sink.path))
    return list(dict.fromkeys(places))


def _access(write: FindingWriter, place: Path) -> list[Finding]:
    existing = nearest_existing(place)
    if not _is_directory(existing):
        return [write.problem("place.no_directory", str(place), place=existing)]
    if not os.access(existing, os.W_OK | os.X_OK):
        return [write.problem("place.not_writable", str(place), place=existing)]
    return []


def _is_directory(path: Path) -> bool:
    """Whether it is one; what this user may not look at is none for it."""
    try:
        return path.is_dir()
    except OSError:
        return False


def _log_file(write: FindingWriter, config: Config) -> list[Finding]:
    """Whether a log file that is there, of another user perhaps, can be written on."""
    if config.log.file is None:
        return []
    file = Path(config.log.file)
    if not os.path.lexists(file) or os.access(file, os.W_OK):
        return []
    return [write.problem("place.not_writable", str(file), place=file)]


def _room(write: FindingWriter, place: Path, subject: Subject) -> Finding:
    shown = str(place.absolute())
    try:
        space = subject.machine.disk_space(nearest_existing(place))
    except OSError as error:
        return write.problem("disk.unknown", shown, reason=error.strerror or error)
    return _judged(write, shown, space)


def _judged(write: FindingWriter, shown: str, space: DiskSpace) -> Finding:
    free_mb = space.free_bytes // MB
    if space.read_only:
        return write.problem("disk.read_only", shown)
    if free_mb < _LEAST_MB:
        return write.problem("disk.full", shown, free=free_mb, least=_LEAST_MB)
    if space.free_files is not None and space.free_files < _LEAST_FILES:
        return write.problem("disk.no_files", shown, free=space.free_files)
    return write.ok("disk.ok", shown, free=free_mb)
