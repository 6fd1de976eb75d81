"""Tries what this program needs of an FFmpeg, each thing by running it once."""

from __future__ import annotations

import base64
import os
import re
import subprocess
from typing import TYPE_CHECKING, Final

from edge_video.capture.classification import clean_line
from edge_video.capture.command import capture_command, trial_command
from edge_video.capture.environment import ffmpeg_environment
from edge_video.config import CameraConfig
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.capture.binary import Binary
    from edge_video.capture.hardware import Acceleration

_LIMIT_S: Final = 15.0
"""For one run; the slowest thing is to find out that a driver is not there."""
_MAX_REASON: Final = 160
_TRIAL: Final = "lavfi:testsrc2=size=64x64:rate=10"
_TRIAL_INPUT: Final = ("-t", "0.2")
_JPEG_BEGIN: Final = b"\xff\xd8\xff"
_SAMPLE: Final = base64.b64decode(
    "AAAAAWdNQBasIgoP2AiAAAADAIAAAAUHixaCMAAAAAFo6EOPLIAAAAFliIIAIf/+94G/Mn2qslx+ed9LKzPPOQ8c"
    "l2JrrjQARB4efQ+dBIdXFiCCAAAG6DbAK2UyWbxYSTmdAAAAAUGaEtiH//6plgAAb8A="
)
"""Two grey pictures of 320x240, H.264: as small as every decoder takes them."""
_NUMBER: Final = re.compile(r"Device creation failed: -?\d+")
_NO_DECODERS: Final = {"opencl"}
"""What `-hwaccels` lists and does not decode."""


class TrialFailedError(Exception):
    """Raised when a trial does not work; the text is FFmpeg's own reason, or that it took long."""


class TrialTimeoutError(TrialFailedError):
    """Raised when a trial does not end."""


def missing_options(binary: Binary) -> list[str]:
    """What of the RTSP client, and of the protocols, this FFmpeg does not have.

    Raises:
        TrialFailedError: it does not answer.
    """
    rtsp = _run(binary, ["-h", "demuxer=rtsp"]).decode(errors="replace")
    protocols = _run(binary, ["-protocols"]).decode(errors="replace").split()
    options = ("-rtsp_transport", "-allowed_media_types", "-timeout")
    if binary.version < (5,):
        options = (*options[:2], "-stimeout")
    found = [option for option in options if f"{option} " not in rtsp]
    return [*found, *(f"{name}://" for name in ("tcp", "tls", "http") if name not in protocols)]


def try_transcoding(binary: Binary) -> None:
    """Make JPEG images of a test picture, by the command line that cameras get.

    Raises:
        TrialFailedError: none came.
    """
    trial = CameraConfig(id="trial", url=_TRIAL, fps=10, quality=5, input_args=_TRIAL_INPUT)
    _, *arguments = capture_command(binary, trial)
    if _JPEG_BEGIN not in _run(binary, arguments):
        raise TrialFailedError("no picture came")


def decoders(binary: Binary) -> list[str]:
    """The hardware decoders that this FFmpeg was built with, whether there is hardware or not.

    Raises:
        TrialFailedError: it does not answer.
    """
    lines = _run(binary, ["-hwaccels"]).decode(errors="replace").split("\n")[1:]
    return [name for line in lines if (name := line.strip()) and name not in _NO_DECODERS]


def try_decoder(binary: Binary, acceleration: Acceleration, limit_s: float = _LIMIT_S) -> None:
    """Make a JPEG image of a tiny H.264 video on this hardware, as those of cameras are made.

    FFmpeg decodes in software when the hardware does not; the filters tell the two apart.

    Raises:
        TrialFailedError: it does not work.
        TrialTimeoutError: nor does it end.
    """
    _, *arguments = trial_command(binary, acceleration)
    if _JPEG_BEGIN not in _run(binary, arguments, _SAMPLE, limit_s):
        raise TrialFailedError("no picture came")


def _run(
    binary: Binary, arguments: Sequence[str], sent: bytes = b"", limit_s: float = _LIMIT_S
) -> bytes:
    try:
        ended = subprocess.run(  # noqa: S603 - the operator's own FFmpeg, fixed arguments
            [binary.path, "-hide_banner", *arguments],
            input=sent,
            capture_output=True,
            timeout=limit_s,
            check=False,
            env=ffmpeg_environment(os.environ),
        )
    except subprocess.TimeoutExpired:
        raise TrialTimeoutError(f"no end within {limit_s:g} s") from None
    except OSError as error:
        raise TrialFailedError(str(error)) from None
    if ended.returncode != 0:
        raise TrialFailedError(_reason(ended.stderr) or f"exit status {ended.returncode}")
    return ended.stdout


def _reason(stderr: bytes) -> str:
    """The first line with which FFmpeg complains in words: the others only pass it on."""
    lines = [clean_line(line) for line in stderr.decode(errors="replace").splitlines()]
    said = [line for line in lines if line]
    first = next((line for line in said if not _NUMBER.match(line)), "".join(said[:1]))
    return shorten(one_line(first), _MAX_REASON)
