"""Finds the JPEG quality at which another encoder gives pictures as good as ours, by measuring.

How good a picture is: the signal-to-noise ratio (PSNR, in dB) of its brightness against the decoded
source. It counts every step alike; libjpeg's tables are made for eyes and lose by it.
"""

from __future__ import annotations

import importlib
import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge_video.capture.command import capture_command
from edge_video.config import CameraConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from edge_video.capture.binary import Binary

    Encode = Callable[[int], list[bytes]]
    """Encodes the pictures of a clip at a quality, 1 to 100."""
    Planes = NDArray[np.uint8]

PICTURES: Final = 8
_EVERY: Final = 17
"""One in so many pictures of the clip: a prime, so that no rhythm of the encoder is hit."""
MARKER: Final = b"Content-length:"


@dataclass(frozen=True, slots=True)
class Quality:
    """What an encoder makes of the pictures of a clip; its own quality, dB, and bytes a picture."""

    quality: int
    psnr: float
    bytes: float


def least_quality(good_enough: Callable[[int], bool], low: int = 1, high: int = 100) -> int:
    """Return the lowest quality that is good enough; better ones are, too. `high` if none is."""
    while low < high:
        middle = (low + high) // 2
        if good_enough(middle):
            high = middle
        else:
            low = middle + 1
    return high


def psnr(errors: Sequence[float]) -> float:
    """Return the signal-to-noise ratio in dB, of the mean squared error of each picture."""
    return float(10 * np.log10(255**2 / np.mean(errors)))


class Clip:
    """Some pictures of a clip, as we publish them and as they were, to compare others with."""

    def __init__(self, path: Path, size: tuple[int, int], binary: Binary) -> None:
        self._binary = binary
        self._width, self._height = size
        self.path = path
        self.planes = self._decoded()

    def ours(self, quality: int = 5) -> Quality:
        """What the program's own command line makes of the pictures."""
        return self.judged(quality, _images(self._run(quality, "-f", "mpjpeg")))

    def judged(self, quality: int, images: Sequence[bytes]) -> Quality:
        """What somebody made of the pictures."""
        cv2: Any = importlib.import_module("cv2")  # an optional package
        errors = []
        for image, planes in zip(images, self.planes, strict=True):
            grey = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE)
            luma = planes[: self._height].astype(np.float32)
            errors.append(float(np.mean((grey.astype(np.float32) - luma) ** 2)))
        return Quality(quality, psnr(errors), sum(map(len, images)) / len(images))

    def as_good_as(self, wanted: Quality, encode: Encode) -> Quality:
        """The least quality of an encoder that reaches this one's PSNR."""
        chosen = least_quality(lambda each: self.judged(each, encode(each)).psnr >= wanted.psnr)
        return self.judged(chosen, encode(chosen))

    def opencv(self, quality: int) -> list[bytes]:
        """The pictures as OpenCV encodes them, from the BGR that its own decoder gives."""
        cv2: Any = importlib.import_module("cv2")  # an optional package
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
        return [cv2.imencode(".jpg", each, options)[1].tobytes() for each in self._captured]

    def simplejpeg(self, quality: int) -> list[bytes]:
        """The pictures as libjpeg-turbo encodes them, from planes."""
        simplejpeg: Any = importlib.import_module("simplejpeg")  # an optional package
        return [
            simplejpeg.encode_jpeg_yuv_planes(*self._split(each), quality=quality)
            for each in self.planes
        ]

    def _split(self, planes: Planes) -> tuple[Planes, Planes, Planes]:
        half = self._height // 2, self._width // 2
        colours = planes[self._height :].reshape(2, *half)
        return planes[: self._height], colours[0], colours[1]

    def _decoded(self) -> list[Planes]:
        return self._cut(self._run(5, "-c:v", "rawvideo", "-pix_fmt", "yuvj420p", "-f", "rawvideo"))

    @cached_property
    def _captured(self) -> list[Any]:
        cv2: Any = importlib.import_module("cv2")  # an optional package
        capture: Any = cv2.VideoCapture(str(self.path))
        pictures: list[Any] = []
        number = 0
        while len(pictures) < PICTURES and capture.grab():
            if number % _EVERY == 0:
                pictures.append(capture.retrieve()[1])
            number += 1
        return pictures

    def _cut(self, raw: bytes) -> list[Planes]:
        rows = self._height * 3 // 2
        return list(np.frombuffer(raw, np.uint8).reshape(-1, rows, self._width))

    def _run(self, quality: int, *output: str) -> bytes:
        camera = CameraConfig(id="c", url=f"file:{self.path}", quality=quality)
        command = [each for each in capture_command(self._binary, camera) if each != "-re"]
        filters = command.index("-vf") + 1
        rest = command[filters].removeprefix("select='").partition("'")[2]
        command[filters] = f"select='not(mod(n,{_EVERY}))'{rest}"
        end = len(command) - 1 - command[::-1].index("-f")
        command = [*command[:end], "-frames:v", str(PICTURES), *output, "pipe:1"]
        return subprocess.run(
            command, check=True, timeout=120, stdin=subprocess.DEVNULL, capture_output=True
        ).stdout


def _images(parts: bytes) -> list[bytes]:
    images, at = [], parts.find(MARKER)
    while at >= 0:
        length = int(parts[at + len(MARKER) : parts.index(b"\r\n", at)])
        begin = parts.index(b"\r\n\r\n", at) + 4
        images.append(parts[begin : begin + length])
        at = parts.find(MARKER, begin + length)
    return images
