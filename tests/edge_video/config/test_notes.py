"""What is allowed and probably not meant is noted, and what looks odd and is meant is not."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge_video.config import load_config
from tests.support.config_texts import (
    GOOD,
    cameras_with,
    load,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_what_is_doubtful_in_a_url_is_noted_too() -> None:
    (note,) = load(cameras_with("url: rtsp://u:${P}@h/s"), {"P": '"canary"'}).warnings
    assert "url: of the password in it: its first and last characters are quotes" in note


@pytest.mark.parametrize("url", ["rtsp://:canary@h/s", "http://:canary@h/s"])
def test_a_password_without_a_user_is_noted(url: str) -> None:
    assert any("without a username" in each for each in load(cameras_with(f"url: {url}")).warnings)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("abc #def", 'what follows " #" is a comment to YAML'),
        ("' abc'", "it begins or ends with a space or a line break"),
        ('"abc\\n"', "it begins or ends with a space or a line break"),
        ("'\"abc\"'", "its first and last characters are quotes"),
        ("“abc”", "its first and last characters are quotes"),
        ("abc\u200bdef", "it contains a character that cannot be seen (U+200B, zero width space)"),
        ("abc\u00a0def", "it contains a character that cannot be seen (U+00A0, no-break space)"),
        ('"a\\tb"', "it contains a character that cannot be seen (U+0009, a control character)"),
        ("$CAMERA_PASSWORD", "a variable of the environment is written ${NAME}"),
        ('"{{ password }}"', "was a template not filled in?"),
        ("/run/secrets/door", "a file that holds the value is named as file:/…"),
    ],
)
def test_a_password_that_is_probably_not_meant_so_is_noted(written: str, words: str) -> None:
    loaded = load(GOOD + f"    username: me\n    password: {written}\n")
    (note,) = loaded.warnings
    assert note.startswith("c.yaml:6: cameras[0].password: ")
    assert words in note
    assert "abc" not in note
    assert load(GOOD + "    username: me\n    password: hunter2  # his own\n").warnings == ()


def test_a_value_that_is_a_comment_is_noted_where_it_is_no_secret() -> None:
    (note,) = load(GOOD + "node: #edge-7\n").warnings
    assert note.startswith("c.yaml:5: node: a value that begins with # must be in quotes")
    assert load(GOOD + "node:   # absent\nlog: {file: }\n").warnings == ()


def test_limits_that_can_never_be_met_are_noted() -> None:
    def notes(max_memory_mb: int) -> str:
        limits = f"memory_controller: {{enabled: true, max_memory_mb: {max_memory_mb}}}\n"
        return "\n".join(load(GOOD + limits).warnings)

    assert "frames would be dropped for ever: set max_memory_mb to 71 or more" in notes(40)
    assert "CRITICAL for ever" in notes(75)
    assert "WARNING for ever: set max_memory_mb to 100 or more" in notes(99)
    assert notes(100) == ""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A directory that every user may look into, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        if not all(each.stat().st_mode & 0o001 for each in folder.parents):
            pytest.skip(f"{name} cannot be opened to all")
        yield folder


def test_a_secret_file_that_every_user_may_read_is_noted(open_folder: Path) -> None:
    secret = open_folder / "pw"
    secret.write_text("hunter2")
    text = GOOD + f"    username: me\n    password: file:{secret}\n"
    secret.chmod(0o644)
    (note,) = load(text).warnings
    assert note == (
        "c.yaml:6: cameras[0].password: every user of this machine may read"
        f" the secret file {secret}: chmod o-r {secret}"
    )
    secret.chmod(0o640)
    assert load(text).warnings == ()


def test_a_configuration_with_passwords_that_every_user_may_read_is_noted(
    open_folder: Path,
) -> None:
    path = open_folder / "c.yaml"

    def notes(password: str, mode: int = 0o644) -> tuple[str, ...]:
        path.write_text(GOOD + f"    username: me\n    password: {password}\n")
        path.chmod(mode)
        return load_config(path, {"PW": "hunter2"}).warnings

    (note,) = notes("hunter2")
    assert note == (
        f"{path}:6: cameras[0].password: every user of this machine may read the password here:"
        f" chmod o-r {path}"
    )
    assert notes("hunter2", 0o640) == ()
    assert notes("${PW}") == ()


@pytest.mark.parametrize("url", ["rtsp://me:hunter2@h/s", "rtsp://h/s?user=me&password=hunter2"])
def test_a_password_in_a_url_that_every_user_may_read_is_noted(open_folder: Path, url: str) -> None:
    path = open_folder / "c.yaml"
    path.write_text(cameras_with(f"url: {url}"))
    path.chmod(0o644)
    (note,) = (each for each in load_config(path, {}).warnings if "may read the password" in each)
    assert note.startswith(f"{path}:4: cameras[0].url: ")
