"""What `scripts/measure_house.py` counts, on sources whose figures can be seen."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from scripts import measure_house
from scripts.measure_house import (
    ClassSize,
    House,
    Module,
    arrows_up,
    circles,
    class_sizes,
    function_sizes,
    import_graph,
    named_exceptions,
    percentile,
    public_names,
    strings_assigned,
)


def module(text: str, name: str = "edge_video.a.b") -> Module:
    source = dedent(text)
    return Module(name, Path("b.py"), source, ast.parse(source))


def test_a_function_is_counted_without_docstring_comments_and_blank_lines() -> None:
    example = module('''
        def f(
            one: int,
        ) -> str:
            """Says something.

            At length.
            """

            # a comment
            return """two
            lines"""  # and another
    ''')
    assert function_sizes(example) == [(5, "edge_video.a.b.f:2")]


def test_a_class_is_counted_with_its_properties_and_what_it_assigns_on_itself() -> None:
    example = module("""
        class A:
            def __init__(self) -> None:
                self.a, self._b = 1, 2
                self.c: int = 3
                self.a = other.d = 4

            @property
            def value(self) -> int: return self.read

            @value.setter
            def value(self, new: int) -> None: self.a += new
    """)
    assert class_sizes(example) == [ClassSize("edge_video.a.b.A", 2, 3)]


def test_only_dataclasses_that_can_change_have_their_fields_counted() -> None:
    example = module("""
        @dataclass(slots=True)
        class A:
            a: int
            b: ClassVar[int] = 3

        @dataclass(frozen=True)
        class B:
            a: int
    """)
    assert [each.attributes for each in class_sizes(example)] == [1, 0]


@pytest.mark.parametrize(
    ("sizes", "share", "expected"), [([1], 0.95, 1), ([3, 1, 2, 4], 0.5, 2), ([1, 2], 1.0, 2)]
)
def test_a_percentile_is_a_size_that_occurs(sizes: list[int], share: float, expected: int) -> None:
    assert percentile(sizes, share) == expected


def test_imports_for_the_type_checker_are_left_out_on_demand() -> None:
    modules = {
        "edge_video.a.b": module("""
            import os
            from edge_video.c import d
            if TYPE_CHECKING:
                from edge_video.e import F
            def f():
                import edge_video.g
        """),
        "edge_video.c.d": module("", "edge_video.c.d"),
        "edge_video.c": module("", "edge_video.c"),
        "edge_video.e": module("", "edge_video.e"),
        "edge_video.g": module("", "edge_video.g"),
    }
    at_runtime = {"edge_video.c.d", "edge_video.g"}
    assert import_graph(modules, types=False)["edge_video.a.b"] == at_runtime
    assert import_graph(modules, types=True)["edge_video.a.b"] == at_runtime | {"edge_video.e"}


def test_circles_are_found_and_ways_that_meet_again_are_none() -> None:
    assert circles({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}) == []
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}) == [["a", "b", "c"]]


def test_an_arrow_to_a_folder_above_is_named() -> None:
    graph = {
        "edge_video.low.x": {"edge_video.high.y", "edge_video"},
        "edge_video.high.y": {"edge_video.low.x"},
    }
    assert arrows_up(graph, ["low", "high"]) == ["edge_video.low.x → edge_video.high.y"]


def test_strings_keep_the_order_of_the_text() -> None:
    tree = ast.parse('FLOORS: Final = (*("a", "b"), "c", *("d",))\nX = {"y"}')
    assert strings_assigned(tree) == {"FLOORS": ["a", "b", "c", "d"], "X": ["y"]}


def test_a_rule_for_one_module_of_a_folder_is_an_exception() -> None:
    modules = ["edge_video.app", "edge_video.a", "edge_video.a.b", "edge_video.actors.c"]
    strings = {"FLOORS": ["a", "app"], "MACHINE": ["a", "a.b", "c"], "PARTS": ["c", "d"]}
    assert named_exceptions(strings, modules) == ["MACHINE: a.b", "PARTS: c"]


def test_public_names_are_those_without_an_underscore_on_their_path() -> None:
    example = module('''
        """A module."""
        class A:
            def f(self): """Has one."""
            def g(self): ...
            def _h(self): ...
        class _B:
            def f(self): ...
        def outer():
            def inner(): ...
    ''')
    assert dict(public_names(example)) == {
        "edge_video.a.b": True,
        "edge_video.a.b.A": False,
        "edge_video.a.b.A.f": True,
        "edge_video.a.b.A.g": False,
        "edge_video.a.b.outer": False,
    }


@pytest.mark.parametrize("lines", [3, 300])
def test_check_fails_while_a_limit_is_missed(
    lines: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    package = tmp_path / "edge_video"
    for each in (package, tmp_path / "tests"):
        each.mkdir()
    (tmp_path / "tests/test_architecture.py").write_text('FLOORS = ("",)\n')
    text = [
        '"""Prints."""',
        "def f() -> None:",
        '    """Print."""',
        *(f"    print({each})" for each in range(lines)),
    ]
    (package / "a.py").write_text("\n".join(text) + "\n")
    monkeypatch.setattr(measure_house, "House", lambda: House(tmp_path))
    status = measure_house.main(["--short", "--check"])
    printed = capsys.readouterr().out
    assert "to reach" in printed
    assert status == int(lines > 30)
    assert ("✗ functions over 30 code lines" in printed) == (lines > 30)
