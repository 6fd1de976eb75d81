"""What is asked for over the broker, with the pictures of a camera that sends none."""

from __future__ import annotations

import contextlib
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.actors.command_board import MAX_WAITING, CommandBoard
from edge_video.actors.command_execution import CommandExecution, ExecutionParts
from edge_video.delivery.commands.permissions import Permissions, Principal, Proof
from edge_video.delivery.commands.request import Reason, Refusal, Request
from edge_video.frames import CameraId
from edge_video.status.model import CameraPhase
from edge_video.testing import FakeClock
from edge_video.text.language import Language

if TYPE_CHECKING:
    from edge_video.status.outcome import Outcome

DOOR = CameraId("door")
OPS = Principal(Proof.USER, "ops")


class Board(CommandBoard):
    """Knows of every camera that it is silent."""

    def record(self, camera_id: CameraId) -> Any:  # noqa: ARG002 - as its parent's
        return SimpleNamespace(phase=SimpleNamespace(value="connecting"))


def execution_on(board: CommandBoard) -> CommandExecution:
    pictures = SimpleNamespace(watch=lambda *_: None)
    parts = ExecutionParts(
        clock=FakeClock(),
        permissions=Permissions([]),
        outbox_of={DOOR: SimpleNamespace(pictures=pictures)},  # type: ignore[dict-item]  # a part
        board=board,
        source=None,
        language=Language.EN,
        looked=lambda: None,
    )
    return CommandExecution(parts, None)


def snapshot(**arguments: Any) -> Request:
    return Request("snapshot", OPS, "m1", {"camera": DOOR, **arguments})


def test_a_picture_is_not_waited_for_when_enough_are_waiting() -> None:
    board = Board()
    with contextlib.ExitStack() as waiting:
        places = [waiting.enter_context(board.place()) for _ in range(MAX_WAITING + 1)]
        assert places == [True] * MAX_WAITING + [False]
        with pytest.raises(Refusal, match="within 0 s") as refusal:
            execution_on(board)(snapshot(wait_s=30))
    assert refusal.value.reason is Reason.NO_PICTURE


@pytest.mark.parametrize("wait_s", [10**400, float("nan"), -1])
def test_a_wait_that_is_none_is_a_bad_request(wait_s: float) -> None:
    with pytest.raises(Refusal) as refusal:
        execution_on(Board())(snapshot(wait_s=wait_s))
    assert refusal.value.reason is Reason.BAD_REQUEST


def test_who_waits_for_a_picture_has_a_place_and_leaves_it() -> None:
    board = Board()
    with pytest.raises(Refusal, match=r"within 0\.01 s"):
        execution_on(board)(snapshot(wait_s=0.01))
    with contextlib.ExitStack() as waiting:
        assert all(waiting.enter_context(board.place()) for _ in range(MAX_WAITING))
        assert board.outcome(_nothing, 30.0).kind.value == "still_trying"


@pytest.mark.parametrize(
    ("owner", "message"), [("edge-2", "node edge-2 has the camera"), (None, "no node has")]
)
def test_a_picture_of_a_camera_that_another_node_has_is_not_waited_for(
    owner: str | None, message: str
) -> None:
    board = Board()
    board.record = lambda _: SimpleNamespace(phase=CameraPhase.ELSEWHERE, owner=owner)  # type: ignore[assignment,method-assign]  # what is read
    with pytest.raises(Refusal, match=message) as refusal:
        execution_on(board)(snapshot(wait_s=30))
    assert refusal.value.more == {"phase": "elsewhere", "owner": owner}


def _nothing() -> Outcome | None:
    return None
