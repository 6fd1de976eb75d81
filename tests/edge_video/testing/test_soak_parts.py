"""The pure parts of the soak, and its consumer's eye; `make soak-short` runs the soak itself."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.status.model import PublisherState, PublisherStatus, SystemStatus
from edge_video.testing.clips import numbered_clip
from edge_video.testing.soak.command import run
from edge_video.testing.soak.consumer import Inspector
from edge_video.testing.soak.devices import KINDS, kind_of, number_of
from edge_video.testing.soak.health import Health, Vitals
from edge_video.testing.soak.plot import save_plot
from edge_video.testing.soak.recovery import ITSELF, Cause, Outage, Watch, spread_of
from edge_video.testing.soak.schedule import (
    QUIET_END_S,
    QUIET_START_S,
    Message,
    Outside,
    affected_cameras,
    affects_publishing,
    draw_schedule,
)
from edge_video.testing.soak.stage import DeviceProcess, camera_names, soak_config
from edge_video.testing.soak.summary import (
    CONFIRMED,
    SoakPlan,
    SoakResult,
    SoakVitals,
    as_json,
    as_markdown,
)

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.capture.binary import Binary

CAMERAS = ["cam1", "cam2", "cam3"]


# --- schedule ---


def test_the_same_seed_draws_the_same_faults() -> None:
    assert draw_schedule(7, 5, CAMERAS, 2) == draw_schedule(7, 5, CAMERAS, 2)
    assert draw_schedule(7, 5, CAMERAS, 2) != draw_schedule(8, 5, CAMERAS, 2)


def test_a_schedule_is_in_order_quiet_at_both_ends_and_spares_the_supervisor() -> None:
    planned = draw_schedule(1, 30, CAMERAS, 2)
    times_s = [each.at_s for each in planned]
    assert times_s == sorted(times_s)
    assert times_s[0] >= QUIET_START_S
    assert times_s[-1] <= 30 * 60 - QUIET_END_S
    assert "supervisor" not in {each.blow.target for each in planned}


def test_half_an_hour_brings_every_kind_of_fault() -> None:
    blows = [each.blow for each in draw_schedule(1, 30, CAMERAS, 2)]
    faults = {type(blow.fault).__name__ for blow in blows if isinstance(blow, Message)}
    assert len(faults) == 19  # the whole vocabulary but the directory sink's
    outside = {blow.kind for blow in blows if isinstance(blow, Outside)}
    assert outside == {
        *(f"rtsp: {action}" for action in ("kill", "restart", "freeze", "hang_up")),
        *(f"broker: {action}" for action in ("kill", "restart", "freeze", "alarm")),
    }


def test_the_broker_gets_the_time_to_come_back() -> None:
    times_s = [
        each.at_s
        for each in draw_schedule(3, 30, CAMERAS, 2)
        if isinstance(each.blow, Outside) and each.blow.target == "broker"
    ]
    assert min(after - before for before, after in itertools.pairwise(times_s)) >= 35


def test_a_server_interrupts_its_own_cameras_only() -> None:
    assert affected_cameras(Outside("rtsp0", "kill", 1.0), CAMERAS, 2) == ["cam1", "cam3"]
    assert affected_cameras(Outside("broker", "kill", 1.0), CAMERAS, 2) == []
    assert affects_publishing(Outside("broker", "kill", 1.0))
    assert not affects_publishing(Outside("rtsp0", "kill", 1.0))


# --- devices ---


def test_devices_are_numbered_behind_the_cameras_and_say_their_kind() -> None:
    names = camera_names(2, ["bursts", "long-gop"])
    assert names == ["cam1", "cam2", "cam3-bursts", "cam4-long-gop"]
    assert list(map(number_of, names)) == [1, 2, 3, 4]
    assert list(map(kind_of, names)) == ["", "", "bursts", "long-gop"]


def test_a_server_does_not_interrupt_a_device() -> None:
    names = camera_names(3, ["bursts"])
    assert affected_cameras(Outside("rtsp1", "kill", 1.0), names, 2) == ["cam2"]


def test_every_kind_of_device_can_be_a_camera_of_the_soak(ffmpeg: Binary) -> None:
    del ffmpeg
    odd = camera_names(0, KINDS)
    devices = DeviceProcess(odd)
    try:
        assert list(devices.urls) == odd
        config = soak_config(devices.urls, "amqp://127.0.0.1/")
        assert [each.id for each in config.cameras] == odd
    finally:
        devices.stop()


# --- recovery ---


def test_an_outage_is_put_down_to_the_fault_before_it_and_counted_from_its_end() -> None:
    watch = Watch("cam1")
    for tenth in range(21):
        watch.see(tenth, tenth / 10)
    watch.causes.append(Cause("rtsp: kill", 1.9, over_at_s=7.0))
    watch.see(21, 9.0)
    (outage,) = watch.outages
    assert outage == Outage("cam1", 2.0, 9.0, "rtsp: kill", 2.0)


def test_of_several_faults_the_one_that_began_it_is_named_and_the_last_one_over_counts() -> None:
    watch = Watch("confirms")
    watch.see(1, 10.0)
    watch.causes += [
        Cause("harmless", 7.0, over_at_s=7.0),
        Cause("broker: kill", 10.1, over_at_s=14.0),
        Cause("publisher: DelayActor", 12.0, over_at_s=15.0),
    ]
    watch.see(2, 16.0)
    assert [(each.kind, each.recovery_s) for each in watch.outages] == [("broker: kill", 1.0)]


def test_the_pauses_of_a_camera_made_slow_are_no_outages() -> None:
    watch = Watch("cam1")
    watch.causes.append(Cause("SlowFrames", 10.0, over_at_s=20.0, slows=True))
    for value, now_s in enumerate((10.0, 11.0, 12.0, 19.5, 20.0), 1):
        watch.see(value, now_s)
    assert [each.ended_s for each in watch.outages] == [19.5]


def test_an_outage_without_a_fault_is_the_camera_s_own() -> None:
    watch = Watch("cam1")
    watch.see(1, 100.0)
    watch.see(2, 103.0)
    assert [(each.kind, each.recovery_s) for each in watch.outages] == [(ITSELF, 3.0)]


def test_nothing_is_overdue_while_something_stands_in_the_way() -> None:
    watch = Watch("confirms")
    watch.see(1, 10.0)
    cause = Cause("broker: kill", 11.0, over_at_s=None)
    watch.causes.append(cause)
    assert watch.standing_still_s(500.0) == 0.0
    cause.over_at_s = 490.0
    assert watch.standing_still_s(500.0) == 10.0


def test_the_spread_names_median_95th_and_worst() -> None:
    spread = spread_of([float(n) for n in range(1, 101)])
    assert spread is not None
    assert (spread.count, spread.median_s, spread.p95_s, spread.worst_s) == (100, 50.5, 95.0, 100.0)
    assert spread_of([]) is None


# --- the consumer's eye ---


def headers(seq: int, **changes: Any) -> dict[str, Any]:
    return {"camera_id": "cam7", "seq": seq, "dropped": 0, "width": 320, "height": 180} | changes


@pytest.fixture
def picture(ffmpeg: Binary, tmp_path: Path) -> bytes:
    clip = numbered_clip(7, size=(320, 180), fps=15, seconds=120)
    file = tmp_path / "picture.jpg"
    subprocess.run(
        [ffmpeg.path, "-loglevel", "error", "-i", str(clip), "-frames:v", "1", str(file)],
        check=True,
        timeout=60,
    )
    return file.read_bytes()


@pytest.mark.ffmpeg
def test_whole_frames_of_the_right_camera_are_fine(picture: bytes) -> None:
    inspector = Inspector()
    inspector.inspect(headers(1), picture, 10.0)
    inspector.inspect(headers(5, dropped=3), picture, 20.0)
    assert json.loads(inspector.report()) == {"counts": {"cam7": 2}, "complaints": []}


@pytest.mark.ffmpeg
@pytest.mark.parametrize(
    ("changes", "cut", "words"),
    [
        ({"seq": 3}, 0, "frame 3 after 3"),
        ({"seq": 2}, 0, "frame 2 after 3"),
        ({"seq": 5, "dropped": 2}, 0, "2 dropped in 3..5"),
        ({"camera_id": "cam8"}, 0, "shows cam7"),
        ({"width": 640}, 0, "announced 640"),
        ({}, 100, "is no whole JPEG"),
    ],
)
def test_a_wrong_frame_is_complained_about(
    changes: dict[str, Any], cut: int, words: str, picture: bytes
) -> None:
    inspector = Inspector()
    inspector.inspect(headers(3), picture, 10.0)
    wrong = picture[:-cut] if cut else picture
    inspector.inspect(headers(4) | changes, wrong, 20.0)
    complaints = json.loads(inspector.report())["complaints"]
    assert any(words in each for each in complaints), complaints


# --- health ---


def empty_status() -> SystemStatus:
    return SystemStatus(
        version="1",
        node="n",
        started_at_ns=0,
        taken_at_ns=0,
        uptime_s=0.0,
        cameras=(),
        publisher=PublisherStatus(PublisherState.CONNECTED, "x"),
        process=None,
    )


def test_a_process_that_outgrows_itself_is_noticed() -> None:
    health = Health(cameras=1)
    health.baseline = Vitals(50, 20, 10, 0, 1, 0)
    assert health._outgrown(Vitals(149, 63, 33, 500, 1, 0)) == []
    assert len(health._outgrown(Vitals(151, 65, 35, 501, 1, 0))) == 4
    assert health._outgrown(Vitals(50, 20, 10, 0, 1, 0, http_connections=256)) == []
    assert len(health._outgrown(Vitals(50, 20, 10, 0, 1, 0, http_connections=400))) == 1


def test_strangers_at_the_http_port_are_no_leak_and_a_leak_beside_them_is_one() -> None:
    empty = empty_status()
    with contextlib.ExitStack() as stay:
        server = stay.enter_context(socket.create_server(("127.0.0.1", 0), backlog=200))
        health = Health(cameras=1, http_port=server.getsockname()[1])
        health.check(empty, 20.0)
        for number in range(100):
            stranger = stay.enter_context(socket.create_connection(server.getsockname()))
            stay.enter_context(server.accept()[0])
            if number % 2:  # with a reset: the kernel forgets the connection before the server does
                stranger.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            stranger.close()
        assert health.check(empty, 21.0) == []
        assert health.last.http_connections == 100
        for _ in range(100):
            stay.enter_context(socket.socket())
        assert len(health.check(empty, 22.0)) == 1


def test_two_ffmpegs_of_one_camera_are_noticed() -> None:
    words = [sys.executable, "-c", "import time; time.sleep(60)", "-i", "rtsp://one"]
    children = [subprocess.Popen(words) for _ in range(2)]
    try:
        problems = Health(cameras=1).check(empty_status(), 1.0)
    finally:
        for child in children:
            child.kill()
            child.wait(10)
    assert problems == ["2 FFmpegs of one camera: rtsp://one"]


# --- summary and plot ---


def result() -> SoakResult:
    result = SoakResult(SoakPlan(seed=3, minutes=1, cameras=CAMERAS, fps=10), ran_s=60.0)
    result.faults.update({"KillFfmpeg": 2, "broker: kill": 1})
    result.outages = [
        Outage("cam1", 10.0, 12.0, "KillFfmpeg", 2.0),
        Outage("cam1", 20.0, 24.0, "KillFfmpeg", 4.0),
    ]
    result.marks = [(10.0, "KillFfmpeg", ["cam1"]), (30.0, "broker: kill", ["confirmed"])]
    vitals = Vitals(50.5, 20, 10, 1, 3, 0)
    result.vitals = SoakVitals(vitals, vitals, vitals)
    result.totals.frames = {"received": 10, "held": 0, "confirmed": 10}
    result.series = {**{name: [10.0] * 60 for name in CAMERAS}, CONFIRMED: [30.0] * 60}
    return result


def test_the_summary_says_what_was_brought_and_how_long_it_took() -> None:
    text = as_markdown(result(), "python -m …")
    assert "**passed** (1.0 minutes, 3 cameras, 3 faults, seed 3)" in text
    assert "| KillFfmpeg | 2 | 2 | 3.0 s | 4.0 s | 4.0 s |" in text
    assert "received 10, confirmed 10" in text
    figures = json.loads(as_json(result()))
    assert figures["faults"] == {"KillFfmpeg": 2, "broker: kill": 1}
    assert figures["outages"][0]["recovery_s"] == 2.0


def test_the_summary_of_a_failed_soak_names_every_violation() -> None:
    failed = result()
    assert failed.note("cam1 does not recover")
    assert not failed.note("cam1 does not recover")
    text = as_markdown(failed, "python -m …")
    assert "**FAILED, violations: 1**" in text
    assert "- cam1 does not recover" in text
    assert sum(failed.note(f"another {n}") for n in range(1_000)) == 99
    assert "**FAILED, violations: 100 or more**" in as_markdown(failed, "python -m …")


def test_the_plot_is_a_png(tmp_path: Path) -> None:
    save_plot(result(), tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


# --- the command line ---


@pytest.mark.parametrize(
    "arguments",
    [["--minutes", "0"], ["--cameras", "0"], ["--cameras", "101"], ["--summary", "x.txt"]],
)
def test_impossible_arguments_are_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(arguments)
    assert arguments[0] in capsys.readouterr().err


def test_what_is_not_installed_is_named() -> None:
    script = (
        "import sys; sys.modules['rich'] = None; sys.argv = ['soak']\n"
        "from edge_video.testing.soak.__main__ import main\n"
        "sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "needs the package rich: pip install 'edge-video[testing]'" in done.stderr
