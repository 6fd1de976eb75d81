"""docs/reliability.md names every fault, every row of it has its test, and its example runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from edge_video.actors.messages import CommandResult
from edge_video.faults import ActorFault, CameraFault, Fault, SinkFault, When

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/reliability.md").read_text()


def named_in(pattern: str) -> set[str]:
    return {
        name
        for path in (ROOT / "tests/end_to_end").glob(pattern)
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }


RELIABILITY = named_in("test_reliability_*.py")
_OTHERS = ("broker_faults", "uplink", "paused_publisher", "ffmpeg_limits")
TESTS = RELIABILITY.union(*(named_in(f"test_{name}.py") for name in _OTHERS))


def rows(section: str) -> list[list[str]]:
    """The cells of the rows of a section's table of faults."""
    text = re.search(rf"^## {section}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    lines = text[1].splitlines() if text else []
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return [row for row in cells if len(row) >= 6 and row[0] != "fault" and set(row[0]) != {"-"}]


CAMERAS, ACTORS, SINKS = rows("Cameras"), rows("Actors"), rows("Publisher and sinks")


def faults_in(table: list[list[str]]) -> set[str]:
    return set(re.findall(r"`(\w+)", " ".join(row[0] for row in table)))


def test_every_row_has_its_test() -> None:
    table = [*CAMERAS, *ACTORS, *SINKS]
    assert len(table) > 20
    named = [row[-1].strip("`") for row in table]
    assert {name.partition("[")[0] for name in named} - TESTS == set()
    assert len(set(named)) == len(table)
    assert RELIABILITY - {name.partition("[")[0] for name in named} == set()


def test_every_fault_has_a_row() -> None:
    def names(union: object) -> set[str]:
        return {each.__name__ for each in get_args(union)}

    assert names(CameraFault) | names(ActorFault) <= faults_in(CAMERAS)
    assert names(ActorFault) <= faults_in(ACTORS)
    assert names(Fault) == names(CameraFault) | names(ActorFault) | names(SinkFault)
    assert names(SinkFault) <= faults_in(SINKS)
    assert {name for name in names(When) if f"`{name}(" not in PAGE} == set()


def test_every_answer_to_an_injection_is_explained() -> None:
    answers = set(CommandResult) - {CommandResult.ALREADY}
    assert {answer for answer in answers if f"| `{answer.value}` |" not in PAGE} == set()


@pytest.mark.ffmpeg
def test_the_example_runs(tmp_path: Path) -> None:
    example = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", example[1]],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == ["done", "None"]


def test_what_is_said_of_the_unattended_program_is_tested() -> None:
    section = re.search(r"^## Unattended$(.*?)(?=^## )", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None
    named = set(re.findall(r"`(test_\w+)`", section[1]))
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE)
    }
    assert len(named) > 15
    assert named - there == set()
