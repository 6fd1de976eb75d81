"""The arrows of the architecture, a rule per folder: composition → actors → core, nothing else."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import edge_video
from scripts.measure_house import circles, class_sizes, import_graph, read_modules

if TYPE_CHECKING:
    from scripts.measure_house import Graph, Module

ROOT = Path(__file__).parent.parent

FLOORS: Final = (
    *("frames", "resilience", "runtime"),
    *("faults", "text", "metrics"),
    *("log", "delivery", "config"),
    *("capture", "watch", "status"),
    *("report", "notifications", "http"),
    *("actors", "top", "wiring", "app", "cli", "__main__"),
    "testing",
)
"""From the ground up: each imports only what stands before it. Only tests import `testing`."""

MACHINE: Final[dict[str, set[str]]] = {
    "frames": set(),
    "resilience": set(),
    "runtime": {"ctypes", "logging", "select", "signal", "socket", "threading", "time"},
    "faults": {"threading"},
    "text": set(),
    "metrics": {"psutil"},
    "config": {"pydantic", "socket", "threading", "yaml"},
    "log": {"logging", "loguru", "queue", "select", "threading", "time"},
    "delivery": {"logging", "threading"},
    "delivery.commands": {"logging", "pika", "threading", "time"},
    "delivery.amqp": {"logging", "pika", "socket", "ssl", "threading"},
    "capture": {"logging", "signal", "socket", "ssl", "subprocess", "threading", "time"},
    "capture.snapshot": {
        *("httpcore", "logging", "select", "socket", "ssl", "threading", "time"),
    },
    "capture.onvif": {"httpx", "psutil", "select", "socket", "time"},
    "watch": {
        *("pika", "pydantic", "rich", "socket", "ssl", "starlette", "threading", "time", "uvicorn"),
    },
    "status": {"pydantic"},
    "report": set(),
    "notifications": set(),
    "http": {"asyncio", "logging", "socket", "starlette", "threading", "uvicorn"},
    "actors": {"logging", "pykka", "queue", "threading", "time"},
    "top": {"ctypes", "queue", "rich", "select", "signal", "threading", "time"},
    "top.fleet": {"logging", "pydantic", "rich", "starlette", "threading", "time"},
    "wiring": {"pykka", "socket"},
    "app": {"logging", "pykka", "threading"},
    "cli": {"logging", "pydantic", "signal", "socket", "subprocess", "time", "yaml"},
    "cli.doctor": {"socket", "time", "yaml"},
    "cli.ctl": {"pydantic", "rich", "time"},
    "__main__": {"signal"},
}
"""What each folder may use of the machine and of other people's libraries; the rest is pure.

So pykka is known to actors and composition only, pika to the AMQP sink and the consumer, psutil
to metrics and the search for cameras, subprocess, httpx and httpcore to capture, loguru to the log.
"""

WATCHED: Final = set[str]().union(*MACHINE.values())


def modules() -> dict[str, Path]:
    found = {}
    for folder, prefix in (("edge_video", ""), ("actors", "edge_video.")):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "actors" in path.relative_to(ROOT).parts and not prefix:
                continue  # where links to folders are followed
            name = prefix + ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


MODULES = modules()


@cache
def read(root: Path = ROOT) -> dict[str, Module]:
    return read_modules(root)


@cache
def imports(name: str) -> set[str]:
    """The modules that a module imports, for the type checker only included."""
    found: set[str] = set()
    for node in ast.walk(read()[name].tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in MODULES else node.module)
    return found


def folder(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def rule(name: str) -> set[str]:
    """What the folder of a module may use: the rule of its innermost folder that has one."""
    parts = name.split(".")[1:]
    return next(
        MACHINE[".".join(parts[:depth])]
        for depth in range(len(parts), 0, -1)
        if ".".join(parts[:depth]) in MACHINE
    )


CORE = sorted(name for name in MODULES if name != "edge_video" and folder(name) != "testing")


def test_every_folder_has_its_floor_and_its_rule() -> None:
    assert {folder(name) for name in MODULES} - {""} == set(FLOORS)
    assert {name.split(".")[0] for name in MACHINE} == set(FLOORS) - {"testing"}


def arrows_up(name: str) -> set[str]:
    """What a module imports from a floor above its own."""
    below = FLOORS[: FLOORS.index(folder(name)) + 1]
    known = {each for each in imports(name) if each.split(".")[0] == "edge_video"}
    return {each for each in known if folder(each) not in below} - {"edge_video"}


def test_arrows_run_down_only() -> None:
    assert {name: arrows_up(name) for name in CORE if arrows_up(name)} == {}


def test_a_folder_uses_of_the_machine_what_its_rule_says() -> None:
    used = {name: {each.split(".")[0] for each in imports(name)} & WATCHED for name in CORE}
    assert {name: each - rule(name) for name, each in used.items() if each - rule(name)} == {}


def test_no_rule_allows_what_nobody_uses() -> None:
    used: dict[str, set[str]] = {key: set() for key in MACHINE}
    for name in CORE:
        key = next(each for each, allowed in MACHINE.items() if allowed is rule(name))
        used[key] |= {each.split(".")[0] for each in imports(name)} & WATCHED
    assert used == MACHINE


@pytest.mark.parametrize("name", sorted(name for name in MODULES if folder(name) == "actors"))
def test_actors_know_their_base_but_never_each_other(name: str) -> None:
    known = {each for each in imports(name) if folder(each) == "actors"}
    assert {each for each in known if defines_an_actor(each)} == set()


def defines_an_actor(name: str) -> bool:
    """Whether a module has an actor to start, which a base is not."""
    classes = [node for node in read()[name].tree.body if isinstance(node, ast.ClassDef)]
    bases = {ast.unparse(base).split(".")[-1] for node in classes for base in node.bases}
    return any(base.endswith("Actor") for base in bases) and not name.endswith(".base")


def loads(root: Path) -> Graph:
    """What each module loads while it is loaded: what it imports, and the packages around that."""
    modules = read(root)
    return {
        name: others | {each for other in others for each in around(other) - around(name)}
        for name, others in import_graph(modules, types=False).items()
    }


def around(name: str) -> set[str]:
    """The packages of a module, whose `__init__` runs before it."""
    parts = name.split(".")
    return {".".join(parts[:depth]) for depth in range(1, len(parts))}


def test_no_module_loads_itself_by_way_of_others() -> None:
    """So each of them can be imported first, in whatever order a program imports them."""
    assert circles(loads(ROOT)) == []


def test_a_circle_of_imports_is_found_wherever_it_closes(tmp_path: Path) -> None:
    written = {
        "a/__init__.py": "from edge_video.a.one import ONE\n",
        "a/one.py": "from edge_video.b.two import TWO\nONE = 1\n",
        "a/three.py": "THREE = 3\n",
        "b/__init__.py": "",
        "b/two.py": "from edge_video.a.three import THREE\nTWO = 2\n",
        "b/four.py": "import edge_video.b.five\n",
        "b/five.py": "def later():\n    from edge_video.b import four\n",
        "b/six.py": "if TYPE_CHECKING:\n    from edge_video.c import seven\n",
        "c/__init__.py": "",
        "c/seven.py": "import edge_video.b.six\n",
    }
    for name, text in {"__init__.py": "", **written}.items():
        path = tmp_path / "edge_video" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    b, a = "edge_video.b.", "edge_video.a"
    assert circles(loads(tmp_path)) == [[a, f"{a}.one", f"{b}two"], [f"{b}five", f"{b}four"]]


_IMPORT_EACH: Final = """
import importlib, logging, signal, sys, threading
import pykka

def state():
    root = logging.getLogger()
    signals = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    return threading.active_count(), signals, list(root.handlers), root.level

before = state()
for name in sys.argv[1:]:
    importlib.import_module(name)
    assert pykka.ActorRegistry.get_all() == [], name
    assert before == state(), (name, before, state())
"""


def test_importing_a_module_starts_nothing() -> None:
    """One after the other: what a module starts is seen when it is first imported."""
    names = sorted(name for name in MODULES if "gi" not in imports(name))
    run = subprocess.run(
        [sys.executable, "-c", _IMPORT_EACH, *names],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=170,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("edge_video.resilience.breaker", {"pykka", "pika", "psutil", "pydantic"}),
        ("edge_video.log.events", {"loguru", "pykka", "pika", "psutil", "pydantic"}),
        ("edge_video.delivery.outbox", {"loguru", "pykka", "pika", "psutil", "pydantic"}),
        ("edge_video.delivery.amqp.settings", {"loguru", "pykka", "pika", "psutil", "pydantic"}),
        (
            "edge_video.testing",
            {"pytest", "matplotlib", "numpy", "PIL", "rich", "pika", "edge_video.app"},
        ),
        ("edge_video.app", {"rich", "uvicorn", "starlette", "PIL", "cv2", "loguru"}),
        ("edge_video.cli.main", {"rich", "uvicorn", "starlette", "PIL", "cv2"}),
    ],
)
def test_a_module_is_imported_without_what_it_does_not_need(module: str, heavy: set[str]) -> None:
    script = (
        f"import sys, {module}\n"
        f"carried = set({sorted(heavy)!r}) & set(sys.modules)\n"
        "assert not carried, carried"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=60)


def test_the_public_names_are_where_type_checkers_and_programs_look_for_them() -> None:
    block = next(node for node in read()["edge_video"].tree.body if isinstance(node, ast.If))
    checked = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom) and node.module is not None
        for alias in node.names
    }
    assert set(checked) == set(edge_video.__all__) - {"__version__"}
    for name, home in checked.items():
        assert getattr(edge_video, name) is getattr(importlib.import_module(home), name)


def test_the_classes_that_are_larger_than_the_rest_have_their_reasons() -> None:
    text = (ROOT / "docs/decisions.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| .", text.partition("## What is larger")[2], re.MULTILINE)
    sizes = [each for module in read().values() for each in class_sizes(module)]
    assert set(rows) == {each.name.split(".")[-1] for each in sizes if each.is_big}
