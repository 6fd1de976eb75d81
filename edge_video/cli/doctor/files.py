"""Checks who else may read or change the configuration and the files of secrets."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

from edge_video.report.finding import Check, Finding, FindingWriter
from edge_video.runtime.files import others_may_read

if TYPE_CHECKING:
    from edge_video.cli.doctor.machine import Subject


def check_files(subject: Subject) -> list[Finding]:
    """Whether files that hold secrets are for this user alone, and none is for all to change."""
    write = FindingWriter(Check.FILES, subject.language)
    exposed = {*subject.exposed, *filter(others_may_read, _keys(subject))}
    found, seen = [], 0
    for path in dict.fromkeys([*subject.files, *_keys(subject)]):
        mode = _mode_of(path)
        seen += mode is not None
        if mode is not None and mode & stat.S_IWOTH:
            found.append(write.problem("files.writable", str(path), path=path))
        if path in exposed:
            found.append(write.problem("files.open", str(path), path=path))
    return found or [write.ok("files.one" if seen == 1 else "files.ok", count=seen)]


def check_notes(subject: Subject) -> list[Finding]:
    """What the configuration allows and is probably not meant; who may read it is said above."""
    write = FindingWriter(Check.CONFIG, subject.language)
    told = tuple(f"chmod o-r {path}" for path in subject.exposed)
    notes = [note for note in subject.config.warnings if not note.endswith(told)]
    return [write.hint("config.note", note=note) for note in notes]


def _keys(subject: Subject) -> list[Path]:
    """The private key for the broker, which the configuration only names."""
    amqp = subject.config.amqp
    tls = None if amqp is None else amqp.tls
    return [] if tls is None or tls.key is None else [Path(tls.key)]


def _mode_of(path: Path) -> int | None:
    """The permissions of a file; None where there is none, or this user may not look."""
    try:
        return path.stat().st_mode
    except OSError:
        return None
