"""Knows of every node what it has published, within bounds. Pure: time is an argument.

A node is known by its name. What it tells in `node_status` replaces everything that was known; an
event in between changes what it is about. A node that falls silent stays, and is shown as silent,
until it is forgotten by age, or another needs its place.
"""

from __future__ import annotations

import itertools
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from edge_video.resilience.cluster.membership import SILENT_S
from edge_video.status.health import CameraHealth
from edge_video.top.fleet.messages import AnnouncementHeard, EventHeard, StatusHeard

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from edge_video.status.node import NodeCamera, NodeStatus
    from edge_video.top.fleet.messages import Heard

MAX_NODES: Final = 2000
MAX_CAMERAS: Final = 40_000
"""Of all nodes together; and so many leases."""
MAX_CAMERAS_OF_NODE: Final = 200
MAX_HAPPENED: Final = 20
"""Events of one node that are remembered."""
FORGET_S: Final = 24 * 3600.0
"""A node that was silent for so long is forgotten."""

_MAX_STARTS: Final = 4
_SILENT_PERIODS: Final = 2.5
"""A node that told nothing for so many of its periods is silent."""
_EVENTS_ONLY_S: Final = 3600.0
"""A node that promises nothing gives its place to another after so long."""
_CLUSTER_SILENT_S: Final = SILENT_S + 3.0

_HEALTH_OF_EVENT: Final = {
    "camera_online": CameraHealth.HEALTHY,
    "camera_offline": CameraHealth.TROUBLE,
    "camera_flapping": CameraHealth.TROUBLE,
    "camera_off_schedule": CameraHealth.OFF_SCHEDULE,
    "camera_off_expected": CameraHealth.OFF_EXPECTED,
    "breaker_open": CameraHealth.TROUBLE,
    "breaker_flapping": CameraHealth.TROUBLE,
}
_HEALTH_OF_PHASE: Final = {
    "stopped": CameraHealth.STOPPED,
    "disabled": CameraHealth.DISABLED,
}


@dataclass(frozen=True, slots=True)
class KnownCamera:
    """What is known of one camera; as in `NodeCamera`, but for the time.

    Attributes:
        since_s: monotonic clock of this program, since when it is so; None: not known.
    """

    camera_id: str
    health: str
    since_s: float | None = None
    fps: float | None = None
    expected_fps: float | None = None
    cause: str = ""
    text: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a node.

    Attributes:
        at_s: monotonic clock of this program, when it was heard.
    """

    at_s: float
    event: str
    camera_id: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Shared:
    """What a node tells of its cluster, as in `AnnouncementHeard`; of its leases what is kept."""

    group: str
    life: str
    owned: Mapping[str, int]
    owned_left_out: int
    cameras: int
    unreachable: int
    is_leaving: bool
    is_last: bool
    heard_s: float


@dataclass(frozen=True, slots=True)
class Told:
    """The last status of a node.

    Attributes:
        status: with the cameras that are kept.
        at_s: monotonic clock of this program, when it was heard.
        at_ns: the same by its wall clock.
        node_ns: wall clock of the node, when it told it.
    """

    status: NodeStatus
    at_s: float
    at_ns: int
    node_ns: int


@dataclass(frozen=True, slots=True)
class Alarms:
    """What a node has not enough of, and what it refused; as of its last status or event.

    Attributes:
        memory_level: a `MemoryLevel`; empty: not known.
        refused: why its last reload was refused; empty: it was not.
    """

    memory_level: str = ""
    is_cpu_short: bool = False
    refused: str = ""


@dataclass(slots=True)
class KnownNode:
    """What is known of one node.

    Attributes:
        name: its name.
        heard_s: monotonic clock of this program, when anything of it was heard last.
        told: its last status; None: it has told none.
        cameras: by their ids, in the order of the status.
        left_out: cameras that are not among them.
        shared: of its last announcement; None: it is in no cluster.
        alarms: what it has not enough of.
        happened: the last events, the oldest first.
    """

    name: str
    heard_s: float
    told: Told | None = None
    cameras: dict[str, KnownCamera] = field(default_factory=dict)
    left_out: int = 0
    shared: Shared | None = None
    alarms: Alarms = Alarms()
    happened: deque[Happened] = field(default_factory=lambda: deque(maxlen=MAX_HAPPENED))
    _starts: dict[str, list[object]] = field(default_factory=dict)
    _twice_until_s: float = 0.0

    @property
    def leases(self) -> int:
        """How many of its leases are kept."""
        return 0 if self.shared is None else len(self.shared.owned)

    @property
    def status(self) -> NodeStatus | None:
        """Its last status; None: it has told none."""
        return None if self.told is None else self.told.status

    def status_age_s(self, now_s: float) -> float:
        """How long ago that was heard; 0 when it never was."""
        return 0.0 if self.told is None else max(0.0, now_s - self.told.at_s)

    def silent_after_s(self) -> float | None:
        """How long it may tell nothing before it counts as silent; None: it promises nothing."""
        limits = []
        if self.shared is not None:
            limits.append(_CLUSTER_SILENT_S)
        if self.status is not None:
            limits.append(_SILENT_PERIODS * self.status.period_s)
        return min(limits, default=None)

    def is_twice(self, now_s: float) -> bool:
        """Whether two programs seem to bear this name: one that was replaced is heard again."""
        return now_s < self._twice_until_s

    def begin(self, kind: str, start: object, now_s: float, lasts_s: float) -> None:
        """One start of the program is heard; that it runs beside another counts for so long.

        Args:
            kind: by what it is told from others; each kind is looked at apart.
            start: tells it from others.
            now_s: monotonic clock.
            lasts_s: seconds.
        """
        starts = self._starts.setdefault(kind, [])
        if starts and starts[-1] == start:
            return
        if start in starts:
            self._twice_until_s = now_s + lasts_s
            starts.remove(start)
        starts.append(start)
        del starts[:-_MAX_STARTS]


class Fleet:
    """Every node that was heard, within bounds. One thread at a time.

    Attributes:
        foreign: messages that are none of a node.
        left_out: messages of nodes for which there is no place.
    """

    def __init__(self, forget_s: float = FORGET_S) -> None:
        self._forget_s = forget_s
        self._nodes: dict[str, KnownNode] = {}
        self._cameras = 0
        self._leases = 0
        self._listening_s: float | None = None
        self.foreign = 0
        self.left_out = 0

    @property
    def nodes(self) -> Iterable[KnownNode]:
        """All of them, in the order in which they came."""
        return self._nodes.values()

    def node(self, name: str) -> KnownNode | None:
        """What is known of one node; None: nothing."""
        return self._nodes.get(name)

    def take(self, heard: Heard, now_s: float, now_ns: int) -> None:
        """Note what was heard, by both clocks of this program."""
        node = self._place_for(heard.node, now_s)
        if node is None:
            self.left_out += 1
            return
        node.heard_s = now_s
        before, leases_before = len(node.cameras), node.leases
        match heard:
            case StatusHeard():
                _take_status(node, heard, now_s, now_ns, MAX_CAMERAS - self._cameras + before)
            case EventHeard():
                _take_event(node, heard, now_s, has_room=self._cameras < MAX_CAMERAS)
            case AnnouncementHeard():
                _take_announcement(node, heard, now_s, MAX_CAMERAS - self._leases + leases_before)
        self._cameras += len(node.cameras) - before
        self._leases += node.leases - leases_before

    def listen(self, now_s: float | None) -> None:
        """Nodes can be heard from now on; None: they cannot any more, and none is silent for it."""
        self._listening_s = now_s

    def silence_s(self, node: KnownNode, now_s: float) -> float:
        """How long it could have been heard, and was not."""
        if self._listening_s is None:
            return 0.0
        return max(0.0, now_s - max(node.heard_s, self._listening_s))

    def is_silent(self, node: KnownNode, now_s: float) -> bool:
        """Whether it has told nothing for longer than it promises."""
        limit_s = node.silent_after_s()
        return limit_s is not None and self.silence_s(node, now_s) > limit_s

    def tick(self, now_s: float) -> None:
        """Forget whoever has been silent for too long."""
        for node in [each for each in self.nodes if self.silence_s(each, now_s) >= self._forget_s]:
            self._forget(node)

    def _place_for(self, name: str, now_s: float) -> KnownNode | None:
        known = self._nodes.get(name)
        if known is not None:
            return known
        if len(self._nodes) >= MAX_NODES:
            oldest = min(self.nodes, key=lambda each: each.heard_s)
            limit_s = oldest.silent_after_s() or _EVENTS_ONLY_S
            if self.silence_s(oldest, now_s) < limit_s:
                return None
            self._forget(oldest)
        node = self._nodes[name] = KnownNode(name, now_s)
        return node

    def _forget(self, node: KnownNode) -> None:
        del self._nodes[node.name]
        self._cameras -= len(node.cameras)
        self._leases -= node.leases


def _take_status(node: KnownNode, heard: StatusHeard, now_s: float, now_ns: int, room: int) -> None:
    status = heard.status
    if _is_over(node, status, now_s):
        node.shared = None
    node.begin("start", status.started_at_ns, now_s, 3 * status.period_s)
    kept = status.cameras[: max(0, room)]
    node.told = Told(replace(status, cameras=kept), now_s, now_ns, heard.at_ns)
    node.cameras = {each.id: _known(each, heard.at_ns, now_s) for each in kept}
    node.left_out = status.cameras_left_out + len(status.cameras) - len(kept)
    process, config = status.process, status.config
    node.alarms = Alarms(
        "" if process is None else process.memory_level,
        process is not None and process.is_cpu_short,
        "" if config is None else config.refused,
    )


def _is_over(node: KnownNode, status: NodeStatus, now_s: float) -> bool:
    """Whether what the node told of its cluster is so no more; if it is, it soon tells it again."""
    if node.shared is None:
        return False
    is_anew = node.status is not None and node.status.started_at_ns != status.started_at_ns
    return is_anew or now_s - node.shared.heard_s > max(status.period_s, _CLUSTER_SILENT_S)


def _known(camera: NodeCamera, at_ns: int, now_s: float) -> KnownCamera:
    since_ns = camera.since_ns
    return KnownCamera(
        camera.id,
        camera.health,
        None if since_ns is None else now_s - max(0.0, (at_ns - since_ns) / 1e9),
        camera.fps,
        camera.expected_fps,
        camera.cause or "",
        camera.text or "",
        camera.picture or "",
    )


def _take_event(node: KnownNode, heard: EventHeard, now_s: float, *, has_room: bool) -> None:
    node.happened.append(
        Happened(now_s, heard.event, heard.camera_id, heard.state, heard.text or heard.cause)
    )
    subject, _, what = heard.event.partition("_")
    if subject == "memory":
        node.alarms = replace(node.alarms, memory_level=heard.state)
    elif subject == "cpu":
        node.alarms = replace(node.alarms, is_cpu_short=what == "short")
    elif subject == "config":
        refused = (heard.text or heard.state) if what == "refused" else ""
        node.alarms = replace(node.alarms, refused=refused)
    elif heard.camera_id:
        has_place = has_room and len(node.cameras) < MAX_CAMERAS_OF_NODE
        if heard.camera_id in node.cameras or has_place:
            _take_camera_event(node, heard, now_s)
        else:
            node.left_out += node.told is None


def _take_camera_event(node: KnownNode, heard: EventHeard, now_s: float) -> None:
    known = node.cameras.get(heard.camera_id)
    health = _HEALTH_OF_PHASE.get(heard.phase) or _HEALTH_OF_EVENT.get(heard.event)
    if heard.event.startswith("picture_"):
        picture = "" if heard.state == "live" else heard.state
        node.cameras[heard.camera_id] = KnownCamera(
            heard.camera_id,
            known.health if known is not None else CameraHealth.HEALTHY.value,
            now_s - heard.age_s if known is None else known.since_s,
            picture=picture,
            fps=None if known is None else known.fps,
            expected_fps=None if known is None else known.expected_fps,
        )
    elif health is not None:
        is_same = known is not None and known.health == health.value
        node.cameras[heard.camera_id] = KnownCamera(
            heard.camera_id,
            health.value,
            known.since_s if known is not None and is_same else now_s - heard.age_s,
            expected_fps=None if known is None else known.expected_fps,
            cause=heard.cause,
            text=heard.text if heard.cause else "",
        )


def _take_announcement(node: KnownNode, heard: AnnouncementHeard, now_s: float, room: int) -> None:
    node.begin("life", heard.life, now_s, 3 * _CLUSTER_SILENT_S)
    owned = dict(itertools.islice(heard.owned.items(), max(0, room)))
    node.shared = Shared(
        group=heard.group,
        life=heard.life,
        owned=owned,
        owned_left_out=heard.owned_left_out + len(heard.owned) - len(owned),
        cameras=heard.cameras,
        unreachable=heard.unreachable,
        is_leaving=heard.is_leaving,
        is_last=heard.is_last,
        heard_s=now_s,
    )
