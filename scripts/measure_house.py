"""Measures how large and how tangled the program is, and compares that with limits.

Run it as `python scripts/measure_house.py`, or `make house`. With `--check` the exit status is 1
while any limit is missed. It reads the source with the standard library alone and imports none of
it.

How things are counted:

- Code lines of a function are its lines from `def` to its end, without its docstring, comments and
  blank lines. A function inside another counts by itself as well as in the outer one.
- Methods of a class are the distinct names of functions in its body, properties included,
  inherited ones not.
- Attributes of a class are the distinct names that its methods assign as `self.name`, and its
  fields where it is a dataclass that can change. Frozen dataclasses and pydantic models are values:
  a row of a table may have many columns.
- An arrow is an import of one module by another, at the top or inside of a function. Imports
  for the type checker alone are counted apart. What a package's `__init__` imports on the way to a
  submodule is not counted.
- Public is what has no name with a leading underscore on its path. Functions inside of functions
  and overloads need no docstring.
"""

from __future__ import annotations

import argparse
import ast
import io
import sys
import tokenize
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Graph: TypeAlias = dict[str, set[str]]

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = "edge_video"
CATALOGS: Final = {"edge_video.text.catalog", "edge_video.log.event_table"}
"""Texts in two languages side by side: long, but nobody reads them from top to bottom."""

MAX_ENTRIES: Final = 24
MAX_MODULE_LINES: Final = 500
GOOD_MODULE_LINES: Final = 400
MAX_METHODS: Final = 25
MAX_ATTRIBUTES: Final = 14
GOOD_METHODS: Final = 20
GOOD_ATTRIBUTES: Final = 12
MAX_BIG_CLASSES: Final = 5
"""So many classes may have more than the good number of methods or attributes."""

MAX_P95: Final = 22
LONG_FUNCTION: Final = 30
MAX_LONG_SHARE: Final = 1.5
MAX_TEST_LINES: Final = 600

NOT_CODE: Final = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


@dataclass(frozen=True, slots=True)
class Module:
    """One source file, parsed."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def folder(self) -> str:
        """The first name below the package: a folder, or a module at its top."""
        return folder_of(self.name)


class ClassSize(NamedTuple):
    """How many names a class holds."""

    name: str
    methods: int
    attributes: int

    @property
    def is_big(self) -> bool:
        """Whether the class has more than the good number of either."""
        return self.methods > GOOD_METHODS or self.attributes > GOOD_ATTRIBUTES

    @property
    def is_too_big(self) -> bool:
        """Whether the class has more than the permitted number of either."""
        return self.methods > MAX_METHODS or self.attributes > MAX_ATTRIBUTES


class Limit(NamedTuple):
    """One line of the table: a figure, what it is to be, and whether it is."""

    what: str
    now: str
    to_reach: str
    met: bool


def folder_of(module: str) -> str:
    """Return the first name below the package, empty for the package itself."""
    return module.split(".")[1] if "." in module else ""


# --- reading the source ---


def read_modules(root: Path) -> dict[str, Module]:
    """Return every module of the package by its name; the link `actors` is followed."""
    modules = {}
    for path in python_files(root / PACKAGE):
        parts = path.relative_to(root).with_suffix("").parts
        name = ".".join(parts).removesuffix(".__init__")
        text = path.read_text(encoding="utf-8")
        modules[name] = Module(name, path, text, ast.parse(text))
    return modules


def python_files(folder: Path) -> Iterator[Path]:
    """Yield the Python files below a folder in order, those behind links to folders too."""
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and entry.name != "__pycache__":
            yield from python_files(entry)
        elif entry.suffix == ".py":
            yield entry


def count_entries(package: Path) -> int:
    """Return how many files and folders stand at the top of the package."""
    return sum(entry.name != "__pycache__" for entry in package.iterdir())


# --- functions ---


def code_line_numbers(text: str) -> set[int]:
    """Return the numbers of the lines that hold code, docstrings still among them."""
    numbers: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in NOT_CODE:
            numbers.update(range(token.start[0], token.end[0] + 1))
    return numbers


def function_sizes(module: Module) -> list[tuple[int, str]]:
    """Return the code lines and the place of each function of a module."""
    code = code_line_numbers(module.text)
    sizes = []
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            own = set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            lines = len(own & code - docstring_lines(node))
            sizes.append((lines, f"{module.name}.{node.name}:{node.lineno}"))
    return sizes


def docstring_lines(node: Function) -> set[int]:
    """Return the numbers of the lines of a function's docstring."""
    if ast.get_docstring(node, clean=False) is None:
        return set()
    first = node.body[0]
    return set(range(first.lineno, (first.end_lineno or first.lineno) + 1))


def percentile(sizes: list[int], share: float) -> int:
    """Return the smallest size that at least this share of the sizes does not exceed."""
    ordered = sorted(sizes)
    position = max(0, -int(-share * len(ordered) // 1) - 1)
    return ordered[position]


# --- classes ---


def class_sizes(module: Module) -> list[ClassSize]:
    """Return the size of each class of a module, classes inside of others included."""
    return [
        ClassSize(f"{module.name}.{node.name}", len(method_names(node)), len(attributes(node)))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    ]


def method_names(node: ast.ClassDef) -> set[str]:
    """Return the distinct names of the functions in the body of a class."""
    return {each.name for each in node.body if isinstance(each, Function)}


def attributes(node: ast.ClassDef) -> set[str]:
    """Return the names that the methods of a class assign on `self`, and changeable fields."""
    names = field_names(node) if is_changeable_dataclass(node) else set[str]()
    for method in node.body:
        if isinstance(method, Function):
            names |= assigned_on_self(method)
    return names


def assigned_on_self(method: Function) -> set[str]:
    """Return the names of the attributes of `self` that a method assigns."""
    return {
        each.attr
        for each in ast.walk(method)
        if isinstance(each, ast.Attribute)
        and isinstance(each.ctx, ast.Store)
        and isinstance(each.value, ast.Name)
        and each.value.id == "self"
    }


def is_changeable_dataclass(node: ast.ClassDef) -> bool:
    """Return whether a class has the decorator `dataclass` without `frozen=True`."""
    marks = [ast.unparse(each) for each in node.decorator_list]
    return any("dataclass" in each.split("(")[0] and "frozen=True" not in each for each in marks)


def field_names(node: ast.ClassDef) -> set[str]:
    """Return the names of the annotated fields in the body of a class."""
    return {
        each.target.id
        for each in node.body
        if isinstance(each, ast.AnnAssign)
        and isinstance(each.target, ast.Name)
        and "ClassVar" not in ast.unparse(each.annotation)
    }


# --- imports ---


def import_graph(modules: Mapping[str, Module], *, types: bool) -> Graph:
    """Return which module imports which, with or without imports for the type checker alone."""
    graph: Graph = {}
    for name, module in modules.items():
        left_out = set() if types else type_checking_nodes(module.tree)
        graph[name] = {
            each
            for node in ast.walk(module.tree)
            if node not in left_out
            for each in imported_by(node, modules)
        } - {name}
    return graph


def type_checking_nodes(tree: ast.Module) -> set[ast.AST]:
    """Return everything inside of `if TYPE_CHECKING:`."""
    return {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }


def imported_by(node: ast.AST, modules: Mapping[str, Module]) -> Iterator[str]:
    """Yield the modules of the package that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in modules)
    elif isinstance(node, ast.ImportFrom) and node.module in modules:
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            yield whole if whole in modules else str(node.module)


def circles(graph: Graph) -> list[list[str]]:
    """Return the groups of modules that reach each other, by Tarjan's algorithm."""
    found: list[list[str]] = []
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    path: list[str] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        path.append(name)
        for other in sorted(graph[name]):
            if other not in index:
                visit(other)
            if other in path:
                low[name] = min(low[name], low[other])
        if low[name] == index[name]:
            group = path[path.index(name) :]
            del path[path.index(name) :]
            if len(group) > 1:
                found.append(sorted(group))

    for name in sorted(graph):
        if name not in index:
            visit(name)
    return found


def arrows_up(graph: Graph, floors: list[str]) -> list[str]:
    """Return the imports that lead from a lower folder to one that stands above it."""
    height = {folder: number for number, folder in enumerate(floors)}
    return [
        f"{name} → {other}"
        for name, others in sorted(graph.items())
        for other in sorted(others)
        if folder_of(name) and folder_of(other)
        if height.get(folder_of(other), len(floors)) > height.get(folder_of(name), -1)
    ]


def folder_arrows(graph: Graph) -> set[tuple[str, str]]:
    """Return which folder imports which other."""
    return {
        (folder_of(name), folder_of(other))
        for name, others in graph.items()
        for other in others
        if folder_of(name) != folder_of(other)
    }


# --- the architecture test ---


def strings_assigned(tree: ast.Module) -> dict[str, list[str]]:
    """Return the strings in each assignment at the top of a module, in the order of the text."""
    found: dict[str, list[str]] = {}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if value is not None and isinstance(targets[0], ast.Name):
            constants = [each for each in ast.walk(value) if isinstance(each, ast.Constant)]
            constants.sort(key=lambda each: (each.lineno, each.col_offset))
            strings = [each.value for each in constants if isinstance(each.value, str)]
            found[targets[0].id] = strings
    return found


FOLDER_RULES: Final = {"FLOORS", "MACHINE"}
"""The constants of the architecture test whose short names are folders."""


def named_exceptions(strings: Mapping[str, list[str]], modules: Iterable[str]) -> list[str]:
    """Return the single modules inside of folders that the architecture test has by name.

    A rule names a folder. Who names one module of it makes an exception for that module.
    """
    known = list(modules)
    found = []
    for constant, values in strings.items():
        prefixes = [PACKAGE] if constant in FOLDER_RULES else [PACKAGE, f"{PACKAGE}.actors"]
        for value in values:
            names = [f"{prefix}.{value.removeprefix(PACKAGE + '.')}" for prefix in prefixes]
            if any(is_single(name, known) for name in names):
                found.append(f"{constant}: {value}")
    return found


def is_single(name: str, modules: list[str]) -> bool:
    """Return whether a name is a module inside of a folder, and no folder itself."""
    is_folder = any(each.startswith(name + ".") for each in modules)
    return name in modules and name.count(".") > 1 and not is_folder


# --- docstrings ---


def public_names(module: Module) -> Iterator[tuple[str, bool]]:
    """Yield each public name of a module, and whether it has a docstring."""
    if any(part.startswith("_") and part != "__main__" for part in module.name.split(".")):
        return
    yield module.name, ast.get_docstring(module.tree) is not None
    yield from public_members(module.name, module.tree)


def public_members(prefix: str, node: ast.Module | ast.ClassDef) -> Iterator[tuple[str, bool]]:
    """Yield the public functions and classes below a node, and whether each has a docstring."""
    for each in node.body:
        if not isinstance(each, ast.ClassDef | Function) or each.name.startswith("_"):
            continue
        if any(ast.unparse(mark).split(".")[-1] in EXCUSED for mark in each.decorator_list):
            continue
        name = f"{prefix}.{each.name}"
        yield name, ast.get_docstring(each) is not None
        if isinstance(each, ast.ClassDef):
            yield from public_members(name, each)


EXCUSED: Final = {"overload", "override", "setter"}
"""Decorators of functions whose docstring is another's."""


# --- the whole ---


class House:
    """Holds everything that is measured of one source tree."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.modules = read_modules(root)
        self.runtime_graph = import_graph(self.modules, types=False)
        self.graph = import_graph(self.modules, types=True)

    @property
    def entries(self) -> int:
        """How many files and folders stand at the top of the package."""
        return count_entries(self.root / PACKAGE)

    def modules_over(self, lines: int) -> list[tuple[int, str]]:
        """Return the length and name of each longer module, catalogs aside, the longest first."""
        sizes = [
            (len(module.text.splitlines()), name)
            for name, module in self.modules.items()
            if name not in CATALOGS
        ]
        return sorted((each for each in sizes if each[0] > lines), reverse=True)

    @cached_property
    def classes(self) -> list[ClassSize]:
        """Every class, those with most methods first."""
        found = [each for module in self.modules.values() for each in class_sizes(module)]
        return sorted(found, key=lambda each: (-each.methods, -each.attributes, each.name))

    @cached_property
    def functions(self) -> list[tuple[int, str]]:
        """The code lines and place of every function, the longest first."""
        sizes = [each for module in self.modules.values() for each in function_sizes(module)]
        return sorted(sizes, reverse=True)

    @property
    def long_share(self) -> float:
        """The functions over the limit, in percent of all."""
        long = sum(lines > LONG_FUNCTION for lines, _ in self.functions)
        return 100 * long / len(self.functions)

    @cached_property
    def architecture(self) -> dict[str, list[str]]:
        """The strings of each constant of the architecture test."""
        path = self.root / "tests/test_architecture.py"
        return strings_assigned(ast.parse(path.read_text(encoding="utf-8")))

    @cached_property
    def arrows_up(self) -> list[str]:
        """Every import of a folder above."""
        return arrows_up(self.graph, self.architecture["FLOORS"])

    @cached_property
    def exceptions(self) -> list[str]:
        """Every single module that the architecture test has by name."""
        return named_exceptions(self.architecture, self.modules)

    @cached_property
    def public(self) -> dict[str, bool]:
        """Every public name, and whether it has a docstring."""
        return {name: has for module in self.modules.values() for name, has in public_names(module)}

    @property
    def documented(self) -> float:
        """The public names that have a docstring, in percent."""
        return 100 * sum(self.public.values()) / len(self.public)

    def test_files_over(self, lines: int) -> list[tuple[int, str]]:
        """Return the length and path of each longer test file, the longest first."""
        sizes = [
            (len(path.read_text(encoding="utf-8").splitlines()), str(path.relative_to(self.root)))
            for path in python_files(self.root / "tests")
        ]
        return sorted((each for each in sizes if each[0] > lines), reverse=True)


def limits(house: House) -> list[Limit]:
    """Return the table "now, to reach" of a house."""
    return [
        *limits_of_size(house),
        *limits_of_arrows(house),
        _limit("public names documented, %", house.documented, 100, met=house.documented == 100),  # noqa: PLR2004 - all of them
    ]


def limits_of_size(house: House) -> list[Limit]:
    """Return the limits of modules, classes, functions and test files."""
    modules = len(house.modules_over(MAX_MODULE_LINES))
    tests = len(house.test_files_over(MAX_TEST_LINES))
    too_big = sum(each.is_too_big for each in house.classes)
    big = sum(each.is_big for each in house.classes)
    p95 = percentile([lines for lines, _ in house.functions], 0.95)
    return [
        _at_most("entries at the top of edge_video/", house.entries, MAX_ENTRIES),
        _at_most(f"modules over {MAX_MODULE_LINES} lines", modules, 0),
        _at_most(f"classes over {MAX_METHODS} methods or {MAX_ATTRIBUTES} attributes", too_big, 0),
        _at_most(f"classes over {GOOD_METHODS} or {GOOD_ATTRIBUTES}", big, MAX_BIG_CLASSES),
        _at_most("code lines of a function, 95th percentile", p95, MAX_P95),
        _at_most(f"functions over {LONG_FUNCTION} code lines, %", house.long_share, MAX_LONG_SHARE),
        _at_most(f"test files over {MAX_TEST_LINES} lines", tests, 0),
    ]


def limits_of_arrows(house: House) -> list[Limit]:
    """Return the limits of the import graph and of its test."""
    return [
        _at_most("circles of imports", len(circles(house.runtime_graph)), 0),
        _at_most("circles, types included", len(circles(house.graph)), 0),
        _at_most("arrows that run back up", len(house.arrows_up), 0),
        _at_most("exceptions by name in the architecture test", len(house.exceptions), 0),
    ]


def _at_most(what: str, now: float, most: float) -> Limit:
    return _limit(what, now, most, met=now <= most)


def _limit(what: str, now: float, to_reach: float, *, met: bool) -> Limit:
    return Limit(what, _shown(now), ("≤ " if 0 < to_reach < 100 else "") + _shown(to_reach), met)  # noqa: PLR2004 - percent


def _shown(figure: float) -> str:
    return f"{figure:.1f}" if figure % 1 else str(int(figure))


def report(house: House) -> Iterator[str]:
    """Yield the lines of the report."""
    yield from report_modules(house)
    yield from report_classes(house)
    yield from report_functions(house)
    yield from report_arrows(house)
    yield from table(limits(house))


def report_modules(house: House) -> Iterator[str]:
    """Yield the modules and test files that are long, and public names without a docstring."""
    yield f"{house.entries} entries at the top of {PACKAGE}/, {len(house.modules)} modules"
    yield from listed(
        f"modules over {GOOD_MODULE_LINES} lines", house.modules_over(GOOD_MODULE_LINES)
    )
    yield from listed(
        f"test files over {MAX_TEST_LINES} lines", house.test_files_over(MAX_TEST_LINES)
    )
    bare = [(0, name) for name, has in house.public.items() if not has]
    yield from listed("public names without a docstring", bare)


def report_classes(house: House) -> Iterator[str]:
    """Yield the classes with most methods or attributes."""
    ten = house.classes[:10]
    ten += [each for each in house.classes if each.is_big and each not in ten]
    yield "classes with most methods, and those with many attributes:"
    yield f"{'methods':>9}{'attributes':>12}"
    yield from (f"{each.methods:>9}{each.attributes:>12}  {each.name}" for each in ten)


def report_functions(house: House) -> Iterator[str]:
    """Yield the sizes of functions, and the longest."""
    sizes = [lines for lines, _ in house.functions]
    yield (
        f"{len(sizes)} functions: median {median(sizes):g} code lines,"
        f" 95th percentile {percentile(sizes, 0.95)}, {house.long_share:.1f} % over {LONG_FUNCTION}"
    )
    long = [each for each in house.functions if each[0] > LONG_FUNCTION]
    yield from listed(f"functions over {LONG_FUNCTION} code lines", long)


def report_arrows(house: House) -> Iterator[str]:
    """Yield what is wrong with the import graph."""
    arrows = folder_arrows(house.graph)
    yield f"{len(arrows)} arrows between folders, {sum(map(len, house.graph.values()))} of modules"
    at_runtime = circles(house.runtime_graph)
    yield from listed("circles", [(len(each), " ⇄ ".join(each)) for each in at_runtime])
    with_types = [each for each in circles(house.graph) if each not in at_runtime]
    yield from listed(
        "circles with types alone", [(len(each), " ⇄ ".join(each)) for each in with_types]
    )
    yield from listed("arrows that run back up", [(0, each) for each in house.arrows_up])
    yield from listed("exceptions by name", [(0, each) for each in house.exceptions])


def listed(title: str, rows: list[tuple[int, str]]) -> Iterator[str]:
    """Yield a title with the number of rows, and each row with its figure where it has one."""
    yield f"{title}: {len(rows)}"
    for figure, name in rows:
        yield f"{figure or '':>9}  {name}"


def table(rows: list[Limit]) -> Iterator[str]:
    """Yield the table of limits."""
    width = max(len(each.what) for each in rows)
    yield ""
    yield f"  {'':<{width}}  {'now':>7}  {'to reach':>8}"
    for each in rows:
        mark = "✓" if each.met else "✗"
        yield f"{mark} {each.what:<{width}}  {each.now:>7}  {each.to_reach:>8}"


def main(arguments: list[str] | None = None) -> int:
    """Print the report; with `--check` return 1 while a limit is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="fail while a limit is missed")
    parser.add_argument("--short", action="store_true", help="print the table of limits alone")
    options = parser.parse_args(arguments)
    house = House()
    print("\n".join(table(limits(house)) if options.short else report(house)))
    return int(options.check and not all(each.met for each in limits(house)))


if __name__ == "__main__":
    sys.exit(main())
