"""The whole program with an FFmpeg that a hostile camera has taken over."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

from edge_video.testing import eventually
from edge_video.text.escaping import UNSAFE_RANGES
from tests.support.hostile import HostileServer, http_pages, http_reply
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "pw-5c1e-canary"
UNSAFE = {code for first, last in UNSAFE_RANGES for code in range(first, last + 1)}
MB = 2**20

TAKEN_OVER = r"""
import os, sys, time
if "-version" in sys.argv:
    print("ffmpeg version 5.1.9")
    sys.exit()
out, err = sys.stdout.buffer, sys.stderr.buffer
url = sys.argv[sys.argv.index("-i") + 1].encode()
good = b"--ffmpeg\r\nContent-length: 8\r\n\r\n\xff\xd8good\xff\xd9\r\n"
err.write(b"".join(
    b"[error] \x1b[2J\x1b]0;owned\x07\r %d \x9b31m " % n
    + "\u202e\u200b\u2028".encode() + b" " + url + b"\n"
    for n in range(20000)
))
err.flush()
for head in (b"--ffmpeg\r\nContent-length: 104857600\r\n\r\n", b""):
    out.write(head + b"\xff\xd8\xff\xda\x00\x02")
    for _ in range(100):
        out.write(bytes(2**20))
    out.write(b"\xff\xd9\r\n")
for _ in range(40):
    out.write(good)
    out.flush()
    time.sleep(0.02)
err.write(b"[error] 401 Unauthorized \x1b[31m" + url + b"\n")
sys.exit(1)
"""


def assert_harmless(lines: list[str]) -> None:
    text = "".join(lines)
    assert text
    assert not {hex(ord(each)) for each in text if ord(each) in UNSAFE}
    assert SECRET not in text


def test_the_program_keeps_its_memory_its_books_its_log_and_its_secrets(tmp_path: Path) -> None:
    ffmpeg = tmp_path / "ffmpeg"
    ffmpeg.write_text(f"#!{sys.executable} -SE\n{textwrap.dedent(TAKEN_OVER)}")
    ffmpeg.chmod(0o755)
    cameras = [
        {"id": f"cam{n}", "url": "rtsp://127.0.0.1:1/x", "username": "u", "password": SECRET}
        for n in range(3)
    ]
    config = {
        "sink": {"type": "directory", "path": str(tmp_path / "frames"), "keep": 3},
        "ffmpeg": str(ffmpeg),
        "cameras": cameras,
        "language": "en",
        "log": {"level": "DEBUG", "file": str(tmp_path / "log.txt")},
        "report_interval": "1s",
    }
    highest = 0
    with Program(tmp_path, config, "--report-file", "final.json") as program:

        def all_failed() -> bool:
            nonlocal highest
            highest = max(highest, program.psutil.memory_info().rss)
            return all(
                any(f"[cam{n}] ERROR" in line and "wrong password" in line for line in program.log)
                for n in range(3)
            )

        eventually(all_failed, 60, "each camera's failure is told")
        assert program.stop() == 0
    # Three splitters of 16 MiB, each perhaps while a larger one takes its place, and the program.
    assert highest < (3 * 2 * 17 + 80) * MB
    report = program.report()
    assert report["accounting"]["balanced"] is True
    assert report["totals"]["received"] >= 3 * 40
    assert all(camera["capture"]["oversized"] >= 2 for camera in report["cameras"])
    assert_harmless(program.log)
    assert_harmless(program.printed)
    assert_harmless((tmp_path / "log.txt").read_text().splitlines())
    assert_harmless(program.report_file.read_text().splitlines())
    # 20 000 lines of each of some six attempts, at most eleven a second of each logged.
    assert len(program.log) < 2000


def test_a_playlist_that_names_a_file_ends_in_an_error_that_shows_nothing_of_it(
    tmp_path: Path,
) -> None:
    canary = tmp_path / "canary.ts"
    canary.write_text("canary-71c2 root:x:0:0\n" * 50)
    lure = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{canary}\n#EXT-X-ENDLIST\n"
    with HostileServer(http_pages({"/live.m3u8": http_reply(lure.encode())})) as server:
        url = f"http://127.0.0.1:{server.port}/live.m3u8"
        config = {
            "sink": {"type": "directory", "path": str(tmp_path / "frames"), "keep": 3},
            "cameras": [{"id": "cam1", "url": url, "username": "u", "password": SECRET}],
            "language": "en",
            "log": {"level": "DEBUG"},
        }
        with Program(tmp_path, config, "--report-file", "final.json") as program:
            program.wait_for_log("[cam1] ERROR reading", "not on whitelist")
            assert program.stop() == 0
    assert program.report()["totals"]["received"] == 0
    assert_harmless(program.log)
    assert "canary-71c2" not in program.output
