"""`.env` beside a configuration: what a line means, what wins, and what is noted."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_video.config import ConfigError, env_file, load_with_env_file
from edge_video.config.env_file import env_line, parse_env

if TYPE_CHECKING:
    from pathlib import Path

CONFIG: Final = """
amqp: {url: "amqp://broker/"}
cameras: [{id: door, url: "rtsp://10.0.0.5/s", username: viewer, password: "${DOOR}"}]
"""
PRINTABLE: Final = st.text(
    st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=30
)


def written(folder: Path, env: str, mode: int = 0o600) -> Path:
    (folder / ".env").write_text(env, encoding="utf-8")
    (folder / ".env").chmod(mode)
    path = folder / "config.yaml"
    path.write_text(CONFIG)
    return path


def password(path: Path, environ: dict[str, str] | None = None) -> str:
    camera = load_with_env_file(path, environ or {}).cameras[0]
    assert camera.password is not None
    return camera.password.get_secret_value()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("DOOR=secret", "secret"),
        ("export DOOR=secret", "secret"),
        ("  DOOR=two words  ", "two words"),
        ("DOOR=secret # of the door", "secret"),
        ("DOOR=a#b", "a#b"),
        ("DOOR='as # it $is'", "as # it $is"),
        ("DOOR='secret' # of the door", "secret"),
        (r'DOOR="a \"quoted\" \$word \n"', r'a "quoted" $word \n'),
        ("DOOR=first\nDOOR=last", "last"),
        ("DOOR=secret\r", "secret"),
        ("\ufeffDOOR=secret", "secret"),
    ],
)
def test_a_line_means_what_a_shell_makes_of_it(line: str, value: str, tmp_path: Path) -> None:
    assert password(written(tmp_path, line + "\n")) == value


def test_what_the_environment_has_wins(tmp_path: Path) -> None:
    path = written(tmp_path, "DOOR=of the file\n")
    assert password(path, {"DOOR": "of the environment"}) == "of the environment"


@pytest.mark.parametrize("line", ["DOOR", "DOOR='open", "DO OR=x", "DOOR = x", "=x", "1X=x"])
def test_a_line_that_is_no_variable_is_noted_and_not_quoted(line: str, tmp_path: Path) -> None:
    path = written(tmp_path, f"# comment\n\n{line}\nDOOR=secret\n")
    (note,) = load_with_env_file(path, {}).warnings
    assert note == f"{tmp_path}/.env:3: this is not NAME=value and was left out"


@pytest.mark.parametrize(("mode", "notes"), [(0o600, 0), (0o644, 1)])
def test_a_file_that_every_user_may_read_is_noted(
    mode: int, notes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Others may not enter the folders of a test.
    monkeypatch.setattr(env_file, "others_may_read", lambda path: path.stat().st_mode & 0o004)
    found = load_with_env_file(written(tmp_path, "DOOR=secret\n", mode), {}).warnings
    assert len(found) == notes
    assert all("chmod o-r" in note for note in found)


def test_without_the_file_or_with_a_folder_of_its_name_nothing_changes(tmp_path: Path) -> None:
    path = written(tmp_path, "DOOR=secret\n")
    (tmp_path / ".env").unlink()
    (tmp_path / ".env").mkdir()
    with pytest.raises(ConfigError, match="DOOR is not set"):
        load_with_env_file(path, {})


@settings(derandomize=True)
@given(PRINTABLE)
def test_every_value_is_read_back_as_it_was_written(value: str) -> None:
    variables, strange = parse_env(env_line("NAME", value), "file")
    assert (variables, strange) == ({"NAME": value}, [])


def test_a_shell_reads_the_same() -> None:
    values = ["plain-1.2", "two words", '$HOME `id` "x" \\ \'', "it's", "#", "a'b\"c$d", "ção"]
    lines = "\n".join(env_line(f"V{number}", value) for number, value in enumerate(values))
    names = " ".join(f'"$V{number}"' for number in range(len(values)))
    script = f"{lines}\nprintf '%s\\n' {names}\n"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == values
