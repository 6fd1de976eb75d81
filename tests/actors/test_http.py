"""The HTTP actor: one server, a board that outlives it, and a supervisor that may be stuck."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import pykka

import edge_video.actors.http
from edge_video.actors.http import HttpActor
from edge_video.actors.messages import InjectFault
from edge_video.actors.reload_messages import Reload, ReloadAnswer
from edge_video.capture.probe import ProbeResult
from edge_video.config import Config
from edge_video.faults import CrashActor
from edge_video.frames import CameraId
from edge_video.http import health
from edge_video.log.events import LogEvent
from edge_video.testing import eventually
from edge_video.testing.devices import HangUp, OnvifDevice
from tests.support.painted_system import PASSWORD, TOKEN, PaintedSystem

if TYPE_CHECKING:
    import pytest

    from edge_video.app import System
    from edge_video.testing.devices import Request


def hold(system: System) -> threading.Event:
    """Keep the supervisor's thread busy until the event is set."""
    free = threading.Event()
    actor = system.supervisor._actor_weakref()
    assert actor is not None
    ordinary = actor.handle

    def stuck(message: Any) -> object:
        free.wait(60)
        return ordinary(message)

    actor.handle = stuck  # type: ignore[method-assign]
    return free


def get(url: str, path: str, **options: Any) -> httpx.Response:
    with httpx.Client(base_url=url, timeout=20, trust_env=False) as client:
        return client.get(path, **options)


def test_a_crashed_http_actor_is_replaced_and_knows_what_its_predecessor_knew() -> None:
    with PaintedSystem("cam1", "broken1").start() as painted:
        painted.camera("broken1", phase="waiting")
        before = get(painted.url, "api/timeline").json()["entries"]
        painted.system.supervisor.ask(InjectFault("http", CrashActor()), timeout=5)
        painted.find()
        status = painted.wait_for(
            lambda status: status if status["restarts"].get("http") == 1 else None
        )
        assert [camera["phase"] for camera in status["cameras"]] == ["streaming", "waiting"]
        entries = get(painted.url, "api/timeline").json()["entries"]
        numbers = {entry["number"] for entry in entries}
        assert {story["number"] for story in before} <= numbers
        assert get(painted.url, "ready").json() == {"ok": True, "reasons": []}


def test_a_server_thread_that_ends_by_itself_is_replaced() -> None:
    with PaintedSystem("cam1").start() as painted:
        first = painted.url
        actor = pykka.ActorRegistry.get_by_class(HttpActor)[0]._actor_weakref()
        assert isinstance(actor, HttpActor)
        server = actor._server
        assert server is not None
        serving = server._serving
        eventually(lambda: serving._server is not None)  # it listens a moment before it serves
        assert serving._server is not None
        serving._server.should_exit = True  # uvicorn returns as if it had had enough
        painted.find()
        assert painted.url != first
        painted.wait_for(lambda status: status["restarts"].get("http") == 1)


def test_a_busy_port_costs_no_camera_and_is_said_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge_video.actors.http, "_LISTEN_AGAIN_S", 1.0)
    caplog.set_level("INFO")
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        painted = PaintedSystem("cam1", http={"listen": f"127.0.0.1:{port}"})
        painted.start(wait=False)
        eventually(lambda: painted.system.status().cameras[0].frames.received > 0, 20)
    logged = [
        each for each in caplog.records if getattr(each, "event", None) is LogEvent.HTTP_UNAVAILABLE
    ]
    assert len(logged) == 1
    assert f"127.0.0.1:{port}" in logged[0].getMessage()
    with painted:
        # The port is free by now, and is tried again.
        painted.find()
        assert get(painted.url, "health").status_code == 200


def test_probes_answer_at_once_while_the_supervisor_is_stuck(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "MAX_SILENCE_S", 2.5)
    with PaintedSystem("cam1").start() as painted:
        painted.camera("cam1", phase="streaming")
        free = hold(painted.system)
        try:
            deadline = time.monotonic() + 30
            while (answer := get(painted.url, "health")).status_code == 200:
                assert time.monotonic() < deadline
                time.sleep(0.2)
            assert answer.status_code == 503
            assert "the supervisor has said nothing for" in answer.json()["reasons"][0]
            assert get(painted.url, "ready").status_code == 503
            # What the accounting says is right even now: frames go on without the supervisor.
            before = received(painted)
            eventually(lambda: received(painted) > before, 20)
            with painted.client(TOKEN) as client:
                late = client.post("api/cameras/cam1/stop")
            assert late.status_code == 504
            assert "may still be carried out" in late.json()["error"]
        finally:
            free.set()
        painted.camera("cam1", phase="stopped")  # it obeyed in the end
        assert get(painted.url, "health").status_code == 200


def test_a_camera_test_that_runs_ends_with_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, cancelled = threading.Event(), threading.Event()

    class Prober:
        def __init__(self, _: object) -> None:
            pass

        def __call__(self, *_: object) -> ProbeResult:
            begun.set()
            assert cancelled.wait(30)
            return ProbeResult(CameraId("probed"), ok=False)

        def cancel(self) -> None:
            cancelled.set()

    monkeypatch.setattr(edge_video.actors.http, "CameraProber", Prober)
    with PaintedSystem("cam1").start() as painted, painted.client(TOKEN) as client:

        def ask() -> None:
            with suppress(httpx.HTTPError):
                client.post("api/probe", json={"url": "rtsp://h/s"})

        asking = threading.Thread(target=ask)
        asking.start()
        assert begun.wait(20)
        painted.system.stop()
        assert cancelled.is_set()
        asking.join(10)


def test_a_device_that_is_asked_for_its_streams_keeps_no_stop_waiting() -> None:
    begun, let_go = threading.Event(), threading.Event()

    def hang(_: Request) -> bytes:
        begun.set()
        let_go.wait(20)
        raise HangUp

    with (
        PaintedSystem("cam1").start() as painted,
        painted.client(TOKEN) as client,
        painted.client() as stranger,
        OnvifDevice(answers={"GetSystemDateAndTime": hang}) as device,
    ):
        question = {"host": f"127.0.0.1:{device.port}"}
        assert stranger.post("api/onvif/streams", json=question).status_code == 401

        def ask() -> None:
            with suppress(httpx.HTTPError):
                client.post("api/onvif/streams", json=question)

        asking = threading.Thread(target=ask)
        asking.start()
        assert begun.wait(20)
        painted.system.stop()
        asking.join(10)
        assert not asking.is_alive()  # while the device keeps silent
        let_go.set()


def received(painted: PaintedSystem) -> int:
    count: int = get(painted.url, "api/status").json()["totals"]["received"]
    return count


def test_nothing_is_served_unless_it_is_configured(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    painted = PaintedSystem("cam1")
    painted.config = painted.config.model_copy(update={"http": None})
    with painted.start(wait=False):
        assert "http" not in painted.system.status().restarts
        assert not [each for each in threading.enumerate() if each.name.startswith("http-")]
        assert not [each for each in caplog.records if "http" in str(getattr(each, "event", ""))]


def test_the_stop_closes_what_is_open_and_no_secret_was_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    with (
        PaintedSystem("cam1", "broken1").start() as painted,
        painted.client() as client,
        client.stream("GET", "api/updates") as events,
    ):
        lines = events.iter_lines()
        assert next(lines) == "retry: 2000"
        began_s = time.monotonic()
        painted.system.stop(30)
        list(lines)  # ends
        assert time.monotonic() - began_s < 20
    assert not [each for each in threading.enumerate() if each.name.startswith("http-")]
    assert not [
        each for each in caplog.records if getattr(each, "event", None) is LogEvent.SURVIVOR
    ]
    assert TOKEN not in caplog.text
    assert PASSWORD not in caplog.text


def test_a_new_token_counts_at_once_and_whoever_asked_for_it_is_answered() -> None:
    with PaintedSystem("cam1").start() as painted:
        before = painted.system.status().cameras[0]
        http = {"listen": "127.0.0.1:0", "token": "another-token-1"}
        values = {name: getattr(painted.config, name) for name in Config.model_fields}
        config = Config.model_validate({**values, "http": http})
        answer: ReloadAnswer = painted.system.supervisor.ask(Reload(config), block=True, timeout=5)
        assert answer.plan.as_json()["live"] == ["http.token"]
        painted.find()
        old = {"authorization": f"Bearer {TOKEN}"}
        new = {"authorization": "Bearer another-token-1"}
        path = "api/cameras/cam1/reset?wait=0"
        with httpx.Client(base_url=painted.url, timeout=20, trust_env=False) as client:
            assert client.post(path, headers=old).status_code == 401
            assert client.post(path, headers=new).status_code == 200
        after = painted.system.status()
        assert after.restarts["http"] == 0
        assert after.cameras[0].attempts == before.attempts


def test_a_reload_is_asked_for_over_http_and_refused_where_there_is_no_file() -> None:
    with PaintedSystem("cam1").start() as painted:
        headers = {"authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=painted.url, timeout=20, trust_env=False) as client:
            assert client.post("api/reload").status_code == 401
            answer = client.post("api/reload?dry_run=1", headers=headers)
            assert (answer.status_code, answer.json()["reason"]) == (409, "no_file")
            answer = client.put("api/cameras/cam2", headers=headers, json={"url": "rtsp://h/s"})
            assert (answer.status_code, answer.json()["reason"]) == (409, "no_file")


def test_a_change_waits_for_no_action() -> None:
    with PaintedSystem("cam1").start() as painted:
        free = hold(painted.system)
        known = {"Authorization": f"Bearer {TOKEN}"}

        def act() -> None:
            with httpx.Client(base_url=painted.url, timeout=20, trust_env=False) as client:
                client.post("api/cameras/cam1/retry", headers=known)

        acting = [threading.Thread(target=act) for _ in range(2)]
        try:
            for each in acting:
                each.start()
            eventually(lambda: sum("-act" in each.name for each in threading.enumerate()) == 2)
            with httpx.Client(base_url=painted.url, timeout=20, trust_env=False) as client:
                answer = client.post("api/reload", headers=known)
            assert answer.json()["reason"] == "no_file"
            assert all(each.is_alive() for each in acting)
        finally:
            free.set()
            for each in acting:
                each.join()
