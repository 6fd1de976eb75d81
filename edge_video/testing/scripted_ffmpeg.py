"""Writes FFmpeg's output as a child process, and misbehaves as it is told.

Run by `python -I -S` with nothing but what the interpreter itself brings: about 10 ms of CPU to
start and 3 MB of memory of its own, so a hundred of them are cheap. The parent's side is
`edge_video.testing.scripted_camera`; as a stand-in for the `ffmpeg` binary it takes FFmpeg's own
command line and finds its script in the query of the input's URL:

    rtsp://127.0.0.1/cam1?fps=5&size=320x240&seed=1

Script, each item `name=value`:

    fps         frames per second, 5
    size        width x height, 320x240
    bytes       a frame has at least this size (filled up with a comment), 0
    seed        what makes one camera's pictures differ from another's, 0
    frames      ends after so many frames, as a camera that hangs up; 0 for never
    status      exit status of that end, and of `refuse`; 0, and 1
    refuse      fails at once with this message on standard error
    while       `refuse` (default "No route to host") holds while this file exists; a stream that
                runs breaks off when it appears
    control     a FIFO from which commands come while it runs
    ignores_sigterm
                1: only SIGKILL ends it

Commands, a line each: `freeze`, `thaw`, `garbage N`, `truncate`, `oversize N`, `end`,
`ignore_sigterm`, `fps F`, `say MESSAGE` (on standard error), `die STATUS MESSAGE`.
"""

from __future__ import annotations

import os
import select
import sys
import time

_BOUNDARY = b"--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: %d\r\n\r\n"
_VERSION = "ffmpeg version 5.1.0-scripted Copyright (c) 2000-2022 the FFmpeg developers"
_MAX_COMMENT = 65_000
_CHUNK = 65_536


# --- the picture ----------------------------------------------------------------------------


def picture(width: int, height: int, shade: int = 0, comment: bytes = b"", size: int = 0) -> bytes:
    """A real, tiny JPEG of one grey, in about a microsecond per hundred blocks.

    Args:
        width: pixels.
        height: pixels.
        shade: 0 (black) to 255 (white).
        comment: put into the file, for consumers that want to know which frame it is.
        size: the file is filled up to at least this many bytes.
    """
    level = 2 * (shade - 128)  # the first block's DC, quantized by 4; all others repeat it
    category = abs(level).bit_length()
    coded = level if level > 0 else level + (1 << category) - 1
    blocks = ((width + 7) // 8) * ((height + 7) // 8)
    # A block: four bits that name the DC's category, the DC itself, one bit for "no more".
    used = 4 + category + 1 + 5 * (blocks - 1)
    bits = ((category << category | coded) << 1) << 5 * (blocks - 1)
    padding = -used % 8
    scan = (bits << padding | (1 << padding) - 1).to_bytes((used + padding) // 8, "big")
    tables = (
        _segment(0xFE, comment[:_MAX_COMMENT])
        + _segment(0xDB, b"\x00" + bytes([4] * 64))
        + _segment(0xC0, b"\x08%b%b\x01\x01\x11\x00" % (_two(height), _two(width)))
        + _segment(0xC4, b"\x00" + bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12)))
        + _segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\x00")
        + _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
    )
    coefficients = scan.replace(b"\xff", b"\xff\x00")
    filler = _filler(size - len(tables) - len(coefficients) - 4)
    return b"\xff\xd8" + filler + tables + coefficients + b"\xff\xd9"


def _filler(missing: int) -> bytes:
    """Comments of this many bytes together, or a few more."""
    filler = b""
    while missing > 0:
        comment = _segment(0xFE, b"." * max(0, min(missing - 4, _MAX_COMMENT)))
        filler += comment
        missing -= len(comment)
    return filler


def _two(number: int) -> bytes:
    return number.to_bytes(2, "big")


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + _two(len(body) + 2) + body


# --- the script -----------------------------------------------------------------------------


class Script:
    """What the child does, as it stands now; see the module's table."""

    def __init__(self, items: list[str]) -> None:
        given = dict(item.partition("=")[::2] for item in items if item)
        self.fps = float(given.get("fps", "5"))
        width, _, height = given.get("size", "320x240").partition("x")
        self.width, self.height = int(width), int(height)
        self.bytes = int(given.get("bytes", "0"))
        self.seed = int(given.get("seed", "0"))
        self.frames = int(given.get("frames", "0"))
        self.status = int(given["status"]) if "status" in given else None
        self.barrier = given.get("while", "")
        self.refuse = given.get("refuse", "No route to host" if self.barrier else "")
        self.ignores_sigterm = given.get("ignores_sigterm", "0") == "1"
        self.control = given.get("control", "")

    def is_refused(self) -> bool:
        """Whether the camera cannot be reached now."""
        return bool(self.refuse) and (not self.barrier or os.access(self.barrier, os.F_OK))

    def frame(self, number: int) -> bytes:
        """The picture of one frame; its comment says which it is."""
        comment = b"seed=%d frame=%d" % (self.seed, number)
        shade = (self.seed * 37 + number) % 256
        return picture(self.width, self.height, shade, comment, self.bytes)


class _Camera:
    def __init__(self, script: Script) -> None:
        self.script = script
        self.written = 0
        self.frozen = False
        self.torn = False
        self.poller = select.poll()
        self.fifo = -1
        if script.control:
            self.fifo = os.open(script.control, os.O_RDONLY | os.O_NONBLOCK)
            self.poller.register(self.fifo, select.POLLIN)
        if script.ignores_sigterm:
            _ignore_sigterm()

    def run(self) -> None:
        script = self.script
        if script.is_refused():
            _die(1 if script.status is None else script.status, script.refuse)
        due_s = time.monotonic()
        while True:
            if not self.frozen:
                self.write_frame()
                if script.frames and self.written >= script.frames:
                    _die(script.status or 0, "")
            due_s = max(due_s + 1 / script.fps, time.monotonic() - 1.0)
            self.execute_until(due_s)
            if script.barrier and script.is_refused():
                _die(1, "Connection timed out")

    def write_frame(self) -> None:
        self.written += 1
        image = self.script.frame(self.written)
        announced = _BOUNDARY % len(image)
        if self.torn:
            self.torn = False
            image = image[: len(image) // 2]
        _write(announced + image + b"\r\n")

    def execute_until(self, due_s: float) -> None:
        """Wait for the next frame's time; commands that come meanwhile act at once."""
        while (left_s := due_s - time.monotonic()) > 0:
            if not self.poller.poll(left_s * 1000):
                return
            for line in os.read(self.fifo, 4096).decode().splitlines():
                self.execute(*line.partition(" ")[::2])

    def execute(self, command: str, rest: str) -> None:
        match command:
            case "freeze":
                self.frozen = True
            case "thaw":
                self.frozen = False
            case "garbage":
                _write_much(int(rest), b"\x00garbage\xff\xd7\r\n--ff")
            case "truncate":
                self.torn = True
            case "oversize":
                _write(_BOUNDARY % int(rest) + b"\xff\xd8")
                _write_much(int(rest) - 4, bytes(64))
                _write(b"\xff\xd9\r\n")
            case "end":
                _die(0, "")
            case "ignore_sigterm":
                _ignore_sigterm()
            case "fps":
                self.script.fps = float(rest)
            case "say":
                _report(rest)
            case "die":
                status, _, message = rest.partition(" ")
                _die(int(status), message)


def _write(whole: bytes) -> None:
    view = memoryview(whole)
    while view:
        view = view[os.write(1, view) :]


def _write_much(size: int, pattern: bytes) -> None:
    chunk = pattern * (_CHUNK // len(pattern))
    while size > 0:
        _write(chunk[:size])
        size -= len(chunk)


def _report(message: str) -> None:
    if message:
        os.write(2, message.encode() + b"\n")


def _die(status: int, message: str) -> None:
    _report(message)
    os._exit(status)


def _ignore_sigterm() -> None:
    # Not `signal`: it drags `enum` in, which doubles the time to start.
    import _signal  # type: ignore[import-not-found]  # noqa: PLC0415 - few need it

    _signal.signal(_signal.SIGTERM, _signal.SIG_IGN)


def _decoded(text: str) -> str:
    """Percent-encoding undone, without `urllib`, which takes 30 ms to import."""
    first, *rest = text.encode().split(b"%")
    return (first + b"".join(bytes([int(x[:2], 16)]) + x[2:] for x in rest)).decode()


def _items(arguments: list[str]) -> list[str]:
    """The script's items: given as they are, or in the query of an FFmpeg command line's input."""
    if "-i" not in arguments:
        return arguments
    url = arguments[arguments.index("-i") + 1]
    return [_decoded(item) for item in url.partition("?")[2].split("&")]


def main(arguments: list[str]) -> None:
    """Be a camera until told otherwise."""
    with open("/proc/self/comm", "w", encoding="ascii") as name:  # noqa: PTH123 - no pathlib here
        name.write("ffmpeg-scripted")
    if "-version" in arguments:
        print(_VERSION)
        return
    try:
        _Camera(Script(_items(arguments))).run()
    except BrokenPipeError:
        _die(1, "Broken pipe")


if __name__ == "__main__":
    main(sys.argv[1:])
