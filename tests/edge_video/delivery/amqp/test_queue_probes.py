"""A queue that stands still with its leader holds up its own camera, and nothing else."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from edge_video.delivery.amqp.cluster_link import ClusterLink
from edge_video.resilience.cluster import Announcement, CameraAction, Holder
from edge_video.resilience.cluster.names import lease_queue
from edge_video.resilience.cluster.terms import Return, Subscribe, Unsubscribe

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.amqp.cluster_link import ClusterListener
    from edge_video.delivery.amqp.control import ControlChannel, ControlConnection, ControlUser
    from edge_video.resilience.cluster.terms import LeaseAction


class Channel:
    """Does one thing after the other, and nothing beyond one that a silent queue holds up."""

    def __init__(self, broker: Broker, user: ControlUser) -> None:
        self.broker = broker
        self.user = user
        self.held: deque[tuple[str, Callable[[], None]]] = deque()
        self.confirm: Callable[[Any], None] = lambda _: None

    def do(self, queue: str, then: Callable[[], None]) -> None:
        self.held.append((queue, then))
        self.go_on()

    def go_on(self) -> None:
        while self.held and self.held[0][0] not in self.broker.silent:
            self.held.popleft()[1]()

    def basic_qos(self, _count: int) -> None: ...

    def on_returned(self, _call: object) -> None: ...

    def on_cancelled(self, _call: object) -> None: ...

    def confirm_delivery(
        self, on_settled: Callable[[Any], None], callback: Callable[[Any], None]
    ) -> None:
        self.confirm = on_settled
        self.do("", lambda: callback(None))

    def queue_declare(self, queue: str, *, callback: Callable[[Any], None], **_: Any) -> None:
        consumers = 0 if queue in self.broker.silent else 1
        answer = SimpleNamespace(method=SimpleNamespace(consumer_count=consumers, message_count=0))
        self.do("", lambda: callback(answer))

    def basic_publish(self, _exchange: str, queue: str, _body: bytes, **_: Any) -> None:
        self.do(queue, lambda: self.confirm(None))

    def basic_consume(
        self, queue: str, _on_message: object, *, consumer_tag: str, callback: Any
    ) -> None:
        self.do(queue, lambda: self.broker.done(f"consume {consumer_tag}", callback))

    def basic_cancel(self, consumer_tag: str, callback: Any) -> None:
        self.do("", lambda: self.broker.done(f"cancel {consumer_tag}", callback))

    def basic_nack(self, tag: int) -> None:
        self.do("", lambda: self.broker.orders.append(f"return {tag}"))

    def abandon(self, reason: str) -> None:
        self.broker.abandoned.append(reason)
        self.user.closed(reason)
        self.broker.attach(self.user)


class Broker:
    """The control connection and what is behind it, on which only some queues stand still."""

    is_open = True
    is_blocked = False

    def __init__(self) -> None:
        self.silent: set[str] = set()
        self.channels: list[Channel] = []
        self.orders: list[str] = []
        self.abandoned: list[str] = []
        self.given_up: list[str] = []

    def attach(self, user: ControlUser) -> None:
        self.channels.append(Channel(self, user))
        if user.name != "announcements":
            user.opened(cast("ControlChannel", self.channels[-1]))

    def submit(self, work: Callable[[], None]) -> bool:
        work()
        return True

    def abandon(self, reason: str) -> None:
        self.given_up.append(reason)

    def done(self, order: str, callback: Callable[[Any], None]) -> None:
        self.orders.append(order)
        callback(None)

    def wake(self) -> None:
        self.silent.clear()
        for each in list(self.channels):
            each.go_on()


class Listener:
    life = 0

    def line_opened(self, life: int) -> None:
        self.life = life

    def heard(self, announcement: object) -> None: ...


class Scenario:
    def __init__(self) -> None:
        self.now_s = 100.0
        self.broker = Broker()
        self.listener = Listener()
        control = cast("ControlConnection", self.broker)
        self.link = ClusterLink(control, "group", "edge-a", lambda: self.now_s)
        self.link.listen(cast("ClusterListener", self.listener))

    def do(self, camera: str, *actions: LeaseAction) -> None:
        self.link.perform(
            self.listener.life, [CameraAction(camera, each) for each in actions], None
        )

    def wait(self, seconds: int) -> None:
        """Let the time pass, in which the node announces itself, as it does."""
        for _ in range(seconds):
            self.now_s += 1
            self.link.perform(self.listener.life, [], Announcement(holder=Holder("edge-a", "1")))


def test_a_silent_queue_costs_no_other_camera_and_not_the_connection() -> None:
    here = Scenario()
    here.do("gate", Subscribe())
    here.broker.silent.add(lease_queue("group", "door"))
    here.do("door", Subscribe())
    here.wait(60)
    here.do("gate", Unsubscribe(), Return(7))
    here.do("yard", Subscribe())
    assert here.broker.orders == ["consume 1.gate", "cancel 1.gate", "return 7", "consume 2.yard"]
    assert (here.broker.given_up, here.broker.abandoned) == ([], [])

    here.broker.wake()
    assert here.broker.orders[4:] == ["consume 3.door"]


def test_a_queue_that_is_silent_for_very_long_costs_the_channel_of_the_probes_alone() -> None:
    here = Scenario()
    here.broker.silent.add(lease_queue("group", "door"))
    here.do("door", Subscribe())
    here.wait(200)
    assert [each.partition(" has")[0] for each in here.broker.abandoned] == [
        f"the queue {lease_queue('group', 'door')}"
    ] * 2
    assert (here.broker.given_up, here.broker.orders) == ([], [])


def test_actions_that_wait_for_a_silent_queue_have_a_bound() -> None:
    here = Scenario()
    here.broker.silent.add(lease_queue("group", "door"))
    leases = next(each for each in here.broker.channels if each.user.name == "leases")
    closed: list[bool] = []
    leases.close = lambda: closed.append(True)  # type: ignore[attr-defined]  # else it fails
    for _ in range(60):
        here.do("door", Subscribe(), Unsubscribe())
        if closed:
            break
    assert closed
