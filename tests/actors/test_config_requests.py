"""What is changed over HTTP runs, is kept, and never half: the files of a real system."""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pykka
import pytest
from starlette.applications import Starlette

from edge_video.actors import config_requests
from edge_video.actors.config_requests import ConfigRequests
from edge_video.actors.reload_messages import ReloadAnswer
from edge_video.config.source import ConfigSource
from edge_video.http.guard import ANSWER_S, Authenticator, SecurityMiddleware
from edge_video.http.reload import ConfigEndpoints
from edge_video.http.security import FailureLimiter, SessionSigner
from edge_video.status.config_change import CameraChange, ConfigAnswer
from edge_video.status.configuration import ReloadReason, ReloadResult
from edge_video.testing import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.support.actors import ScriptedSystem

DONE, REFUSED = ReloadResult.DONE, ReloadResult.REFUSED


class Scene:
    """A system that was started from a file, and who changes it."""

    def __init__(
        self, folder: Path, world_of: Callable[..., ScriptedSystem], more: str = ""
    ) -> None:
        self.folder = folder
        self.kept = folder / "state" / "cameras.d"
        self.path = folder / "config.yaml"
        self.path.write_text(
            f"""\
sink: {{type: directory, path: unused}}
state: {{dir: {folder}/state}}
cameras:
  - {{id: door, url: "rtsp://10.0.0.1/s", fps: 7}}
  - {{id: yard, url: "rtsp://10.0.0.2/s"}}
{more}"""
        )
        self.source = ConfigSource(self.path)
        reading = self.source.read()
        self.source.accept(reading)
        self.system = world_of(source=self.source)
        self.system.config = reading.config
        self.system.start()
        self.system.advance(1.0)
        self.requests = ConfigRequests(self.source, self.system.system.supervisor)

    def change(
        self, camera_id: str, values: Mapping[str, Any] | None, *, whole: bool = False
    ) -> ConfigAnswer:
        answer = self.requests.change_camera(CameraChange(camera_id, values, whole, "me"))
        self.system.advance(1.0)
        return answer

    def running(self) -> dict[str, str | None]:
        """Camera → the host that its stream comes from."""
        captures = {name for name, number in self.system.running.items() if number}
        return {name: self.system.capture_of(name).camera.host for name in sorted(captures)}

    def after_a_new_start(self) -> list[str]:
        return [camera.id for camera in ConfigSource(self.path).read().config.cameras]


@pytest.fixture
def scene(tmp_path: Path, world_of: Callable[..., ScriptedSystem]) -> Scene:
    return Scene(tmp_path, world_of)


def test_a_camera_that_is_put_runs_and_is_there_after_a_new_start(scene: Scene) -> None:
    answer = scene.change("gate", {"url": "rtsp://10.0.0.3/s", "fps": 3}, whole=True)
    assert (answer.result, answer.created, answer.plan["add"]) == (DONE, True, ["gate"])
    assert scene.running()["gate"] == "10.0.0.3"
    assert scene.after_a_new_start() == ["door", "yard", "gate"]
    assert "10.0.0.3" not in scene.path.read_text()


def test_it_is_known_beforehand_whether_a_change_can_be_kept(scene: Scene) -> None:
    assert scene.requests.can_keep
    assert not ConfigRequests(None, None).can_keep
    scene.path.write_text('sink: directory\ncameras: [{id: door, url: "rtsp://10.0.0.1/s"}]\n')
    source = ConfigSource(scene.path)
    source.accept(source.read())
    assert not ConfigRequests(source, None).can_keep


def test_a_camera_that_is_patched_keeps_its_other_keys(scene: Scene) -> None:
    assert scene.change("door", {"quality": 9}).plan["keys"] == ["cameras[door].quality"]
    scene.change("door", {"url": "rtsp://10.0.0.9/s"})
    camera = scene.system.capture_of("door").camera
    assert (camera.fps, camera.quality, camera.host) == (7, 9, "10.0.0.9")
    assert len(scene.system.starts_s["yard"]) == 1


def test_a_camera_that_is_no_address_is_changed_too(
    tmp_path: Path, world_of: Callable[..., ScriptedSystem]
) -> None:
    scene = Scene(tmp_path, world_of, '  - {id: bars, url: "lavfi:smptebars", fps: 5}')
    assert scene.change("bars", {"fps": 3}).result is DONE
    assert scene.change("bars", {"url": "rtsp://10.0.0.9/s"}).result is DONE


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_camera_of_still_pictures_becomes_one_of_a_stream_by_its_address(
    tmp_path: Path, world_of: Callable[..., ScriptedSystem], *, is_kept: bool
) -> None:
    still = {"url": "http://10.0.0.3/s.jpg", "mode": "snapshot", "snapshot_interval": "1m"}
    line = "" if is_kept else f"  - {json.dumps({'id': 'gate', **still})}\n"
    scene = Scene(tmp_path, world_of, line)
    if is_kept:
        scene.change("gate", still, whole=True)
    scene.change("gate", {"url": "http://10.0.0.4/s.jpg"})
    assert scene.system.capture_of("gate").camera.mode == "snapshot"
    assert scene.change("gate", {"url": "rtsp://10.0.0.4/s"}).result is DONE
    camera = scene.system.capture_of("gate").camera
    assert (camera.mode, camera.host, camera.snapshot_interval) == ("transcode", "10.0.0.4", None)
    assert scene.after_a_new_start()[-1] == "gate"


def test_an_address_changes_no_other_mode(scene: Scene) -> None:
    scene.change("door", {"url": "http://10.0.0.1/s", "mode": "passthrough"})
    answer = scene.change("door", {"url": "rtsp://10.0.0.1/s"})
    assert answer.result is DONE
    assert scene.system.capture_of("door").camera.mode == "passthrough"


def test_a_camera_that_is_put_whole_loses_the_keys_of_its_file(scene: Scene) -> None:
    answer = scene.change("door", {"url": "rtsp://10.0.0.9/s"}, whole=True)
    assert (answer.result, answer.created) == (DONE, False)
    assert scene.system.capture_of("door").camera.fps == 15


def test_a_camera_of_the_file_can_be_removed_and_put_back(scene: Scene) -> None:
    assert scene.change("door", None).plan["remove"] == ["door"]
    assert scene.running() == {"yard": "10.0.0.2"}
    assert scene.after_a_new_start() == ["yard"]
    assert scene.change("door", None).reason is ReloadReason.UNKNOWN_CAMERA
    scene.change("door", {"url": "rtsp://10.0.0.5/s"}, whole=True)
    assert scene.running()["door"] == "10.0.0.5"


def test_nothing_is_left_of_a_kept_camera_that_is_removed(scene: Scene) -> None:
    scene.change("gate", {"url": "rtsp://10.0.0.3/s"}, whole=True)
    assert scene.change("gate", None).result is DONE
    assert list(scene.kept.iterdir()) == []


def test_the_last_camera_stays(scene: Scene) -> None:
    scene.change("door", None)
    answer = scene.change("yard", None)
    assert (answer.result, answer.reason) == (REFUSED, ReloadReason.INVALID)
    assert "at least one camera" in answer.details[0]
    assert scene.running() == {"yard": "10.0.0.2"}


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"input_args": ["-f", "x"]}, "it cannot be set here"),
        ({"nonsense": 1}, "it cannot be set here"),
        ({"url": "/etc/passwd"}, "url: it must begin with one of"),
        ({"url": "lavfi:movie=/etc/passwd"}, "url: it must begin with one of"),
        ({"url": "rtsp://u:***@10.0.0.1/s"}, "it holds ***"),
        ({"fps": [1]}, "it must be a single value"),
        ({"fps": 99}, "99 is not between 1 and 60"),
        ({"username": "u"}, "cameras[0]"),
    ],
)
def test_what_must_not_be_set_is_refused_and_nothing_is_kept(
    scene: Scene, values: dict[str, Any], problem: str
) -> None:
    answer = scene.change("door", values)
    assert (answer.result, answer.reason) == (REFUSED, ReloadReason.INVALID)
    assert problem in "\n".join(answer.details)
    assert not scene.kept.exists() or list(scene.kept.iterdir()) == []


def test_neither_variables_nor_files_are_read_for_whoever_changes_a_camera(scene: Scene) -> None:
    scene.change("door", {"username": "u", "password": "${HOME}"})
    password = scene.system.capture_of("door").camera.password
    assert password is not None
    assert password.get_secret_value() == "${HOME}"


def test_files_that_were_changed_meanwhile_are_left_for_a_reload(scene: Scene) -> None:
    scene.path.write_text("half a file")
    assert scene.change("door", {"quality": 9}).result is DONE
    assert scene.requests.reload(dry_run=False, origin="me").reason is ReloadReason.INVALID
    assert scene.running() == {"door": "10.0.0.1", "yard": "10.0.0.2"}


def test_a_reload_of_the_files_keeps_what_was_changed(scene: Scene) -> None:
    scene.change("gate", {"url": "rtsp://10.0.0.3/s"}, whole=True)
    scene.path.write_text(scene.path.read_text().replace("fps: 7", "fps: 8"))
    assert scene.requests.reload(dry_run=False, origin="me").plan["restart"] == ["door"]
    scene.system.advance(1.0)
    assert sorted(scene.running()) == ["door", "gate", "yard"]


def test_a_dry_run_changes_nothing(scene: Scene) -> None:
    scene.path.write_text(scene.path.read_text().replace("fps: 7", "fps: 8"))
    answer = scene.requests.reload(dry_run=True, origin="me")
    assert (answer.result, answer.plan["restart"]) == (ReloadResult.PLANNED, ["door"])
    assert scene.system.capture_of("door").camera.fps == 7


def test_without_a_directory_for_it_nothing_can_be_kept(scene: Scene) -> None:
    scene.path.write_text(
        "sink: {type: directory, path: unused}\ncameras: [{id: door, url: 'rtsp://10.0.0.1/s'}]\n"
    )
    source = ConfigSource(scene.path)
    source.accept(source.read())
    requests = ConfigRequests(source, scene.system.system.supervisor)
    answer = requests.change_camera(CameraChange("door", {"fps": 3}, whole=False, origin="me"))
    assert answer.reason is ReloadReason.NOT_KEPT


def test_whoever_is_killed_at_any_step_starts_again_with_one_of_the_two(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill leaves the files as they are at that instant: each instant is looked at."""
    seen: list[tuple[list[str], int]] = []

    def spied(name: str) -> None:
        step = getattr(config_requests, name)

        def watched(*given: Any, **named: Any) -> Any:
            look()
            result = step(*given, **named)
            look()
            return result

        monkeypatch.setattr(config_requests, name, watched)

    def look() -> None:
        config = ConfigSource(scene.path).read().config
        seen.append(([camera.id for camera in config.cameras], config.cameras[0].quality))

    for name in ("read_kept", "combine", "write_kept", "ask_for"):
        spied(name)
    scene.change("door", {"quality": 9})
    assert {json.dumps(each) for each in seen} == {
        json.dumps((["door", "yard"], 5)),
        json.dumps((["door", "yard"], 9)),
    }


def test_a_stored_password_goes_to_no_other_machine(scene: Scene) -> None:
    scene.change(
        "gate", {"url": "rtsp://10.0.0.3/s", "username": "u", "password": "s3cret"}, whole=True
    )
    for values in ({"url": "rtsp://10.6.6.6/s"}, {"url": "rtsp://10.0.0.3:8554/s"}):
        answer = scene.change("gate", values)
        assert (answer.result, answer.reason) == (REFUSED, ReloadReason.INVALID)
        assert answer.details[0].startswith("password: another address needs it anew")
        assert scene.running()["gate"] == "10.0.0.3"
    assert scene.change("gate", {"url": "rtsp://10.0.0.3/other"}).result is DONE
    assert scene.change("gate", {"url": "rtsp://10.6.6.6/s", "password": "other"}).result is DONE
    assert scene.running()["gate"] == "10.6.6.6"


@pytest.mark.parametrize("url", ["http://u:s3cret@10.0.0.3/s", "http://10.0.0.3/s?key=s3cret"])
def test_a_stored_url_goes_through_no_other_proxy(scene: Scene, url: str) -> None:
    assert scene.change("gate", {"url": url}, whole=True).result is DONE
    answer = scene.change("gate", {"http_proxy": "http://10.6.6.6:3128"})
    assert (answer.result, answer.reason) == (REFUSED, ReloadReason.INVALID)
    assert answer.details[0].startswith("url: another address needs it anew")
    assert scene.change("gate", {"http_proxy": "http://10.0.0.4:3128", "url": url}).result is DONE


def test_a_url_without_a_secret_may_go_through_another_proxy(scene: Scene) -> None:
    scene.change("gate", {"url": "http://10.0.0.3/s"}, whole=True)
    assert scene.change("gate", {"http_proxy": "http://10.0.0.4:3128"}).result is DONE


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("is_removed_first", [False, True])
def test_arguments_of_the_file_go_to_no_other_machine(
    tmp_path: Path, world_of: Callable[..., ScriptedSystem], *, whole: bool, is_removed_first: bool
) -> None:
    gate = '  - {id: gate, url: "http://10.0.0.3/s", input_args: [-headers, "X-Key: s3cret"]}\n'
    scene = Scene(tmp_path, world_of, gate)
    if is_removed_first:
        assert scene.change("gate", None).result is DONE
        whole = True
    answer = scene.change("gate", {"url": "http://10.6.6.6/s"}, whole=whole)
    assert (answer.result, answer.reason) == (REFUSED, ReloadReason.INVALID)
    assert answer.details[0].startswith("input_args: ")
    assert scene.change("gate", {"url": "http://10.0.0.3/other"}, whole=whole).result is DONE


class LateSupervisor:
    """Says what a change would do, and does it too late; keeps how long it was waited for."""

    def __init__(self) -> None:
        self.waited_s: list[float] = []

    def ask(self, message: Any, *, block: bool, timeout: float) -> ReloadAnswer:
        assert block
        self.waited_s.append(timeout)
        if message.dry_run:
            return ReloadAnswer(ReloadResult.PLANNED)
        raise pykka.Timeout


def sent(requests: ConfigRequests, method: str, path: str) -> int:
    """The status of an answer that comes through all that is around the application."""
    open_to = Authenticator(
        SessionSigner("t0ken"), reading_is_free=True, clock=FakeClock(), limiter=FailureLimiter()
    )

    async def asked() -> int:
        with ThreadPoolExecutor(1) as executor:
            app = Starlette(routes=ConfigEndpoints(requests, executor, open_to).routes())
            guarded = SecurityMiddleware(app, open_to, (), (), logging.getLogger("test"))
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(guarded),
                base_url="http://localhost",
                headers={"authorization": "Bearer t0ken"},
            ) as client:
                return (await client.request(method, path)).status_code

    return asyncio.run(asked())


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/reload"), ("DELETE", "/api/cameras/door")]
)
def test_a_supervisor_that_is_late_is_said_to_be_before_the_answer_is_given_up(
    scene: Scene, method: str, path: str
) -> None:
    late = LateSupervisor()
    requests = ConfigRequests(scene.source, late)  # type: ignore[arg-type]
    assert sent(requests, method, path) == 504
    assert sum(late.waited_s) + config_requests._OTHERS_S < ANSWER_S


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/reload"), ("DELETE", "/api/cameras/door")]
)
def test_a_change_waits_for_others_no_longer_than_an_answer_may_take(
    scene: Scene, method: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config_requests, "_ANSWER_S", 0.05)
    monkeypatch.setattr(config_requests, "_OTHERS_S", 0.05)
    with scene.source.lock:  # the change is on another thread
        assert sent(scene.requests, method, path) == 504
    assert sent(scene.requests, "DELETE", "/api/cameras/none") == 404
