"""An FFmpeg whose trial of a card works, and whose cameras on that card fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.capture.binary import Binary
from edge_video.testing.scripted_ffmpeg import picture

if TYPE_CHECKING:
    from pathlib import Path

FULL = "[h264 @ 0x1] [error] cuvidCreateDecoder() failed -> CUDA_ERROR_OUT_OF_MEMORY: out of memory"

SCRIPT = r"""#!/bin/sh
case "$*" in
*-hwaccels*) printf "Hardware acceleration methods:\ncuda\n\n"; exit ;;
*pipe:0*) exec cat "{folder}/picture" ;;
*-hwaccel*) {fails} ;;
esac
while cat "{folder}/part"; do sleep 0.3; done
"""


def scripted(folder: Path, fails: str) -> Binary:
    """It does with a camera that is to be decoded by hardware what `fails` says, in shell."""
    image = picture(64, 64)
    (folder / "picture").write_bytes(image)
    part = b"--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: %d\r\n\r\n%b\r\n"
    (folder / "part").write_bytes(part % (len(image), image))
    script = folder / "ffmpeg"
    script.write_text(SCRIPT.format(folder=folder, fails=fails))
    script.chmod(0o755)
    return Binary(str(script), (9, 0))
