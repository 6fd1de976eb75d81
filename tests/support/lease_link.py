"""An actor of leases whose broker a test plays: the queue hands it all that it publishes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_video.actors.base import ChildActor
from edge_video.actors.lease import LeaseActor, LeaseRuntime
from edge_video.resilience.cluster import (
    Announcement,
    CameraTerms,
    Handover,
    Holder,
    LeasePolicy,
    Owned,
    Token,
)
from edge_video.resilience.cluster.terms import (
    Confirmed,
    PublishToken,
    Subscribe,
    TokenDelivered,
    Unsubscribe,
)
from edge_video.testing import FakeClock, FakeTimer
from tests.support.actors import RecordingActor, heard_by, quiesce

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pykka

    from edge_video.delivery.amqp.cluster_link import ClusterListener
    from edge_video.resilience.cluster import CameraAction
    from tests.support.actors import ScriptedSystem


class ScriptedLink:
    """Satisfies `Link`: subscribed is who said so, and gets each token back, unless it is deaf."""

    def __init__(self) -> None:
        self.listeners: list[ClusterListener] = []
        self.actions: list[tuple[str, Any]] = []
        self.announced: list[Announcement] = []
        self.subscribed: set[str] = set()
        self.is_deaf = False
        self.life = 0
        self._tags = 0

    def listen(self, listener: ClusterListener) -> None:
        self.listeners.append(listener)

    def perform(
        self, life: int, actions: Sequence[CameraAction], announcement: Announcement | None
    ) -> None:
        if announcement is not None:
            self.announced.append(announcement)
        for each in actions if life == self.life else ():
            self.actions.append((each.camera, each.action))
            if isinstance(each.action, Subscribe):
                self.subscribed.add(each.camera)
            elif isinstance(each.action, Unsubscribe):
                self.subscribed.discard(each.camera)
            elif isinstance(each.action, PublishToken) and not self.is_deaf:
                self.happened(each.camera, Confirmed(each.action.token.number))
                self.deliver(each.camera, each.action.token)

    def deliver(self, camera: str, token: Token) -> None:
        if camera in self.subscribed:
            self._tags += 1
            self.happened(camera, TokenDelivered(token, self._tags))

    def happened(self, camera: str, event: Any, life: int | None = None) -> None:
        self.listeners[-1].happened(life or self.life, camera, event)

    def open(self) -> None:
        self.life += 1
        self.listeners[-1].line_opened(self.life)

    def close(self, reason: str = "connection closed by the broker's side") -> None:
        self.subscribed.clear()
        self.listeners[-1].line_closed(reason)


def lease_over(link: ScriptedLink, system: Callable[[], ScriptedSystem]) -> Callable[..., Any]:
    """Return a `ChildStarter` of the real actor of the leases, for a system of a test's."""

    def start(supervisor: pykka.ActorRef[Any], incarnation: int, known: object) -> Any:
        del known
        here = system()
        runtime = LeaseRuntime(
            clock=here.clock,
            timer=here.timer,
            link=link,
            holder=Holder("edge-a", "1"),
            group="default",
            terms=lambda: {
                each.id: CameraTerms("same", LeasePolicy()) for each in here.config.cameras
            },
            capacity=lambda: 1.0,
        )
        return LeaseActor.start(runtime=runtime, supervisor=supervisor, incarnation=incarnation)

    return start


class LeaseScenario:
    """A lease actor, its link, its clock, and what its supervisor hears."""

    def __init__(self, *cameras: str, handover: str = "make-before-break") -> None:
        policy = LeasePolicy(handover=Handover(handover))
        self.terms = {each: CameraTerms("same", policy) for each in cameras}
        self.clock = FakeClock()
        self.timer = FakeTimer(self.clock)
        self.link = ScriptedLink()
        self.supervisor = RecordingActor.start()
        self.runtime = LeaseRuntime(
            clock=self.clock,
            timer=self.timer,
            link=self.link,
            holder=Holder("edge-a", "1"),
            group="default",
            terms=lambda: self.terms,
            capacity=lambda: 1.0,
        )
        self.others: list[Announcement] = []
        self.actor = self.start()

    def start(self, incarnation: int = 0) -> pykka.ActorRef[LeaseActor]:
        self.actor = LeaseActor.start(
            runtime=self.runtime, supervisor=self.supervisor, incarnation=incarnation
        )
        self.wait()
        return self.actor

    def wait(self) -> None:
        for _ in range(3):
            quiesce(ChildActor)

    def tell(self, message: object) -> None:
        self.actor.tell(message)
        self.wait()

    def open(self) -> None:
        self.link.open()
        self.wait()

    def close(self) -> None:
        self.link.close()
        self.wait()

    def run(self, seconds: float) -> None:
        """Let time pass, with the others' announcements every two seconds."""
        for step in range(int(seconds * 2)):
            if step % 4 == 0:
                for each in self.others:
                    self.link.listeners[-1].heard(each)
            self.timer.advance(0.5)
            self.wait()

    def other(self, owned: dict[str, int], **changes: Any) -> None:
        """Let another node be heard from now on, which streams these with these epochs."""
        self.others = [
            Announcement(
                holder=Holder("edge-b", "1"),
                cameras=dict.fromkeys(self.terms, "same") | changes.pop("cameras", {}),
                owned={camera: Owned(epoch, True) for camera, epoch in owned.items()},
                **changes,
            )
        ]

    def heard(self, *kinds: type) -> list[Any]:
        return heard_by(self.supervisor, *kinds)
