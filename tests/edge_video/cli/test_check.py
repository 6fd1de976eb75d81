"""`check` and `probe`, in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

from edge_video.cli.main import main
from edge_video.testing.rabbit import free_port
from tests.support.config_files import SECRET, TWINS, write_config

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {"id": "good", "url": "lavfi:testsrc2=size=64x64"}
GONE = {"id": "gone", "url": "./no-such.mp4"}


def test_check_prints_a_line_a_camera_notes_and_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--config", str(write_config(tmp_path, **TWINS))]) == 0
    printed = capsys.readouterr().out
    assert "note: cameras a and b share the routing key" in printed
    assert printed.endswith("valid; 2 of 2 cameras enabled\n")
    assert len(printed.splitlines()) < 12
    assert SECRET not in printed


def test_check_full_prints_every_key_as_yaml(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--full", "--config", str(write_config(tmp_path, **TWINS))]) == 0
    printed = capsys.readouterr().out
    assert "# note: cameras a and b share the routing key" in printed
    assert "2 of 2 cameras enabled" in printed
    assert SECRET not in printed
    assert yaml.safe_load(printed)["cameras"][0]["id"] == "a"


def test_check_json_is_for_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", "--config", str(write_config(tmp_path, **TWINS))]) == 0
    printed = capsys.readouterr().out
    shown = json.loads(printed)
    assert (shown["valid"], shown["cameras"], shown["enabled"]) == (True, 2, 2)
    assert "share the routing key" in shown["notes"][0]
    assert shown["config"]["cameras"][1]["id"] == "b"
    assert SECRET not in printed


def test_check_json_has_every_problem_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_config(tmp_path, fps=0)
    assert main(["check", "--json", "--config", str(path)]) == 2
    shown = json.loads(capsys.readouterr().out)
    assert shown["valid"] is False
    (problem,) = shown["problems"]
    assert (problem["file"], problem["key"]) == (str(path), "fps")
    assert problem["line"] == path.read_text().splitlines().index("fps: 0") + 1


def test_a_configuration_that_does_not_exist_is_bad_input(tmp_path: Path) -> None:
    assert main(["check", "--config", str(tmp_path / "nowhere.yaml")]) == 2


def test_probe_refuses_a_camera_that_is_not_configured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["probe", "--config", str(write_config(tmp_path)), "cam9"])
    assert exit_.value.code == 2
    assert "no camera cam9" in capsys.readouterr().err


@pytest.mark.ffmpeg
def test_probe_asks_the_broker_too_and_says_what_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"amqp://me:{SECRET}@127.0.0.1:{free_port()}/"
    path = str(write_config(tmp_path, cameras=[GOOD], amqp={"url": url}))
    assert main(["probe", "--config", path]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Asking the broker and 1 camera, at most 20s each …"
    assert any(line.startswith("  ✗ TCP  connection refused by 127.0.0.1") for line in lines)
    assert any(line.startswith("good    ✓ ok") for line in lines)
    assert lines[-1] == "1 of 1 camera reached; THE BROKER IS NOT READY"
    assert SECRET not in "".join(lines)
    assert main(["probe", "--no-broker", "--config", path]) == 0
    assert "BROKER" not in capsys.readouterr().out


@pytest.mark.ffmpeg
def test_probe_json_is_one_object_in_the_order_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(write_config(tmp_path, cameras=[GOOD, GONE], amqp=None, sink="directory"))
    assert main(["probe", "--json", "--config", path]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert [each["id"] for each in shown["cameras"]] == ["good", "gone"]
    assert (shown["ok"], shown["broker"]) == (False, None)
    assert shown["cameras"][0]["ok"]
    assert shown["cameras"][1]["advice"]
