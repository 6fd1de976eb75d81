"""Finds the FFmpeg to run, and asks it for its version."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import Final

_VERSION_TIMEOUT_S: Final = 10.0
_RELEASE: Final = re.compile(r"^ffmpeg version n?(\d+(?:\.\d+)*)", re.MULTILINE)
_LIBAVFORMAT: Final = re.compile(r"^\s*libavformat\s+(\d+)\.", re.MULTILINE)
_LIBZIMG: Final = "--enable-libzimg"
_LIBAVFORMAT_BEFORE_RELEASE: Final = 54
"""FFmpeg 5 came with libavformat 59, 6 with 60, and so on."""


@dataclass(frozen=True, slots=True)
class Binary:
    """An FFmpeg that was found to run.

    Attributes:
        path: of the executable.
        version: of the release, most significant number first: (5, 1, 9).
        zscale: whether it was built with libzimg, and so has the filter zscale.
    """

    path: str
    version: tuple[int, ...]
    zscale: bool = False


class BinaryMissing(Exception):  # noqa: N818 - named as the failure's cause is
    """There is no FFmpeg that runs; the message says where it was looked for."""


def find_binary(configured: str | None) -> Binary:
    """Find the FFmpeg to use: the configured one, else `ffmpeg` on PATH, else imageio-ffmpeg's.

    A configured binary that does not run is an error, never silently replaced by another. Runs
    `ffmpeg -version` once. Blocks for at most some seconds.

    Raises:
        BinaryMissing: none was found, or the one that was found does not run.
    """
    if configured:
        path = shutil.which(configured)
        if path is None:
            raise BinaryMissing(f"the configured ffmpeg, {configured}, is no executable file")
        return _ask_version(path)
    path = shutil.which("ffmpeg") or _bundled()
    if path is None:
        raise BinaryMissing(
            "there is no FFmpeg: not on PATH, and the imageio-ffmpeg package has none for this"
            " machine; install ffmpeg, or set `ffmpeg:` in the configuration to its path"
        )
    return _ask_version(path)


def _bundled() -> str | None:
    try:
        # Imported here: most machines have FFmpeg on PATH and never need the package.
        import imageio_ffmpeg  # noqa: PLC0415 - see above

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return None


def _ask_version(path: str) -> Binary:
    try:
        answer = subprocess.run(  # noqa: S603 - the operator's own FFmpeg, fixed arguments
            [path, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_VERSION_TIMEOUT_S,
            check=True,
        ).stdout.decode(errors="replace")
    except (OSError, subprocess.SubprocessError) as error:
        raise BinaryMissing(f"{path} does not run: {error}") from error
    version = parse_version(answer)
    if version is None:
        raise BinaryMissing(f"{path} is no FFmpeg: it does not answer -version as one")
    return Binary(path, version, zscale=_LIBZIMG in answer)


def parse_version(answer: str) -> tuple[int, ...] | None:
    """Return the release number in an answer to `ffmpeg -version`; None if it is no FFmpeg's.

    A build from the development tree names no release; its libavformat tells the next one.
    """
    if release := _RELEASE.search(answer):
        return tuple(int(number) for number in release[1].split("."))
    if answer.startswith("ffmpeg version") and (library := _LIBAVFORMAT.search(answer)):
        return (int(library[1]) - _LIBAVFORMAT_BEFORE_RELEASE,)
    return None
