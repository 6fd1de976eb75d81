"""Decides who may command what. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from edge_video.delivery.commands.catalog import ALL_COMMANDS, COMMANDS, PING, About

if TYPE_CHECKING:
    from collections.abc import Sequence


class Proof(StrEnum):
    """How a sender is known."""

    USER = "user"
    """The broker has checked that the message is of this user."""
    KEY = "key"
    """The message is signed with this key."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who commands."""

    proof: Proof
    name: str

    @property
    def origin(self) -> str:
        """What the log and the timeline say of it."""
        return f"amqp, {self.proof} {self.name}"


@dataclass(frozen=True, slots=True)
class Grant:
    """What one sender may do.

    Attributes:
        principal: who it is.
        commands: names of commands; `all`: every one.
        cameras: their ids, or how ids begin (`centro.*`); `*`: every one.
        key: what the sender signs with; None of a user of the broker.
    """

    principal: Principal
    commands: frozenset[str]
    cameras: tuple[str, ...] = ("*",)
    key: bytes | None = field(default=None, repr=False)

    def has(self, command: str) -> bool:
        """Whether the command is allowed, of whatever camera."""
        return command == PING or ALL_COMMANDS in self.commands or command in self.commands

    def sees(self, camera_id: str) -> bool:
        """Whether the camera is one of its own."""
        return any(_fits(pattern, camera_id) for pattern in self.cameras)

    def covers(self, command: str, camera_id: str | None) -> bool:
        """Whether it allows the command of this camera, or of the node where that is None."""
        if not self.has(command):
            return False
        if COMMANDS[command].about is About.NODE:
            return "*" in self.cameras
        return camera_id is None or self.sees(camera_id)


class Permissions:
    """All grants of a node.

    Args:
        grants: what was configured; several of one sender add up.
    """

    def __init__(self, grants: Sequence[Grant]) -> None:
        self._grants = tuple(grants)

    def key_of(self, name: str) -> bytes | None:
        """The key of this name; None where there is none."""
        return next(
            (grant.key for grant in self._grants if grant.principal == Principal(Proof.KEY, name)),
            None,
        )

    def allow(self, principal: Principal, command: str, camera_id: str | None) -> bool:
        """Whether the sender may do this."""
        return any(grant.covers(command, camera_id) for grant in self._of(principal))

    def seen_by(self, principal: Principal, command: str, camera_id: str) -> bool:
        """Whether an answer to this sender may speak of the camera."""
        return any(grant.has(command) and grant.sees(camera_id) for grant in self._of(principal))

    def _of(self, principal: Principal) -> list[Grant]:
        return [grant for grant in self._grants if grant.principal == principal]


def _fits(pattern: str, camera_id: str) -> bool:
    if pattern.endswith("*"):
        return camera_id.startswith(pattern[:-1])
    return camera_id == pattern
