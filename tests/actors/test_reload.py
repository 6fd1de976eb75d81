"""A running system takes another configuration over: whole, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from edge_video.actors.messages import ForceOpen, StopCamera
from edge_video.actors.reload_messages import (
    AddCamera,
    ChangeCamera,
    Reload,
    ReloadAnswer,
    RemoveCamera,
)
from edge_video.config import CameraConfig, Config
from edge_video.frames import CameraId
from edge_video.resilience.breaker import BreakerState
from edge_video.status.configuration import ReloadReason, ReloadResult
from edge_video.status.model import CameraPhase, PublisherState
from tests.support.actors import RecordingActor, ScriptedSystem, heard_by, quiesce

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pykka


@pytest.fixture
def running(world_of: Callable[..., ScriptedSystem]) -> Callable[..., ScriptedSystem]:
    """Starts a scripted system whose cameras have begun to stream."""

    def start(*camera_ids: str, **options: Any) -> ScriptedSystem:
        system = world_of(*camera_ids, **options)
        system.start()
        system.advance(1.0)
        return system

    return start


def changed(config: Config, **values: Any) -> Config:
    """The same configuration with other keys, as a file would have it."""
    same = {name: getattr(config, name) for name in Config.model_fields if name != "cameras"}
    given = [{"id": each.id, "url": each.url, "enabled": each.enabled} for each in config.cameras]
    return Config.model_validate({**same, "cameras": given, **values})


def cameras(*given: tuple[str, int]) -> list[dict[str, object]]:
    return [{"id": name, "url": f"rtsp://10.0.0.{number}/s"} for name, number in given]


def reload(system: ScriptedSystem, **values: Any) -> ReloadAnswer:
    answer: ReloadAnswer = system.ask(Reload(changed(system.config, **values), origin="test"))
    return answer


def ids(system: ScriptedSystem) -> list[str]:
    return [camera.camera_id for camera in system.status().cameras]


def test_cameras_that_are_the_same_go_on_without_a_gap(
    running: Callable[..., ScriptedSystem],
) -> None:
    system = running("cam1", "cam2", "cam3")
    for name in ("cam1", "cam2", "cam3"):
        system.stream_now(name)
    answer = reload(system, cameras=cameras(("cam1", 1), ("cam2", 9), ("cam4", 4)))
    assert answer.result is ReloadResult.DONE
    assert (answer.plan.added, answer.plan.removed) == (("cam4",), ("cam3",))
    assert answer.plan.restarted == ("cam2",)
    system.advance(1.0)
    for name in ("cam1", "cam2", "cam4"):
        system.stream_now(name)
    assert ids(system) == ["cam1", "cam2", "cam4"]
    assert len(system.starts_s["cam1"]) == 1
    assert len(system.starts_s["cam2"]) == 2
    assert system.capture_of("cam2").camera.host == "10.0.0.9"
    sessions = {frame.session for frame in system.published if frame.camera_id == "cam1"}
    assert len(sessions) == 1
    assert [frame.seq for frame in system.published if frame.camera_id == "cam1"] == [1, 2]


def test_frames_of_a_removed_camera_stay_in_the_totals(
    running: Callable[..., ScriptedSystem],
) -> None:
    system = running("cam1", "cam2")
    system.stream_now("cam2")
    assert system.ask(RemoveCamera(CameraId("cam2"))).result is ReloadResult.DONE
    status = system.status()
    assert (status.removed.received, status.totals.received) == (1, 1)
    assert status.totals.imbalance() is None
    assert system.running["cam2"] == 0


def test_a_camera_that_comes_back_counts_on(running: Callable[..., ScriptedSystem]) -> None:
    system = running("cam1", "cam2")
    system.stream_now("cam2")
    before = [camera for camera in system.config.cameras if camera.id == "cam2"]
    system.ask(RemoveCamera(CameraId("cam2")))
    assert system.ask(AddCamera(before[0])).result is ReloadResult.DONE
    system.advance(1.0)
    system.stream_now("cam2")
    assert system.camera("cam2").frames.received == 2
    assert [frame.seq for frame in system.published] == [1, 2]
    assert system.status().removed.received == 0


def test_a_camera_that_comes_back_while_its_last_attempt_ends_has_one_attempt_at_a_time(
    running: Callable[..., ScriptedSystem],
) -> None:
    system = running("cam1", "cam2")
    supervisor = system.system.supervisor
    supervisor.tell(RemoveCamera(CameraId("cam2")))
    supervisor.tell(AddCamera(CameraConfig(id="cam2", url="rtsp://10.0.0.9/s")))
    quiesce()
    system.advance(1.0)
    assert system.running["cam2"] == 1
    assert system.capture_of("cam2").camera.host == "10.0.0.9"


def test_a_camera_can_be_switched_off_and_on(running: Callable[..., ScriptedSystem]) -> None:
    system = running("cam1", "cam2")
    camera = CameraConfig(id="cam2", url="rtsp://10.0.0.2/s", enabled=False)
    system.ask(ChangeCamera(camera))
    assert system.camera("cam2").phase is CameraPhase.DISABLED
    assert system.running["cam2"] == 0
    system.ask(ChangeCamera(camera.model_copy(update={"enabled": True})))
    system.advance(1.0)
    assert system.running["cam2"] == 1


def test_new_keys_are_tried_at_once_whatever_the_old_ones_failed_of(
    running: Callable[..., ScriptedSystem],
) -> None:
    system = running("cam1", circuit_breaker={"max_failures": 1, "jitter": 0.0})
    system.capture_of("cam1").end()
    quiesce()
    assert system.camera().breaker.state is BreakerState.OPEN
    reload(system, cameras=cameras(("cam1", 7)))
    system.advance(0.5)
    assert system.camera().breaker.state is BreakerState.CLOSED
    assert system.capture_of("cam1").camera.host == "10.0.0.7"


def test_what_an_operator_holds_stays_held(running: Callable[..., ScriptedSystem]) -> None:
    system = running("cam1", "cam2")
    system.ask(ForceOpen(CameraId("cam1")))
    system.ask(StopCamera(CameraId("cam2")))
    reload(system, cameras=cameras(("cam1", 7), ("cam2", 8)))
    system.advance(5.0)
    assert system.camera("cam1").breaker.forced_open
    assert system.camera("cam2").phase is CameraPhase.STOPPED


def test_keys_that_need_a_new_start_refuse_the_whole_reload(
    running: Callable[..., ScriptedSystem],
) -> None:
    system = running("cam1")
    answer = reload(system, node="other", umask="077", cameras=cameras(("cam2", 2)))
    assert (answer.result, answer.reason) == (ReloadResult.REFUSED, ReloadReason.NEEDS_RESTART)
    assert answer.details == ("node", "umask")
    assert ids(system) == ["cam1"]
    known = system.status().config
    assert known is not None
    assert known.last_reload is not None
    assert (known.last_reload.reason, known.last_reload.origin) == ("needs_restart", "test")
    assert known.reloads == {"refused:needs_restart": 1}


def test_a_dry_run_says_what_would_happen_and_does_nothing(
    running: Callable[..., ScriptedSystem],
) -> None:
    system = running("cam1")
    config = changed(system.config, cameras=cameras(("cam1", 5)), buffer=9)
    answer = system.ask(Reload(config, dry_run=True))
    assert answer.result is ReloadResult.PLANNED
    assert answer.plan.as_json() == {
        "add": [],
        "remove": [],
        "restart": ["cam1"],
        "reconnect": [],
        "live": ["buffer"],
        "keys": ["buffer", "cameras[cam1].url"],
        "needs_restart": [],
    }
    assert len(system.starts_s["cam1"]) == 1
    known = system.status().config
    assert known is not None
    assert known.last_reload is None


def test_nothing_new_is_said_to_be_nothing_new(running: Callable[..., ScriptedSystem]) -> None:
    system = running("cam1")
    assert reload(system).result is ReloadResult.UNCHANGED


def test_another_sink_is_connected_when_what_is_in_flight_is_settled(
    running: Callable[..., ScriptedSystem],
) -> None:
    system = running("cam1")
    system.stream_now("cam1")
    answer = reload(system, sink={"type": "directory", "path": "elsewhere"})
    assert answer.plan.as_json()["reconnect"] == ["sink.path"]
    quiesce()
    assert [sink.closed for sink in system.sinks] == [True, False]
    system.stream_now("cam1")
    assert system.status().publisher.state is PublisherState.CONNECTED
    assert system.status().restarts["publisher"] == 0
    assert len(system.starts_s["cam1"]) == 1
    assert system.camera().frames.confirmed == 2


def test_a_sink_that_cannot_settle_is_replaced_when_its_time_is_over(
    running: Callable[..., ScriptedSystem],
) -> None:
    system = running("cam1")
    system.drains = False
    reload(system, sink={"type": "directory", "path": "elsewhere"})
    system.advance(4.9)
    assert len(system.sinks) == 1
    system.advance(0.2)
    assert [sink.closed for sink in system.sinks] == [True, False]
    system.drains = True  # at the end


def test_the_breakers_go_by_the_new_policy_at_once(
    running: Callable[..., ScriptedSystem],
) -> None:
    system = running("cam1")
    answer = reload(system, circuit_breaker={"max_failures": 1, "jitter": 0.0})
    assert answer.plan.as_json()["live"] == ["circuit_breaker.max_failures"]
    system.capture_of("cam1").end()
    quiesce()
    assert system.camera().breaker.state is BreakerState.OPEN
    assert len(system.starts_s["cam1"]) == 1


def test_buffers_have_the_new_size_at_once(running: Callable[..., ScriptedSystem]) -> None:
    system = running("cam1")
    system.broker_is_up = False
    system.sinks[0].lose()
    quiesce()
    for _ in range(5):
        system.stream_now("cam1")
    reload(system, buffer=2)
    assert system.camera().frames.held == 2
    assert system.camera().frames.dropped == 3


def test_the_report_has_its_new_interval_without_a_restart_that_counts(
    running: Callable[..., ScriptedSystem],
) -> None:
    system = running("cam1")
    reload(system, report_interval="2s")
    system.advance(0.3)
    system.reports.clear()
    system.advance(4.1)
    assert len(system.reports) == 2
    assert system.status().restarts["reporter"] == 0


def test_frames_of_a_camera_that_is_added_can_go_to_an_actor(
    running: Callable[..., ScriptedSystem],
) -> None:
    system = running("cam1")
    recorder = RecordingActor.start()
    system.ask(AddCamera(CameraConfig(id="cam2", url="rtsp://10.0.0.2/s"), frames=recorder))
    system.advance(1.0)
    system.stream_now("cam2")
    (notice,) = heard_by(recorder)
    assert [frame.camera_id for frame in notice.outbox.deliver()] == ["cam2"]
    recorder.stop(timeout=5)


def camera_2(frames: pykka.ActorRef[Any] | None = None) -> AddCamera:
    return AddCamera(CameraConfig(id="cam2", url="rtsp://10.0.0.2/s"), frames=frames)


@pytest.fixture
def hosts() -> Iterator[list[pykka.ActorRef[RecordingActor]]]:
    """Two actors of an embedding program."""
    actors = [RecordingActor.start() for _ in range(2)]
    yield actors
    for each in actors:
        each.stop(timeout=5)


def frames_of(host: pykka.ActorRef[RecordingActor]) -> list[tuple[str, int]]:
    """What an actor was told to fetch since the last look."""
    return [
        (frame.camera_id, frame.seq)
        for notice in heard_by(host)
        for frame in notice.outbox.deliver()
    ]


def test_a_camera_that_comes_back_may_have_another_actor(
    running: Callable[..., ScriptedSystem], hosts: list[pykka.ActorRef[RecordingActor]]
) -> None:
    system = running("cam1")
    first, second = hosts
    for message, host, seq in (
        (camera_2(first), first, 1),
        (camera_2(second), second, 2),
        (camera_2(), second, 3),  # where they went
    ):
        assert system.ask(message).result is ReloadResult.DONE
        system.advance(1.0)
        system.stream_now("cam2")
        assert frames_of(host) == [("cam2", seq)]
        system.ask(RemoveCamera(CameraId("cam2")))
    assert len(heard_by(first)) == 1
    assert system.published == []


def test_an_actor_that_cannot_have_the_frames_is_refused(
    running: Callable[..., ScriptedSystem], hosts: list[pykka.ActorRef[RecordingActor]]
) -> None:
    first, second = hosts
    system = running("cam1", "cam2", "cam3", frames={"cam2": first, "cam3": first})
    system.ask(RemoveCamera(CameraId("cam2")))
    answer = system.ask(camera_2(second))
    assert (answer.result, answer.reason) == (ReloadResult.REFUSED, ReloadReason.NOT_READY)
    assert answer.details == ("cam2: its frames go where those of cam3 go",)
    assert system.ask(camera_2(first)).result is ReloadResult.DONE
    system.ask(RemoveCamera(CameraId("cam1")))
    answer = system.ask(AddCamera(system.config.cameras[0], frames=first))
    assert answer.details == (
        "cam1: its frames went to the sink before, and no actor can get them now",
    )
    assert ids(system) == ["cam3", "cam2"]


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (AddCamera(CameraConfig(id="cam1", url="rtsp://10.0.0.2/s")), "configured already"),
        (ChangeCamera(CameraConfig(id="cam9", url="rtsp://10.0.0.2/s")), "no camera cam9"),
        (RemoveCamera(CameraId("cam9")), "no camera cam9"),
        (RemoveCamera(CameraId("cam1")), "at least one camera"),
        (AddCamera(CameraConfig(id="CAM1", url="rtsp://10.0.0.2/s")), "already the id"),
    ],
)
def test_what_makes_no_sense_is_refused(
    running: Callable[..., ScriptedSystem], message: object, problem: str
) -> None:
    system = running("cam1")
    answer = system.ask(message)
    assert (answer.result, answer.reason) == (ReloadResult.REFUSED, ReloadReason.INVALID)
    assert problem in answer.details[0]
    assert ids(system) == ["cam1"]


def test_what_breaks_half_way_is_put_back(running: Callable[..., ScriptedSystem]) -> None:
    def refuse(config: Config) -> None:
        if len(config.cameras) > 2:
            raise RuntimeError("not with me")

    system = running("cam1", "cam2", on_reload=refuse)
    system.stream_now("cam1")
    answer = reload(system, cameras=cameras(("cam1", 1), ("cam3", 3), ("cam4", 4)), buffer=9)
    assert (answer.result, answer.reason) == (ReloadResult.REFUSED, ReloadReason.FAILED)
    assert answer.details == ("RuntimeError: not with me",)
    system.advance(1.0)
    assert ids(system) == ["cam1", "cam2"]
    assert {name: system.running.get(name, 0) for name in ("cam1", "cam2", "cam3", "cam4")} == {
        "cam1": 1,
        "cam2": 1,
        "cam3": 0,
        "cam4": 0,
    }
    assert len(system.starts_s["cam1"]) == 1
    assert reload(system, buffer=9).plan.as_json()["live"] == ["buffer"]
