"""Texts of configuration files, and what is reported of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from edge_video.cli.common import EXIT_BAD_INPUT
from edge_video.cli.main import main
from edge_video.config import ConfigError, parse_config

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.config import Config

CAMERA: Final = "  - id: cam1\n    url: lavfi:testsrc2\n"
GOOD: Final = f"sink: directory\ncameras:\n{CAMERA}"
"""A whole configuration, in four lines; the last is a camera's."""
JARGON: Final = re.compile(
    r"pydantic|input should|validation error|type=|https?://errors|field required"
)
"""What pydantic writes, and no operator should read."""


def problems(text: str, environ: dict[str, str] | None = None) -> list[str]:
    """The lines that are reported of a file with mistakes."""
    with pytest.raises(ConfigError) as error:
        parse_config(text, "c.yaml", environ or {})
    lines = str(error.value).splitlines()
    assert lines == [str(problem) for problem in error.value.problems]
    assert not JARGON.search(str(error.value).lower())
    return lines


def load(text: str, environ: dict[str, str] | None = None) -> Config:
    """The configuration in a file without mistakes."""
    return parse_config(text, "c.yaml", environ or {})


def cameras_with(line: str) -> str:
    """A file with one camera, one line of which is at stake."""
    return f"sink: directory\ncameras:\n  - id: a\n    {line}\n"


def check_run_reports(
    text: str, lines: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Let `run` read a file with mistakes in its working directory: lines on stderr, no file."""
    (folder / "c.yaml").write_text(text, encoding="utf-8")
    assert main(["run", "--config", "c.yaml"]) == EXIT_BAD_INPUT
    printed = capsys.readouterr()
    assert printed.err.splitlines() == lines
    assert printed.out == ""
    assert [each.name for each in folder.iterdir()] == ["c.yaml"]
