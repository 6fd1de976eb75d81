"""Leases and announcements on a real broker: what is asked of it, and what it brings."""

from __future__ import annotations

import queue
import threading
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.delivery.amqp.cluster_link import ClusterLink
from edge_video.delivery.amqp.control import ControlConnection
from edge_video.delivery.amqp.settings import AmqpSettings
from edge_video.resilience.cluster import Announcement, CameraAction, Holder, Token
from edge_video.resilience.cluster.names import LEASE_QUEUE, lease_queue
from edge_video.resilience.cluster.terms import (
    Acknowledge,
    Confirmed,
    ConsumerCancelled,
    PublishToken,
    Refused,
    Return,
    Subscribe,
    TokenDelivered,
    Unsubscribe,
)
from edge_video.runtime.timer import SystemClock
from edge_video.testing import eventually
from tests.support.broker_in_the_middle import BrokerInTheMiddle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edge_video.resilience.cluster.terms import LeaseAction
    from edge_video.testing.rabbit import RabbitNode


class Listener:
    """A `ClusterListener` that keeps all that it is told."""

    def __init__(self) -> None:
        self.events: queue.Queue[tuple[Any, ...]] = queue.Queue()
        self.announcements: queue.Queue[Announcement] = queue.Queue()
        self.life = 0

    def line_opened(self, life: int) -> None:
        self.life = life
        self.events.put(("opened", life))

    def line_closed(self, reason: str) -> None:
        self.events.put(("closed", reason))

    def happened(self, life: int, camera: str, event: Any) -> None:
        assert life == self.life
        self.events.put((camera, event))

    def queue_refused(self, camera: str, queue: str, reason: str) -> None:
        self.events.put(("refused", camera, queue, reason))

    def heard(self, announcement: Announcement) -> None:
        self.announcements.put(announcement)


class Node:
    """A node's link, and who listens."""

    def __init__(self, name: str, group: str, port: int) -> None:
        clock = SystemClock()
        settings = AmqpSettings("127.0.0.1", port, "/", "guest", "guest", node=name)
        self.holder = Holder(name, "1")
        self.group = group
        self.control = ControlConnection([settings], clock, lambda: 0.0)
        self.link = ClusterLink(self.control, group, name, clock.monotonic)
        self.listener = Listener()
        self.release: Callable[[], None] = lambda: None
        self.link.listen(self.listener)
        self.control.start()
        assert self.next()[0] == "opened"

    def next(self) -> tuple[Any, ...]:
        return self.listener.events.get(timeout=20)

    def do(self, *actions: LeaseAction, camera: str = "door") -> None:
        self.link.perform(
            self.listener.life, [CameraAction(camera, each) for each in actions], None
        )

    def token(self, epoch: int, *, number: int = 1) -> Token:
        return Token(epoch, self.holder, number, is_claim=True)

    def delivered(self) -> TokenDelivered:
        camera, event = self.next()
        assert camera == "door"
        assert isinstance(event, TokenDelivered)
        return event


@pytest.fixture
def join(broker: RabbitNode) -> Iterator[Callable[..., Node]]:
    """Links nodes of one group to the broker, or to this port."""
    nodes: list[Node] = []
    group = f"tests-{uuid.uuid4().hex[:12]}"

    def node(name: str, port: int | None = None) -> Node:
        nodes.append(Node(name, group, port or broker.port))
        return nodes[-1]

    yield node
    for each in nodes:
        assert each.control.stop(5.0)
    with broker.channel() as channel:
        channel.queue_delete(lease_queue(group, "door"))


def test_a_token_comes_to_whoever_is_first_in_line_and_then_to_the_next(
    join: Callable[..., Node],
) -> None:
    a, b = join("edge-a"), join("edge-b")
    token = a.token(7)
    a.do(Subscribe(), PublishToken(token))
    found = [a.next(), a.next()]
    assert ("door", Confirmed(1)) in found
    held = next(event for _, event in found if isinstance(event, TokenDelivered))
    assert held.token == token
    b.do(Subscribe(), PublishToken(b.token(3)))
    assert b.next() == ("door", Confirmed(1))
    surplus = a.delivered()
    a.do(Acknowledge(surplus.tag), Unsubscribe(), Return(held.tag))
    held = b.delivered()
    assert held.token == token
    a.do(Subscribe())
    b.do(Unsubscribe(), Return(held.tag))
    assert a.delivered().token == token


def test_without_a_queue_a_token_is_refused_and_a_deleted_one_is_told(
    join: Callable[..., Node], broker: RabbitNode
) -> None:
    a = join("edge-a")
    a.do(PublishToken(a.token(1)))
    assert a.next() == ("door", Refused(1))
    a.do(Subscribe(), PublishToken(a.token(2, number=2)))
    assert {type(a.next()[1]) for _ in range(2)} == {Confirmed, TokenDelivered}
    with broker.channel() as channel:
        channel.queue_delete(lease_queue(a.group, "door"))
    assert a.next() == ("door", ConsumerCancelled())
    a.do(Subscribe(), PublishToken(a.token(3, number=3)))
    assert {type(a.next()[1]) for _ in range(2)} == {Confirmed, TokenDelivered}


def test_a_queue_that_was_deleted_while_nobody_consumed_here_is_declared_again(
    join: Callable[..., Node], broker: RabbitNode
) -> None:
    a = join("edge-a")
    name = lease_queue(a.group, "door")
    a.do(Subscribe(), PublishToken(a.token(1)))
    found = [a.next()[1] for _ in range(2)]
    held = next(each for each in found if isinstance(each, TokenDelivered))
    a.do(Unsubscribe(), Return(held.tag))
    with broker.channel() as channel:
        eventually(lambda: channel.queue_declare(name, passive=True).method.consumer_count == 0)
        channel.queue_delete(name)
    a.do(Subscribe(), PublishToken(a.token(2, number=2)))
    assert {type(a.next()[1]) for _ in range(2)} == {Confirmed, TokenDelivered}


def test_a_queue_that_is_another_one_harms_no_other_lease(
    join: Callable[..., Node], broker: RabbitNode
) -> None:
    a = join("edge-a")
    with broker.channel() as channel:
        channel.queue_declare(lease_queue(a.group, "door"), durable=True)
    a.do(Subscribe(), PublishToken(a.token(1)))
    kind, camera, name, reason = a.next()
    assert (kind, camera, name) == ("refused", "door", lease_queue(a.group, "door"))
    assert "inequivalent arg" in reason
    assert [a.next(), a.next()] == [("door", ConsumerCancelled()), ("door", Refused(1))]
    a.do(Subscribe(), PublishToken(a.token(1)), camera="gate")
    assert {a.next()[0] for _ in range(2)} == {"gate"}
    a.do(Subscribe())
    assert a.next()[0] == "refused"  # without asking again
    with broker.channel() as channel:
        channel.queue_delete(lease_queue(a.group, "gate"))


@pytest.fixture
def standing_still(join: Callable[..., Node], broker: RabbitNode) -> Iterator[str]:
    """A queue whose leader stands still, as with its broker node; it goes on afterwards."""
    name = lease_queue(join("edge-z").group, "hall")
    with broker.channel() as channel:
        channel.queue_declare(name, durable=True, arguments=LEASE_QUEUE)
    suspend(broker, name)
    yield name
    suspend(broker, name, "resume")
    with broker.channel() as channel:
        channel.queue_delete(name)


def suspend(broker: RabbitNode, queue: str, what: str = "suspend") -> None:
    """Have the queue's only member take no commands, or go on."""
    broker.evaluate(
        f'{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"{queue}">>)),'
        f" sys:{what}(amqqueue:get_pid(Q))",
    )


def test_a_queue_that_stands_still_holds_up_no_other_lease(
    join: Callable[..., Node], broker: RabbitNode, standing_still: str
) -> None:
    a, b = join("edge-a"), join("edge-b")
    a.do(Subscribe(), PublishToken(a.token(1)))
    found = [a.next()[1] for _ in range(2)]
    held = next(each for each in found if isinstance(each, TokenDelivered))
    b.do(Subscribe())
    a.do(Subscribe(), PublishToken(a.token(1)), camera="hall")
    a.do(Unsubscribe(), Return(held.tag))
    assert b.delivered().token == a.token(1)
    a.do(Subscribe(), PublishToken(a.token(2, number=2)))
    assert a.next() == ("door", Confirmed(2))
    assert b.delivered().token == a.token(2, number=2)
    assert a.listener.events.empty()

    suspend(broker, standing_still, "resume")
    answers = [a.listener.events.get(timeout=100) for _ in range(2)]
    assert {(camera, type(event)) for camera, event in answers} == {
        ("hall", Confirmed),
        ("hall", TokenDelivered),
    }


def test_what_is_no_token_is_taken_out_of_the_queue(
    join: Callable[..., Node], broker: RabbitNode
) -> None:
    a = join("edge-a")
    a.do(Subscribe(), PublishToken(a.token(1)))
    assert {type(a.next()[1]) for _ in range(2)} == {Confirmed, TokenDelivered}
    with broker.channel() as channel:
        for _ in range(6):  # more than a consumer holds
            channel.basic_publish("", lease_queue(a.group, "door"), b"{}")
    a.do(PublishToken(a.token(2, number=2)))
    assert {type(a.next()[1]) for _ in range(2)} == {Confirmed, TokenDelivered}


def test_nodes_hear_each_other_and_no_other_group(
    join: Callable[..., Node], broker: RabbitNode
) -> None:
    a, b = join("edge-a"), join("edge-b")
    stranger = Node("edge-a", "strangers", broker.port)
    told = Announcement(holder=a.holder, capacity=2.0, cameras={"door": "x"})
    for _ in range(100):
        stranger.link.perform(1, [], Announcement(holder=Holder("stranger", "1")))
        a.link.perform(1, [], told)
        try:
            assert b.listener.announcements.get(timeout=0.1) == told
        except queue.Empty:
            continue
        break
    else:
        raise AssertionError("nobody was heard")
    assert stranger.control.stop(5.0)


def test_after_a_cut_the_line_is_another_one(join: Callable[..., Node], broker: RabbitNode) -> None:
    with BrokerInTheMiddle(broker.port) as man:
        a = join("edge-a", man.port)
        a.do(Subscribe(), PublishToken(a.token(1)))
        assert {type(a.next()[1]) for _ in range(2)} == {Confirmed, TokenDelivered}
        man.cut()
        assert a.next()[0] == "closed"
        assert a.next() == ("opened", 2)
        a.link.perform(1, [CameraAction("door", Subscribe())], None)  # of the one before
        a.do(Subscribe())
        assert a.delivered().token == a.token(1)
        assert a.control.stop(5.0)


def test_another_listener_begins_with_another_line(join: Callable[..., Node]) -> None:
    a = join("edge-a")
    successor = Listener()
    a.link.listen(successor)
    assert successor.events.get(timeout=20)[0] == "closed"
    assert successor.events.get(timeout=20) == ("opened", 2)
    assert a.listener.events.empty()


@pytest.fixture
def full(join: Callable[..., Node]) -> Iterator[Node]:
    """A node on whose thread so much waits that nothing more is taken."""
    node = join("edge-a")
    entered, held = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        held.wait(20)

    node.control.submit(hold)
    assert entered.wait(10)
    while node.control.submit(lambda: None):
        pass
    node.release = held.set
    yield node
    held.set()


def test_where_an_action_is_lost_the_connection_is_another_one(full: Node) -> None:
    full.do(Subscribe(), PublishToken(full.token(1)))
    full.release()
    kind, reason = full.next()
    assert (kind, "too much waits" in reason) == ("closed", True)
    assert full.next() == ("opened", 2)
    full.do(Subscribe(), PublishToken(full.token(1)))
    assert {type(full.next()[1]) for _ in range(2)} == {Confirmed, TokenDelivered}


def test_an_announcement_that_is_lost_ends_nothing(full: Node) -> None:
    full.link.perform(1, [], Announcement(holder=full.holder))
    full.release()
    eventually(lambda: full.control.submit(lambda: None))
    full.do(Subscribe(), PublishToken(full.token(1)))
    assert {type(full.next()[1]) for _ in range(2)} == {Confirmed, TokenDelivered}


def test_a_listener_that_comes_while_too_much_waits_is_told_all_the_same(full: Node) -> None:
    successor = Listener()
    full.link.listen(successor)
    full.release()
    assert successor.events.get(timeout=20)[0] == "closed"
    assert successor.events.get(timeout=20) == ("opened", 2)
    assert full.listener.events.empty()
