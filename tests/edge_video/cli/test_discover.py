"""The command `discover`, on a camera of the loopback interface."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import pytest

from edge_video.cli.main import main
from edge_video.testing.devices import OnvifDevice, OnvifStream

if TYPE_CHECKING:
    from pathlib import Path

SECRET: Final = "hunter2-canary"
PROPOSED: Final = "→ marks the stream that costs least and has 600 pixels in width and 15 fps"
STREAMS: Final = (
    OnvifStream("main", "rtsp://10.9.8.7:554/main"),
    OnvifStream("sub", "rtsp://10.9.8.7:554/sub?password=hunter2-canary", "H264", 640, 360, 15),
)


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_VIDEO_LANG", "en")
    monkeypatch.delenv("EDGE_VIDEO_ONVIF_PASSWORD", raising=False)


def complaint(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as exit_:
        main(["discover", *arguments])
    assert exit_.value.code == 2
    return capsys.readouterr().err


def test_the_streams_of_a_camera_and_the_one_that_fits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "password"
    file.write_text(f"{SECRET}\n")
    with OnvifDevice(STREAMS, login=("me", SECRET), clock_offset_s=-3600) as device:
        address = f"127.0.0.1:{device.port}"
        login = ["--username", "me", "--password-file", str(file)]
        code = main(["discover", "--address", address, *login, "--width", "600"])
    assert code == 0
    shown = re.sub(r"is \w+ behind", "is … behind", capsys.readouterr().out)
    assert shown.splitlines() == [
        "127.0.0.1  Acme Simulated",
        "    main  H264  1920x1080  25 fps  rtsp://127.0.0.1:554/main",
        "  → sub   H264  640x360    15 fps  rtsp://127.0.0.1:554/sub?password=***",
        "  ! its clock is … behind this machine's",
        "  ! its address holds a password, which is masked here",
        f"1 camera found; {PROPOSED}",
    ]


def test_json_has_the_same_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGE_VIDEO_ONVIF_PASSWORD", SECRET)
    with OnvifDevice(STREAMS, login=("me", SECRET)) as device:
        address = f"127.0.0.1:{device.port}"
        assert main(["discover", "--address", address, "--username", "me", "--json"]) == 0
    shown = capsys.readouterr().out
    assert SECRET not in shown
    (camera,) = json.loads(shown)["cameras"]
    assert (camera["address"], camera["problem"]) == ("127.0.0.1", None)
    assert [each["proposed"] for each in camera["streams"]] == [True, False]
    assert camera["streams"][0]["url"] == "rtsp://127.0.0.1:554/main"


def test_a_camera_is_found_through_an_interface(capsys: pytest.CaptureFixture[str]) -> None:
    endpoint = "urn:uuid:5d1b50b0-95f3-4d0a-8f5e-6a4c1f9d2e77"
    services = "http://0.0.0.0:{port}/onvif/device_service"
    device = OnvifDevice(STREAMS, endpoint=endpoint, services=services, discovery_port=3702)
    with device:
        assert main(["discover", "--interface", "lo", "--wait", "500ms"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Looking for ONVIF cameras through 127.0.0.1 for 500ms")
    assert f"127.0.0.1  Acme Simulated  {endpoint}" in shown
    assert "it says its address is 0.0.0.0; it answers at 127.0.0.1, and that is used" in shown


def test_init_writes_the_streams_of_the_cameras_that_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGE_VIDEO_ONVIF_PASSWORD", SECRET)
    streams = [OnvifStream("only", "rtsp://10.9.8.7:554/written-by-init")]
    search = ["--discover", "--interface", "lo", "--wait", "500ms", "--username", "me"]
    own = ["--camera", "cam1=lavfi:testsrc2"]
    with OnvifDevice(streams, login=("me", SECRET), discovery_port=3702):
        assert main(["init", "--yes", "--broker", "none", *own, *search]) == 0
    written = (tmp_path / "config.yaml").read_text()
    assert '- id: "cam2"' in written
    assert "rtsp://127.0.0.1:554/written-by-init" in written
    assert 'username: "me"' in written
    assert SECRET not in written + capsys.readouterr().out
    assert SECRET in (tmp_path / ".env").read_text()
    assert main(["check"]) == 0


def test_a_camera_that_wants_a_login_says_how(capsys: pytest.CaptureFixture[str]) -> None:
    with OnvifDevice(STREAMS, login=("me", SECRET)) as device:
        assert main(["discover", "--address", f"127.0.0.1:{device.port}"]) == 0
    assert "--username NAME" in capsys.readouterr().out


def test_where_nobody_answers_the_exit_code_is_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGE_VIDEO_LANG", "pt-BR")
    assert main(["discover", "--address", "127.0.0.1:1"]) == 1
    assert "nada responde nesse endereço" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--interface", "nope0"], "no interface nope0"),
        (["--address", "me:x@host"], "is no HOST"),
        (["--address", "host:99999"], "is no HOST"),
        (["--width", "0"], "not a number from 1"),
        (["--fps", "61"], "not a number from 1 to 60"),
        (["--username", "me"], "needs a password"),
        (["--password-file", "x"], "needs --username"),
        (["--username", "me", "--password-file", "/nonexistent"], "No such file"),
        (["--username", "me", "--password-file", "/dev/zero"], "one line of at most"),
    ],
)
def test_bad_input_has_a_clear_complaint(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in complaint(arguments, capsys)
