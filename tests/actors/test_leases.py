"""A camera runs here only while a lease grants it, and is wanted, and its schedule is open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.actors.command_requests import CommandRequests
from edge_video.actors.held_cameras import HeldCameras, HeldFile
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
from edge_video.actors.messages import CommandResult, ForceOpen, StartCamera, StopCamera
from edge_video.actors.reload_messages import AddCamera, Reload, RemoveCamera
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.cluster.terms import StopReason
from edge_video.resilience.failures import Cause
from edge_video.status import CameraPhase
from edge_video.status.cluster import ClusterFacts
from edge_video.status.configuration import ReloadReason
from edge_video.testing.waiting import wait_until
from tests.support.actors import ScriptedSystem, quiesce
from tests.support.lease_link import ScriptedLink, lease_over
from tests.support.leases import Node

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_video.config import Config

CAM1, CAM2 = CameraId("cam1"), CameraId("cam2")


@pytest.fixture
def node(world_of: Callable[..., ScriptedSystem]) -> Callable[..., Node]:
    """Starts a node of two cameras, a second ago."""

    def start(*camera_ids: str, **options: Any) -> Node:
        made = Node()
        made.system = world_of(*(camera_ids or ("cam1", "cam2")), lease=made.lease, **options)
        made.system.start()
        made.system.advance(1.0)
        return made

    return start


def test_a_camera_runs_when_it_is_granted_and_not_before(node: Callable[..., Node]) -> None:
    here = node()
    assert here.system.captures == []
    here.tell(GrantCamera(CAM1, 7))
    assert (here.system.running, here.heard(CameraCaptured)) == ({"cam1": 1}, [])
    here.system.stream_now("cam1")
    assert here.heard(CameraCaptured) == [CameraCaptured(CAM1, 7)]


def test_a_camera_that_runs_goes_on_with_another_epoch(node: Callable[..., Node]) -> None:
    here = node()
    here.tell(GrantCamera(CAM1, 7))
    here.system.stream_now("cam1")
    here.tell(GrantCamera(CAM1, 9))
    assert here.heard(CameraCaptured) == [CameraCaptured(CAM1, 7), CameraCaptured(CAM1, 9)]
    assert len(here.system.captures) == 1


def test_a_camera_that_is_withdrawn_ends_and_that_is_told(node: Callable[..., Node]) -> None:
    here = node()
    here.tell(GrantCamera(CAM1, 7))
    here.system.stream_now("cam1")
    here.tell(WithdrawCamera(CAM1, StopReason.RELEASED))
    assert (here.system.running, here.heard(CameraWithdrawn)) == (
        {"cam1": 0},
        [CameraWithdrawn(CAM1)],
    )
    here.system.advance(30.0)
    assert len(here.system.captures) == 1


def test_frames_carry_the_epoch_with_which_they_were_captured(node: Callable[..., Node]) -> None:
    here = node()
    here.tell(GrantCamera(CAM1, 7))
    here.system.stream_now("cam1")
    here.tell(GrantCamera(CAM1, 9))
    here.system.stream_now("cam1")
    assert [each.epoch for each in here.system.published] == [7, 9]


def test_what_is_held_of_a_camera_that_is_superseded_goes_nowhere(
    node: Callable[..., Node],
) -> None:
    here = node()
    here.tell(GrantCamera(CAM1, 7))
    here.system.broker_is_up = False
    here.system.sinks[-1].lose()
    quiesce()
    here.system.stream_now("cam1")
    here.system.before_stop = lambda camera_id: here.system.capture_of(camera_id).frame()
    here.tell(WithdrawCamera(CAM1, StopReason.SUPERSEDED))
    here.system.before_stop = lambda _: None
    frames = here.system.camera(CAM1).frames
    assert (frames.received, frames.dropped_superseded, frames.held) == (2, 2, 0)
    assert frames.imbalance() is None
    here.tell(GrantCamera(CAM1, 12))
    here.system.advance(2.0)  # attempts are spaced
    here.system.stream_now("cam1")
    assert here.system.camera(CAM1).frames.held == 1


@pytest.mark.parametrize("reason", [StopReason.RELEASED, StopReason.UNCERTAIN])
def test_what_is_held_of_a_camera_that_is_given_away_is_published(
    node: Callable[..., Node], reason: StopReason
) -> None:
    here = node()
    here.tell(GrantCamera(CAM1, 7))
    here.system.broker_is_up = False
    here.system.sinks[-1].lose()
    quiesce()
    here.system.stream_now("cam1")
    here.tell(WithdrawCamera(CAM1, reason))
    assert here.system.camera(CAM1).frames.held == 1


def test_what_does_not_run_is_withdrawn_at_once(node: Callable[..., Node]) -> None:
    here = node()
    here.tell(WithdrawCamera(CAM1, StopReason.RELEASED))
    here.tell(WithdrawCamera(CameraId("nobody"), StopReason.RELEASED))
    assert here.heard(CameraWithdrawn) == [
        CameraWithdrawn(CAM1),
        CameraWithdrawn(CameraId("nobody")),
    ]


def test_a_grant_starts_no_camera_that_is_stopped_or_paused(node: Callable[..., Node]) -> None:
    here = node()
    here.system.ask(StopCamera(CAM1))
    here.system.ask(ForceOpen(CAM2))
    here.tell(GrantCamera(CAM1, 7))
    here.tell(GrantCamera(CAM2, 8))
    here.system.advance(5.0)
    assert here.system.captures == []
    assert here.system.camera(CAM1).phase is CameraPhase.STOPPED
    assert here.system.ask(StartCamera(CAM1)).result is CommandResult.DONE
    here.system.advance(1.0)
    assert here.system.running == {"cam1": 1}


def test_starting_a_camera_that_another_node_has_starts_nothing(node: Callable[..., Node]) -> None:
    here = node()
    here.system.ask(StopCamera(CAM1))
    here.system.ask(StartCamera(CAM1))
    here.system.advance(5.0)
    assert here.system.captures == []


def test_a_grant_waits_for_the_schedule(node: Callable[..., Node]) -> None:
    # The clock begins on Tuesday, 14 November 2023, at 22:13:20 UTC.
    opens = {"timezone": "UTC", "mon-sun": "22:15-23:00"}
    cameras = [{"id": "cam1", "url": "rtsp://10.0.0.1/s", "schedule": opens}]
    here = node(cameras=cameras)
    here.tell(GrantCamera(CAM1, 7))
    here.system.advance(60.0)
    assert here.system.captures == []
    here.system.advance(60.0)
    assert here.system.running == {"cam1": 1}


def test_a_camera_is_not_granted_any_more_when_it_was_removed(node: Callable[..., Node]) -> None:
    here = node()
    here.tell(GrantCamera(CAM1, 7))
    here.system.stream_now("cam1")
    cameras = here.system.config.cameras
    here.system.ask(RemoveCamera(CAM1))
    assert here.heard(CameraWithdrawn) == [CameraWithdrawn(CAM1)]
    here.system.ask(AddCamera(cameras[0]))
    here.system.advance(5.0)
    assert here.system.running["cam1"] == 0


def test_a_camera_that_a_failed_reload_removed_and_put_back_goes_on(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    def refuse(config: Config) -> None:
        if len(config.cameras) == 1:
            raise RuntimeError("not with me")

    link = ScriptedLink()
    system = world_of("cam1", "cam2", on_reload=refuse, lease=lease_over(link, lambda: system))
    system.start()
    link.open()
    system.advance(8.0)
    assert system.running == {"cam1": 1, "cam2": 1}
    fewer = system.config.with_cameras(system.config.cameras[:1])
    assert system.ask(Reload(fewer)).reason is ReloadReason.FAILED
    system.advance(8.0)
    assert system.running == {"cam1": 1, "cam2": 1}
    system.system.leave_at_once()


@pytest.mark.parametrize("probes", [False, True])
def test_giving_a_camera_away_that_has_failed_is_no_recovery(
    node: Callable[..., Node], caplog: pytest.LogCaptureFixture, *, probes: bool
) -> None:
    caplog.set_level("INFO")
    here = node("cam1")
    here.tell(GrantCamera(CAM1, 7))
    while here.system.camera(CAM1).breaker.state is not BreakerState.OPEN:
        here.system.capture_of("cam1").end(Cause.REFUSED)
        here.system.advance(5.0)
    here.system.advance(40.0 if probes else 0.0)
    was = BreakerState.HALF_OPEN if probes else BreakerState.OPEN
    assert here.system.camera(CAM1).breaker.state is was
    here.tell(WithdrawCamera(CAM1, StopReason.RELEASED))
    assert here.system.camera(CAM1).breaker.state is BreakerState.CLOSED
    assert "🟢" not in caplog.text
    assert "its failures are forgotten" in caplog.text


def test_draining_is_passed_on_and_kept(node: Callable[..., Node], tmp_path: Path) -> None:
    here = node(state={"dir": str(tmp_path)})
    assert here.system.ask(DrainNode("me")).result is CommandResult.DONE
    assert here.system.ask(DrainNode("me")).result is CommandResult.ALREADY
    assert here.heard(DrainNode) == [DrainNode("me")]
    here.system.system.stop(20.0)
    assert HeldFile(tmp_path).read() == HeldCameras(is_drained=True)
    again = node(state={"dir": str(tmp_path)})
    assert again.heard(DrainNode) == [DrainNode()]
    assert again.system.ask(RejoinNode()).result is CommandResult.DONE
    assert again.heard(RejoinNode) == [RejoinNode()]


def test_each_lease_actor_hears_at_its_start_whether_the_node_is_drained(
    node: Callable[..., Node],
) -> None:
    here = node()
    assert here.heard(RejoinNode) == [RejoinNode()]
    here.system.ask(DrainNode("me"))
    here.crash()
    assert here.heard(DrainNode) == [DrainNode("me"), DrainNode()]
    here.system.ask(RejoinNode("me"))
    here.crash()
    assert here.heard(RejoinNode) == [RejoinNode(), RejoinNode("me"), RejoinNode()]
    assert len(here.lives) == 3


def test_who_asks_from_outside_drains_the_node_too(node: Callable[..., Node]) -> None:
    here = node()
    ask = CommandRequests(here.system.system.supervisor)
    assert [ask("drain", None, "me")[0] for _ in range(2)] == ["done", "already"]
    assert ask("rejoin", None, "me") == ("done", None)
    assert here.heard(DrainNode) == [DrainNode("me")]
    assert here.heard(RejoinNode) == [RejoinNode(), RejoinNode("me")]


def test_a_system_of_no_cluster_cannot_be_drained(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of()
    system.start()
    assert system.ask(DrainNode()).result is CommandResult.NOT_RUNNING
    assert system.running == {"cam1": 1}


def test_the_end_waits_until_the_cameras_are_given_away(node: Callable[..., Node]) -> None:
    here = node()
    here.leaves = False
    here.tell(GrantCamera(CAM1, 7))
    here.system.system.begin_stop()
    assert here.heard(Leave) == [Leave()]
    here.system.stream_now("cam1")
    assert len(here.system.published) == 1
    here.tell(WithdrawCamera(CAM1, StopReason.RELEASED))
    assert here.heard(CameraWithdrawn) == [CameraWithdrawn(CAM1)]
    assert here.system.system.wait(0.0) is None
    here.system.system.supervisor.tell(HasLeft())
    assert here.system.system.wait(20.0) is not None


@pytest.mark.parametrize("how", ["the time is over", "it is cut short", "the leases end"])
def test_the_end_does_not_wait_for_ever(node: Callable[..., Node], how: str) -> None:
    here = node()
    here.leaves = False
    here.system.system.begin_stop()
    quiesce()
    match how:
        case "the time is over":
            here.system.advance(12.0)
        case "it is cut short":
            here.system.system.leave_at_once()
        case _:
            here.lives[-1].stop()
            quiesce()
            here.system.advance(1.0)
    assert here.system.system.wait(20.0) is not None


def test_an_end_at_once_gives_the_leases_away_before_the_cameras_stop(
    node: Callable[..., Node],
) -> None:
    here = node()
    here.tell(GrantCamera(CAM1, 7))
    told: list[bool] = []

    def note(_camera_id: str) -> None:
        told.append(wait_until(lambda: Leave() in here.told, 5.0))

    here.system.before_stop = note
    here.system.system.leave_at_once()
    assert here.system.system.wait(20.0) is not None
    assert told == [True]


def test_an_end_at_once_tells_that_a_camera_is_free_once_it_has_stopped(
    node: Callable[..., Node],
) -> None:
    here = node("cam1", "cam2")
    here.tell(GrantCamera(CAM1, 7))
    told: list[bool] = []
    here.system.before_stop = lambda _: told.append(CameraWithdrawn(CAM1) in here.told)
    here.system.system.leave_at_once()
    assert here.system.system.wait(20.0) is not None
    assert told == [False]
    last = [each for each in here.told if isinstance(each, Leave | CameraWithdrawn)]
    assert last[0] == Leave()
    assert set(last[1:]) == {CameraWithdrawn(CAM1), CameraWithdrawn(CameraId("cam2"))}


def unowned_events(caplog: pytest.LogCaptureFixture) -> list[str]:
    told = [str(each.event) for each in caplog.records if hasattr(each, "event")]
    return [each for each in told if each in (LogEvent.CAMERA_UNOWNED, LogEvent.CAMERA_OWNED)]


def test_a_camera_without_a_node_stays_so_while_nobody_is_heard(
    node: Callable[..., Node], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    here = node("cam1")
    heard = ClusterFacts(node="edge-a", group="default")
    here.tell(ClusterChanged(heard))
    here.system.advance(65.0)
    here.tell(ClusterChanged(replace(heard, down_since_s=1.0)))
    here.system.advance(65.0)
    assert unowned_events(caplog) == [LogEvent.CAMERA_UNOWNED]
    here.tell(ClusterChanged(replace(heard, owners={CAM1: "edge-b"})))
    here.system.advance(2.0)
    assert unowned_events(caplog) == [LogEvent.CAMERA_UNOWNED, LogEvent.CAMERA_OWNED]


def test_a_camera_that_is_stopped_is_not_said_to_be_captured_again(
    node: Callable[..., Node], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    here = node("cam1")
    here.tell(ClusterChanged(ClusterFacts(node="edge-a", group="default")))
    here.system.advance(65.0)
    here.system.ask(StopCamera(CAM1))
    here.system.advance(2.0)
    assert unowned_events(caplog) == [LogEvent.CAMERA_UNOWNED]
