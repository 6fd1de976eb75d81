"""Holds the one table of the commands: what each is about, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

EVERY_NODE: Final = "all"
"""Stands for every node in a routing key; so no node that takes commands is called that."""
ALL_COMMANDS: Final = "all"
"""Stands for every command where they are allowed."""
PING: Final = "ping"
"""Who is allowed anything may ask whether somebody is there."""


class About(Enum):
    """What a command is about."""

    NODE = auto()
    """The whole node: only who is allowed all of its cameras may."""
    CAMERA = auto()
    """One camera, which the request names."""
    VIEW = auto()
    """What the sender may see: of the cameras those that it is allowed."""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """What is to be known of a command before anybody carries it out.

    Attributes:
        about: what it is about.
        is_action: it changes something, and so is carried out once at most.
        arguments: the names that its body may have, with the types of their values.
        needed: those that it must have.
    """

    about: About
    is_action: bool
    arguments: Mapping[str, tuple[type, ...]]
    needed: frozenset[str] = frozenset()


_CAMERA: Final[Mapping[str, tuple[type, ...]]] = {"camera": (str,)}
_WAIT: Final[Mapping[str, tuple[type, ...]]] = {"wait_s": (int, float)}
_VALUES: Final[Mapping[str, tuple[type, ...]]] = {"values": (dict,)}


def _of_camera(
    more: Mapping[str, tuple[type, ...]], *needed: str, is_action: bool = True
) -> CommandSpec:
    return CommandSpec(About.CAMERA, is_action, {**_CAMERA, **more}, frozenset({"camera", *needed}))


COMMANDS: Final[Mapping[str, CommandSpec]] = {
    PING: CommandSpec(About.VIEW, is_action=False, arguments={}),
    "status": CommandSpec(About.VIEW, is_action=False, arguments=_CAMERA),
    "snapshot": _of_camera(_WAIT, is_action=False),
    "start": _of_camera(_WAIT),
    "stop": _of_camera(_WAIT),
    "retry": _of_camera(_WAIT),
    "reset": _of_camera(_WAIT),
    "pause": _of_camera(_WAIT),
    "resume": _of_camera(_WAIT),
    "accept-picture": _of_camera({}),
    "add": _of_camera(_VALUES, "values"),
    "change": _of_camera(_VALUES, "values"),
    "remove": _of_camera({}),
    "enable": _of_camera({}),
    "disable": _of_camera({}),
    "profile": CommandSpec(About.NODE, True, {"name": (str, type(None))}, frozenset({"name"})),
    "reload": CommandSpec(About.NODE, is_action=True, arguments={"dry_run": (bool,)}),
    "retry-publisher": CommandSpec(About.NODE, is_action=True, arguments=_WAIT),
    "drain": CommandSpec(About.NODE, is_action=True, arguments={}),
    "rejoin": CommandSpec(About.NODE, is_action=True, arguments={}),
}
"""Name → what is to be known of it. The names are public: grants and routing keys have them."""
