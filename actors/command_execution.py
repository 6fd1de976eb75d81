"""Carries out what is asked for over the broker, as HTTP does what is asked for there."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pykka

from edge_video.actors.command_requests import CommandRequests
from edge_video.actors.config_requests import ConfigRequests
from edge_video.actors.messages import GetStatus
from edge_video.delivery.commands.catalog import PING
from edge_video.delivery.commands.request import Answer, Reason, Refusal
from edge_video.frames import CameraId
from edge_video.runtime.units import ns_to_ms, ns_to_s
from edge_video.status.answers import (
    OK,
    STATUS_OF_RESULT,
    action_body,
    change_answer,
    is_decided,
    profile_body,
)
from edge_video.status.config_change import CameraChange
from edge_video.status.json import status_as_json
from edge_video.status.model import CameraPhase
from edge_video.status.outcome import CameraWait, publisher_outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_video.actors.command_board import CommandBoard
    from edge_video.config.source import ConfigSource
    from edge_video.delivery.camera_queue import Picture
    from edge_video.delivery.commands.permissions import Permissions
    from edge_video.delivery.commands.request import Request
    from edge_video.delivery.outbox import Outbox
    from edge_video.runtime.timer import Clock
    from edge_video.status.config_change import ConfigAnswer
    from edge_video.status.model import SystemStatus
    from edge_video.status.outcome import Outcome
    from edge_video.text.language import Language

_ASK_S: Final = 3.0
_DEFAULT_WAIT_S: Final = 5.0
MAX_WAIT_S: Final = 30.0
PICTURE_LEASE_S: Final = 3.0
"""For so long after each look the outbox keeps the newest picture of the camera."""
_LOOK_EVERY_S: Final = 0.05
_FRESH_S: Final = 2.0
"""A picture is no older, unless there is no newer one."""


@dataclass(frozen=True, slots=True)
class ExecutionParts:
    """What carries commands out.

    Attributes:
        clock: says how old a picture is.
        permissions: which cameras an answer may speak of.
        outbox_of: where the pictures of each camera are.
        board: what is known of the cameras.
        source: reads the files of the configuration; None: there are none.
        language: of what is said about the configuration.
        looked: called after somebody has looked at a picture, which is kept for a moment.
    """

    clock: Clock
    permissions: Permissions
    outbox_of: Mapping[CameraId, Outbox]
    board: CommandBoard
    source: ConfigSource | None
    language: Language
    looked: Callable[[], None]


class CommandExecution:
    """Does what a request asks; blocks for some seconds, on threads that are no actor's.

    Args:
        parts: what it needs.
        supervisor: whose system it is.
    """

    def __init__(self, parts: ExecutionParts, supervisor: pykka.ActorRef[Any] | None) -> None:
        self._parts = parts
        self._supervisor = supervisor
        self._handler = CommandRequests(supervisor)
        self._changes = ConfigRequests(parts.source, supervisor)
        self._stopping = threading.Event()
        self._steps: dict[str, Callable[[Request], Answer]] = {
            PING: self._ping,
            "status": self._status,
            "snapshot": self._snapshot,
            "profile": self._profile,
            "reload": self._reload,
            "retry-publisher": self._retry_publisher,
            "drain": self._drain_or_rejoin,
            "rejoin": self._drain_or_rejoin,
            "add": lambda request: self._change(request, request.arguments["values"], whole=True),
            "change": lambda request: self._change(request, request.arguments["values"]),
            "remove": lambda request: self._change(request, None),
            "enable": lambda request: self._change(request, {"enabled": True}),
            "disable": lambda request: self._change(request, {"enabled": False}),
        }

    def __call__(self, request: Request) -> Answer:
        """The answer to a request.

        Raises:
            Refusal: it cannot be carried out.
        """
        try:
            return self._steps.get(request.command, self._action)(request)
        except TimeoutError:
            raise Refusal(
                Reason.LATE,
                "the supervisor did not answer in time; the command may still be carried out",
            ) from None
        except RuntimeError:
            raise Refusal(Reason.STOPPING, "the system is stopping") from None

    def close(self) -> None:
        """Let nobody wait for a picture any longer."""
        self._stopping.set()

    # --- looking --------------------------------------------------------------------------------

    def _current(self) -> SystemStatus:
        if self._supervisor is None:
            raise RuntimeError("there is no supervisor")
        try:
            status: SystemStatus = self._supervisor.ask(GetStatus(), block=True, timeout=_ASK_S)
        except pykka.Timeout:
            raise TimeoutError from None
        except pykka.ActorDeadError as dead:
            raise RuntimeError(str(dead)) from None
        return status

    def _seen(self, request: Request) -> SystemStatus:
        """The status with the cameras that the sender may see."""
        status, sees = self._current(), self._parts.permissions.seen_by
        cameras = tuple(
            each
            for each in status.cameras
            if sees(request.principal, request.command, each.camera_id)
        )
        return replace(status, cameras=cameras)

    def _ping(self, request: Request) -> Answer:
        status = self._seen(request)
        body = {
            "node": status.node,
            "version": status.version,
            "uptime_s": round(status.uptime_s, 1),
            "publisher": status.publisher.state.value,
            "cameras": len(status.cameras),
            "streaming": sum(each.phase is CameraPhase.STREAMING for each in status.cameras),
        }
        return Answer.of(OK, body)

    def _status(self, request: Request) -> Answer:
        status = self._seen(request)
        if request.camera is None:
            return Answer.of(OK, status_as_json(status))
        alone = tuple(each for each in status.cameras if each.camera_id == request.camera)
        if not alone:
            raise _no_camera()
        cameras = status_as_json(replace(status, cameras=alone))["cameras"]
        assert isinstance(cameras, list)
        return Answer.of(OK, cameras[0])

    def _snapshot(self, request: Request) -> Answer:
        camera_id, wait_s = CameraId(request.camera or ""), _wait_of(request)
        record = self._parts.board.record(camera_id)
        if record is None:
            raise _no_camera()
        if record.phase is CameraPhase.ELSEWHERE:
            raise _elsewhere(record.owner)
        try:
            with self._parts.board.place() as is_room:
                wait_s = wait_s if is_room else 0.0
                picture, is_fresh = self._picture(camera_id, wait_s)
        finally:
            self._parts.looked()
        if picture is None:
            record = self._parts.board.record(camera_id)
            phase = "gone" if record is None else record.phase.value
            raise Refusal(
                Reason.NO_PICTURE, f"no picture came within {wait_s:g} s: {phase}", phase=phase
            )
        headers = {
            "seq": picture.seq,
            "captured_at_ms": ns_to_ms(picture.captured_at_ns),
            "stale": int(not is_fresh),
        }
        return Answer(OK, picture.image, "image/jpeg", headers)

    def _picture(self, camera_id: CameraId, wait_s: float) -> tuple[Picture | None, bool]:
        """The newest picture, and whether it is fresh; one that is not is what was there."""
        ends_at_s = time.monotonic() + wait_s
        pictures = self._parts.outbox_of[camera_id].pictures
        while True:
            picture = pictures.watch(camera_id, PICTURE_LEASE_S)
            if picture is not None:
                age_s = ns_to_s(self._parts.clock.wall_ns() - picture.captured_at_ns)
                if age_s <= _FRESH_S:
                    return picture, True
            if time.monotonic() >= ends_at_s or self._stopping.wait(_LOOK_EVERY_S):
                return picture, False

    # --- acting ---------------------------------------------------------------------------------

    def _action(self, request: Request) -> Answer:
        board, action = self._parts.board, request.command
        camera_id, wait_s = CameraId(request.camera or ""), _wait_of(request)
        before = board.record(camera_id)
        result, retry_in_s = self._handler(action, camera_id, request.principal.origin)
        if before is None or not wait_s or is_decided(action, result):
            return _answer(result, retry_in_s)
        wait = CameraWait(action, before, was_so=result == "already")

        def look() -> Outcome | None:
            now = board.record(camera_id)
            return None if now is None else wait.outcome(now, self._parts.clock.monotonic())

        return _answer(result, outcome=board.outcome(look, wait_s))

    def _retry_publisher(self, request: Request) -> Answer:
        board, wait_s = self._parts.board, _wait_of(request)
        before = board.publisher
        result, _ = self._handler("retry", None, request.principal.origin)
        if before is None or STATUS_OF_RESULT[result] != OK or not wait_s:
            return _answer(result)
        known = before

        def look() -> Outcome | None:
            now = board.publisher
            return None if now is None else publisher_outcome(known, now)

        return _answer(result, outcome=board.outcome(look, wait_s))

    def _profile(self, request: Request) -> Answer:
        name = request.arguments["name"]
        result, _ = self._handler("profile", name, request.principal.origin)
        body = profile_body(result, name, self._parts.board.profiles)
        return Answer.of(STATUS_OF_RESULT[result], body, result)

    def _drain_or_rejoin(self, request: Request) -> Answer:
        result, _ = self._handler(request.command, None, request.principal.origin)
        return _answer(result)

    def _reload(self, request: Request) -> Answer:
        dry_run = request.arguments.get("dry_run", False)
        return self._changed(self._changes.reload(dry_run=dry_run, origin=request.principal.origin))

    def _change(
        self, request: Request, values: Mapping[str, Any] | None, *, whole: bool = False
    ) -> Answer:
        change = CameraChange(request.camera or "", values, whole, request.principal.origin)
        return self._changed(self._changes.change_camera(change))

    def _changed(self, answer: ConfigAnswer) -> Answer:
        status, body = change_answer(answer, self._parts.language)
        return Answer.of(status, body, answer.result.value)


def _wait_of(request: Request) -> float:
    wait_s: float = request.arguments.get("wait_s", _DEFAULT_WAIT_S)
    if not 0 <= wait_s <= MAX_WAIT_S:  # also refuses what is not a number, or too large for a float
        raise Refusal(Reason.BAD_REQUEST, f"wait_s is a number of seconds, at most {MAX_WAIT_S:g}")
    return float(wait_s)


def _answer(
    result: str, retry_in_s: float | None = None, *, outcome: Outcome | None = None
) -> Answer:
    body = action_body(result, retry_in_s, outcome)
    return Answer.of(STATUS_OF_RESULT[result], body, result)


def _elsewhere(owner: str | None) -> Refusal:
    """Of a camera that other nodes may capture, and this one does not; nothing is waited for."""
    who = "no node has the camera now" if owner is None else f"node {owner} has the camera: ask it"
    phase = CameraPhase.ELSEWHERE.value
    return Refusal(Reason.NO_PICTURE, who, phase=phase, owner=owner)


def _no_camera() -> Refusal:
    return Refusal(Reason.UNKNOWN_CAMERA, "there is no such camera")
