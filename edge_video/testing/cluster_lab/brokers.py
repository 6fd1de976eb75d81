"""Runs three real RabbitMQ nodes as one cluster, on the loopback interface."""

from __future__ import annotations

import contextlib
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_video.testing.rabbit import RabbitNode
from edge_video.testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from edge_video.testing.matrix import BrokerPrograms

SIZE: Final = 3
_SETTINGS: Final = (
    # What docs/cluster.md advises: the smaller side waits instead of going its own way.
    "cluster_partition_handling = pause_minority",
    "queue_leader_locator = balanced",
)
_TOGETHER_S: Final = 120.0

# In the words of every version: those of `rabbit_nodes` are not.
_RUNNING: Final = (
    "length([N || N <- [node() | nodes()], rpc:call(N, rabbit, is_running, []) =:= true])"
)
_QUEUES: Final = """
[{binary_to_list(element(4, amqqueue:get_name(Q))),
  case rpc:call(element(2, amqqueue:get_pid(Q)), rabbit_quorum_queue, info, [Q, [messages]]) of
      [{messages, M}] when is_integer(M) -> M; _ -> 0 end,
  case rabbit_quorum_queue:status(<<"/">>, element(4, amqqueue:get_name(Q))) of
      S when is_list(S) -> lists:max([0 | [C || E <- S,
          C <- [rabbit_misc:pget(<<"Commit Index">>, E, 0)], is_integer(C)]]);
      _ -> 0 end}
 || Q <- rabbit_amqqueue:list(<<"/">>), amqqueue:get_type(Q) =:= rabbit_quorum_queue]
"""


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """What a broker says of a queue: its messages, and the commit index of its Raft."""

    messages: int
    index: int


class BrokerCluster:
    """Three nodes, started, broken and ended by whoever owns them."""

    def __init__(self, programs: BrokerPrograms | None = None) -> None:
        self._root = Path(tempfile.mkdtemp(prefix="edge-video-cluster-"))
        first = self._make(1, programs, None)
        self.nodes = (first, *(self._make(n, programs, first) for n in range(2, SIZE + 1)))

    def _make(
        self, number: int, programs: BrokerPrograms | None, beside: RabbitNode | None
    ) -> RabbitNode:
        root = self._root / str(number)
        root.mkdir()
        return RabbitNode(root, tls=False, programs=programs, settings=_SETTINGS, beside=beside)

    def start(self) -> None:
        """Start all, as one cluster; half a minute."""
        first, *others = self.nodes
        first.start()
        _at_once(RabbitNode.start, others)
        eventually(lambda: self.running() == SIZE, _TOGETHER_S, "all broker nodes are one cluster")

    def close(self) -> None:
        """End all; harmless in any state."""
        for each in reversed(self.nodes):  # the first one has the port mapper
            with contextlib.suppress(ProcessLookupError):
                each.close()
        with contextlib.suppress(OSError):
            self._root.rmdir()

    def running(self) -> int:
        """Return how many nodes the first one sees running, itself included."""
        seen = self.nodes[0].evaluate(_RUNNING)
        return int(seen)

    # --- faults -----------------------------------------------------------------------------

    def kill(self, numbers: Iterable[int]) -> None:
        """End nodes as a power cut would."""
        for number in numbers:
            self.nodes[number].kill()

    def stop(self, numbers: Iterable[int]) -> None:
        """End nodes in order."""
        for number in numbers:
            self.nodes[number].stop()

    def restart(self, numbers: Iterable[int]) -> None:
        """Start nodes that have ended, all at once: they wait for each other."""
        _at_once(RabbitNode.ensure_running, [self.nodes[number] for number in numbers])

    def isolate(self, number: int) -> None:
        """Cut a node off from the other two, who see it go at once."""
        alone, others = self.nodes[number], self._others(number)
        # Two different ones: with the same wrong cookie they would let each other in.
        self._expect(alone, others, "'nobody'")
        for each in others:
            self._expect(each, [alone], "'none'")
        alone.evaluate(f"[erlang:disconnect_node(N) || N <- {_names(others)}]")

    def heal(self, number: int) -> None:
        """Let a node that was cut off back in."""
        alone, others = self.nodes[number], self._others(number)
        self._expect(alone, others, "erlang:get_cookie()")
        for each in others:
            self._expect(each, [alone], "erlang:get_cookie()")
        alone.evaluate(f"[net_kernel:connect_node(N) || N <- {_names(others)}]")

    def _expect(self, node: RabbitNode, others: Sequence[RabbitNode], cookie: str) -> None:
        """Have a node let others in by this cookie alone."""
        node.evaluate(f"[erlang:set_cookie(N, {cookie}) || N <- {_names(others)}]")

    def _others(self, number: int) -> Sequence[RabbitNode]:
        return [each for place, each in enumerate(self.nodes) if place != number]

    # --- what is there ----------------------------------------------------------------------

    def quorum_queues(self) -> Mapping[str, QueueFigures]:
        """Return the figures of each quorum queue, as the first node that answers has them."""
        for node in self.nodes:
            with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
                return parse_queues(node.evaluate(" ".join(_QUEUES.split())))
        return {}


def _names(nodes: Iterable[RabbitNode]) -> str:
    """The nodes' names as a list of Erlang's."""
    return f"[{', '.join(repr(each.name) for each in nodes)}]"


def parse_queues(printed: str) -> Mapping[str, QueueFigures]:
    """Return what `[{"name",1,7}]` says, as Erlang prints it."""
    plain = "".join(line.strip() for line in printed.splitlines()).strip("[]")
    if not plain:
        return {}
    found = {}
    for each in plain.strip("{}").split("},{"):
        name, messages, index = each.rsplit(",", 2)
        found[name.strip('"')] = QueueFigures(int(messages), int(index))
    return found


def _at_once(call: Callable[[RabbitNode], None], nodes: Sequence[RabbitNode]) -> None:
    with ThreadPoolExecutor(len(nodes)) as pool:
        list(pool.map(call, nodes))
