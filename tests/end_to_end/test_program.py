"""The program as its user runs it: start, signals, exit codes, output, secrets."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from edge_video.testing import eventually
from edge_video.testing.clips import numbered_clip
from edge_video.testing.consumer import consume
from edge_video.testing.rabbit_files import ODD_PASSWORD
from edge_video.testing.rtsp import RtspAuth
from tests.support.program import ROOT, Program, living

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_video.testing.rabbit import RabbitNode
    from edge_video.testing.rtsp import RtspServer

pytestmark = pytest.mark.ffmpeg

PICTURE = "lavfi:testsrc2=size=320x240:rate=15"


def to_directory(folder: Path, **more: Any) -> dict[str, Any]:
    return {
        "sink": {"type": "directory", "path": str(folder / "frames"), "keep": 5},
        "cameras": [{"id": "cam1", "url": PICTURE}, {"id": "cam2", "url": PICTURE}],
        "language": "en",
        **more,
    }


def newest(folder: Path, camera_id: str) -> int:
    """The number of the newest frame that the directory sink has written; 0 before the first."""
    names = sorted(each.stem for each in (folder / "frames" / camera_id).glob("*-*.jpg"))
    return int(names[-1].rpartition("-")[2]) if names else 0


def run(folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edge_video", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_in_order_and_prints_the_report(tmp_path: Path, how: signal.Signals) -> None:
    with Program(tmp_path, to_directory(tmp_path), "--report-file", "final.json") as program:
        program.wait_for_log("[cam1]", "320x240")
        program.wait_for_log("[cam2]", "320x240")
        eventually(lambda: newest(tmp_path, "cam1") > 10, 20, "more than ten frames")
        assert program.stop(how) == 0
    report = program.report()
    assert report["accounting"]["balanced"] is True
    totals = report["totals"]
    assert totals["published"] == totals["confirmed"] > 10
    assert "FINAL REPORT" in program.output
    assert "Actor" not in program.output.replace("Actor Restarts", "")
    assert [line for line in program.log if "| ERROR" in line or "| WARNING" in line] == []


def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    config = to_directory(tmp_path)
    with Program(tmp_path, config) as program:
        program.wait_for_log("[cam1]", "320x240")
        for child in program.ffmpegs():
            child.suspend()  # an FFmpeg that does not end by itself makes the orderly stop wait
        children = program.ffmpegs()
        program.process.send_signal(signal.SIGTERM)
        program.wait_for_log("SIGTERM")
        time.sleep(0.2)  # at once it would pass for an echo of the first
        began = time.monotonic()
        assert program.stop(signal.SIGTERM) == 128 + signal.SIGTERM
        assert time.monotonic() - began < 5
        eventually(lambda: not living(children), 5, "FFmpeg is gone")


def test_frozen_ffmpegs_are_killed_within_the_deadline(tmp_path: Path) -> None:
    with Program(tmp_path, to_directory(tmp_path)) as program:
        program.wait_for_log("[cam1]", "320x240")
        program.wait_for_log("[cam2]", "320x240")
        children = program.ffmpegs()
        for child in children:
            child.suspend()
        assert program.stop(timeout_s=15) == 0
    assert len(children) == 2
    assert living(children) == []


def test_killing_the_program_leaves_no_ffmpeg(
    tmp_path: Path, make_rtsp_server: Callable[..., RtspServer]
) -> None:
    """Neither one that writes nor one whose camera has fallen silent and has nothing to write."""
    server = make_rtsp_server({"/cam": numbered_clip(1)})
    config = to_directory(
        tmp_path,
        cameras=[{"id": "cam1", "url": PICTURE}, {"id": "cam2", "url": server.url("/cam")}],
    )
    with Program(tmp_path, config) as program:
        program.wait_for_log("[cam1]", "320x240")
        program.wait_for_log("[cam2]", "1280x720")
        children = program.ffmpegs()
        assert len(children) == 2
        server.freeze()
        time.sleep(2)  # until nothing that could still be written is on its way
        program.process.kill()
        program.process.wait(10)
        eventually(lambda: not living(children), 15, "FFmpeg is gone")


def test_the_last_held_frames_are_confirmed_after_sigterm(
    tmp_path: Path, broker: RabbitNode, exchange: str
) -> None:
    config = {
        "amqp": {"url": broker.url(), "exchange": exchange},
        "cameras": [{"id": f"cam{n}", "url": PICTURE, "fps": 15} for n in range(4)],
        "language": "en",
    }
    with (
        consume(broker, exchange) as consumer,
        Program(tmp_path, config, "--report-file", "final.json") as program,
    ):
        for n in range(4):
            program.wait_for_log(f"[cam{n}]", "320x240")
        consumer.wait_for(100)
        assert program.stop() == 0
        totals = program.report()["totals"]
        assert totals["received"] == totals["published"] == totals["confirmed"]
        assert totals["held"] == totals["in_flight"] == totals["dropped"] == 0
        consumer.wait_for(totals["confirmed"], 10)
        assert len(consumer.messages) == totals["confirmed"]


def test_odd_passwords_work_and_are_shown_nowhere(
    tmp_path: Path, broker: RabbitNode, exchange: str, make_rtsp_server: Callable[..., RtspServer]
) -> None:
    camera_password = "p@ss:w%rd/ü#?é&=canary"
    server = make_rtsp_server(
        {"/cam": numbered_clip(1)}, RtspAuth("digest", "viewer", camera_password)
    )
    in_url = server.url("/cam").replace(
        "rtsp://", f"rtsp://viewer:{quote(camera_password, safe='')}@"
    )
    config = {
        "amqp": {
            "url": f"amqp://{broker.host}:{broker.port}/",
            "username": "odd",
            "password": ODD_PASSWORD,
            "exchange": exchange,
        },
        "cameras": [
            {
                "id": "keys",
                "url": server.url("/cam"),
                "username": "viewer",
                "password": camera_password,
            },
            {"id": "url", "url": in_url},
            {
                "id": "wrong",
                "url": server.url("/cam"),
                "username": "viewer",
                "password": camera_password + "wrong",
            },
        ],
        "log": {"level": "DEBUG", "file": "edge.log"},
        "report_interval": "2s",
        "language": "en",
    }
    with Program(tmp_path, config, "--report-file", "final.json") as program:
        program.wait_for_log("[keys]", "1280x720")
        program.wait_for_log("[url]", "1280x720")
        program.wait_for_log("[wrong]", "wrong password", count=2)
        eventually(lambda: "STATISTICS" in program.printed, 10, "a monitor")
        assert program.stop() == 0
    report = program.report()
    confirmed = {each["camera_id"]: each["frames"]["confirmed"] for each in report["cameras"]}
    assert confirmed["keys"] > 0
    assert confirmed["url"] > 0
    assert confirmed["wrong"] == 0
    checked = run(tmp_path, "check")
    probed = run(tmp_path, "probe", "wrong", "--timeout", "10")
    assert probed.returncode == 1
    everything = "\n".join(
        [
            program.output,
            (tmp_path / "edge.log").read_text(),
            json.dumps(report, ensure_ascii=False),
            *(text for each in (checked, probed) for text in (each.stdout, each.stderr)),
        ]
    )
    for secret in (camera_password, ODD_PASSWORD):
        for form in (secret, quote(secret), quote(secret, safe="")):
            assert form not in everything
    assert "canary" not in everything


def test_without_a_configuration_the_error_names_what_to_do(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 2
    assert "demo" in done.stderr
    assert "edge-video init" in done.stderr


def test_a_wrong_configuration_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "fps: 99\nsink: directory\ncameras:\n  - id: cam1\n    url: lavfi:testsrc2\n    fsp: 3\n"
    )
    done = run(tmp_path)
    assert done.returncode == 2
    assert "config.yaml:1: fps:" in done.stderr
    assert 'did you mean "fps"' in done.stderr
    assert sorted(each.name for each in tmp_path.iterdir()) == ["config.yaml"]


def test_check_prints_the_effective_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "sink: directory\nfps: 7\ncameras:\n  - {id: cam1, url: 'rtsp://u:hunter2x@h/s'}\n"
    )
    done = run(tmp_path, "check", "--full")
    assert done.returncode == 0
    assert "fps: 7" in done.stdout
    assert "rtsp://u:***@h/s" in done.stdout
    assert "hunter2x" not in done.stdout


def test_a_reader_that_has_seen_enough_gets_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "sink: directory\ncameras:\n  - {id: cam1, url: 'lavfi:testsrc2'}\n"
    )
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m edge_video check | true"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""


def test_probe_tells_what_each_camera_sends_or_why_not(
    tmp_path: Path, make_rtsp_server: Callable[..., RtspServer]
) -> None:
    server = make_rtsp_server({"/cam": numbered_clip(1)})
    (tmp_path / "config.yaml").write_text(
        "sink: directory\nlanguage: en\ncameras:\n"
        f"  - {{id: good, url: '{server.url('/cam')}'}}\n"
        f"  - {{id: bad, url: '{server.url('/nothing')}'}}\n"
    )
    done = run(tmp_path, "probe")
    assert done.returncode == 1, done.stderr
    good, bad = (
        next(line for line in done.stdout.splitlines() if line.startswith(each))
        for each in ("good", "bad")
    )
    assert "h264" in good
    assert "1280x720" in good
    assert "25" in good
    assert "no such stream" in bad
    assert run(tmp_path, "probe", "good").returncode == 0
    unknown = run(tmp_path, "probe", "nobody")
    assert unknown.returncode == 2
    assert "nobody" in unknown.stderr


def test_a_missing_ffmpeg_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        "sink: directory\nffmpeg: no-such-ffmpeg\ncameras:\n  - {id: cam1, url: 'lavfi:testsrc2'}\n"
    )
    done = run(tmp_path)
    assert done.returncode == 2
    assert "no-such-ffmpeg" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_demo_runs_without_broker_and_cameras(tmp_path: Path) -> None:
    with Program(tmp_path, None, command="demo") as program:
        program.wait_for_log("OPEN → HALF_OPEN")
        assert program.stop(signal.SIGINT) == 0
    pictures = sorted(tmp_path.glob("demo-frames/*/latest.jpg"))
    assert len(pictures) == 3
    assert all(each.read_bytes().startswith(b"\xff\xd8") for each in pictures)
    text = program.output
    assert "CLOSED → OPEN" in text
    assert re.search(r"^Open the page: http://127\.0\.0\.1:\d+/#token=\S+$", text, re.MULTILINE)
    assert str(pictures[0].relative_to(tmp_path)) in text


def test_the_operator_s_language_is_portuguese_when_the_file_says_so(tmp_path: Path) -> None:
    config = to_directory(
        tmp_path,
        language="pt-BR",
        cameras=[{"id": "cam6", "url": "rtsp://127.0.0.1:9/nobody"}],
        circuit_breaker={"reset_timeout": "5s", "jitter": 0.0},
    )
    with Program(tmp_path, config) as program:
        program.wait_for_log("[cam6] ERRO ao ler:", count=5)
        program.wait_for_log("[cam6] Tentando reconectar FFmpeg (estado: CLOSED)...")
        program.wait_for_log("🔴 Circuit Breaker [cam6]: CLOSED → OPEN (falhas: 5, backoff: 5s)")
        program.wait_for_log("[cam6] Circuit breaker OPEN - aguardando 10s antes de retry...")
        assert program.stop() == 0
    assert "📹 CÂMERAS" in program.output
    assert "Circuit Breaker:    OPEN | Calls: 5 (✓0 ✗5 🚫0) | Changes: 1" in program.output
