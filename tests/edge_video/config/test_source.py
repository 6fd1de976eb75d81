"""The configuration's files are read as often as asked, with all that they name."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from edge_video.config import ConfigError
from edge_video.config.source import ConfigSource, config_hash

if TYPE_CHECKING:
    from pathlib import Path

MAIN = """\
sink: {type: directory, path: frames}
cameras:
  - {id: door, url: "rtsp://10.0.0.1/s"}
"""


@pytest.fixture
def main(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(MAIN)
    path.chmod(0o600)
    return path


def test_a_directory_adds_cameras_in_the_order_of_its_files(main: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cameras"
    folder.mkdir()
    (folder / "20-yard.yaml").write_text('id: yard\nurl: "rtsp://10.0.0.2/s"\n')
    (folder / "10-gate.yml").write_text('id: gate\nurl: "rtsp://10.0.0.3/s"\nfps: 3\n')
    (folder / "README").write_text("no camera")
    config = ConfigSource(main, directory=folder).read().config
    assert [camera.id for camera in config.cameras] == ["door", "gate", "yard"]
    assert config.cameras[1].fps == 3


def test_what_is_wrong_is_told_with_the_file_it_is_in_all_at_once(
    main: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "cameras"
    folder.mkdir()
    main.write_text(MAIN + "bufer: 3\n")
    (folder / "a.yaml").write_text("id: a\nurl: nonsense\n")
    (folder / "b.yaml").write_text("[\n")
    with pytest.raises(ConfigError) as raised:
        ConfigSource(main, directory=folder).read()
    text = str(raised.value)
    assert f"{main}:4: bufer: there is no such key" in text
    assert f"{folder}/a.yaml:2: cameras[1].url: " in text
    assert f"{folder}/b.yaml:" in text


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are Unicode")
def test_a_file_whose_name_is_no_utf_8_is_read_as_any_other(main: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cameras"
    folder.mkdir()
    odd = folder / os.fsdecode(b"port\xe3o.yaml")
    odd.write_text('id: gate\nurl: "rtsp://10.0.0.3/s"\n')
    source = ConfigSource(main, directory=folder)
    reading = source.read()
    assert [camera.id for camera in reading.config.cameras] == ["door", "gate"]
    odd.write_text('id: gate\nurl: "rtsp://10.0.0.4/s"\n')
    assert source.digest() != reading.digest


def test_a_directory_that_is_not_there_is_an_error(main: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="this directory cannot be read"):
        ConfigSource(main, directory=tmp_path / "none").read()


def test_a_secret_s_file_is_read_anew_and_its_contents_count(main: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("first-one\n")
    line = f"    username: u\n    password: file:{secret}\n"
    main.write_text(
        MAIN.replace(', url: "rtsp://10.0.0.1/s"}', "").replace("{id", "id")
        + "    url: rtsp://10.0.0.1/s\n"
        + line
    )
    source = ConfigSource(main)
    first = source.read()
    source.accept(first)
    assert source.digest() == source.accepted
    secret.write_text("second-one\n")
    assert source.digest() != source.accepted
    password = source.read().config.cameras[0].password
    assert password is not None
    assert password.get_secret_value() == "second-one"


def test_variables_of_a_service_give_way_to_the_file_they_came_from(
    main: Path, tmp_path: Path
) -> None:
    main.write_text(MAIN.replace("10.0.0.1", "${HOST}"))
    env = tmp_path / ".env"
    env.write_text("HOST=one\n")
    source = ConfigSource(main, lambda: {"HOST": "one"})
    assert source.read().config.cameras[0].host == "one"
    env.write_text("HOST=two\n")
    assert source.read().config.cameras[0].host == "two"


def test_variables_of_the_process_win_over_the_file(main: Path, tmp_path: Path) -> None:
    main.write_text(MAIN.replace("10.0.0.1", "${HOST}"))
    (tmp_path / ".env").write_text("HOST=one\n")
    source = ConfigSource(main, lambda: {"HOST": "mine"})
    (tmp_path / ".env").write_text("HOST=two\n")
    assert source.read().config.cameras[0].host == "mine"


def test_a_file_that_comes_or_goes_differs(main: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cameras"
    folder.mkdir()
    source = ConfigSource(main, directory=folder)
    source.accept(source.read())
    (folder / "a.yaml").write_text("id: a\n")
    assert source.digest() != source.accepted
    (folder / "a.yaml").unlink()
    assert source.digest() == source.accepted
    main.unlink()
    assert source.digest() != source.accepted


def test_the_hash_that_is_shown_is_made_of_no_secret(main: Path) -> None:
    def with_password(password: str) -> str:
        main.write_text(MAIN.replace("rtsp://", f"rtsp://u:{password}@"))
        return config_hash(ConfigSource(main).read().config)

    assert with_password("first-one") == with_password("second-one")
    main.write_text(MAIN.replace("door", "gate"))
    assert config_hash(ConfigSource(main).read().config) != with_password("first-one")


def test_a_file_that_is_no_camera_s_makes_no_difference(main: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cameras"
    folder.mkdir()
    source = ConfigSource(main, directory=folder)
    source.accept(source.read())
    for name in (".a.yaml", "a.yaml~", "a.yaml.tmp", ".a.yaml.swp", "README"):
        (folder / name).write_text("id: a\n")
    assert source.digest() == source.accepted


class Writer:
    """Writes the next contents while a source reads: when it asks for the environment."""

    def __init__(self, path: Path, *contents: str) -> None:
        self.path = path
        self.contents = list(contents)
        self.times_read = 0

    def __call__(self) -> dict[str, str]:
        self.times_read += 1
        if self.contents:
            self.path.write_text(self.contents.pop(0))
        return {}


def test_a_file_that_is_written_meanwhile_is_read_anew(main: Path) -> None:
    other = MAIN.replace("door", "gate")
    writer = Writer(main, other)
    source = ConfigSource(main, writer)
    reading = source.read()
    assert [camera.id for camera in reading.config.cameras] == ["gate"]
    assert (writer.times_read, reading.digest) == (2, source.digest())


def test_half_of_a_file_is_no_error_when_the_other_half_has_come(main: Path) -> None:
    writer = Writer(main, MAIN[: len(MAIN) // 2], MAIN)
    reading = ConfigSource(main, writer).read()
    assert [camera.id for camera in reading.config.cameras] == ["door"]
    assert writer.times_read == 3


def test_files_that_go_on_changing_are_read_three_times_and_said_to_differ(main: Path) -> None:
    writer = Writer(main, *(MAIN.replace("door", f"door{number}") for number in range(9)))
    source = ConfigSource(main, writer)
    source.accept(source.read())
    assert writer.times_read == 3
    assert source.digest() != source.accepted
