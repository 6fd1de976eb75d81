"""The example consumers, as their documentation starts them, at a running system."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.poison import send_all
from tests.support.program import ROOT, Program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.testing.rabbit import RabbitNode

CONSUMERS = ROOT / "examples" / "consumers"

pytestmark = [pytest.mark.rabbitmq, pytest.mark.ffmpeg]


@pytest.fixture
def running(broker: RabbitNode, exchange: str, tmp_path: Path) -> Iterator[str]:
    """The exchange of two cameras that stream."""
    config = {
        "amqp": {"url": broker.url(), "exchange": exchange},
        "cameras": [
            {"id": each, "url": "lavfi:testsrc2=size=320x180:rate=5", "fps": 5}
            for each in ("door", "yard")
        ],
    }
    with Program(tmp_path, config) as program:
        program.wait_for_log("Streaming", count=2)
        yield exchange
        assert program.stop() == 0


def run(name: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / name), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_the_counting_consumer_counts_both_cameras_without_a_gap(
    broker: RabbitNode, running: str
) -> None:
    lines = run("consumer_count.py", broker.url(), running, "3.5")
    assert 2 <= len(lines) <= 8  # a line per camera and second, not per frame
    for camera in ("door", "yard"):
        last = [line for line in lines if line.startswith(f"{camera}: ")][-1]
        assert ", gaps 0, " in last
        assert int(last.split("frames ")[1].split(",")[0]) > 0


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("consumer_count.py", ()),
        pytest.param(
            "consumer_opencv.py",
            ("#",),
            marks=pytest.mark.skipif(
                importlib.util.find_spec("cv2") is None, reason="NOT TESTED: no OpenCV"
            ),
        ),
    ],
)
def test_a_consumer_survives_messages_of_others(
    broker: RabbitNode, running: str, name: str, arguments: tuple[str, ...]
) -> None:
    sent: list[int] = []
    sender = threading.Timer(1.5, lambda: sent.append(send_all(broker, running)))
    sender.start()
    lines = run(name, broker.url(), running, *arguments, "4")
    sender.join(20)
    assert sent[0] > 0
    assert lines
    assert all(line.startswith(("door", "yard")) for line in lines)


@pytest.mark.skipif(importlib.util.find_spec("cv2") is None, reason="NOT TESTED: no OpenCV")
def test_the_opencv_consumer_sees_the_test_pattern_move(broker: RabbitNode, running: str) -> None:
    lines = run("consumer_opencv.py", broker.url(), running, "door", "3")
    assert lines
    assert all(line.startswith("door ") and "320x180" in line for line in lines)
    assert any(": 320x180, motion" in line for line in lines)


# --- the smallest consumers, in several languages ---


def in_python(_: Path) -> list[str]:
    return [sys.executable, str(CONSUMERS / "consumer.py")]


def in_node(folder: Path) -> list[str]:
    libraries = os.environ.get("NODE_PATH", "")
    if not shutil.which("node") or not Path(libraries, "amqplib").is_dir():
        pytest.skip("NOT TESTED: no Node, or no amqplib in NODE_PATH")
    (folder / "node_modules").symlink_to(libraries)  # ES modules do not look into NODE_PATH
    return ["node", shutil.copy(str(CONSUMERS / "consumer.mjs"), str(folder))]


def in_java(_: Path) -> list[str]:
    if not shutil.which("java") or "amqp-client" not in os.environ.get("CLASSPATH", ""):
        pytest.skip("NOT TESTED: no Java, or no amqp-client in CLASSPATH")
    return ["java", str(CONSUMERS / "Consumer.java")]


def in_go(_: Path) -> list[str]:
    built = os.environ.get("EDGE_VIDEO_GO_CONSUMER", "")
    if not built:
        pytest.skip("NOT TESTED: EDGE_VIDEO_GO_CONSUMER names no build of consumer.go")
    return [built]


@pytest.fixture(params=[in_python, in_node, in_java, in_go], ids=lambda each: each.__name__)
def consumer(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """The command of a consumer; asked for before a system is started for it."""
    folder = tmp_path / "consumer"
    folder.mkdir()
    command: list[str] = request.param(folder)
    return command


def test_a_consumer_prints_the_frames_of_both_cameras(
    consumer: list[str], broker: RabbitNode, running: str
) -> None:
    command = [*consumer, broker.url(), running, "12"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 12
    assert all(re.fullmatch(r"(door|yard) \d+ 320x180 \d+ bytes", line) for line in lines)
    assert {line.split()[0] for line in lines} == {"door", "yard"}
