"""Makes the file of `bundle`: what support asks for, bounded in size, every secret masked."""

from __future__ import annotations

import gzip
import io
import json
import os
import platform
import tarfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

import yaml

from edge_video.capture.binary import BinaryMissing, find_binary
from edge_video.cli.doctor.port import client_of
from edge_video.report.doctor_table import doctor_as_json
from edge_video.runtime.files import read_regular
from edge_video.runtime.system import WITHOUT_WAITING
from edge_video.runtime.version import version
from edge_video.status.json import status_as_json
from edge_video.text.catalog import lookup
from edge_video.top.client import NoStatusError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from edge_video.cli.doctor.machine import Subject
    from edge_video.report.finding import Finding

MAX_MEMBER: Final = 4 * 2**20
"""Bytes of one file in it; of a longer text the end is kept."""
_LOG_BYTES: Final = 2**20
"""So much of the log's end."""
_PACKAGES: Final = ("edge-video", "loguru", "pika", "psutil", "pydantic", "pykka", "pyyaml")


def make_bundle(subject: Subject, findings: Sequence[Finding], shown: str) -> bytes:
    """Return a tar file, compressed: configuration, status, log, findings, versions.

    Args:
        subject: what was examined.
        findings: what was found.
        shown: the same as `doctor` prints it.
    """
    redact = subject.config.secrets()
    found = json.dumps(doctor_as_json(findings), ensure_ascii=False, indent=2)
    members = {
        "config.yaml": yaml.safe_dump(subject.config.masked(), sort_keys=False, allow_unicode=True),
        "doctor.txt": shown,
        "doctor.json": found,
        "versions.json": json.dumps(_versions(subject), indent=2),
        **_status(subject),
        **_log(subject),
    }
    masked = {name: redact(text, keep_newlines=True) for name, text in members.items()}
    return _packed(masked, subject.machine.now())


def _packed(members: Mapping[str, str], now_s: float) -> bytes:
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=now_s) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        for name, text in members.items():
            content = text.encode("utf-8", "backslashreplace")[-MAX_MEMBER:]
            entry = tarfile.TarInfo(f"edge-video-bundle/{name}")
            entry.size, entry.mtime, entry.mode = len(content), int(now_s), 0o600
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _status(subject: Subject) -> dict[str, str]:
    """The status of the system that runs, or why there is none."""
    http = subject.config.http
    if http is None or http.address.port == 0:
        return {"status.txt": lookup("bundle.no_http", subject.language)}
    try:
        status = client_of(http).status()
    except NoStatusError as error:
        text = lookup("bundle.no_status", subject.language)
        return {"status.txt": text.format(address=http.listen, reason=error)}
    return {"status.json": json.dumps(status_as_json(status), ensure_ascii=False, indent=1)}


def _log(subject: Subject) -> dict[str, str]:
    """The last lines of the log; the first of them may be cut, and is left out."""
    file = subject.config.log.file
    if file is None:
        return {"log.txt": lookup("bundle.no_log", subject.language)}
    try:
        return {"log.txt": _tail(Path(file))}
    except (OSError, ValueError) as error:
        text = lookup("bundle.log_unread", subject.language)
        return {"log.txt": text.format(file=file, reason=getattr(error, "strerror", error))}


def _tail(path: Path) -> str:
    size = path.stat().st_size
    if size <= _LOG_BYTES:
        return read_regular(path, _LOG_BYTES).decode("utf-8", "replace")
    descriptor = os.open(path, os.O_RDONLY | WITHOUT_WAITING)
    with os.fdopen(descriptor, "rb") as stream:
        stream.seek(-_LOG_BYTES, os.SEEK_END)
        return stream.read(_LOG_BYTES).partition(b"\n")[2].decode("utf-8", "replace")


def _versions(subject: Subject) -> dict[str, object]:
    return {
        "edge-video": version(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "libc": " ".join(platform.libc_ver()),
        "cpus": os.cpu_count(),
        "ffmpeg": _ffmpeg(subject),
        "packages": {name: _package(name) for name in _PACKAGES},
    }


def _ffmpeg(subject: Subject) -> str:
    try:
        binary = find_binary(subject.config.ffmpeg)
    except BinaryMissing as error:
        return str(error)
    return f"{'.'.join(map(str, binary.version))} ({binary.path})"


def _package(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
