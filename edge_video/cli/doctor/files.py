"""Checks who else may read or change the configuration and the files of secrets."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

from edge_video.report.finding import Check, Finding, FindingWriter
from edge_video.runtime.files import others_may_read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.cli.doctor.machine import Subject


def check_files(subject: Subject) -> list[Finding]:
    """Whether files that hold secrets are for this user alone, and none is for all to change."""
    write = FindingWriter(Check.FILES, subject.language)
    files = [path for path in _files(subject) if path.exists()]
    found = []
    for path in files:
        if _others_may_write(path):
            found.append(write.problem("files.writable", str(path), path=path))
        if others_may_read(path) and _holds_secrets(path, subject):
            found.append(write.problem("files.open", str(path), path=path))
    return found or [write.ok("files.one" if len(files) == 1 else "files.ok", count=len(files))]


def check_notes(subject: Subject) -> list[Finding]:
    """What the configuration allows and is probably not meant; who may read it is said above."""
    write = FindingWriter(Check.CONFIG, subject.language)
    notes = [note for note in subject.config.warnings if "chmod o-r " not in note]
    return [write.hint("config.note", note=note) for note in notes]


def _files(subject: Subject) -> Iterator[Path]:
    yield from dict.fromkeys(subject.files)
    amqp = subject.config.amqp
    if amqp is not None and amqp.tls is not None and amqp.tls.key is not None:
        yield Path(amqp.tls.key)


def _holds_secrets(path: Path, subject: Subject) -> bool:
    """Of the operator's own files the loader knows; every other one is there for a secret."""
    if path == subject.path or path.suffix in (".yaml", ".yml"):
        return any(f"chmod o-r {path}" in note for note in subject.config.warnings)
    return True


def _others_may_write(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IWOTH)
    except OSError:
        return False
