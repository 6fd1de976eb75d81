"""Each action once at most, in time, audited, and never more of them than a node can bear."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge_video.delivery.commands.counts import CommandCounts
from edge_video.delivery.commands.desk import BURST, THREADS, CommandDesk
from edge_video.delivery.commands.entrance import Entrance
from edge_video.delivery.commands.memory import KEPT_ANSWER, KEPT_S, SIZE, RequestMemory
from edge_video.delivery.commands.permissions import Grant, Permissions, Principal, Proof
from edge_video.delivery.commands.request import (
    MAX_ANSWER,
    Answer,
    Delivery,
    Reason,
    Refusal,
    ReplyAddress,
)
from edge_video.testing import FakeClock, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge_video.delivery.commands.request import Request

OPS = Principal(Proof.USER, "ops")
HERE = ReplyAddress("amq.gen-1", "c1")


class Scene:
    """A desk, and what it has done and answered."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.started_ms = self.clock.wall_ns() // 1_000_000
        self.memory = RequestMemory(self.clock.monotonic())
        self.done: list[str] = []
        self.body = b"{}"
        self.gate = threading.Event()
        self.gate.set()
        self.answers: list[tuple[Answer | None, Sequence[ReplyAddress]]] = []
        grants = [Grant(OPS, frozenset({"status", "retry", "stop"}))]
        entrance = Entrance("n", Permissions(grants))
        self.counts = CommandCounts()
        self.desk = CommandDesk(
            entrance, self.memory, self._carry_out, self.clock, "tests", counts=self.counts
        )

    def _carry_out(self, request: Request) -> Answer:
        self.gate.wait(10)
        if request.command == "stop":
            raise RuntimeError("broken inside")
        self.done.append(request.message_id)
        return Answer(200, self.body)

    def delivery(self, message_id: str, command: str = "retry", sent_s: float = 0) -> Delivery:
        sent_ms = self.started_ms + int(sent_s * 1000)
        return Delivery(
            f"n.{command}",
            b'{"camera": "door"}',
            message_id=message_id,
            reply_to="amq.gen-1",
            user_id="ops",
            expiration="5000",
            headers={"sent_at_ms": sent_ms, "expires_at_ms": sent_ms + 5000},
        )

    def send(self, delivery: Delivery) -> None:
        self.desk.take(delivery, lambda answer, to: self.answers.append((answer, to)))

    def ask(self, delivery: Delivery) -> tuple[int, dict[str, object]]:
        number = len(self.answers)
        self.send(delivery)
        eventually(lambda: len(self.answers) > number)
        answer = self.answers[-1][0]
        assert answer is not None
        return answer.status, json.loads(answer.body)


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.gate.set()
    scene.desk.close()


def test_a_repetition_gets_the_first_answer_and_does_nothing(scene: Scene) -> None:
    scene.body = b'{"n": 1}'
    assert scene.ask(scene.delivery("m1")) == (200, {"n": 1})
    scene.body = b'{"n": 2}'
    assert scene.ask(scene.delivery("m1")) == (200, {"n": 1})
    assert scene.ask(scene.delivery("m2")) == (200, {"n": 2})
    assert scene.done == ["m1", "m2"]
    other = replace(scene.delivery("m1"), body=b'{"camera": "yard"}')
    assert scene.ask(other)[1]["reason"] == Reason.ID_USED


def test_what_only_looks_is_done_each_time(scene: Scene) -> None:
    for _ in range(2):
        scene.ask(scene.delivery("m1", "status"))
    assert scene.done == ["m1", "m1"]


def test_who_repeats_while_it_is_carried_out_gets_the_same_answer(scene: Scene) -> None:
    scene.gate.clear()
    scene.send(scene.delivery("m1"))
    scene.send(replace(scene.delivery("m1"), reply_to="amq.gen-2"))
    eventually(lambda: scene.answers == [(None, [])])
    scene.gate.set()
    eventually(lambda: len(scene.answers) == 2)
    assert {each.queue for each in scene.answers[1][1]} == {"amq.gen-1", "amq.gen-2"}
    assert scene.done == ["m1"]


def test_an_action_from_before_the_start_is_refused_and_a_look_is_not(scene: Scene) -> None:
    assert scene.ask(scene.delivery("m1", sent_s=-1))[1]["reason"] == Reason.BEFORE_START
    assert scene.ask(scene.delivery("m2", "status", sent_s=-1))[0] == 200


def test_a_clock_that_was_wrong_at_the_start_refuses_nothing_once_it_is_right(
    scene: Scene,
) -> None:
    scene.clock.advance(60)
    scene.clock.wall -= 7200 * 10**9
    assert scene.ask(scene.delivery("m1", sent_s=60 - 7200))[0] == 200
    scene.clock.wall += 2 * 7200 * 10**9
    assert scene.ask(scene.delivery("m2", sent_s=60 + 7200))[0] == 200


def test_what_fails_inside_is_answered_and_not_tried_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    assert scene.ask(scene.delivery("m1", "stop"))[0] == 500
    assert scene.ask(scene.delivery("m1", "stop"))[0] == 500
    assert caplog.text.count("RuntimeError: broken inside") == 1


def test_an_answer_has_a_bound_and_so_have_those_that_are_kept(scene: Scene) -> None:
    scene.body = b"x" * (MAX_ANSWER + 1)
    assert scene.ask(scene.delivery("m1", "status"))[1]["reason"] == Reason.TOO_LARGE
    scene.body = json.dumps("x" * KEPT_ANSWER).encode()
    scene.send(scene.delivery("m2"))
    eventually(lambda: len(scene.answers) == 2)
    assert scene.ask(scene.delivery("m2"))[1]["reason"] == Reason.REPEATED


def test_a_desk_that_closes_answers_what_it_has(scene: Scene) -> None:
    scene.gate.clear()
    for number in range(THREADS + 2):
        scene.send(scene.delivery(f"m{number}"))
    scene.desk.close()
    assert not scene.desk.take(scene.delivery("late"), lambda *_: None)
    scene.gate.set()
    eventually(lambda: len(scene.answers) == THREADS + 2)
    assert sorted(answer.status for answer, _ in scene.answers if answer is not None)[-2:] == [
        503,
        503,
    ]


def test_a_flood_is_answered_at_a_pace(scene: Scene) -> None:
    for number in range(BURST + 30):
        scene.send(scene.delivery(f"m{number}", "status"))
    eventually(lambda: len(scene.answers) == BURST)
    scene.clock.advance(1.0)
    eventually(lambda: len(scene.answers) == BURST + 20)


def test_each_request_is_counted_by_command_and_by_what_came_of_it(scene: Scene) -> None:
    for message_id, command in (("a", "retry"), ("a", "retry"), ("b", "stop"), ("c", "\x1b[2J")):
        scene.ask(scene.delivery(message_id, command))
    scene.ask(replace(scene.delivery("d", "status"), user_id="stranger"))
    scene.ask(scene.delivery("e", "status", sent_s=-30))
    assert scene.counts.snapshot() == {
        ("retry", "done"): 1,
        ("retry", "repeated"): 1,
        ("stop", "failed"): 1,
        ("unknown", "unknown_command"): 1,
        ("status", "forbidden"): 1,
        ("status", "clock_skew"): 1,
    }


def test_refusals_are_told_and_a_flood_of_them_is_counted(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        for number in range(20):
            scene.ask(replace(scene.delivery(f"m{number}"), user_id="stranger"))
        assert len(caplog.messages) == 5
        assert "Command retry refused (forbidden)" in caplog.text
        assert "(by amqp, user stranger)" in caplog.text
        scene.clock.advance(12.5)
        scene.ask(scene.delivery("m99", "status", sent_s=12))
        assert "status: done (by amqp, user ops); 15 more lines" in caplog.messages[-1]
        scene.clock.advance(12.5)
        scene.ask(replace(scene.delivery("m100"), user_id="stranger"))
    assert "more lines" not in caplog.messages[-1], "they were told"


def test_the_memory_is_bounded_in_number_and_in_time() -> None:
    memory = RequestMemory(0.0)
    for number in range(SIZE):
        assert memory.begin(OPS, f"m{number}", "d", 0.0, HERE) == (True, None)
    with pytest.raises(Refusal) as refusal:
        memory.begin(OPS, "more", "d", KEPT_S, HERE)
    assert refusal.value.reason is Reason.BUSY
    boss = Principal(Proof.KEY, "boss")
    assert memory.begin(boss, "m0", "d", KEPT_S, HERE) == (True, None), "no other sender feels it"
    assert memory.begin(OPS, "more", "d", KEPT_S + 1, HERE) == (True, None)
    assert memory.finish(OPS, "m0", Answer(200, b"")) == []
