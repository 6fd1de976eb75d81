"""A machine where everything is right, for the checks of `doctor`: each test breaks one thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml

from edge_video.cli.doctor.examination import examine
from edge_video.cli.doctor.machine import Machine, Subject
from edge_video.config.env_file import load_whole
from edge_video.report.finding import Finding, Grade
from edge_video.runtime.disk import DiskSpace
from edge_video.testing.scripted_ffmpeg import picture
from edge_video.text.catalog import Language

if TYPE_CHECKING:
    from pathlib import Path

GIB: Final = 2**30
NOW_S: Final = 1_790_000_000.0

_FFMPEG: Final = r"""#!/bin/sh
case "$*" in
*-version*) echo "ffmpeg version {version}"; echo "configuration: --enable-libzimg" ;;
*demuxer=rtsp*) printf -- '-rtsp_transport x\n-allowed_media_types x\n-timeout x\n' ;;
*-protocols*) printf 'Input:\n tcp\n tls\n http\n' ;;
*-hwaccels*) printf 'Hardware acceleration methods:\nvaapi\n\n' ;;
*"-hwaccel vaapi"*) echo "[AVHWDeviceContext @ 0x1] No VA display found" >&2; exit 1 ;;
*) cat "{pictures}" ;;
esac
"""


def healthy_machine(**changes: Any) -> Machine:
    """A machine with room for everything, in time."""
    usual: dict[str, Any] = {
        "disk_space": lambda _: DiskSpace(20 * GIB, 1_000_000, read_only=False),
        "descriptor_limit": lambda: 65_536,
        "task_room": lambda: None,
        "cpu_quota": lambda: None,
        "clock_is_synchronized": lambda: True,
        "now": lambda: NOW_S,
        "environ": {},
    }
    return Machine(**{**usual, **changes})


def make_ffmpeg(folder: Path, version: str = "6.1") -> str:
    """A script that answers as FFmpeg does, at once; every camera sends two pictures."""
    image = picture(64, 64)
    part = b"--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: %d\r\n\r\n%b\r\n"
    pictures = folder / "pictures"
    pictures.write_bytes(2 * (part % (len(image), image)))
    script = folder / "ffmpeg"
    script.write_text(_FFMPEG.format(version=version, pictures=pictures))
    script.chmod(0o755)
    return str(script)


@dataclass
class Setup:
    """A configuration in a folder, and what `doctor` finds of it.

    Attributes:
        folder: where its files are.
        keys: of the configuration file, over the usual ones.
        machine: on which it is examined.
    """

    folder: Path
    keys: dict[str, Any] = field(default_factory=dict)
    machine: Machine = field(default_factory=healthy_machine)

    def write(self) -> Path:
        usual = {
            "sink": {"type": "directory", "path": str(self.folder / "frames")},
            "cameras": [{"id": "door", "url": "lavfi:testsrc2"}],
            "language": "en",
        }
        if "ffmpeg" not in self.keys:
            usual["ffmpeg"] = make_ffmpeg(self.folder)
        path = self.folder / "config.yaml"
        path.write_text(yaml.safe_dump({**usual, **self.keys}))
        path.chmod(0o600)
        return path

    def examine(self, language: Language = Language.EN) -> list[Finding]:
        path = self.write()
        loaded = load_whole(path, {})
        cameras = tuple(loaded.config.cameras)
        return examine(
            Subject(
                config=loaded.config,
                path=path,
                files=loaded.files,
                exposed=loaded.exposed,
                cameras=cameras,
                language=language,
                timeout_s=5.0,
                machine=self.machine,
            )
        )

    def wrong(self) -> list[str]:
        """The codes of everything that has to be done; each of them with its advice."""
        problems = [each for each in self.examine() if each.grade is Grade.PROBLEM]
        assert all(each.advice and each.text for each in problems)
        return [each.code for each in problems]
