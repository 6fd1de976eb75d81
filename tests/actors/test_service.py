"""The service actor: ready, one line of status, and signs of life only of a healthy system."""

from __future__ import annotations

import itertools
import threading
from typing import TYPE_CHECKING

import pytest

from edge_video.actors.messages import ForceOpen, InjectFault
from edge_video.actors.reload_messages import Reload
from edge_video.actors.service import ServiceActor
from edge_video.config import AmqpConfig, Config
from edge_video.faults import CrashActor, DelayActor
from edge_video.frames import CameraId
from edge_video.runtime.service_manager import ServiceManager
from edge_video.status.configuration import ReloadResult
from tests.support.actors import ScriptedSystem, quiesce
from tests.support.notify_socket import NotifySocket

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WATCHDOG_S = 30.0


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[NotifySocket]:
    with NotifySocket(str(tmp_path / "notify")) as made:
        yield made


def service(heard: NotifySocket, watchdog_s: float | None = WATCHDOG_S) -> ServiceManager:
    return ServiceManager(heard.address, watchdog_s)


def test_a_healthy_system_is_ready_and_feeds_the_watchdog_at_half_its_time(
    heard: NotifySocket,
) -> None:
    system = ScriptedSystem("cam1", service=service(heard))
    system.start()
    assert heard.read() == []
    fed_s = []
    for _ in range(300):  # five minutes, whatever cameras do: nothing streams
        system.advance(1.0)
        fed_s += [system.clock.now for each in heard.read() if each == "WATCHDOG=1"]
    assert heard.heard.count("READY=1") == 1
    gaps_s = [later - earlier for earlier, later in itertools.pairwise(fed_s)]
    assert set(gaps_s) == {WATCHDOG_S / 2}
    assert len(fed_s) == 300 / (WATCHDOG_S / 2)
    system.system.stop()
    assert heard.read()[-1] == "STOPPING=1"


def test_a_stop_that_no_signal_began_may_take_as_long_as_one_that_did(heard: NotifySocket) -> None:
    manager = service(heard)
    system = ScriptedSystem("cam1", service=manager)
    system.start()
    system.advance(2.0)
    manager.stop_limit_s = 38.0
    system.system.stop()
    assert heard.read()[-1] == "STOPPING=1\nEXTEND_TIMEOUT_USEC=38000000"


def test_a_stuck_supervisor_gets_no_sign_of_life_within_its_time(heard: NotifySocket) -> None:
    system = ScriptedSystem("cam1", service=service(heard), allow_faults=True)
    system.start()
    system.advance(2.0)
    heard.read()
    system.system.supervisor.tell(InjectFault("supervisor", DelayActor(for_s=60.0)))
    stuck_at_s = system.clock.now
    fed_s = []
    for _ in range(100):
        system.timer.advance(1.0)
        quiesce(ServiceActor)
        fed_s += [system.clock.now for each in heard.read() if each == "WATCHDOG=1"]
    assert all(at_s - stuck_at_s <= WATCHDOG_S / 2 for at_s in fed_s)
    system.system.clear_faults("supervisor")
    quiesce()
    system.advance(2.0)
    assert "WATCHDOG=1" in heard.read()
    system.system.stop()


def test_the_status_is_one_line_and_is_sent_when_it_has_changed(heard: NotifySocket) -> None:
    system = ScriptedSystem("door", "yard", service=service(heard, None))
    system.start()
    system.advance(2.0)
    assert heard.read() == ["READY=1", "STATUS=0 of 2 streaming, pictures are written"]
    for _ in range(4):
        system.stream_now("door")
        system.advance(1.0)
    assert heard.read() == []
    system.stream_now("door")
    system.advance(1.0)
    assert heard.read() == ["STATUS=1 of 2 streaming, pictures are written"]
    system.ask(ForceOpen(CameraId("yard")))
    system.stream("door", 5)
    assert heard.read() == ["STATUS=1 of 1 streaming, pictures are written"]
    system.stream("door", 60)
    assert heard.read() == []
    system.sinks[-1].lose()
    system.broker_is_up = False
    system.stream("door", 10)
    lines = heard.read()
    assert all(each.startswith("STATUS=1 of 1 streaming, pictures cannot be") for each in lines)
    assert 1 <= len(lines) <= 2
    system.system.stop()


def test_after_a_reload_frames_are_said_to_go_where_they_go_now(heard: NotifySocket) -> None:
    system = ScriptedSystem("cam1", service=service(heard, None))
    system.start()
    system.advance(2.0)
    assert heard.read()[-1] == "STATUS=0 of 1 streaming, pictures are written"
    broker = AmqpConfig(url="amqp://localhost", exchange="shop")
    to_broker = Config(cameras=system.config.cameras, amqp=broker)
    assert system.ask(Reload(to_broker)).result is ReloadResult.DONE
    system.advance(10.0)
    assert heard.read()[-1] == "STATUS=0 of 1 streaming, broker connected"
    system.system.stop()


def test_a_crashed_service_actor_is_replaced_and_goes_on(heard: NotifySocket) -> None:
    system = ScriptedSystem("cam1", service=service(heard), allow_faults=True)
    system.start()
    system.advance(2.0)
    heard.read()
    system.ask(InjectFault("service", CrashActor()))
    system.stream("cam1", 20)
    told = heard.read()
    assert "READY=1" not in told
    assert "WATCHDOG=1" in told
    assert "STATUS=1 of 1 streaming, pictures are written" in told
    system.system.stop()


def test_without_a_service_manager_there_is_no_such_actor() -> None:
    system = ScriptedSystem("cam1")
    system.start()
    assert not [each for each in threading.enumerate() if each.name.startswith("service")]
    system.system.stop()
