"""Reads what nodes publish, from whoever may publish there. Pure.

Every text is made safe for a terminal, held against the redactor and cut: nodes mask their secrets
themselves, but a broker carries what anybody sends.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from edge_video.notifications.node_status import NODE_STATUS
from edge_video.resilience.cluster import wire
from edge_video.runtime.units import ns_to_s
from edge_video.status.node import MAX_TEXT, NodeStatus, read_node_status
from edge_video.text.formatting import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_EVENT_BYTES: Final = 256 * 1024
"""Longer messages are refused unread; a status of 200 cameras has a tenth of it."""
MAX_NAME: Final = 100
"""Characters of a node's, a group's or a camera's name that are kept."""
MAX_OWNED: Final = 1000
"""Cameras of one node whose leases are read."""

_LARGEST: Final = 2**63
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class StatusHeard:
    """A node tells how it is.

    Attributes:
        node: its name.
        at_ns: wall clock of the node, when it was told.
        status: all that it tells; every text is clean.
    """

    node: str
    at_ns: int
    status: NodeStatus


@dataclass(frozen=True, slots=True)
class EventHeard:
    """Something happened at a node.

    Attributes:
        node: its name.
        event: what; a newer node may know others.
        state: as in the event.
        age_s: how long it had been so when it was told.
        camera_id: which camera; empty when it is about none.
        phase: of the camera; empty when it is not told.
        cause: of a failure; empty without one.
        text: the failure in English, or a reason.
    """

    node: str
    event: str
    state: str
    age_s: float
    camera_id: str = ""
    phase: str = ""
    cause: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class AnnouncementHeard:
    """A node of a cluster is there.

    Attributes:
        node: its name.
        life: tells this start of its program from any other.
        group: of nodes that share cameras.
        owned: the cameras that it captures, each with its epoch; `MAX_OWNED` at most.
        owned_left_out: how many more there are.
        cameras: how many its configuration has.
        unreachable: how many of them it cannot reach.
        is_leaving: it gives everything away.
        is_last: it has ended, in order.
    """

    node: str
    life: str
    group: str
    owned: Mapping[str, int]
    owned_left_out: int
    cameras: int
    unreachable: int
    is_leaving: bool
    is_last: bool


Heard: TypeAlias = StatusHeard | EventHeard | AnnouncementHeard


def read_event(body: bytes, clean: Callable[[str], str]) -> StatusHeard | EventHeard:
    """What an event's body says.

    Args:
        body: the message.
        clean: makes a text safe and masks secrets in it.

    Raises:
        ValueError: it is no event of a node.
    """
    if len(body) > MAX_EVENT_BYTES:
        raise ValueError("too long")
    found = _object(body)
    node, event = _name(found, "node", clean), _name(found, "event", clean)
    at_ns = _instant(found, "at_ns")
    if event == NODE_STATUS:
        return StatusHeard(node, at_ns, _cleaned(read_node_status(body), clean))
    failure = found.get("failure")
    about = failure if isinstance(failure, dict) else {}
    return EventHeard(
        node=node,
        event=event,
        state=_text(found, "state", clean),
        age_s=max(0.0, ns_to_s(at_ns - _instant(found, "since_ns"))),
        camera_id=_text(found, "camera_id", clean)[:MAX_NAME],
        phase=_text(found, "phase", clean),
        cause=_text(about, "cause", clean),
        text=_text(about, "text", clean) or _text(found, "reason", clean),
    )


def read_announcement(body: bytes, group: str, clean: Callable[[str], str]) -> AnnouncementHeard:
    """What an announcement's body says.

    Raises:
        ValueError: it is none.
    """
    found = wire.decode_announcement(body)
    return AnnouncementHeard(
        node=shorten(clean(found.holder.node), MAX_NAME),
        life=found.holder.life,
        group=shorten(clean(group), MAX_NAME),
        owned={
            shorten(clean(name), MAX_NAME): each.epoch
            for name, each in itertools.islice(found.owned.items(), MAX_OWNED)
        },
        owned_left_out=max(0, len(found.owned) - MAX_OWNED),
        cameras=len(found.cameras),
        unreachable=len(found.unreachable),
        is_leaving=found.is_leaving,
        is_last=found.is_last,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - one error for all that is no event
    return found


def _name(found: dict[str, Any], key: str, clean: Callable[[str], str]) -> str:
    value = found.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} is no name")
    return shorten(clean(value[: 4 * MAX_NAME]), MAX_NAME)


def _text(found: dict[str, Any], key: str, clean: Callable[[str], str]) -> str:
    value = found.get(key)
    return shorten(clean(value[: 8 * MAX_TEXT]), MAX_TEXT) if isinstance(value, str) else ""


def _instant(found: dict[str, Any], key: str) -> int:
    value = found.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LARGEST:
        raise ValueError(f"{key} is no time")
    return value


def _cleaned(value: _Value, clean: Callable[[str], str]) -> _Value:
    """The same with every text in it made safe; names of keys too."""
    done: Any = value
    if isinstance(value, str):
        done = shorten(clean(value), MAX_TEXT)
    elif isinstance(value, tuple):
        done = tuple(_cleaned(each, clean) for each in value)
    elif isinstance(value, dict):
        done = {_cleaned(name, clean): _cleaned(each, clean) for name, each in value.items()}
    elif is_dataclass(value) and not isinstance(value, type):
        done = type(value)(
            **{each.name: _cleaned(getattr(value, each.name), clean) for each in fields(value)}
        )
    return done  # type: ignore[no-any-return]  # what it was, of the same type
