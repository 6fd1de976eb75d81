"""Runs the soak's odd cameras, one of each kind, in a process of their own.

    python -m edge_video.testing.soak.devices cam5-bursts cam6-long-gop ...

It prints a line of JSON, camera → URL, and serves until its standard input closes. A camera's
number is what its picture shows.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from typing import TYPE_CHECKING, Final

from edge_video.testing.clips import clip_images, encoded_clip
from edge_video.testing.devices import Digest, HttpDevice, RtspDevice, Video, pacing, stamps

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.testing.devices.device import Device

_FPS: Final = 15
_SMALL: Final = (160, 120)
_LARGE: Final = (320, 240)
_HUGE: Final = (960, 540)
MAX_BYTES: Final = 25_000
"""The broker's `max_message_size`: what is huge exceeds it, and nothing else does."""
_GOP_S: Final = 4
"""Longer than the stall time-out of the soak's cameras: waiting for a key frame is no silence."""
_SESSION_S: Final = 14.0
"""As the cameras that end each session after a minute, on the scale of the soak's breakers."""
_BURST_S: Final = 0.3


def _video(number: int, *, size: tuple[int, int] = _SMALL, gop: int = _FPS) -> Video:
    return Video.load(encoded_clip(number, size=size, fps=_FPS, seconds=8, gop=gop))


def _stamped(stamp: Callable[[int], int]) -> Callable[[int], Device]:
    return lambda number: RtspDevice(_video(number), fps=_FPS, stamp=stamp)


def _wandering(picture: int) -> int:
    """A clock that is right, then ten times as fast, then stands still; a minute of each."""
    minute = picture // (60 * _FPS) % 3
    clock = (stamps.steady(_FPS), stamps.at_speed(_FPS, 10.0), stamps.constant(5))[minute]
    return clock(picture)


def _changing_size(number: int) -> Device:
    return RtspDevice(_video(number) + _video(number, size=_LARGE), fps=_FPS)


def _long_gop(number: int) -> Device:
    return RtspDevice(_video(number, gop=_GOP_S * _FPS), fps=_FPS, live=True, start=_FPS)


def _without_first_boundary(number: int) -> Device:
    def part(_: int, image: bytes) -> bytes:
        head = b"Content-Type: image/jpg\r\nContent-Length: %d\r\n\r\n" % len(image)
        return head + image + b"\r\n--frame\r\n"

    return HttpDevice(clip_images(number, size=_SMALL), part=part, fps=_FPS)


def _without_part_headers(number: int) -> Device:
    def part(_: int, image: bytes) -> bytes:
        return b"--frame\r\n\r\n" + image + b"\r\n"

    images = clip_images(number, size=_SMALL)
    return HttpDevice(images, part=part, fps=_FPS, chunked=True)


def _too_large(number: int) -> Device:
    return RtspDevice(_video(number, size=_HUGE), fps=_FPS)


def _short_sessions(number: int) -> Device:
    return RtspDevice(_video(number), fps=_FPS, session_s=_SESSION_S)


def _in_bursts(number: int) -> Device:
    return RtspDevice(_video(number), fps=_FPS, due=pacing.bursts(_FPS, _BURST_S))


def _unknown_digest(number: int) -> Device:
    asks = Digest("viewer", "secret", "SHA-256", "auth")
    return RtspDevice(_video(number), fps=_FPS, authentication=asks)


TOO_LARGE: Final = "too-large"
KINDS: Final[dict[str, Callable[[int], Device]]] = {
    "repeated-stamps": _stamped(stamps.repeated(_FPS, 20)),
    "stamps-hours-back": _stamped(stamps.stray(_FPS, -9800)),
    "stamps-far-ahead": _stamped(stamps.stray(_FPS, 37_600)),
    "wandering-clock": _stamped(_wandering),
    "size-change": _changing_size,
    "long-gop": _long_gop,
    "no-first-boundary": _without_first_boundary,
    "no-part-headers": _without_part_headers,
    "short-sessions": _short_sessions,
    "bursts": _in_bursts,
    TOO_LARGE: _too_large,
    "unknown-digest": _unknown_digest,
}
"""By the name that stands behind the camera's number: `cam7-bursts`."""
NEVER_ARRIVE: Final = frozenset({TOO_LARGE, "unknown-digest"})
"""Kinds that are there to be refused, and to harm nobody else."""


def kind_of(camera: str) -> str:
    """`bursts` of `cam7-bursts`; empty for a camera that is no device."""
    return camera.partition("-")[2]


def number_of(camera: str) -> int:
    """What the camera's picture shows: 7 of `cam7-bursts`."""
    return int(camera.removeprefix("cam").partition("-")[0])


def main(cameras: list[str]) -> None:
    """See the module."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the soak ends it
    with contextlib.ExitStack() as running:
        devices = {
            each: running.enter_context(KINDS[kind_of(each)](number_of(each))) for each in cameras
        }
        print(json.dumps({camera: device.url for camera, device in devices.items()}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1:])
