"""What README and docs show as code is code: it compiles, loads, or runs."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest
import yaml

from edge_video.cli.main import main
from edge_video.config import parse_config

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

BLOCK = re.compile(
    r"^(?P<mark><!-- runnable -->\n)?```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
ENVIRONMENT = {
    "BROKER_PASSWORD": "broker-pw",
    "DOOR_PASSWORD": "door-pw",
    "WEATHER_PASSWORD": "weather-pw",
    "HTTP_TOKEN": "12345678",
    "PASSWORD": "cluster-pw",
    "COMMANDS_KEY": "0123456789abcdef0123456789abcdef",
}
REST_OF_A_FILE = {
    "amqp": {"url": "amqp://127.0.0.1/"},
    "cameras": [{"id": "door", "url": "rtsp://10.0.0.5/stream"}],
}


class Block(NamedTuple):
    """A piece of code in a document."""

    document: str
    language: str
    text: str
    is_runnable: bool


def blocks() -> list[Block]:
    return [
        Block(path.name, found["language"], dedent(found["text"]), found["mark"] is not None)
        for path in DOCUMENTS
        for found in BLOCK.finditer(path.read_text(encoding="utf-8"))
    ]


def written_in(language: str, *, runnable: bool = False) -> list[str]:
    chosen = [each for each in blocks() if each.language == language]
    return [each.text for each in chosen if each.is_runnable or not runnable]


def first_line(text: str) -> str:
    return text.partition("\n")[0][:40]


@pytest.mark.parametrize("text", written_in("python"), ids=first_line)
def test_a_block_of_python_compiles(text: str) -> None:
    ast.parse(text)


@pytest.mark.ffmpeg
@pytest.mark.parametrize("text", written_in("python", runnable=True), ids=first_line)
def test_a_block_that_is_marked_runs_without_a_warning(text: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", text],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    promised = re.findall(r"^print\(.*\)  # (.+)$", text, re.MULTILINE)
    assert [each for each in promised if each not in run.stdout.splitlines()] == []


@pytest.mark.parametrize("text", written_in("yaml"), ids=first_line)
def test_a_block_of_yaml_is_a_configuration_or_part_of_one(text: str) -> None:
    other_file = re.match(r"# (?!config\.yaml)[\w-]+\.ya?ml\n", text)
    document = yaml.safe_load(text)
    assert document
    if other_file is None:
        assert parse_config(yaml.safe_dump(REST_OF_A_FILE | document), "file", ENVIRONMENT).cameras


@pytest.mark.parametrize("text", written_in("json"), ids=first_line)
def test_a_block_of_json_is_json(text: str) -> None:
    assert json.loads(text)


@cache
def help_of(command: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), pytest.raises(SystemExit):
        main([command, "--help"] if command else ["run", "--help"])
    return printed.getvalue()


@pytest.mark.parametrize("text", written_in("sh"), ids=first_line)
def test_a_command_line_names_options_that_exist(text: str) -> None:
    for command, rest in re.findall(r"^edge-video ?([a-z]*)([^#\n]*)", text, re.MULTILINE):
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in help_of(command), f"{command or 'run'} has no {option}"


@pytest.mark.parametrize("text", written_in("sh"), ids=first_line)
def test_a_target_of_make_exists(text: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)) <= targets
