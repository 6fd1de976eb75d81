"""Draws up which faults a soak brings, and when, from its seed alone."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from edge_video.faults import (
    AtNextStart,
    BlockConnection,
    CrashActor,
    CrashInStart,
    DelayActor,
    DropConnection,
    Fault,
    FreezeFfmpeg,
    GarbageBytes,
    IgnoreSigterm,
    KillFfmpeg,
    NackFrames,
    Now,
    OversizedFrame,
    RefuseConnections,
    RefuseSpawn,
    ReturnFrames,
    SilentEnd,
    SlowConfirms,
    SlowFrames,
    StopConfirming,
    TruncatedFrame,
    When,
)
from edge_video.testing.soak.devices import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET_START_S: Final = 10.0
QUIET_END_S: Final = 10.0
"""At both ends, so that a run begins and ends with everything well."""
MEAN_GAP_S: Final = 2.5
_BROKER_GAP_S: Final = 35.0
"""A node that is killed takes up to twenty seconds to come back on a busy machine."""

OutsideAction: TypeAlias = Literal["kill", "restart", "freeze", "hang_up", "alarm"]


_SERVER_ACTIONS: Final[tuple[OutsideAction, ...]] = ("kill", "restart", "freeze", "hang_up")
_BROKER_ACTIONS: Final[tuple[OutsideAction, ...]] = ("kill", "restart", "freeze", "alarm")


@dataclass(frozen=True, slots=True)
class Message:
    """One `InjectFault`."""

    target: str
    fault: Fault
    when: When

    @property
    def kind(self) -> str:
        """For the summary."""
        name = type(self.fault).__name__
        return name if self.target.startswith("cam") else f"{self.target}: {name}"

    @property
    def lasts_s(self) -> float:
        """Until it is undone by itself; 0 for what is over at once."""
        return float(getattr(self.fault, "for_s", None) or 0.0)


@dataclass(frozen=True, slots=True)
class Outside:
    """Something done to a part beside the system: an RTSP server, or the broker."""

    target: str
    """`rtsp0`, `rtsp1`, `broker`."""
    action: OutsideAction
    lasts_s: float

    @property
    def kind(self) -> str:
        """For the summary."""
        return f"{self.target.rstrip('0123456789')}: {self.action}"


Blow: TypeAlias = Message | Outside


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault and its time, in seconds since the start."""

    at_s: float
    blow: Blow


def draw_schedule(seed: int, minutes: float, cameras: list[str], servers: int) -> list[Planned]:
    """All faults of a run, in order of time; the same for the same arguments."""
    draw = random.Random(seed)
    planned: list[Planned] = []
    at_s, broker_free_at_s = QUIET_START_S, 0.0
    until_s = minutes * 60 - QUIET_END_S
    while (at_s := at_s + 0.5 + draw.expovariate(1 / MEAN_GAP_S)) < until_s:
        make = draw.choices(_SORTS, _WEIGHTS)[0]
        for blow in make(draw, cameras, servers):
            if isinstance(blow, Outside) and blow.target == "broker":
                if at_s < broker_free_at_s or at_s + _BROKER_GAP_S > until_s:
                    continue
                broker_free_at_s = at_s + _BROKER_GAP_S
            planned.append(Planned(at_s, blow))
    return planned


def affected_cameras(blow: Blow, cameras: list[str], servers: int) -> list[str]:
    """The cameras whose stream a fault may interrupt."""
    if isinstance(blow, Message):
        return [blow.target] if blow.target in cameras else []
    if blow.target == "broker":
        return []
    served = [name for name in cameras if not kind_of(name)]  # devices have no server but their own
    return [name for n, name in enumerate(served) if f"rtsp{n % servers}" == blow.target]


def affects_publishing(blow: Blow) -> bool:
    """Whether a fault may keep frames from being confirmed."""
    return blow.target in ("publisher", "broker")


def _camera(draw: random.Random, cameras: list[str], servers: int) -> list[Blow]:
    del servers
    target = draw.choice(cameras)
    faults: list[Fault] = [
        KillFfmpeg(),
        KillFfmpeg(),
        FreezeFfmpeg(),
        FreezeFfmpeg(for_s=draw.uniform(0.5, 4.0)),
        SlowFrames(share=0.2, for_s=draw.uniform(2.0, 6.0)),
        GarbageBytes(size=draw.randint(1, 200_000), seed=draw.randint(0, 999)),
        TruncatedFrame(),
        OversizedFrame(size=draw.choice((17, 40)) * 2**20),
        SilentEnd(),
        IgnoreSigterm(),
        CrashActor(),
        DelayActor(for_s=draw.uniform(0.2, 1.5)),
    ]
    fault = draw.choice(faults)
    blows: list[Blow] = [Message(target, fault, Now())]
    if isinstance(fault, IgnoreSigterm):
        blows.append(Message(target, CrashActor(), Now()))  # so that it has to end, and does not
    return blows


def _start(draw: random.Random, cameras: list[str], servers: int) -> list[Blow]:
    del servers
    target = draw.choice(cameras)
    faults: list[Fault] = [RefuseSpawn(), CrashInStart()]
    fault = draw.choice(faults)
    return [Message(target, fault, AtNextStart()), Message(target, KillFfmpeg(), Now())]


def _publisher(draw: random.Random, cameras: list[str], servers: int) -> list[Blow]:
    del cameras, servers
    lasts_s = draw.uniform(1.0, 6.0)
    refused: list[Fault] = [RefuseConnections(for_s=lasts_s), DropConnection()]
    faults: list[Fault] = draw.choice(
        [
            [DropConnection()],
            refused,
            [StopConfirming(for_s=lasts_s)],
            [SlowConfirms(delay_s=0.3, for_s=lasts_s)],
            [NackFrames(frames=draw.randint(1, 50))],
            [ReturnFrames(frames=draw.randint(1, 50))],
            [BlockConnection(for_s=lasts_s)],
            [CrashActor()],
            [DelayActor(for_s=draw.uniform(0.2, 2.0))],
        ]
    )
    return [Message("publisher", fault, Now()) for fault in faults]


def _servant(draw: random.Random, cameras: list[str], servers: int) -> list[Blow]:
    del cameras, servers
    target = draw.choice(("metrics", "reporter"))
    faults: list[Fault] = [CrashActor(), DelayActor(for_s=draw.uniform(0.2, 2.0))]
    return [Message(target, draw.choice(faults), Now())]


def _server(draw: random.Random, cameras: list[str], servers: int) -> list[Blow]:
    del cameras
    action = draw.choice(_SERVER_ACTIONS)
    lasts_s = 0.0 if action in ("restart", "hang_up") else draw.uniform(2.0, 10.0)
    return [Outside(f"rtsp{draw.randrange(servers)}", action, lasts_s)]


def _broker(draw: random.Random, cameras: list[str], servers: int) -> list[Blow]:
    del cameras, servers
    action = draw.choice(_BROKER_ACTIONS)
    lasts_s = 0.0 if action in ("restart", "kill") else draw.uniform(2.0, 12.0)
    return [Outside("broker", action, lasts_s)]


_Maker: TypeAlias = "Callable[[random.Random, list[str], int], list[Blow]]"
_SORTS: Final[tuple[_Maker, ...]] = (_camera, _start, _publisher, _servant, _server, _broker)
_WEIGHTS: Final = (10, 2, 5, 1, 3, 2)
