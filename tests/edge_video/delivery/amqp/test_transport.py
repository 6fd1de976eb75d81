from __future__ import annotations

import select
import socket
import struct
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.delivery.amqp.transport import CorkedTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Loop:
    """Stands for a member of the reactor: timers fire when a test says so."""

    READ, WRITE = 1, 4

    def __init__(self) -> None:
        self.events = 0
        self.timers: list[Callable[[], object]] = []

    def add_handler(self, _fd: int, _handler: object, events: int) -> None:
        self.events = events

    def update_handler(self, _fd: int, events: int) -> None:
        self.events = events

    def call_later(self, _delay_s: float, call: Callable[[], object]) -> Callable[[], object]:
        self.timers.append(call)
        return call

    def at_end_of_round(self, call: Callable[[], object]) -> None:
        call()

    def call_soon(self, call: Callable[[], object]) -> None:
        call()

    def remove_handler(self, _fd: int) -> None:
        self.events = 0

    def remove_timeout(self, timer: Callable[[], object]) -> None:
        self.timers.remove(timer)

    def fire(self) -> None:
        self.timers.pop()()


class Scene:
    """A transport between pika, which hears nothing here, and a broker that confirms."""

    def __init__(self, ours: socket.socket, broker: socket.socket, pika: Any = None) -> None:
        self.loop = Loop()
        self.in_flight = {1, 2}
        self._broker = broker
        ours.setblocking(False)
        loop: Any = self.loop
        self.transport = CorkedTransport(ours, pika, loop, self._on_settlement, {7})
        self.transport.defer_reads()

    def _on_settlement(self, _channel: int, tag: int, _multiple: bool, _nack: bool) -> None:
        self.in_flight.discard(tag)
        if not self.in_flight:
            self.transport.expect_nothing()

    def confirm(self, tag: int) -> None:
        self._broker.sendall(struct.pack(">BHLHHQBB", 1, 7, 13, 60, 80, tag, 0, 0xCE))


@pytest.fixture
def scene() -> Iterator[Scene]:
    ours, broker = socket.socketpair()
    with ours, broker:
        yield Scene(ours, broker)


def test_a_broker_that_has_confirmed_everything_is_not_asked_again(scene: Scene) -> None:
    scene.confirm(1)
    scene.confirm(2)
    assert scene.loop.events == 0
    scene.loop.fire()
    assert scene.in_flight == set()
    assert scene.loop.timers == []
    assert scene.loop.events == scene.loop.READ


def test_a_broker_that_owes_a_confirm_is_asked_again_a_little_later(scene: Scene) -> None:
    scene.confirm(1)
    scene.loop.fire()
    assert scene.in_flight == {2}
    assert len(scene.loop.timers) == 1
    scene.loop.fire()  # it has said nothing since: it wakes us when it does
    assert scene.loop.timers == []
    assert scene.loop.events == scene.loop.READ


def test_the_next_frame_has_confirms_awaited_again(scene: Scene) -> None:
    scene.confirm(1)
    scene.confirm(2)
    scene.loop.fire()
    scene.in_flight = {3, 4}
    scene.transport.defer_reads()
    scene.confirm(3)
    scene.loop.fire()
    assert len(scene.loop.timers) == 1


class Hearing:
    """Stands for pika, which hears how a connection ends."""

    def __init__(self) -> None:
        self.lost: list[BaseException | None] = []

    def connection_lost(self, error: BaseException | None) -> None:
        self.lost.append(error)


def test_what_a_broker_says_right_before_it_resets_is_heard() -> None:
    """A socket that is closed with frames unread is reset: the write that follows is refused."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        broker, _ = listener.accept()
    pika = Hearing()
    with ours, broker:
        scene = Scene(ours, broker, pika)
        scene.transport.write(b"a frame that nobody reads")
        scene.confirm(1)
        scene.confirm(2)
        broker.close()
        select.select([ours], [], [], 5)
        while not pika.lost:
            scene.transport.write(b"the next one")
    assert scene.in_flight == set()
    assert isinstance(pika.lost[0], ConnectionError)
