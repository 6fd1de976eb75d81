"""What a process in FFmpeg's place can send at worst, into the real capture and the real outbox."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap
import threading
import time
from typing import TYPE_CHECKING, Self

import psutil
import pytest

from edge_video.capture import Capture, CaptureCounters, ProcessTable
from edge_video.capture.capture import DEFAULT_MAX_FRAME_BYTES
from edge_video.delivery.ledger import add_counts
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId
from edge_video.frames.jpeg import image_size
from edge_video.frames.splitter import FrameSplitter
from edge_video.resilience.failures import Cause
from edge_video.runtime.reactor import Reactor
from edge_video.runtime.timer import SystemClock
from edge_video.text.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_video.capture.binary import Binary
    from edge_video.resilience.failures import Failure

MB = 2**20
SPLITTER_BOUND = DEFAULT_MAX_FRAME_BYTES + 256 * 1024
IMAGE = b"\xff\xd8\xff\xda\x00\x02good\xff\xd9"
GOOD = b"--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: 12\r\n\r\n" + IMAGE + b"\r\n"
PATIENCE_S = 60.0


class Hostile:
    """One capture of a small program's output; keeps the number of frames and the last one."""

    def __init__(
        self,
        folder: Path,
        code: str,
        on_frame: Callable[[bytes], object] | None = None,
        *,
        reactor: Reactor | None = None,
    ) -> None:
        self.frames = 0
        self.last = b""
        self.ended = threading.Event()
        self.failure: Failure | None = None
        self.counters = CaptureCounters()
        self.splitter = FrameSplitter(max_frame_bytes=DEFAULT_MAX_FRAME_BYTES)
        self._pass_on = on_frame
        program = folder / "program.py"
        prelude = (
            f"import sys, time\nGOOD = {GOOD!r}\nout, err = sys.stdout.buffer, sys.stderr.buffer\n"
        )
        program.write_text(prelude + textwrap.dedent(code))
        self.capture = Capture(
            [sys.executable, "-S", "-E", str(program), str(folder)],
            camera_id=CameraId("hostile"),
            on_frame=self._frame,
            on_end=self._end,
            counters=self.counters,
            processes=ProcessTable(),
            reactor=reactor,
            splitter=self.splitter,
            redact=Redactor(["pw-5c1e"]),
        )

    def __enter__(self) -> Self:
        self.capture.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.capture.stop()

    def _frame(self, image: bytes) -> None:
        self.frames += 1
        self.last = image
        if self._pass_on is not None:
            self._pass_on(image)

    def _end(self, failure: Failure) -> None:
        self.failure = failure
        self.ended.set()


def highest_resident(ended: threading.Event) -> int:
    """Bytes of this process at the worst moment until then."""
    me, highest = psutil.Process(), 0
    deadline = time.monotonic() + PATIENCE_S
    while not ended.wait(0.005):
        assert time.monotonic() < deadline, "it never ended"
        highest = max(highest, me.memory_info().rss)
    return highest


@pytest.mark.parametrize(
    ("name", "code", "oversized"),
    [
        (
            "announced",
            """
            out.write(b"--ffmpeg\\r\\nContent-length: 104857600\\r\\n\\r\\n")
            out.write(b"\\xff\\xd8\\xff\\xda\\x00\\x02")
            for _ in range(100): out.write(bytes(2**20))
            out.write(b"\\xff\\xd9\\r\\n" + GOOD * 3)
            """,
            1,
        ),
        (
            "not announced",
            """
            out.write(b"\\xff\\xd8\\xff\\xda\\x00\\x02")
            for _ in range(100): out.write(bytes(2**20))
            out.write(b"\\xff\\xd9\\r\\n" + GOOD * 3)
            """,
            1,
        ),
        (
            "a length of forty digits",
            """
            head = b"--ffmpeg\\r\\nContent-length: " + b"9" * 40 + b"\\r\\n\\r\\n"
            out.write(head + b"\\xff\\xd8\\xff\\xda\\x00\\x02")
            for _ in range(100): out.write(bytes(2**20))
            out.write(b"\\xff\\xd9\\r\\n" + GOOD * 3)
            """,
            1,
        ),
        (
            "an announced length that never comes",
            """
            head = b"--ffmpeg\\r\\nContent-length: 16000000\\r\\n\\r\\n"
            head += b"\\xff\\xd8\\xff\\xda\\x00\\x02"
            for _ in range(6):
                out.write(head + bytes(15 * 2**20) + b"\\r\\n")
            # Two lies are believed until as many bytes have come.
            out.write(GOOD * 40000)
            """,
            0,
        ),
        (
            "header lines without end",
            """
            out.write(b"--ffmpeg\\r\\n")
            for _ in range(100): out.write(b"X-Header: endless\\r\\n" * 55000)
            out.write(b"\\r\\n" + GOOD * 3)
            """,
            0,
        ),
        (
            "one header line without end",
            """
            out.write(b"--ffmpeg\\r\\nX-Header: ")
            for _ in range(100): out.write(b"a" * 2**20)
            out.write(b"\\r\\n\\r\\n" + GOOD * 3)
            """,
            0,
        ),
        (
            "start markers without end",
            """
            for _ in range(2): out.write(b"\\xff\\xd8\\xff" * 350000)
            out.write(b"\\r\\n" + GOOD * 3)
            """,
            0,
        ),
    ],
)
def test_a_hundred_megabytes_that_are_no_frame_take_bounded_memory_and_the_next_frame_comes(
    tmp_path: Path, name: str, code: str, oversized: int
) -> None:
    before = psutil.Process().memory_info().rss
    with Hostile(tmp_path, code) as stream:
        highest = highest_resident(stream.ended)
    assert stream.failure is not None
    # Whoever brings no image for seconds is given up; how far he gets depends on the machine.
    if stream.failure.cause not in (Cause.NOT_JPEG, Cause.TOO_MUCH_WORK):
        assert stream.last == IMAGE, name
        assert stream.frames >= 2  # the first one's beginning may have gone with the garbage
        assert stream.counters.oversized == oversized
    assert stream.splitter.capacity <= SPLITTER_BOUND
    # Twice the buffer while it is being replaced by a larger one, and what a test process varies.
    assert highest - before < 2 * SPLITTER_BOUND + 16 * MB


@pytest.fixture(scope="module")
def enormous(ffmpeg: Binary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `8k.jpg`, a real picture of 7680x4320 with a camera's grain."""
    folder = tmp_path_factory.mktemp("8k")
    subprocess.run(
        [
            *(ffmpeg.path, "-v", "error", "-nostdin", "-f", "lavfi"),
            *("-i", "testsrc2=size=7680x4320,noise=alls=12:allf=u", "-frames:v", "1"),
            *("-q:v", "5", str(folder / "8k.jpg")),
        ],
        check=True,
    )
    return folder


@pytest.mark.ffmpeg
def test_a_stream_of_8k_frames_that_nobody_takes_is_bounded_in_bytes_and_in_the_books(
    enormous: Path,
) -> None:
    size = (enormous / "8k.jpg").stat().st_size
    assert MB < size < DEFAULT_MAX_FRAME_BYTES
    bound, cameras, each = 4 * size, 3, 12
    outbox = Outbox(SystemClock(), buffer_frames=5, max_age_s=1000, max_bytes=bound)
    names = [CameraId(f"cam{n}") for n in range(cameras)]
    for name in names:
        outbox.add_camera(name)
        outbox.open(name, 1, "s")
    code = f"""
    image = open(sys.argv[1] + "/8k.jpg", "rb").read()
    for _ in range({each}):
        out.write(b"--ffmpeg\\r\\nContent-length: %d\\r\\n\\r\\n%s\\r\\n" % (len(image), image))
    """
    before = psutil.Process().memory_info().rss

    def put(name: CameraId) -> Callable[[bytes], object]:
        return lambda image: outbox.put(name, 1, image)

    streams = [Hostile(enormous, code, put(name)) for name in names]
    highest = 0
    try:
        for stream in streams:
            stream.capture.start()
        for stream in streams:
            highest = max(highest, highest_resident(stream.ended))
            assert outbox.held_bytes <= bound
    finally:
        for stream in streams:
            stream.capture.stop()
    assert image_size(streams[0].last) == (7680, 4320)
    total = add_counts(outbox.counts().values())
    assert total.imbalance() is None
    assert total.received == cameras * each
    assert total.held == 4
    assert total.dropped_memory + total.dropped_overflow == cameras * each - 4
    # Per camera: the splitter's buffer, and the frame that is being handed over, last kept here.
    assert highest - before < bound + cameras * (SPLITTER_BOUND + 3 * size) + 16 * MB


def test_ten_thousand_error_lines_a_second_are_drained_and_not_all_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Different lines, or they would be collapsed into one."""
    caplog.set_level(logging.DEBUG, logger="edge_video.capture.stderr")
    code = """
    began = time.monotonic()
    for n in range(200):
        err.write(b"".join(b"[h264 @ 0x55] [error] \\x1b[31merror %d in MB\\n" % (100 * n + k)
                           for k in range(100)))
        err.flush()
        time.sleep(max(0, began + (n + 1) / 100 - time.monotonic()))
    out.write(GOOD)
    """
    with Hostile(tmp_path, code) as stream:
        began = time.monotonic()
        assert stream.ended.wait(PATIENCE_S)
        took_s = time.monotonic() - began
        words = stream.capture.stderr_tail()
    assert len(words) == 50
    assert words[-1].endswith("error 19999 in MB")
    assert "\x1b" not in "".join(words)
    # Ten lines in each second begun, one that says how many more there were.
    assert len(caplog.records) <= 11 * (took_s + 2)
    assert any("more lines" in record.message for record in caplog.records)
    unlogged = sum(
        int(record.message.split("… ")[1].split(" ")[0])
        for record in caplog.records
        if "more lines" in record.message
    )
    logged = sum("more lines" not in record.message for record in caplog.records)
    assert logged + unlogged == 20_000


def test_an_error_line_without_end_keeps_its_beginning_and_bounded_memory(tmp_path: Path) -> None:
    code = """
    err.write(b"[error] endless ")
    for _ in range(100): err.write(b"x" * 2**20)
    err.write(b"\\nlast words\\n")
    """
    before = psutil.Process().memory_info().rss
    with Hostile(tmp_path, code) as stream:
        highest = highest_resident(stream.ended)
        words = stream.capture.stderr_tail()
    assert words[0].startswith("[error] endless xxx")
    assert words[-1] == "last words"
    assert all(len(line) <= 500 for line in words)
    assert highest - before < 32 * MB


# --- one camera against the others ---


@pytest.mark.parametrize(
    ("sent", "cause"),
    [
        (rb"\xff\xd8\xff\xe0", Cause.NOT_JPEG),
        (rb"\xff\xd8\xff\xda\0\2\xff\xd9", Cause.TOO_MUCH_WORK),
        (rb"\xff\xd8\xff\xdb\0\4\xff\xd8\xff", None),
        (rb"--a\n\n\xff\xd8", None),
    ],
)
def test_a_camera_full_of_markers_leaves_the_others_their_time(
    tmp_path: Path, sent: bytes, cause: Cause | None
) -> None:
    flood = f"piece = b'{sent.decode()}' * 20_000\nwhile True: out.write(piece)"
    steady = "while True: out.write(GOOD); out.flush(); time.sleep(0.02)"
    reactor = Reactor("shared")
    late_s: list[float] = []
    last_s = time.monotonic()

    def arrived(_: bytes) -> None:
        nonlocal last_s
        now_s = time.monotonic()
        late_s.append(now_s - last_s)
        last_s = now_s

    (tmp_path / "good").mkdir()
    (tmp_path / "evil").mkdir()
    good = Hostile(tmp_path / "good", steady, arrived, reactor=reactor)
    evil = Hostile(tmp_path / "evil", flood, reactor=reactor)
    with good, evil:
        assert evil.ended.wait(PATIENCE_S)
        frames = good.frames
    assert evil.failure is not None
    assert evil.failure.cause in ({cause} if cause else {Cause.NOT_JPEG, Cause.TOO_MUCH_WORK})
    assert frames > 100, "five seconds bring 250"
    assert sorted(late_s)[len(late_s) // 2] < 0.1
