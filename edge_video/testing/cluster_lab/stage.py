"""Builds a lab: brokers, nodes behind links that can be broken, and the oracle."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from edge_video.testing.cluster_lab.brokers import BrokerCluster
from edge_video.testing.cluster_lab.history import Accounts, End, History, QueueLook
from edge_video.testing.cluster_lab.nodes import GROUP, EdgeNode, NodePlan
from edge_video.testing.cluster_lab.oracle import Oracle
from edge_video.testing.cluster_lab.relay import Relays
from edge_video.testing.uplink import Uplink, why_no_uplink

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType

    from edge_video.testing.cluster_lab.history import Disturbance
    from edge_video.testing.cluster_lab.relay import Relay
    from edge_video.testing.matrix import BrokerPrograms

FPS: Final = 5
_QUEUE: Final = f"edge-video.lease.{GROUP}."
_RESTS_S: Final = 4.0
_TOKENS: Final = 2
_LOOKS: Final = 4
_CALM_S: Final = 8.0
_IN_TIME_S: Final = 0.25


@dataclass(slots=True)
class Record:
    """What is taken note of beside the frames, in order of time."""

    disturbances: list[Disturbance] = field(default_factory=list)
    looks: list[QueueLook] = field(default_factory=list)
    accounts: list[Accounts] = field(default_factory=list)


class Stage:
    """Everything of a lab; a context manager that ends every process and removes every link.

    What the nodes wrote stays in its `folder` until `remove_files` or `keep_files`.

    Args:
        nodes: how many.
        cameras: how many, which all nodes share.
        programs: which RabbitMQ; None for what the environment chooses.
        has_networks: each node has a network of its own, whose cable can be pulled; needs root.
        has_quorum_queues: of the consumers; see `Oracle`.
    """

    def __init__(
        self,
        nodes: int = 4,
        cameras: int = 12,
        *,
        programs: BrokerPrograms | None = None,
        has_networks: bool = True,
        has_quorum_queues: bool = False,
    ) -> None:
        self.cameras = tuple(f"cam{n:02d}" for n in range(1, cameras + 1))
        self.brokers = BrokerCluster(programs)
        self.links: dict[str, Uplink] = {}
        self.relays = Relays()
        self.ways: dict[str, list[Relay]] = {}
        self.record = Record()
        self.folder = Path(tempfile.mkdtemp(prefix="edge-video-nodes-"))
        self._names = [f"edge-{letter}" for letter in "abcdefgh"[:nodes]]
        self._has_networks = has_networks and not why_no_uplink()
        self._has_quorum_queues = has_quorum_queues
        self.nodes: dict[str, EdgeNode] = {}

    def __enter__(self) -> Self:
        try:
            self.brokers.start()
            self.oracle = Oracle(self.brokers.nodes, has_quorum_queues=self._has_quorum_queues)
            for place, name in enumerate(self._names):
                self.nodes[name] = self._make_node(place, name)
                self.nodes[name].start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def _make_node(self, place: int, name: str) -> EdgeNode:
        host, prefix = "127.0.0.1", tuple[str, ...]()
        if self._has_networks:
            link = self.links[name] = Uplink(place)
            link.open()
            host, prefix = link.broker_address, link.prefix
        ways = [self.relays.add(host, (each.host, each.port)) for each in self.brokers.nodes]
        self.ways[name] = ways
        # Each begins with another broker: otherwise all would share one.
        first = place % len(ways)
        urls = [
            f"amqp://{address}:{port}/"
            for address, port in (each.address for each in ways[first:] + ways[:first])
        ]
        plan = NodePlan(name, self.cameras, FPS, urls, prefix)
        return EdgeNode(plan, self.folder / name)

    def _end(self) -> None:
        for each in self.nodes.values():
            each.thaw()
            each.kill()
        if hasattr(self, "oracle"):
            self.oracle.close()
        self.relays.close()
        for link in self.links.values():
            link.close()
        self.brokers.close()

    def remove_files(self) -> None:
        """Remove what the nodes wrote, their logs included."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep_files(self, place: Path) -> str:
        """Move what the nodes wrote to a place, or into it where it is; return where they are."""
        try:
            return f"The nodes' folders are in {shutil.move(self.folder, place)}"
        except OSError as error:  # no reason to lose the verdict of an hour
            return f"The nodes' folders stay in {self.folder}: {error}"

    # --- what is seen -----------------------------------------------------------------------

    def running(self) -> list[str]:
        """Return the names of the nodes whose programs run."""
        return [name for name, each in self.nodes.items() if each.is_running()]

    def busiest(self) -> str:
        """Return the node that captures most, the one struck longest ago among equals."""
        struck = [name for each in self.record.disturbances for name in each.nodes]
        loads = Counter(
            name for names in self.oracle.owners(self._names).values() for name in names
        )
        ago = {name: number for number, name in reversed([*enumerate(reversed(struck))])}
        return max(self.running(), key=lambda name: (loads[name], ago.get(name, len(struck))))

    def settle(self, timeout_s: float) -> str:
        """Wait until everything rests for some seconds; return what does not, or nothing."""
        deadline_s = time.monotonic() + timeout_s
        rests_since_s: float | None = None
        what = ""
        while time.monotonic() < deadline_s:
            what = self.oracle.unsettled(self.running(), self.cameras)
            if what:
                rests_since_s = None
            elif rests_since_s is None:
                rests_since_s = time.monotonic()
            elif time.monotonic() - rests_since_s >= _RESTS_S:
                return ""
            time.sleep(0.2)
        return what or "it does not rest"

    def wait_for_calm(self, timeout_s: float) -> None:
        """Wait until frames arrive in time, for some seconds, or the time is over."""
        deadline_s = time.monotonic() + timeout_s
        while self.oracle.lateness_s(_CALM_S) > _IN_TIME_S and time.monotonic() < deadline_s:
            time.sleep(0.5)

    def look_at_queues(self) -> None:
        """Take note of each camera's queue; what looks odd is looked at again, as it may move."""
        for attempt in range(_LOOKS):
            figures = self.brokers.quorum_queues()
            found = [
                QueueLook(camera, self.oracle.now_s(), one.messages, one.index)
                for camera in self.cameras
                if (one := figures.get(_QUEUE + camera)) is not None
            ]
            is_odd = any(not 1 <= each.messages <= _TOKENS for each in found)
            if not is_odd or attempt == _LOOKS - 1:
                self.record.looks += found
                return
            time.sleep(2.0)

    def end_nodes(self) -> None:
        """End all programs in order, and keep what they say of their frames."""
        for name, each in self.nodes.items():
            wrong = each.end()
            self.record.accounts.append(Accounts(name, self.oracle.now_s(), wrong))

    def history(self) -> History:
        """Return what was seen until now."""
        return History(
            End(self.oracle.now_s(), tuple(self.running()), self.cameras),
            self.oracle.arrivals(),
            tuple(self.record.disturbances),
            tuple(self.record.looks),
            tuple(self.record.accounts),
        )

    def broker_of(self, node: str) -> int:
        """Return the broker through which most of a node's connections go at present."""
        return max(range(len(self.ways[node])), key=lambda n: len(self.ways[node][n].ends))

    def nodes_at(self, brokers: Collection[int]) -> tuple[str, ...]:
        """Return the nodes that have a connection to one of these brokers."""
        return tuple(
            name for name, ways in self.ways.items() if any(ways[number].ends for number in brokers)
        )

    def log_of(self, node: str) -> str:
        """Return what a node has said."""
        with contextlib.suppress(OSError):
            return self.nodes[node].log_file.read_text(errors="replace")
        return ""
