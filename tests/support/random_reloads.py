"""Random courses of reloads, commands and failures of one system, and what must hold after each."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge_video.actors.messages import ForceOpen, ResetBreaker, StartCamera, StopCamera
from edge_video.actors.reload_messages import AddCamera, ChangeCamera, Reload, RemoveCamera
from edge_video.config import CameraConfig, Config
from edge_video.frames import CameraId
from edge_video.status.configuration import ReloadResult
from tests.support.actors import ScriptedSystem

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = [f"c{number}" for number in range(1, 7)]


@dataclass
class Expected:
    """What one camera should be doing."""

    config: dict[str, Any]
    wanted: bool
    paused: bool = False


class RandomReloads:
    """One system, and a model of what it should run.

    Args:
        seed: of everything that is random.
        settle: waits until every actor has done what there is to do.
    """

    def __init__(self, seed: int, settle: Callable[[], None]) -> None:
        self._random = random.Random(seed)
        self._settle = settle
        self._values: dict[str, Any] = {"circuit_breaker": {"enabled": False}, "node": "n"}
        self._cameras: dict[str, Expected] = {}
        self._brought = 0
        first = [self._camera("c1"), self._camera("c2")]
        self._take_over(first)
        self.system = ScriptedSystem("c1", **self._values)
        self.system.config = self._config(self._values, first)
        self.system.start()
        self.system.advance(1.0)

    def go(self, count: int) -> None:
        """Take so many steps; raises AssertionError as soon as something does not hold."""
        for _ in range(count):
            steps = [self._reload, self._refused, self._one_camera, self._command, self._fail]
            self._random.choice([self._reload, *steps])()
            self._settle()
            self.system.advance(1.0)
            self._bring_frames()
            self._check()
        stopped = self.system.system.stop(20)
        assert stopped.error is None
        assert stopped.status.totals.imbalance() is None
        assert stopped.status.totals.received == self._brought
        self._check_numbers()

    # --- steps ---

    def _reload(self) -> None:
        names = [name for name in NAMES if self._random.random() < 0.6] or ["c1"]
        self._random.shuffle(names)
        cameras = [
            self._cameras[name].config
            if name in self._cameras and self._random.random() < 0.6
            else self._camera(name)
            for name in names
        ]
        values = {**self._values, **self._random.choice(self._others())}
        same = {
            each["id"]
            for each in cameras
            if each["id"] in self._cameras and self._cameras[each["id"]].config == each
        }
        before = {name: len(self.system.starts_s.get(name, ())) for name in same}
        self.system.ask(Reload(self._config(values, cameras), self._random.random() < 0.2))
        answer = self.system.ask(Reload(self._config(values, cameras)))
        assert answer.result in (ReloadResult.DONE, ReloadResult.UNCHANGED), answer
        self._values = values
        self._take_over(cameras)
        after = {name: len(self.system.starts_s.get(name, ())) for name in same}
        assert after == before, "a camera that is the same was started anew"

    def _others(self) -> list[dict[str, Any]]:
        draw = self._random.randint
        return [
            {},
            {"buffer": draw(1, 9)},
            {"max_age": float(draw(1, 9))},
            {"sink": {"type": "directory", "path": f"p{draw(1, 3)}"}},
            {"report_interval": float(draw(5, 50))},
            {"memory_controller": {"max_memory_mb": draw(2000, 3000)}},
            {"start_spacing": draw(0, 3) / 10},
            {"supervision": {"max_restarts": draw(5, 9)}},
        ]

    def _refused(self) -> None:
        others = [each.config for name, each in self._cameras.items() if name != "c6"]
        values = {**self._values, "node": "another", "buffer": 999}
        config = self._config(values, [self._camera("c6"), *others[1:]])
        assert self.system.ask(Reload(config)).result is ReloadResult.REFUSED

    def _one_camera(self) -> None:
        name = self._random.choice(NAMES)
        given = self._camera(name)
        cameras = {key: each.config for key, each in self._cameras.items()}
        message: AddCamera | ChangeCamera | RemoveCamera
        if name not in cameras:
            message = AddCamera(CameraConfig.model_validate(given))
            cameras[name] = given
        elif self._random.random() < 0.5 and len(cameras) > 1:
            message = RemoveCamera(CameraId(name))
            del cameras[name]
        else:
            message = ChangeCamera(CameraConfig.model_validate(given))
            cameras[name] = given
        answer = self.system.ask(message)
        assert answer.result in (ReloadResult.DONE, ReloadResult.UNCHANGED), answer
        self._take_over(list(cameras.values()))

    def _command(self) -> None:
        name = self._random.choice(list(self._cameras))
        expected, camera_id = self._cameras[name], CameraId(name)
        match self._random.randrange(4):
            case 0:
                expected.wanted = True
                self.system.ask(StartCamera(camera_id))
            case 1:
                expected.wanted = False
                self.system.ask(StopCamera(camera_id))
            case 2:
                expected.paused = True
                self.system.ask(ForceOpen(camera_id))
            case _:
                expected.paused = False
                self.system.ask(ResetBreaker(camera_id))

    def _fail(self) -> None:
        running = self._running()
        if running:
            self.system.capture_of(self._random.choice(running)).end()

    # --- the model ---

    def _camera(self, name: str) -> dict[str, Any]:
        return {
            "id": name,
            "url": f"rtsp://10.0.0.{self._random.randint(1, 3)}/{name}",
            "enabled": self._random.random() < 0.85,
            "fps": self._random.choice([5, 10]),
        }

    @staticmethod
    def _config(values: dict[str, Any], cameras: list[dict[str, Any]]) -> Config:
        sink = {"type": "directory", "path": "p1"}
        return Config.model_validate({"sink": sink, **values, "cameras": cameras})

    def _take_over(self, cameras: list[dict[str, Any]]) -> None:
        taken = {}
        for camera in cameras:
            known = self._cameras.get(camera["id"])
            if known is None:
                taken[camera["id"]] = Expected(camera, camera["enabled"])
                continue
            if known.config["enabled"] is not camera["enabled"]:
                known.wanted = camera["enabled"]
            known.config = camera
            taken[camera["id"]] = known
        self._cameras = taken

    def _running(self) -> list[str]:
        return sorted(name for name, number in self.system.running.items() if number)

    def _bring_frames(self) -> None:
        for name in self._running():
            for _ in range(self._random.randint(0, 3)):
                self.system.capture_of(name).frame()
                self._brought += 1
        self._settle()

    # --- what must hold ---

    def _check(self) -> None:
        wanted = [name for name, each in self._cameras.items() if each.wanted and not each.paused]
        assert self._running() == sorted(wanted)
        for name in wanted:
            camera = self.system.capture_of(name).camera
            expected = self._cameras[name].config
            assert (camera.url.get_secret_value(), camera.fps) == (expected["url"], expected["fps"])
        status = self.system.status()
        assert [camera.camera_id for camera in status.cameras] == list(self._cameras)
        assert all(camera.frames.imbalance() is None for camera in status.cameras)
        assert status.totals.imbalance() is None
        assert status.totals.received == self._brought
        assert status.publisher.state == "connected"
        assert sum(status.restarts.values()) == 0

    def _check_numbers(self) -> None:
        """No number of a camera is ever used twice, whatever became of it in between."""
        last: dict[str, int] = defaultdict(int)
        for frame in self.system.published:
            assert frame.seq > last[frame.camera_id]
            last[frame.camera_id] = frame.seq
