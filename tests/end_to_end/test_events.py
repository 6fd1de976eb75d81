"""The program's events on a real broker: each satisfies the schema, an outage is one of them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests.support.program import ROOT, Program

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.testing.rabbit import RabbitNode

pytestmark = [pytest.mark.rabbitmq, pytest.mark.ffmpeg]

SCHEMA = json.loads((ROOT / "docs/events.schema.json").read_text())
CANARY = "canary-7391"


class Inbox:
    """A durable queue of events, read over as many connections as it takes."""

    def __init__(self, node: RabbitNode, exchange: str) -> None:
        self._node = node
        self._queue = f"{exchange}.inbox"
        self.events: list[dict[str, Any]] = []
        with node.channel() as channel:
            channel.exchange_declare(exchange, "topic", durable=True)
            channel.queue_declare(self._queue, durable=True)
            channel.queue_bind(self._queue, exchange, "#")

    def wait_for(self, name: str, timeout_s: float = 40.0) -> dict[str, Any]:
        deadline = time.monotonic() + timeout_s
        while not (found := [each for each in self.events if each["event"] == name]):
            assert time.monotonic() < deadline, f"no {name} in {timeout_s} s: {self.events}"
            time.sleep(0.2)
            self._read()
        return found[0]

    def _read(self) -> None:
        with self._node.channel() as channel:
            while True:
                method, properties, body = channel.basic_get(self._queue, auto_ack=True)
                if method is None:
                    return
                event = json.loads(body)
                jsonschema.Draft202012Validator(SCHEMA).validate(event)
                assert properties.message_id == event["id"]
                assert CANARY not in body.decode()
                self.events.append(event)


def test_a_run_tells_its_cameras_and_its_outage_and_nothing_twice(
    broker: RabbitNode, exchange: str, tmp_path: Path
) -> None:
    inbox = Inbox(broker, exchange)
    config = {
        "amqp": {"url": broker.url(), "exchange": f"{exchange}.frames", "confirm_timeout": "1s"},
        # Longer than an FFmpeg takes to start on a busy machine: until then it is offline.
        "events": {"exchange": exchange, "stable_for": "3s"},
        "circuit_breaker": {"max_failures": 1},
        "cameras": [
            {"id": "good", "url": "lavfi:testsrc2=size=320x180:rate=5", "fps": 5},
            {"id": "gone", "url": f"rtsp://viewer:{CANARY}@127.0.0.1:9/s"},
        ],
    }
    with Program(tmp_path, config) as program:
        assert inbox.wait_for("camera_online")["camera_id"] == "good"
        offline = inbox.wait_for("camera_offline")
        assert offline["camera_id"] == "gone"
        assert offline["failure"]["cause"] == "refused"
        assert inbox.wait_for("breaker_open")["retry_in_s"] > 0
        broker.freeze()
        program.wait_for_log("Publisher not connected")
        broker.thaw()
        outage = inbox.wait_for("publisher_reconnected")
        assert outage["connections_lost"] == 1
        assert outage["away_s"] > 0
        assert program.stop() == 0
    assert len(inbox.events) == len({each["id"] for each in inbox.events}) == 4
