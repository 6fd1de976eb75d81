"""Declares what a lab has seen from outside, and keeps it in a file of JSON lines.

All times are seconds since the history began, on one clock: everything runs on one machine.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame at the consumers: the first time that one of them was sent it.

    Attributes:
        camera: its camera.
        node: the node that captured it.
        session: one uninterrupted run of the camera's stream there.
        seq: counts the camera's frames while the program of the node runs.
        epoch: the one it bears; 0: none.
        captured_s: when it was whole.
        published_s: when the node handed it to a broker.
        at_s: when it arrived.
    """

    camera: str
    node: str
    session: str
    seq: int
    epoch: int
    captured_s: float
    published_s: float
    at_s: float


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A fault that was brought.

    Attributes:
        fault: its name; `limits` says what it may lead to.
        nodes: the nodes whose program, host, connection or broker it struck; none: all alike.
        began_s: when it was brought.
        ended_s: when it was repaired.
        settled_s: when each camera had one owner and somebody in line again; None: not in time.
    """

    fault: str
    nodes: tuple[str, ...]
    began_s: float
    ended_s: float
    settled_s: float | None


@dataclass(frozen=True, slots=True)
class QueueLook:
    """The queue of one camera's lease, while nothing was broken.

    Attributes:
        camera: of which camera.
        at_s: when.
        messages: the tokens in it, held ones included.
        index: how many commands its Raft has committed.
    """

    camera: str
    at_s: float
    messages: int
    index: int


@dataclass(frozen=True, slots=True)
class Accounts:
    """What a node said at its end of the frames that went through it.

    Attributes:
        node: which one.
        at_s: when.
        differences: sums that are wrong, in words.
    """

    node: str
    at_s: float
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class End:
    """The end of a history: when it was, and the nodes that ran then."""

    at_s: float
    nodes: tuple[str, ...]
    cameras: tuple[str, ...]


Entry: TypeAlias = Arrival | Disturbance | QueueLook | Accounts | End
_KINDS: Final[Mapping[str, Callable[..., Entry]]] = {
    each.__name__: each for each in (Arrival, Disturbance, QueueLook, Accounts, End)
}
_TUPLES: Final = frozenset({"nodes", "cameras", "differences"})


@dataclass(frozen=True)
class History:
    """Everything that was seen; each kind in order of time."""

    end: End
    arrivals: tuple[Arrival, ...] = ()
    disturbances: tuple[Disturbance, ...] = ()
    looks: tuple[QueueLook, ...] = ()
    accounts: tuple[Accounts, ...] = ()

    @cached_property
    def by_camera(self) -> Mapping[str, list[Arrival]]:
        """The frames of each camera, in order of arrival."""
        found: dict[str, list[Arrival]] = {camera: [] for camera in self.end.cameras}
        for each in self.arrivals:
            found.setdefault(each.camera, []).append(each)
        return found


def accepted(arrivals: Iterable[Arrival]) -> list[Arrival]:
    """Return what a consumer keeps of one camera: no frame below the highest epoch it has seen."""
    kept: list[Arrival] = []
    for each in arrivals:
        if not kept or each.epoch >= kept[-1].epoch:
            kept.append(each)
    return kept


def save(history: History, path: Path) -> None:
    """Write a history, a line for each entry."""
    entries: list[Entry] = [*history.arrivals, *history.disturbances, *history.looks]
    with path.open("w") as file:
        for each in (*entries, *history.accounts, history.end):
            file.write(json.dumps({"kind": type(each).__name__, **asdict(each)}) + "\n")


def load(path: Path) -> History:
    """Read a history that was written.

    Raises:
        ValueError: the file is none, or was cut short.
    """
    entries = [_entry(json.loads(line)) for line in path.read_text().splitlines()]
    ends = [each for each in entries if isinstance(each, End)]
    if not ends:
        raise ValueError(f"{path} has no end")
    return History(
        end=ends[-1],
        arrivals=tuple(each for each in entries if isinstance(each, Arrival)),
        disturbances=tuple(each for each in entries if isinstance(each, Disturbance)),
        looks=tuple(each for each in entries if isinstance(each, QueueLook)),
        accounts=tuple(each for each in entries if isinstance(each, Accounts)),
    )


def _entry(found: dict[str, Any]) -> Entry:
    kind = _KINDS.get(found.pop("kind", ""))
    if kind is None:
        raise ValueError("a line is no entry of a history")
    values = {name: tuple(each) if name in _TUPLES else each for name, each in found.items()}
    return kind(**values)
