"""Plays a fleet at a broker of its own and measures `edge-video fleet`: docs/fleet.md has figures.

Run it as `python -m tests.bench.fleet`, with how many nodes and cameras of each where others are
meant. Every node tells its status once in half a minute, evenly spread, and every tenth is in a
cluster and announces itself each two seconds. Then all of them tell it at once.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

import psutil

from edge_video.resilience.cluster.names import ANNOUNCEMENTS
from edge_video.testing.fleet_model import PlayedNode
from edge_video.testing.rabbit import RabbitNode, free_port
from edge_video.testing.waiting import eventually

_EVENTS: Final = "edge-video.events"
_PERIOD_S: Final = 30.0
_ANNOUNCE_S: Final = 2.0
_CLUSTERED: Final = 10
"""One of so many nodes is in a cluster."""
_ROUNDS: Final = 2


class Fleet:
    """`edge-video fleet` as a process, with its page."""

    def __init__(self, broker: RabbitNode) -> None:
        self._url = f"http://127.0.0.1:{(port := free_port())}/api/"
        command = [sys.executable, "-m", "edge_video", "fleet", "--url", broker.url()]
        page = ["--http", f"127.0.0.1:{port}", "--interval", "3600s"]
        self._process = subprocess.Popen([*command, *page], stdout=subprocess.DEVNULL)
        self._usage = psutil.Process(self._process.pid)
        eventually(self._is_connected, 60)

    def get(self, path: str) -> tuple[bytes, float]:
        """The answer, and how many milliseconds it took."""
        began_s = time.perf_counter()
        with urllib.request.urlopen(self._url + path, timeout=30) as answer:
            body: bytes = answer.read()
        return body, 1000 * (time.perf_counter() - began_s)

    def nodes(self) -> int:
        """How many it knows."""
        return len(json.loads(self.get("fleet")[0])["nodes"])

    def cpu_s(self) -> float:
        """CPU that it has used."""
        times = self._usage.cpu_times()
        return float(times.user + times.system)

    def memory_mb(self) -> float:
        """Resident memory."""
        return float(self._usage.memory_info().rss) / 2**20

    def end(self) -> None:
        """End it in order."""
        self._process.terminate()
        self._process.wait(20)

    def _is_connected(self) -> bool:
        try:
            return bool(json.loads(self.get("fleet")[0])["broker"]["connected"])
        except OSError:
            return False


def play(channel: Any, nodes: int, cameras: int, seconds: float) -> None:
    """Let every node tell what it has to, at its time, for so long."""
    began_s = time.monotonic()
    status_s = [number * _PERIOD_S / nodes for number in range(nodes)]
    announce_s = dict.fromkeys(range(0, nodes, _CLUSTERED), 0.0)
    while (now_s := time.monotonic() - began_s) < seconds:
        for number in range(nodes):
            node = PlayedNode(f"shop-{number:03}", cameras, time.time_ns())
            if now_s >= status_s[number]:
                status_s[number] += _PERIOD_S
                channel.basic_publish(_EVENTS, "node.status", node.status())
            if number in announce_s and now_s >= announce_s[number]:
                announce_s[number] += _ANNOUNCE_S
                channel.basic_publish(ANNOUNCEMENTS, f"north.{node.name}", node.announcement())
        channel.connection.sleep(0.05)


def measure(channel: Any, fleet: Fleet, nodes: int, cameras: int) -> None:
    """Print the figures."""
    print(f"{nodes} nodes, {cameras} cameras each; at rest {fleet.memory_mb():.0f} MB")
    for _ in range(_ROUNDS):
        cpu_s = fleet.cpu_s()
        play(channel, nodes, cameras, _PERIOD_S)
        used = 100 * (fleet.cpu_s() - cpu_s) / _PERIOD_S
        print(f"a period: {fleet.nodes()} nodes, CPU {used:.1f} %, {fleet.memory_mb():.0f} MB")
    for path in ("fleet", "nodes/shop-000"):
        answers = sorted((each[1], len(each[0])) for each in (fleet.get(path) for _ in range(20)))
        print(f"/api/{path}: {answers[10][0]:.1f} ms, {answers[10][1]} bytes")
    cpu_s, began_s = fleet.cpu_s(), time.monotonic()
    for number in range(nodes):
        node = PlayedNode(f"late-{number:03}", cameras, time.time_ns())
        channel.basic_publish(_EVENTS, "node.status", node.status())
    eventually(lambda: fleet.nodes() >= 2 * nodes, 60)
    took_s, used_s = time.monotonic() - began_s, fleet.cpu_s() - cpu_s
    print(
        f"all at once: taken in {took_s:.1f} s, {used_s:.2f} s of CPU, {fleet.memory_mb():.0f} MB"
    )


def main() -> None:
    """Parse the figures that are meant, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nodes", type=int, nargs="?", default=200)
    parser.add_argument("cameras", type=int, nargs="?", default=20)
    args = parser.parse_args()
    broker = RabbitNode(Path(tempfile.mkdtemp(prefix="edge-video-fleet-")), tls=False)
    try:
        broker.start()
        with broker.channel() as channel:
            for exchange in (_EVENTS, ANNOUNCEMENTS):
                channel.exchange_declare(exchange, "topic", durable=True)
            fleet = Fleet(broker)
            try:
                measure(channel, fleet, args.nodes, args.cameras)
            finally:
                fleet.end()
    finally:
        broker.close()


if __name__ == "__main__":
    main()
