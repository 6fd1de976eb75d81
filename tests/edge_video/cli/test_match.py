"""The command `discover --match`, on cameras of the loopback interface."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest
import yaml

from edge_video.cli.main import main
from edge_video.testing.devices import OnvifDevice, OnvifStream

if TYPE_CHECKING:
    from pathlib import Path

SECRET: Final = "hunter2-canary"
DOOR: Final = ("urn:uuid:5d1b50b0-95f3-4d0a-8f5e-6a4c1f9d2e77", "00:11:22:aa:bb:cc")
YARD: Final = ("urn:uuid:a50d18ff-a8b9-4533-bdfc-8cb1abea0c8f", "00:11:22:aa:bb:dd")
STREAMS: Final = (OnvifStream("main", "rtsp://10.9.8.7:554/main"),)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_VIDEO_LANG", "en")
    monkeypatch.delenv("EDGE_VIDEO_ONVIF_PASSWORD", raising=False)


def camera(name: str, host: str, known: tuple[str, str] | None = None) -> dict[str, object]:
    url = f"rtsp://viewer:{SECRET}@{host}:554/main"
    device = {} if known is None else {"device": {"endpoint": known[0], "mac": known[1]}}
    return {"id": name, "url": url, **device}


def write(folder: Path, *cameras: dict[str, object], language: str = "en") -> list[str]:
    path = folder / "config.yaml"
    keys = {"sink": "directory", "language": language, "cameras": list(cameras)}
    path.write_text(yaml.safe_dump(keys))
    path.chmod(0o600)
    return ["discover", "--match", "--config", str(path)]


def at(*devices: OnvifDevice) -> list[str]:
    return [word for each in devices for word in ("--address", f"{each.host}:{each.port}")]


def test_each_camera_is_there_or_elsewhere_or_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cameras = (
        camera("door", "127.0.0.1", DOOR),
        camera("yard", "127.0.0.8", YARD),
        camera("gate", "127.0.0.9", ("urn:uuid:gone", "00:11:22:aa:bb:ee")),
        camera("hall", "127.0.0.1"),
    )
    command = write(tmp_path, *cameras)
    door = OnvifDevice(STREAMS, endpoint=DOOR[0], mac=DOOR[1])
    yard = OnvifDevice(STREAMS, endpoint="urn:uuid:new", mac=YARD[1], host="127.0.0.2")
    with door, yard:
        assert main([*command, *at(door, yard)]) == 4
    shown = capsys.readouterr().out
    assert SECRET not in shown
    noted = f'device: {{endpoint: "{DOOR[0]}", mac: "{DOOR[1]}"}}'
    assert shown.splitlines()[:-1] == [
        "door  still there     127.0.0.1",
        "yard  MOVED           127.0.0.8 → 127.0.0.2  rtsp://127.0.0.2:554/main",
        "  ! it calls itself urn:uuid:new now: change device.endpoint to that",
        "gate  not found       127.0.0.9",
        "hall  not identified  127.0.0.1",
        "  ! the configuration does not say which device it is (`device`)",
        f"  ! the device there would be noted as {noted}",
        "still there: 1, moved: 1, not found: 1, not identified: 1",
    ]
    assert "edge-video reload" in shown.splitlines()[-1]


def test_a_camera_that_moved_is_found_by_the_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = write(tmp_path, camera("door", "127.0.0.9", DOOR))
    services = "http://127.0.0.1:{port}/onvif/device_service"
    with OnvifDevice(STREAMS, endpoint=DOOR[0], services=services, discovery_port=3702):
        search = ["--interface", "lo", "--wait", "300ms"]
        assert main([*command, *search, "--json"]) == 4
    shown = capsys.readouterr().out
    assert SECRET not in shown
    (found,) = json.loads(shown)["cameras"]
    assert {key: found[key] for key in ("id", "state", "from", "to", "url", "endpoint")} == {
        "id": "door",
        "state": "moved",
        "from": "127.0.0.9",
        "to": "127.0.0.1",
        "url": "rtsp://127.0.0.1:554/main",
        "endpoint": DOOR[0],
    }


def test_where_all_are_still_there_the_exit_code_is_0_else_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    door = camera("door", "localhost", DOOR)
    with OnvifDevice(STREAMS, endpoint=DOOR[0], mac=DOOR[1]) as device:
        assert main([*write(tmp_path, door), *at(device)]) == 0
        gone = camera("gate", "127.0.0.9", YARD)
        assert main([*write(tmp_path, door, gone, language="pt-BR"), *at(device)]) == 1
    assert "não encontrada" in capsys.readouterr().out


def test_what_cannot_be_matched_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = write(tmp_path, {"id": "test", "url": "lavfi:testsrc2"})
    for arguments, words in (
        (command, "no camera of the configuration is behind a network"),
        (["discover", *command[2:]], "need --match"),
    ):
        with pytest.raises(SystemExit) as exit_:
            main(arguments)
        assert exit_.value.code == 2
        assert words in capsys.readouterr().err


def test_init_notes_which_device_each_camera_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    search = ["--discover", "--interface", "lo", "--wait", "300ms"]
    with OnvifDevice(STREAMS, endpoint=DOOR[0], mac=DOOR[1], discovery_port=3702) as device:
        assert main(["init", "--yes", "--broker", "none", *search]) == 0
        line = f'    device: {{endpoint: "{DOOR[0]}", mac: "{DOOR[1]}"}}'
        assert line in (tmp_path / "config.yaml").read_text().splitlines()
        assert main(["check"]) == 0
        assert main(["discover", "--match", *at(device)]) == 0
    assert "cam1  still there" in capsys.readouterr().out


def test_a_file_that_does_not_say_which_device_a_camera_is_learns_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = write(tmp_path, camera("door", "127.0.0.1"), camera("gate", "127.0.0.9"))
    with OnvifDevice(STREAMS, endpoint=DOOR[0], mac=DOOR[1]) as device:
        assert main([*command, *at(device), "--write"]) == 1
        assert "noted of door\n" in capsys.readouterr().err
        file = tmp_path / "config.yaml"
        assert file.stat().st_mode & 0o777 == 0o600
        door, gate = yaml.safe_load(file.read_text())["cameras"]
        assert door == camera("door", "127.0.0.1", DOOR)
        assert gate == camera("gate", "127.0.0.9")
        assert main([*command, *at(device), "--write"]) == 1
    assert "door  still there" in capsys.readouterr().out
