"""What an operator has stopped or paused stays so when the program starts anew."""

from __future__ import annotations

import json
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from edge_video.actors.held_cameras import FILE, HeldCameras, HeldFile
from edge_video.actors.messages import ForceOpen, ResetBreaker, StartCamera, StopCamera
from edge_video.actors.reload_messages import RemoveCamera
from edge_video.frames import CameraId
from edge_video.status.model import CameraPhase

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.actors import ScriptedSystem

CAM1, CAM2 = CameraId("cam1"), CameraId("cam2")


@pytest.fixture
def started(
    tmp_path: Path, world_of: Callable[..., ScriptedSystem]
) -> Callable[[], ScriptedSystem]:
    """Starts the program once more, with what it has kept."""

    def start() -> ScriptedSystem:
        system = world_of("cam1", "cam2", "cam3", state={"dir": str(tmp_path / "state")})
        system.start()
        system.advance(1.0)
        return system

    return start


def test_stops_and_pauses_outlive_the_program(started: Callable[[], ScriptedSystem]) -> None:
    system = started()
    system.ask(StopCamera(CAM1))
    system.ask(ForceOpen(CAM2))
    system.system.stop(20)
    system = started()
    assert system.camera(CAM1).phase is CameraPhase.STOPPED
    assert system.camera(CAM2).breaker.forced_open
    assert sorted(system.starts_s) == ["cam3"]
    system.ask(StartCamera(CAM1))
    system.ask(ResetBreaker(CAM2))
    system.advance(1.0)
    assert sorted(system.starts_s) == ["cam1", "cam2", "cam3"]
    system.system.stop(20)
    system = started()
    assert sorted(system.starts_s) == ["cam1", "cam2", "cam3"]


def test_the_end_of_the_program_is_no_operator_s_stop(
    started: Callable[[], ScriptedSystem], tmp_path: Path
) -> None:
    started().system.stop(20)
    assert not (tmp_path / "state" / FILE).exists()


def test_a_camera_that_is_removed_is_held_no_more(
    started: Callable[[], ScriptedSystem], tmp_path: Path
) -> None:
    system = started()
    system.ask(StopCamera(CAM1))
    system.ask(RemoveCamera(CAM1))
    system.system.stop(20)
    path = tmp_path / "state" / FILE
    assert json.loads(path.read_text()) == {"stopped": [], "paused": []}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"stopped": 1, "paused": []}'])
def test_a_file_that_cannot_be_understood_is_said_and_holds_nothing(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text(text)
    assert HeldFile(tmp_path).read() == HeldCameras()
    assert [getattr(record, "event", None) for record in caplog.records] == ["state_not_kept"]


def test_a_disk_that_takes_nothing_is_said_and_holds_up_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    file = HeldFile(tmp_path / "state")
    file.keep(HeldCameras(frozenset({"cam1"})))
    assert file.settle(5)
    assert [getattr(record, "event", None) for record in caplog.records] == ["state_not_kept"]


def test_of_several_changes_the_last_one_is_kept(tmp_path: Path) -> None:
    file = HeldFile(tmp_path)
    for number in range(20):
        file.keep(HeldCameras(frozenset({f"cam{number}"})))
    assert file.settle(5)
    assert file.read() == HeldCameras(frozenset({"cam19"}))


def test_without_a_thread_to_write_it_the_next_change_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    file = HeldFile(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_thread)
        file.keep(HeldCameras(frozenset({"cam1"})))
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == [
        "can't start new thread"
    ]
    assert not file.settle(5)
    file.keep(HeldCameras(frozenset({"cam2"})))
    assert file.settle(5)
    assert file.read() == HeldCameras(frozenset({"cam2"}))
