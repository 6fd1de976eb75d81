"""The actor of the leases: what the broker brings, and what the supervisor hears of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from edge_video.actors.lease_messages import (
    CameraCaptured,
    CameraWithdrawn,
    ClusterChanged,
    DrainNode,
    GrantCamera,
    HasLeft,
    Leave,
    RejoinNode,
    WithdrawCamera,
)
from edge_video.actors.messages import ActorEnded, CameraChanged, ProcessMeasured
from edge_video.actors.reload_messages import ConfigChanged
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent
from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker
from edge_video.resilience.cluster import (
    Announcement,
    CameraTerms,
    ClusterMember,
    Holder,
    LeasePolicy,
)
from edge_video.resilience.cluster.terms import ConsumerCancelled, StopReason
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.model import CameraPhase
from edge_video.status.snapshot import CameraRecord
from tests.support.lease_link import LeaseScenario

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DOOR, GATE = CameraId("door"), CameraId("gate")

MEASURED = ProcessMeasured(None)


@pytest.fixture
def node(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., LeaseScenario]]:
    """Makes a lease actor of these cameras, connected for long enough to own them."""
    caplog.set_level("INFO")

    def make(*cameras: str, **options: Any) -> LeaseScenario:
        scenario = LeaseScenario(*(cameras or ("door", "gate")), **options)
        scenario.open()
        scenario.run(6)
        return scenario

    yield make
    pykka.ActorRegistry.stop_all()


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [str(each.event) for each in caplog.records if hasattr(each, "event")]


def test_alone_it_takes_every_camera(
    node: Callable[..., LeaseScenario], caplog: pytest.LogCaptureFixture
) -> None:
    here = node()
    granted = here.heard(GrantCamera)
    assert {each.camera_id for each in granted} == {DOOR, GATE}
    assert all(each.epoch >= here.clock.wall // 1_000_000 - 10_000 for each in granted)
    facts = here.heard(ClusterChanged)[-1].facts
    assert {each.state for each in facts.leases.values()} == {"OWNER"}
    assert facts.down_since_s is None
    assert events(caplog).count(LogEvent.LEASE_TAKEN) == 2


def test_a_lease_is_renewed_and_nothing_is_told_of_it(node: Callable[..., LeaseScenario]) -> None:
    here = node()
    before = len(here.link.actions)
    facts = len(here.heard(ClusterChanged))
    here.run(25)
    assert len(here.link.actions) > before
    assert len(here.heard(GrantCamera)) == 2
    assert len(here.heard(ClusterChanged)) == facts


def test_a_higher_epoch_elsewhere_ends_a_camera(
    node: Callable[..., LeaseScenario], caplog: pytest.LogCaptureFixture
) -> None:
    here = node()
    here.other({"door": here.heard(GrantCamera)[0].epoch + 100_000})
    here.run(1)
    assert here.heard(WithdrawCamera) == [WithdrawCamera(DOOR, StopReason.SUPERSEDED)]
    facts = here.heard(ClusterChanged)[-1].facts
    assert facts.owners == {DOOR: "edge-b"}
    assert [each.node for each in facts.nodes] == ["edge-b"]
    assert "node edge-b captures it" in caplog.text
    assert LogEvent.NODE_SEEN in events(caplog)


def test_without_the_broker_the_cameras_go_on(
    node: Callable[..., LeaseScenario], caplog: pytest.LogCaptureFixture
) -> None:
    here = node()
    here.close()
    here.run(60)
    assert here.heard(WithdrawCamera) == []
    facts = here.heard(ClusterChanged)[-1].facts
    assert {each.state for each in facts.leases.values()} == {"SUSPECT"}
    assert facts.reason == "connection closed by the broker's side"
    here.open()
    here.run(6)
    facts = here.heard(ClusterChanged)[-1].facts
    assert {each.state for each in facts.leases.values()} == {"OWNER"}
    assert events(caplog).count(LogEvent.LEASES_SUSPECT) == 1
    assert events(caplog).count(LogEvent.LEASES_PROVEN) == 1
    assert events(caplog).count(LogEvent.LEASE_TAKEN) == 2


def test_what_an_older_channel_brings_is_nothing(node: Callable[..., LeaseScenario]) -> None:
    here = node()
    here.open()
    here.run(6)
    states = here.heard(ClusterChanged)[-1].facts.leases
    here.link.happened("door", ConsumerCancelled(), life=1)
    here.run(1)
    assert here.heard(ClusterChanged)[-1].facts.leases == states


def test_one_that_leaves_alone_has_left_at_once(node: Callable[..., LeaseScenario]) -> None:
    here = node()
    here.tell(Leave())
    here.run(1)
    assert {each.reason for each in here.heard(WithdrawCamera)} == {StopReason.RELEASED}
    assert here.heard(HasLeft) == [HasLeft()]
    here.actor.stop()
    assert here.link.announced[-1].is_last


def test_one_that_leaves_goes_on_until_others_stream(node: Callable[..., LeaseScenario]) -> None:
    here = node()
    here.other({})
    here.run(3)
    here.tell(Leave())
    here.run(3)
    assert (here.heard(WithdrawCamera), here.heard(HasLeft)) == ([], [])
    assert here.link.subscribed == set()
    epoch = max(each.epoch for each in here.heard(GrantCamera)) + 1
    here.other({"door": epoch, "gate": epoch})
    here.run(1)
    assert len(here.heard(WithdrawCamera)) == 2
    assert here.heard(HasLeft) == [HasLeft()]


def test_a_camera_of_one_session_is_free_before_another_node_takes_it(
    node: Callable[..., LeaseScenario],
) -> None:
    here = node("door", handover="break-before-make")
    here.other({})
    here.run(3)
    here.tell(Leave())
    assert here.heard(WithdrawCamera) == [WithdrawCamera(DOOR, StopReason.RELEASED)]
    assert here.link.subscribed == {"door"}
    here.tell(CameraWithdrawn(DOOR))
    assert here.link.subscribed == set()


def test_a_drained_node_takes_nothing_until_it_rejoins(
    node: Callable[..., LeaseScenario], caplog: pytest.LogCaptureFixture
) -> None:
    here = node()
    here.tell(DrainNode())
    here.run(30)
    assert here.link.subscribed == set()
    assert here.heard(HasLeft) == []
    assert here.heard(ClusterChanged)[-1].facts.is_leaving
    here.tell(RejoinNode())
    here.run(12)
    assert here.link.subscribed == {"door", "gate"}
    assert len(here.heard(GrantCamera)) == 4
    assert LogEvent.NODE_DRAINED in events(caplog)
    assert LogEvent.NODE_REJOINED in events(caplog)


def record(phase: CameraPhase, **changes: Any) -> CameraRecord:
    known = CameraRecord(DOOR, "rtsp://door", 15, phase, CircuitBreaker.new(BreakerPolicy()))
    return replace(known, **changes)


def out_of_reach() -> CameraRecord:
    """The record of a camera that nobody answers for: its breaker is open."""
    opened = replace(CircuitBreaker.new(BreakerPolicy()), state=BreakerState.OPEN)
    return record(CameraPhase.WAITING, breaker=opened, last_failure=Failure(Cause.UNREACHABLE))


def test_a_camera_that_an_operator_has_stopped_is_given_away(
    node: Callable[..., LeaseScenario],
) -> None:
    here = node()
    here.tell(CameraChanged(record(CameraPhase.STOPPED)))
    here.run(3)
    assert here.link.subscribed == {"gate"}
    assert "door" not in here.link.announced[-1].cameras
    here.tell(CameraChanged(record(CameraPhase.STARTING)))
    here.run(6)
    assert here.link.subscribed == {"door", "gate"}


def test_many_cameras_that_are_put_off_together_are_one_change(
    node: Callable[..., LeaseScenario], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"door{number}" for number in range(40)]
    here = node(*names)
    changes: list[int] = []
    configure = ClusterMember.configure

    def counted(member: ClusterMember, cameras: Any, now: Any, **options: Any) -> Any:
        changes.append(len(cameras))
        return configure(member, cameras, now, **options)

    monkeypatch.setattr(ClusterMember, "configure", counted)
    for name in names[1:]:
        here.actor.tell(
            CameraChanged(replace(record(CameraPhase.STOPPED), camera_id=CameraId(name)))
        )
    here.run(3)
    assert (changes, here.link.subscribed) == ([1], {"door0"})


def test_a_camera_out_of_reach_that_is_removed_is_forgotten(
    node: Callable[..., LeaseScenario],
) -> None:
    here = node()
    here.tell(CameraChanged(out_of_reach()))
    before, here.terms = here.terms, {"gate": here.terms["gate"]}
    here.tell(ConfigChanged(None, (GATE,)))  # type: ignore[arg-type]
    here.terms = before
    here.tell(ConfigChanged(None, (DOOR, GATE)))  # type: ignore[arg-type]
    here.run(60)
    here.tell(MEASURED)
    here.run(2)
    assert here.link.announced[-1].unreachable == frozenset()


def test_a_camera_out_of_reach_for_a_minute_is_announced(
    node: Callable[..., LeaseScenario],
) -> None:
    here = node()
    here.tell(CameraChanged(out_of_reach()))
    here.run(59)
    here.tell(MEASURED)
    here.run(2)
    assert here.link.announced[-1].unreachable == frozenset()
    here.tell(MEASURED)
    here.run(2)
    assert here.link.announced[-1].unreachable == {"door"}
    epoch = next(each.epoch for each in here.heard(GrantCamera) if each.camera_id == DOOR)
    here.tell(CameraCaptured(DOOR, epoch))
    here.run(2)
    assert here.link.announced[-1].unreachable == frozenset()
    assert here.link.announced[-1].owned["door"].is_streaming


def test_cameras_come_and_go_without_the_others_being_given_up(
    node: Callable[..., LeaseScenario],
) -> None:
    here = node()
    here.terms = {
        "gate": here.terms["gate"],
        "yard": CameraTerms("same", LeasePolicy()),
    }
    here.tell(ConfigChanged(None, (GATE, CameraId("yard"))))  # type: ignore[arg-type]
    here.run(6)
    assert here.link.subscribed == {"gate", "yard"}
    assert [each.camera_id for each in here.heard(WithdrawCamera)] == [DOOR]
    granted = here.heard(GrantCamera)
    assert len({each.epoch for each in granted if each.camera_id == GATE}) == 1


def test_a_successor_goes_on_with_the_cameras(node: Callable[..., LeaseScenario]) -> None:
    here = node()
    here.actor.tell(CameraChanged(None))  # type: ignore[arg-type]
    here.wait()
    assert here.heard(ActorEnded)
    grants = len(here.heard(GrantCamera))
    here.start(1)
    assert len(here.heard(GrantCamera)) == grants + 2
    assert here.heard(WithdrawCamera) == []
    assert not here.link.announced[-1].is_last
    here.close()
    here.open()
    here.run(6)
    facts = here.heard(ClusterChanged)[-1].facts
    assert {each.state for each in facts.leases.values()} == {"OWNER"}


def test_a_rejoin_that_met_no_actor_reaches_its_successor(
    node: Callable[..., LeaseScenario], caplog: pytest.LogCaptureFixture
) -> None:
    here = node()
    here.tell(DrainNode())
    here.run(3)
    here.actor.tell(CameraChanged(None))  # type: ignore[arg-type]
    here.wait()
    here.start(1)
    here.tell(RejoinNode())
    here.open()
    here.run(12)
    assert here.link.subscribed == {"door", "gate"}
    here.tell(RejoinNode())
    assert events(caplog).count(LogEvent.NODE_REJOINED) == 1


def test_what_is_wrong_with_the_names_is_told(
    node: Callable[..., LeaseScenario], caplog: pytest.LogCaptureFixture
) -> None:
    here = node()
    here.other({}, cameras={"door": "another"})
    here.others.append(Announcement(holder=Holder("edge-a", "2")))
    here.run(15)
    assert events(caplog).count(LogEvent.CAMERAS_DIFFER) == 1
    assert "door (edge-b)" in caplog.text
    assert events(caplog).count(LogEvent.NODE_NAMESAKE) == 1
    here.others = []
    here.run(20)
    assert "Node edge-b is not heard any more" in caplog.text


def test_a_refused_queue_is_told_once(
    node: Callable[..., LeaseScenario], caplog: pytest.LogCaptureFixture
) -> None:
    here = node()
    for _ in range(3):
        here.link.listeners[-1].queue_refused("door", "edge-video.lease.default.door", "refused")
        here.wait()
    assert events(caplog).count(LogEvent.LEASE_QUEUE_REFUSED) == 1


def test_a_queue_that_is_refused_once_more_after_it_was_not_is_told_again(
    node: Callable[..., LeaseScenario], caplog: pytest.LogCaptureFixture
) -> None:
    here = node()
    for _ in range(2):
        here.link.listeners[-1].queue_refused("door", "edge-video.lease.default.door", "refused")
        here.run(12)  # a renewal comes back of it
    assert events(caplog).count(LogEvent.LEASE_QUEUE_REFUSED) == 2
