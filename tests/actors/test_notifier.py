"""The notifier in a system of real actors: what it hears becomes events, whatever happens to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from unittest.mock import ANY

import pykka
import pytest

from edge_video.actors.messages import InjectFault, MemoryLevelChanged
from edge_video.actors.notifier import NotifierActor
from edge_video.faults import CrashActor
from edge_video.metrics.memory import MemoryLevel
from edge_video.testing import eventually
from tests.support.actors import ScriptedSystem, quiesce

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.delivery.notification_queue import NotificationQueue

CONFIG: dict[str, Any] = {
    "sink": {"type": "amqp"},
    "amqp": {"url": "amqp://127.0.0.1/"},
    "events": {"exchange": "events", "queue": 2},
}


@pytest.fixture
def systems() -> Iterator[list[ScriptedSystem]]:
    made: list[ScriptedSystem] = []
    yield made
    for system in made:
        system.system.stop()


def started(systems: list[ScriptedSystem], **config: Any) -> ScriptedSystem:
    system = ScriptedSystem("cam1", "cam2", allow_faults=True, **(CONFIG | config))
    systems.append(system)
    system.start()
    return system


def notifiers() -> list[pykka.ActorRef[NotifierActor]]:
    return pykka.ActorRegistry.get_by_class(NotifierActor)


def queue() -> NotificationQueue:
    [ref] = notifiers()
    actor = ref._actor_weakref()
    assert actor is not None
    return actor._runtime.queue


def drained() -> list[str]:
    """What has been told since the last time, as `event camera`."""
    told = []
    notifications = queue()
    while (notification := notifications.take()) is not None:
        event = json.loads(notification.body)
        told.append(f"{event['event']} {event.get('camera_id', '')}".strip())
        notifications.settle(notification.message_id, confirmed=True)
    return told


def test_a_system_without_events_has_no_notifier(systems: list[ScriptedSystem]) -> None:
    started(systems, events=None)
    assert notifiers() == []


def test_a_camera_that_streams_is_online_and_one_that_does_not_is_offline(
    systems: list[ScriptedSystem],
) -> None:
    system = started(systems)
    system.stream("cam1", 7)
    assert sorted(drained()) == ["camera_offline cam2", "camera_online cam1"]
    system.stream("cam1", 30)
    assert drained() == []


def test_the_memory_level_reaches_it(systems: list[ScriptedSystem]) -> None:
    system = started(systems)
    system.system.supervisor.tell(MemoryLevelChanged(MemoryLevel.CRITICAL, 400, 512))
    system.stream("cam1", 7)
    assert "memory_level" in drained()


def test_a_crashed_notifier_is_replaced_and_goes_on(systems: list[ScriptedSystem]) -> None:
    system = started(systems)
    system.stream("cam1", 7)
    first = notifiers()
    drained()
    system.ask(InjectFault("notifier", CrashActor()))
    eventually(lambda: notifiers() and notifiers() != first)
    quiesce()
    system.stream("cam1", 7)
    assert sorted(drained()) == ["camera_offline cam2", "camera_online cam1"]
    assert system.status().restarts["notifier"] == 1


def test_events_that_are_lost_are_said_once_a_minute_and_at_the_end(
    systems: list[ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    system = started(systems, events={"exchange": "e", "queue": 1})
    system.stream("cam1", 30)
    words = "Events for the broker: dropped 1, refused 0, still waiting 1"
    assert caplog.text.count(words) == 1
    system.system.stop()
    assert caplog.text.count(words) == 2


def test_the_node_tells_how_it_is_where_that_is_configured(systems: list[ScriptedSystem]) -> None:
    system = started(systems, events={"exchange": "e", "node_status": "30s"})
    system.stream("cam1", 7)
    notifications = queue()
    [status] = [
        json.loads(each.body)
        for each in iter(notifications.take, None)
        if each.name == "node_status"
    ]
    assert status["health"] == {"healthy": 1, "starting": 1}
    assert [each["id"] for each in status["cameras"]] == ["cam2", "cam1"]
    assert (status["period_s"], status["config"]["hash"]) == (30.0, ANY)
    system.stream("cam1", 10)
    assert notifications.take() is None
