"""Plays the messages of many nodes, as they would publish them; for tests, figures and pictures."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from edge_video.resilience.cluster.membership import Announcement, Owned
from edge_video.resilience.cluster.terms import Holder
from edge_video.resilience.cluster.wire import encode_announcement
from edge_video.status.node import (
    NodeCamera,
    NodeConfig,
    NodeDelivery,
    NodeProcess,
    NodeStatus,
    node_status_facts,
)
from edge_video.text.json import json_ready

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECOND_NS: Final = 10**9
_HOUR_NS: Final = 3600 * _SECOND_NS
_NAMES: Final = ("entrance", "till", "yard", "dock", "stairs", "office", "hall", "gate")


@dataclass(slots=True)
class PlayedNode:
    """One node that tells what a test says.

    Attributes:
        name: of the node.
        cameras: how many it has.
        at_ns: its wall clock.
        troubled: the numbers of cameras that are refused.
        slow: the numbers of those that send too little.
        period_s: between two statuses.
        started_at_ns: by its wall clock.
        group: of the cluster that it belongs to; empty: none.
    """

    name: str
    cameras: int = 20
    at_ns: int = 1_769_871_605 * _SECOND_NS
    troubled: frozenset[int] = frozenset()
    slow: frozenset[int] = frozenset()
    period_s: float = 30.0
    started_at_ns: int = 0
    group: str = ""
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def camera_id(self, number: int) -> str:
        """The id of the camera with this number, 0 the first."""
        return f"{_NAMES[number % len(_NAMES)]}-{number // len(_NAMES) + 1}"

    def event(self, name: str, **facts: Any) -> bytes:
        """The body of an event."""
        document = {
            "schema": 3,
            "id": f"{self.name}-{next(self._ids)}",
            "event": name,
            "node": self.name,
            "at_ns": self.at_ns,
            "state": "",
            "since_ns": self.at_ns,
            **facts,
        }
        return json.dumps(json_ready(document), ensure_ascii=False).encode()

    def status(self, **changes: Any) -> bytes:
        """The body of its status; `changes` replace keys of it."""
        facts = node_status_facts(self._status())
        is_good = not self.troubled and not self.slow
        return self.event(
            "node_status", state="good" if is_good else "trouble", **{**facts, **changes}
        )

    def announcement(self, **changes: Any) -> bytes:
        """The body of its announcement."""
        owned = {self.camera_id(n): Owned(self.at_ns // 10**6, is_streaming=True) for n in range(3)}
        announcement = Announcement(
            holder=Holder(self.name, f"life-{self.started_at_ns}"),
            cameras={self.camera_id(n): "9f2c01ab" for n in range(self.cameras)},
            **{"owned": owned, **changes},
        )
        return encode_announcement(announcement)

    def _status(self) -> NodeStatus:
        cameras = [self._camera(number) for number in range(self.cameras)]
        cameras.sort(key=lambda each: each.health == "healthy")
        health: dict[str, int] = {}
        for each in cameras:
            health[each.health] = health.get(each.health, 0) + 1
        started_at_ns = self.started_at_ns or self.at_ns - 40 * _HOUR_NS
        load = (hash_of(self.name) % 40) + 5.0
        return NodeStatus(
            version="0.3.0",
            started_at_ns=started_at_ns,
            uptime_s=(self.at_ns - started_at_ns) / _SECOND_NS,
            period_s=self.period_s,
            delivery=NodeDelivery("ok", "amqps://broker.example:5671/", published=4_212_000),
            health=health,
            cameras=tuple(cameras[:200]),
            cameras_left_out=max(0, len(cameras) - 200),
            process=NodeProcess(
                rss_bytes=61_000_000,
                ffmpeg_rss_bytes=31_000_000 * self.cameras,
                ffmpeg_processes=self.cameras - len(self.troubled),
                system_ram_used_percent=30.0 + load / 2,
                cpu_percent=4.2,
                ffmpeg_cpu_percent=7.5 * self.cameras,
                system_cpu_percent=load,
            ),
            config=NodeConfig("9f2c01ab", started_at_ns),
        )

    def _camera(self, number: int) -> NodeCamera:
        if number in self.troubled:
            return NodeCamera(
                self.camera_id(number),
                "trouble",
                self.at_ns - 12 * 60 * _SECOND_NS,
                expected_fps=15.0,
                cause="refused",
                text="connection refused (rtsp://viewer:***@10.0.0.5/s)",
            )
        is_slow = number in self.slow
        return NodeCamera(
            self.camera_id(number),
            "slow" if is_slow else "healthy",
            self.at_ns - _HOUR_NS,
            fps=4.1 if is_slow else 14.9,
            expected_fps=15.0,
        )


def hash_of(name: str) -> int:
    """A number for a name, the same in every run."""
    return sum(name.encode())
