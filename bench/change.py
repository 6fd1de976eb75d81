"""What publishing only changes saves, and what looking at every frame costs, scene by scene.

Run it: python -m bench.change [seconds]

Scenes are painted and encoded as a camera would (H.264, 720p, 15 frames a second, 1 Mbit/s),
decoded to JPEG as the program does it, and put through the gate on a clock of their own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean
from typing import Final, NamedTuple

from edge_video.capture.binary import find_binary
from edge_video.frames import FrameSplitter
from edge_video.frames.change_gate import ChangeGate, ChangePolicy, LookShare
from edge_video.frames.difference import load

FPS: Final = 15
SECONDS: Final = 40
_HOUR_S: Final = 3600
_MB: Final = 1e6

_ROOM: Final = (
    "gradients=s=1280x720:c0=0x505850:c1=0x9098a0:c2=0x303840:nb_colors=3:seed=3:speed=0.00001,"
    "drawgrid=w=160:h=120:t=3:c=0x202020,drawbox=x=200:y=250:w=300:h=200:c=0xb0b0a0:t=fill,"
    "drawbox=x=800:y=100:w=200:h=500:c=0x404038:t=fill,"
    "drawbox=x=850:y=150:w=100:h=100:c=0xd0d0d0:t=fill"
)
_NIGHT: Final = "format=yuv420p,lutyuv=y='val*0.35+12'"
_PERSON: Final = "color=c=0x606060:s=8x21:r=15[person];[still][person]overlay=x='600+20*(t-{at})'"


class Scene(NamedTuple):
    """What a camera sees: a name and the filters that paint it."""

    name: str
    light: str
    noise: int
    passes: bool = False
    lamp: bool = False


SCENES: Final = (
    Scene("closed shop at night, noise", _NIGHT, 20),
    Scene(
        "the same, a person far away (3 % of the height) passes for 6 s", _NIGHT, 20, passes=True
    ),
    Scene("the same, a lamp is switched on", _NIGHT, 20, lamp=True),
    Scene("by day, nothing moves", "format=yuv420p", 6),
)


class Result(NamedTuple):
    """What became of one scene."""

    name: str
    frames: int
    published: int
    always_bytes: int
    changed_bytes: int
    look_us: float
    """CPU of this process for each frame that came in."""

    @property
    def share(self) -> float:
        """Of the bytes, those that are published."""
        return self.changed_bytes / self.always_bytes


def measure(seconds: int = SECONDS) -> list[Result]:
    """Every scene through the gate with its defaults."""
    load()
    binary = find_binary(None)
    with tempfile.TemporaryDirectory() as folder:
        return [
            _through(each, _images(each, seconds, binary.path, Path(folder))) for each in SCENES
        ]


def _images(scene: Scene, seconds: int, ffmpeg: str, folder: Path) -> list[bytes]:
    """The JPEG images of a scene, by way of H.264."""
    middle = seconds // 2
    room, clip = folder / "room.png", folder / "clip.mp4"
    quiet = (ffmpeg, "-y", "-loglevel", "error")
    if not room.exists():
        paint = (*quiet, "-f", "lavfi", "-i", _ROOM, "-frames:v", "1", str(room))
        subprocess.run(paint, check=True)
    filters = f"[0]{scene.light}[still];"
    if scene.passes:
        filters += _PERSON.format(at=middle)
        filters += f":y=300:enable='between(t,{middle},{middle + 6})':shortest=1"
    else:
        filters += "[still]null"
    if scene.lamp:
        filters += f",eq=brightness=0.04:enable='gte(t,{middle})'"
    filters += f",noise=alls={scene.noise}:allf=t"
    still = ("-loop", "1", "-framerate", str(FPS), "-t", str(seconds), "-i", str(room))
    rate = ("-b:v", "1M", "-maxrate", "1M", "-bufsize", "1M", "-g", "30", "-pix_fmt", "yuv420p")
    encoder = ("-c:v", "libx264", "-preset", "veryfast", *rate)
    subprocess.run([*quiet, *still, "-filter_complex", filters, *encoder, str(clip)], check=True)
    decode = [*quiet, "-i", str(clip), "-q:v", "5", "-f", "mjpeg", "pipe:1"]
    return split(subprocess.run(decode, check=True, stdout=subprocess.PIPE).stdout)


def split(stream: bytes) -> list[bytes]:
    """The images in a stream of bytes."""
    splitter, images, at = FrameSplitter(), list[bytes](), 0
    while at < len(stream):
        room = splitter.get_buffer()
        piece = stream[at : at + len(room)]
        room[: len(piece)] = piece
        images += splitter.buffer_updated(len(piece))
        at += len(piece)
    return images


def _through(scene: Scene, images: list[bytes]) -> Result:
    gate = ChangeGate(ChangePolicy(), LookShare(), time.monotonic)
    settled = images[3 * FPS :]  # an encoder needs a while for its first pictures
    published: list[int] = []
    began_s = time.process_time()
    for number, image in enumerate(settled):
        if gate.judge(image, number / FPS, round(number / FPS * 1e9), 0) is not None:
            published.append(len(image))
    used_s = time.process_time() - began_s
    return Result(
        scene.name,
        len(settled),
        len(published),
        sum(map(len, settled)),
        sum(published),
        used_s / len(settled) * 1e6,
    )


def render(results: list[Result]) -> str:
    """The results as a table."""
    lines = [
        "| scene | published | always, MB/h | changed, MB/h | share | CPU a frame, µs |",
        "|---|---|---|---|---|---|",
    ]
    for each in results:
        always, changed = (
            size / each.frames * FPS * _HOUR_S / _MB
            for size in (each.always_bytes, each.changed_bytes)
        )
        lines.append(
            f"| {each.name} | {each.published} of {each.frames} | {always:.0f} | {changed:.0f}"
            f" | {100 * each.share:.1f} % | {each.look_us:.0f} |"
        )
    quiet, passing = results[0], results[1]
    image = mean(each.always_bytes / each.frames for each in (quiet, passing))
    night = (10 * _HOUR_S / 10 + passing.published) * image
    lines.append(
        f"\nA night of ten hours with one person: {night / _MB:.0f} MB instead of"
        f" {10 * _HOUR_S * FPS * image / _MB:.0f} MB."
    )
    return "\n".join(lines)


if __name__ == "__main__":
    print(render(measure(*map(int, sys.argv[1:2]))))
