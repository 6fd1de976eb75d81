"""What decoding on hardware costs and saves here: software against each hardware that works.

`python -m bench.hardware` makes clips (720p and 1080p, H.264 and HEVC), has `--cameras` FFmpegs at
once decode each for `--seconds`, in real time and by the program's own command line, and prints the
CPU per published frame, the frames that came of those that should have, and the memory that an
NVIDIA card gave for it. The start of FFmpeg is taken off: a run of two seconds is subtracted.
Without hardware it says so, and why.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_video.capture.binary import find_binary
from edge_video.capture.command import capture_command
from edge_video.capture.environment import ffmpeg_environment
from edge_video.capture.hardware import HardwareKey
from edge_video.capture.hardware.acceleration import PREFERRED
from edge_video.capture.hardware.cards import nvidia_cards
from edge_video.capture.hardware.trial import try_hardware
from edge_video.config import CameraConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.capture.binary import Binary
    from edge_video.capture.hardware import Acceleration

FPS: Final = 15
CLIP_FPS: Final = 25
START_S: Final = 2
SIZES: Final = {"720p": "1280x720", "1080p": "1920x1080"}
CODECS: Final = {"H.264": "libx264", "HEVC": "libx265"}
PART: Final = b"--ffmpeg\r\n"


@dataclass(frozen=True, slots=True)
class Used:
    """What some FFmpegs at once took.

    Attributes:
        cpu_s: seconds of CPU, all of them together.
        frames: that they gave.
        ended_well: how many of them ended in order.
    """

    cpu_s: float
    frames: int
    ended_well: int


def main() -> int:
    """Measure what there is; 0, also where there is no hardware."""
    args = arguments()
    binary = find_binary(args.ffmpeg)
    found = list(working(binary))
    print(f"hardware: {', '.join(way.name for way in found) or 'no device'}")
    ways: list[Acceleration | None] = [None, *found]
    with tempfile.TemporaryDirectory() as folder:
        for codec, encoder in CODECS.items():
            for size, pixels in SIZES.items():
                clip = make_clip(binary, Path(folder), encoder, pixels, args.seconds + START_S)
                for way in ways:
                    name = "software" if way is None else way.name
                    print(f"{size:>5} {codec:<5} {name:<9} {measured(binary, clip, way, args)}")
    return 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--ffmpeg", help="the FFmpeg; absent: that of PATH, else imageio-ffmpeg's")
    parser.add_argument("--seconds", type=int, default=10, help="of each run (10)")
    parser.add_argument("--cameras", type=int, default=1, help="FFmpegs at once (1)")
    return parser.parse_args()


def working(binary: Binary) -> Iterator[Acceleration]:
    """Yield each hardware that decodes here; say of the others why not."""
    for name in PREFERRED:
        result = try_hardware(binary, HardwareKey(name))
        if result.acceleration is None:
            print(f"{name}: no device ({result.reason})", file=sys.stderr)
        else:
            yield result.acceleration


def make_clip(binary: Binary, folder: Path, encoder: str, pixels: str, seconds: int) -> Path:
    """Make a clip with noise in it, which costs what a camera's picture costs."""
    clip = folder / f"{encoder}-{pixels}.mkv"
    source = f"testsrc2=size={pixels}:rate={CLIP_FPS}:duration={seconds},noise=alls=12:allf=t"
    encoding = ["-c:v", encoder, "-preset", "ultrafast", "-b:v", "4M", "-pix_fmt", "yuv420p"]
    if encoder == "libx265":
        encoding += ["-x265-params", "log-level=error"]
    quiet = ("-nostdin", "-loglevel", "error", "-y")
    command = [binary.path, *quiet, "-f", "lavfi", "-i", source, *encoding, "-g", "50", str(clip)]
    subprocess.run(command, check=True)
    return clip


def measured(binary: Binary, clip: Path, way: Acceleration | None, args: argparse.Namespace) -> str:
    """Run the cameras, and write a row of what they took."""
    short = run(command_of(binary, clip, way, START_S), args.cameras)
    whole = run(command_of(binary, clip, way, args.seconds + START_S), args.cameras)
    frames = whole.frames - short.frames
    if frames <= 0:
        return f"no frames ({whole.ended_well} of {args.cameras} ended in order)"
    cost_ms = 1000 * (whole.cpu_s - short.cpu_s) / frames
    expected = FPS * args.seconds * args.cameras
    return f"{cost_ms:6.1f} ms CPU/frame, {frames} of {expected} frames, {args.cameras} cameras"


def command_of(binary: Binary, clip: Path, way: Acceleration | None, seconds: int) -> list[str]:
    """The program's own command line, for the first seconds of a clip."""
    arguments = ("-t", str(seconds))
    camera = CameraConfig(id="clip", url=f"file:{clip}", fps=FPS, input_args=arguments)
    return capture_command(binary, camera, way)


def run(command: list[str], cameras: int) -> Used:
    """Have so many FFmpegs at once decode in real time; says what memory a card gave for it."""
    free_mb = sum(card.free_mb for card in nvidia_cards())
    environment = ffmpeg_environment(os.environ)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as files:
        outputs = [Path(folder) / str(number) for number in range(cameras)]
        children = [
            subprocess.Popen(
                command,
                stdout=files.enter_context(output.open("wb")),
                stderr=subprocess.DEVNULL,
                env=environment,
            )
            for output in outputs
        ]
        if free_mb:
            time.sleep(START_S / 2)
            taken_mb = free_mb - sum(card.free_mb for card in nvidia_cards())
            print(f"  the card gave {taken_mb} MB", file=sys.stderr)
        ended = [os.wait4(child.pid, 0) for child in children]
        for child, (_, status, _) in zip(children, ended, strict=True):
            child.returncode = os.waitstatus_to_exitcode(status)
        frames = sum(output.read_bytes().count(PART) for output in outputs)
    cpu_s = sum(usage.ru_utime + usage.ru_stime for _, _, usage in ended)
    return Used(cpu_s, frames, sum(not status for _, status, _ in ended))


if __name__ == "__main__":
    sys.exit(main())
