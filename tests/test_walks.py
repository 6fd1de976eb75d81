"""The two walks in docs/architecture.md lead through files and functions that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")

MOST_FILES = {
    "A frame, from FFmpeg's pipe to the confirm": 12,
    "A failure, from FFmpeg's death to the next attempt": 14,
}


class Step(NamedTuple):
    """A row of a walk: a file, and the functions in it that one passes through."""

    path: Path
    functions: list[str]

    @property
    def module(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(("edge_video", *parts) if parts[0] == "actors" else parts)


def steps(title: str) -> list[Step]:
    section = re.search(rf"^### {title}$(.*?)(?=^##|\Z)", ARCHITECTURE, re.MULTILINE | re.DOTALL)
    assert section is not None
    rows = re.findall(
        r"^\| \d+ \| \[`[^`]+`\]\(\.\./([^)]+)\) \| (.*) \|$", section[1], re.MULTILINE
    )
    return [Step(ROOT / path, re.findall(r"`([\w.]+)\(\)`", text)) for path, text in rows]


def defined_in(path: Path) -> set[str]:
    """The functions of a file, methods and properties as `Class.name`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{each.name}"
                for each in node.body
                if isinstance(each, ast.FunctionDef)
            }
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return found


def names_in(path: Path) -> set[str]:
    """What a file mentions: names, attributes, and the modules that it imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                found.add(name)
            case ast.ImportFrom(module=module) if module is not None:
                found.add(module)
                found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def callbacks_given_by(path: Path) -> set[str]:
    """The names under which a file hands functions over: keyword arguments named `on_...`."""
    return {
        node.arg
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.keyword) and node.arg and node.arg.startswith("on_")
    }


def leads_on(here: Step, there: Step) -> bool:
    """Whether a file imports another, calls a function of it, or one that it has handed over."""
    called = {each.rsplit(".", maxsplit=1)[-1] for each in there.functions}
    mentioned = names_in(here.path)
    return there.module in mentioned or bool(mentioned & (called | callbacks_given_by(there.path)))


@pytest.mark.parametrize("title", MOST_FILES)
def test_a_walk_opens_few_files(title: str) -> None:
    walk = steps(title)
    assert len(walk) > 5
    assert len({step.path for step in walk}) <= MOST_FILES[title]


@pytest.mark.parametrize("title", MOST_FILES)
def test_the_functions_of_a_walk_are_where_it_says(title: str) -> None:
    for step in steps(title):
        assert step.functions, step.path
        assert set(step.functions) - defined_in(step.path) == set(), step.path


@pytest.mark.parametrize("title", MOST_FILES)
def test_each_file_of_a_walk_is_tied_to_one_before_or_beside_it(title: str) -> None:
    walk = steps(title)
    apart = [
        there.path.name
        for number, there in enumerate(walk)
        if number
        and not any(leads_on(here, there) for here in walk[:number])
        and not any(leads_on(there, beside) for beside in walk[number - 1 : number + 2 : 2])
        and not any(leads_on(beside, there) for beside in walk[number + 1 : number + 2])
    ]
    assert apart == []
