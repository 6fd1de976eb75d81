"""`edge-video fleet` at a real broker: two systems, what befalls them, and a broker that goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from edge_video import Config, start_system
from edge_video.testing import CameraScript, ScriptedCameras, eventually
from tests.support.program import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_video.app import System
    from edge_video.testing.rabbit import RabbitNode

pytestmark = [pytest.mark.rabbitmq]


def system(
    stack: ExitStack, broker: RabbitNode, exchange: str, node: str
) -> tuple[System, ScriptedCameras]:
    config = Config.model_validate(
        {
            "node": node,
            "amqp": {"url": broker.url(), "exchange": f"{exchange}.frames"},
            "events": {"exchange": exchange, "node_status": "5s"},
            "cameras": [{"id": each, "url": "rtsp://10.0.0.1/s"} for each in ("door", "yard")],
        }
    )
    cameras = stack.enter_context(ScriptedCameras(CameraScript(fps=10)))
    started = start_system(config, capture=cameras)
    stack.callback(started.stop)
    return started, cameras


@contextmanager
def fleet(broker: RabbitNode, exchange: str) -> Iterator[subprocess.Popen[str]]:
    arguments = ["fleet", "--url", broker.url(), "--exchange", exchange, "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "edge_video", *arguments, "--interval", "1s"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "EDGE_VIDEO_LANG": "en"},
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            assert process.wait(15) == 0


def test_two_systems_are_seen_and_the_trouble_of_one(broker: RabbitNode, exchange: str) -> None:
    with ExitStack() as stack:
        system(stack, broker, exchange, "shop-1")
        second, cameras = system(stack, broker, exchange, "shop-2")
        eventually(lambda: second.status().totals.confirmed > 0, 30)
        process = stack.enter_context(fleet(broker, exchange))
        assert process.stdout is not None
        lines = process.stdout

        def wait_for(is_right: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
            """The nodes by their names, once they are so; how busy the machine is, is theirs."""
            nodes: dict[str, Any] = {}
            for _ in range(60):
                document = json.loads(lines.readline())
                nodes = {each["name"]: each for each in document["nodes"]}
                if len(nodes) == 2 and is_right(nodes):
                    return nodes
            raise AssertionError(nodes)

        nodes = wait_for(lambda nodes: all(each["delivery"] for each in nodes.values()))
        assert set(nodes) == {"shop-1", "shop-2"}
        assert [each["id"] for each in nodes["shop-1"]["camera_list"]] == ["door", "yard"]
        assert nodes["shop-1"]["delivery"]["state"] == "ok"
        cameras["yard"].freeze()
        nodes = wait_for(lambda nodes: nodes["shop-2"]["state"] == "trouble")
        [worst] = [each for each in nodes["shop-2"]["worst"] if each["health"] == "trouble"]
        assert worst["id"] == "yard"
