"""`bundle`: one file with everything that support asks for, and no secret in any of its bytes."""

from __future__ import annotations

import gzip
import json
import tarfile
from typing import TYPE_CHECKING

import pytest
import yaml

from edge_video.cli.main import main
from tests.edge_video.report.examples import busy_system
from tests.support.doctor import Setup
from tests.support.status_site import Site

if TYPE_CHECKING:
    from pathlib import Path

CAMERA, BROKER, TOKEN = "canary-of-the-camera", "canary+of/the broker", "canary-of-the-token"
CANARIES = (CAMERA, BROKER, TOKEN, "canary%2Bof%2Fthe%20broker", "Y2FuYXJ5LW9mLXRoZS1jYW1lcm")


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    log = tmp_path / "edge-video.log"
    lines = [
        "2026-11-25 | INFO | first line",
        f"2026-11-25 | ERROR | rtsp://me:{CAMERA}@10.0.0.5/s: 401",
        "Authorization: Basic bWU6Y2FuYXJ5LW9mLXRoZS1jYW1lcmE=",
        f"2026-11-25 | WARNING | {BROKER} {TOKEN}",
    ]
    log.write_text("\n".join(lines))
    keys = {
        "sink": "amqp",
        "amqp": {"url": "amqp://127.0.0.1:9/", "username": "shop", "password": BROKER},
        "cameras": [{"id": "door", "url": f"rtsp://me:{CAMERA}@127.0.0.1:9/s"}],
        "http": {"listen": "127.0.0.1:9", "token": TOKEN},
        "log": {"file": str(log)},
    }
    return Setup(tmp_path, keys)


def members(path: Path) -> dict[str, bytes]:
    found = {}
    with tarfile.open(path) as archive:
        for entry in archive:
            content = archive.extractfile(entry)
            assert content is not None
            assert entry.mode == 0o600
            found[entry.name.removeprefix("edge-video-bundle/")] = content.read()
    return found


def test_a_bundle_has_everything_and_no_secret_in_any_byte(
    setup: Setup, capsys: pytest.CaptureFixture[str]
) -> None:
    output = setup.folder / "shop.tar.gz"
    arguments = ["bundle", "--config", str(setup.write()), "-o", str(output)]
    assert main(arguments) == 0
    assert output.stat().st_mode & 0o777 == 0o600
    found = members(output)
    assert set(found) == {
        *("config.yaml", "doctor.txt", "doctor.json", "versions.json", "status.txt", "log.txt"),
    }
    whole = gzip.decompress(output.read_bytes())
    for content in (*found.values(), whole):
        assert not [each for each in CANARIES if each.encode() in content]
    assert yaml.safe_load(found["config.yaml"])["cameras"][0]["id"] == "door"
    codes = [each["code"] for each in json.loads(found["doctor.json"])["findings"]]
    assert "broker.tcp" in codes
    assert b"does not answer" in found["status.txt"]
    assert b"first line" in found["log.txt"]
    assert json.loads(found["versions.json"])["ffmpeg"].startswith("6.1 (")
    assert f"Written: {output}" in capsys.readouterr().out
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 2
    assert "exists already" in capsys.readouterr().err


def test_of_a_long_log_the_end_is_taken_in_whole_lines(setup: Setup) -> None:
    log = setup.folder / "edge-video.log"
    log.write_text("".join(f"line {number:06d}\n" for number in range(200_000)))
    output = setup.folder / "shop.tar.gz"
    setup.keys |= {"amqp": None, "sink": "directory", "http": None}
    setup.keys["cameras"] = [{"id": "door", "url": "lavfi:testsrc2"}]
    assert main(["bundle", "--config", str(setup.write()), "-o", str(output)]) == 0
    found = members(output)
    shown = found["log.txt"].decode().splitlines()
    assert len(found["log.txt"]) <= 2**20
    assert shown[-1] == "line 199999"
    assert int(shown[0].removeprefix("line ")) == 200_000 - len(shown)
    assert b"no http section" in found["status.txt"]


def test_of_a_system_that_runs_the_status_is_taken_and_its_port_is_no_problem(
    setup: Setup,
) -> None:
    site = Site(status=busy_system())
    try:
        setup.keys["http"] = {"listen": f"127.0.0.1:{site.server_port}", "token": TOKEN}
        output = setup.folder / "shop.tar.gz"
        assert main(["bundle", "--config", str(setup.write()), "-o", str(output)]) == 0
    finally:
        site.end()
    found = members(output)
    assert site.asked[-1] == ("/api/status", f"Bearer {TOKEN}")
    assert len(json.loads(found["status.json"])["cameras"]) == len(busy_system().cameras)
    codes = [each["code"] for each in json.loads(found["doctor.json"])["findings"]]
    assert "port.ours" in codes
    assert not [each for each in CANARIES if each.encode() in found["status.json"]]


def test_a_folder_that_does_not_exist_is_bad_input(
    setup: Setup, capsys: pytest.CaptureFixture[str]
) -> None:
    output = setup.folder / "nowhere" / "shop.tar.gz"
    with pytest.raises(SystemExit) as exit_:
        main(["bundle", "--config", str(setup.write()), "-o", str(output)])
    assert exit_.value.code == 2
    assert "there is no folder" in capsys.readouterr().err
