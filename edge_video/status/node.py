"""Defines what a node publishes of itself every half minute, and reads it from whoever may send it.

It is small: of every camera what a row shows, the troubled ones first, and no more than
`MAX_CAMERAS` of them. Names carry their units, as in `edge_video.status.model`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError

from edge_video.status.health import CameraHealth, camera_health, delivery_of
from edge_video.status.model import CameraPhase
from edge_video.text.catalog import Language
from edge_video.text.escaping import one_line
from edge_video.text.formatting import format_failure, shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_video.status.model import CameraStatus, SystemStatus

MAX_CAMERAS: Final = 200
"""Named one by one; of the others a node only says how many there are."""
MAX_TEXT: Final = 200
"""Characters of a reason."""
_MAX_NAME: Final = 255

_Name = Annotated[str, Field(min_length=1, max_length=_MAX_NAME)]
_Text = Annotated[str, Field(max_length=4 * MAX_TEXT)]
_Count = Annotated[int, Field(ge=0, le=2**63)]
_Figure = Annotated[float, Field(ge=0.0, le=1e15)]

_ORDER: Final = (
    CameraHealth.TROUBLE,
    CameraHealth.SLOW,
    CameraHealth.STARTING,
)
"""Those that are named first where not all can be."""


@dataclass(frozen=True, slots=True)
class NodeCamera:
    """One camera of a node.

    Attributes:
        id: its id in the node's configuration.
        health: a `CameraHealth`; a newer node may know others.
        since_ns: wall clock of the node, since when it is so, as far as the node has watched.
        fps: pictures a second over the last ten; 0 when it does not stream, None until it was
            measured.
        expected_fps: what it is held to.
        cause: why it failed last, a `Cause`; None of a camera that is well or rests.
        text: the same in English, with the evidence; secrets masked.
        picture: what its pictures show where they are not right; None otherwise.
    """

    id: _Name
    health: _Name
    since_ns: _Count | None = None
    fps: _Figure | None = None
    expected_fps: _Figure | None = None
    cause: _Name | None = None
    text: _Text | None = None
    picture: _Name | None = None


@dataclass(frozen=True, slots=True)
class NodeDelivery:
    """Whether the node can deliver frames.

    Attributes:
        state: a `Delivery`.
        target: the broker, masked.
        reason: why it cannot; empty when it can.
        down_for_s: for how long it could not; None: it can.
        connections_lost: since the start.
        published: frames, since the start.
        dropped: frames lost since the start, for whatever reason.
        dropped_5m: the same in the last five minutes.
    """

    state: _Name
    target: _Text = ""
    reason: _Text = ""
    down_for_s: _Figure | None = None
    connections_lost: _Count = 0
    published: _Count = 0
    dropped: _Count = 0
    dropped_5m: _Count = 0


@dataclass(frozen=True, slots=True)
class NodeProcess:
    """What the program and its machine use.

    Attributes:
        cpu_percent: of one core, as is the next; None before two measurements.
        ffmpeg_cpu_percent: of all FFmpegs together.
        system_cpu_percent: of all cores.
        memory_level: a `MemoryLevel`.
        is_cpu_short: whether the CPU that there is has been used up for a minute.
    """

    rss_bytes: _Count
    ffmpeg_rss_bytes: _Count
    ffmpeg_processes: _Count
    system_ram_used_percent: _Figure
    cpu_percent: _Figure | None = None
    ffmpeg_cpu_percent: _Figure | None = None
    system_cpu_percent: _Figure | None = None
    memory_level: _Name = "normal"
    is_cpu_short: bool = False


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """Which configuration runs.

    Attributes:
        hash: of all of it, secrets masked.
        loaded_at_ns: wall clock of the node.
        profile: which one applies; None: none does.
        file_differs: the files have other contents now.
        refused: why the last reload was refused; empty when it was not.
    """

    hash: _Name
    loaded_at_ns: _Count
    profile: _Name | None = None
    file_differs: bool = False
    refused: _Text = ""


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """A node as it shows itself to the others.

    Attributes:
        version: of the program.
        started_at_ns: wall clock of the node.
        uptime_s: since then.
        period_s: the next status comes within so long.
        health: how many cameras are so, by `CameraHealth`; those that none is, are left out.
        cameras: the first `MAX_CAMERAS`, the troubled ones first.
        cameras_left_out: how many more there are.
    """

    version: _Name
    started_at_ns: _Count
    uptime_s: _Figure
    period_s: Annotated[float, Field(ge=1.0, le=86_400.0)]
    delivery: NodeDelivery
    health: Annotated[dict[_Name, _Count], Field(max_length=64)]
    cameras: Annotated[tuple[NodeCamera, ...], Field(max_length=MAX_CAMERAS)]
    cameras_left_out: _Count = 0
    process: NodeProcess | None = None
    config: NodeConfig | None = None
    restarts: Annotated[dict[_Name, _Count], Field(max_length=64)] = field(default_factory=dict)


def node_status(
    status: SystemStatus, since_ns: Mapping[str, int], period_s: float, clean: Callable[[str], str]
) -> NodeStatus:
    """What a node publishes of this status.

    Args:
        status: of the whole system.
        since_ns: since when each camera is how it is, by its id.
        period_s: see `NodeStatus`.
        clean: masks secrets in every text.
    """
    health: dict[str, int] = {}
    for camera in status.cameras:
        name = camera_health(camera).value
        health[name] = health.get(name, 0) + 1
    ordered = sorted(status.cameras, key=_place)
    return NodeStatus(
        version=status.version,
        started_at_ns=status.started_at_ns,
        uptime_s=round(status.uptime_s, 1),
        period_s=period_s,
        delivery=_delivery(status, clean),
        health=health,
        cameras=tuple(
            _camera(each, since_ns.get(each.camera_id), clean) for each in ordered[:MAX_CAMERAS]
        ),
        cameras_left_out=max(0, len(ordered) - MAX_CAMERAS),
        process=_process(status),
        config=_config(status, clean),
        restarts={name: count for name, count in status.restarts.items() if count},
    )


def _place(camera: CameraStatus) -> int:
    health = camera_health(camera)
    return _ORDER.index(health) if health in _ORDER else len(_ORDER)


def _camera(camera: CameraStatus, since_ns: int | None, clean: Callable[[str], str]) -> NodeCamera:
    health, failure = camera_health(camera), camera.last_failure
    is_told = failure is not None and health in (CameraHealth.TROUBLE, CameraHealth.STARTING)
    picture = None if camera.picture is None else camera.picture.value
    return NodeCamera(
        id=camera.camera_id,
        health=health.value,
        since_ns=since_ns,
        fps=_fps(camera),
        expected_fps=round(camera.expected_fps, 2),
        cause=failure.cause.value if failure is not None and is_told else None,
        text=_short(format_failure(failure, Language.EN), clean)
        if failure is not None and is_told
        else None,
        picture=None if picture == "live" else picture,
    )


def _fps(camera: CameraStatus) -> float | None:
    """What it sends now: what it sent before it ended, or before another node took it, is past."""
    if camera.received_fps is None:
        return None
    return round(camera.received_fps, 1) if camera.phase is CameraPhase.STREAMING else 0.0


def _delivery(status: SystemStatus, clean: Callable[[str], str]) -> NodeDelivery:
    publisher, totals = status.publisher, status.totals
    return NodeDelivery(
        state=delivery_of(publisher).value,
        target=_short(publisher.target, clean),
        reason=_short(publisher.reason, clean),
        down_for_s=_rounded(publisher.down_for_s),
        connections_lost=publisher.connections_lost,
        published=totals.published,
        dropped=totals.lost,
        dropped_5m=status.recent.dropped_5m,
    )


def _process(status: SystemStatus) -> NodeProcess | None:
    sample = status.process
    if sample is None:
        return None
    return NodeProcess(
        rss_bytes=sample.rss_bytes,
        ffmpeg_rss_bytes=sample.ffmpeg_rss_bytes,
        ffmpeg_processes=sample.ffmpeg_processes,
        system_ram_used_percent=round(sample.system_ram_used_percent, 1),
        cpu_percent=_rounded(sample.cpu_percent),
        ffmpeg_cpu_percent=_rounded(sample.ffmpeg_cpu_percent),
        system_cpu_percent=_rounded(sample.system_cpu_percent),
        memory_level=sample.memory_level.value,
        is_cpu_short=sample.cpu_shortage is not None,
    )


def _config(status: SystemStatus, clean: Callable[[str], str]) -> NodeConfig | None:
    config = status.config
    if config is None:
        return None
    last = config.last_reload
    refused = "" if last is None else last.reason.value
    if last is not None and refused and last.details:
        refused = f"{refused}: {last.details[0]}"
    return NodeConfig(
        hash=config.hash,
        loaded_at_ns=config.loaded_at_ns,
        profile=config.profile,
        file_differs=config.file_differs,
        refused=_short(refused, clean),
    )


def _short(text: str, clean: Callable[[str], str]) -> str:
    """Masked before it is cut: half a secret is one that nobody recognises."""
    return shorten(one_line(clean(text)), MAX_TEXT)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def node_status_facts(status: NodeStatus) -> dict[str, object]:
    """The keys that a status adds to its event; what is not known of a camera is left out."""
    facts = {each.name: getattr(status, each.name) for each in fields(status)}
    facts["cameras"] = [
        {
            each.name: value
            for each in fields(camera)
            if (value := getattr(camera, each.name)) is not None
        }
        for camera in status.cameras
    ]
    return facts


def read_node_status(body: bytes) -> NodeStatus:
    """The status in the body of an event; keys that are not known are ignored.

    Raises:
        ValueError: there is none: something is missing, of another kind, too long or out of range.
    """
    try:
        status = _adapter().validate_json(body, strict=True)
    except ValidationError as error:
        raise ValueError(error.errors(include_url=False)[0]["msg"]) from None
    assert isinstance(status, NodeStatus)
    return status


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(NodeStatus)
