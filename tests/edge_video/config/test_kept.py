"""What was changed while the program ran lies over the operator's files, which stay as they are."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.config import Config, ConfigError, load_config
from edge_video.config.kept import write_kept

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.yaml").write_text(
        f"""\
sink: {{type: directory, path: frames}}
state: {{dir: {tmp_path}/state}}
cameras:
  - {{id: door, url: "rtsp://10.0.0.1/s", fps: 7}}
  - {{id: yard, url: "rtsp://10.0.0.2/s"}}
"""
    )
    return tmp_path


def keep(folder: Path, camera_id: str, **values: Any) -> None:
    write_kept(folder / "state" / "cameras.d", camera_id, values)


def load(folder: Path) -> Config:
    return load_config(folder / "config.yaml", {})


def test_a_kept_camera_is_added_behind_the_others(folder: Path) -> None:
    keep(folder, "gate", url="rtsp://10.0.0.3/s", stall_timeout="5s")
    cameras = load(folder).cameras
    assert [camera.id for camera in cameras] == ["door", "yard", "gate"]
    assert cameras[2].stall_timeout == 5.0


def test_a_kept_key_wins_and_null_takes_a_key_away(folder: Path) -> None:
    keep(folder, "door", fps=None, quality=9)
    door = load(folder).cameras[0]
    assert (door.fps, door.quality, door.host) == (15, 9, "10.0.0.1")


def test_a_camera_can_be_taken_away(folder: Path) -> None:
    keep(folder, "door", removed=True)
    assert [camera.id for camera in load(folder).cameras] == ["yard"]
    write_kept(folder / "state" / "cameras.d", "door", None)
    assert [camera.id for camera in load(folder).cameras] == ["door", "yard"]


def test_values_are_taken_as_they_are(folder: Path) -> None:
    secret = folder / "secret"
    secret.write_text("not for everybody")
    keep(folder, "door", username="u", password=f"file:{secret}")
    password = load(folder).cameras[0].password
    assert password is not None
    assert password.get_secret_value() == f"file:{secret}"


def test_what_is_kept_is_nobody_else_s_to_read(folder: Path) -> None:
    keep(folder, "door", fps=3)
    path = folder / "state" / "cameras.d" / "door.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["door.json"]


@pytest.mark.parametrize("text", ["{", "[]", "\x00"])
def test_a_broken_file_is_named(folder: Path, text: str) -> None:
    keep(folder, "door", fps=3)
    path = folder / "state" / "cameras.d" / "door.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=f"{path}: this is no file of a kept camera"):
        load(folder)


def test_what_is_wrong_in_a_kept_file_is_told_with_its_name_and_without_secrets(
    folder: Path,
) -> None:
    keep(folder, "door", fps=99, password="hunter2-canary", nonsense=1)
    with pytest.raises(ConfigError) as raised:
        load(folder)
    text = str(raised.value)
    assert "cameras.d/door.json:1: cameras[0].fps: 99 is not between 1 and 60" in text
    assert "nonsense" in text
    assert "hunter2" not in text
