"""The arrows of the architecture: composition → actors → core, and nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAM = {"edge_video.app", "edge_video.cli", "edge_video.__main__"}
PURE_FORBIDDEN = {
    "pykka", "pika", "psutil", "subprocess", "threading", "time", "socket", "logging", "loguru",
}  # fmt: skip
ADAPTERS = {
    "edge_video.capture",
    "edge_video.config",  # the machine's name and existing files, checked while validating
    "edge_video.config_file",
    "edge_video.arrivals",  # asks the kernel through a socket
    "edge_video.delays",  # an event per delayed actor
    "edge_video.events",  # logging
    "edge_video.files",  # how long whoever reads a pipe may take
    "edge_video.ffmpeg",  # find_binary runs `ffmpeg -version`
    "edge_video.http.acceptor",  # connections and their sockets
    "edge_video.http.application",  # hands a logger on
    "edge_video.http.board",  # a lock between the actor and the server
    "edge_video.http.guard",  # logging
    "edge_video.http.hub",  # logging
    "edge_video.http.strangers_log",  # logging
    "edge_video.http.server",  # the thread and its sockets
    "edge_video.inquiry",  # one question to a camera
    "edge_video.launch",
    "edge_video.log.file",
    "edge_video.log.renderer",
    "edge_video.log.setup",
    "edge_video.log.sinks",
    "edge_video.log.writer",
    "edge_video.malloc",
    "edge_video.notice_queue",  # its lock
    "edge_video.motion_jpeg",  # when an image came
    "edge_video.outbox",  # the one lock
    "edge_video.probe",
    "edge_video.reactor",
    "edge_video.sampler",
    "edge_video.sinks.amqp",
    "edge_video.sinks.amqp_faults",
    "edge_video.sinks.amqp_exchange",
    "edge_video.sinks.amqp_node",  # logging
    "edge_video.sinks.amqp_malformed",  # pika's exceptions
    "edge_video.sinks.amqp_notices",
    "edge_video.sinks.amqp_reasons",  # pika's exceptions, in words
    "edge_video.sinks.amqp_transport",
    "edge_video.sinks.amqp_wire",  # pika's BasicProperties
    "edge_video.sinks.message",  # pika's BasicProperties
    "edge_video.sinks.directory",
    "edge_video.sinks.tcp_gauge",  # the kernel's view of a socket
    "edge_video.tampering",  # holds a reader back
    "edge_video.timer",
    "edge_video.top.client",
    "edge_video.top.command",
    "edge_video.watch.command",
    "edge_video.watch.consumer",
    "edge_video.watch.foreign",  # pika
    "edge_video.watch.pages",
}


SUPERVISION = {"actors.supervisor", "actors.fleet", "actors.faultbook"}
"""The supervisor in three files: the cameras, the faults on purpose, and everything else."""


def modules() -> dict[str, Path]:
    found = {}
    for package in ("edge_video", "actors"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found[name.removesuffix(".__init__")] = path
    return found


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


MODULES = modules()
TESTING = {name for name in MODULES if name.startswith("edge_video.testing")}
"""Knows everything, and nothing but tests may know it."""
COMPOSITION = PROGRAM | TESTING
NOT_FOR_THIS_PYTHON = {"edge_video.testing.rtsp_server"}
"""Run by the system's, which has the GStreamer bindings."""


@pytest.mark.parametrize("name", sorted(set(MODULES) - COMPOSITION))
def test_nothing_below_knows_the_composition(name: str) -> None:
    assert not imports(MODULES[name]) & COMPOSITION


@pytest.mark.parametrize(
    "name", sorted(name for name in set(MODULES) - COMPOSITION if name.startswith("edge_video"))
)
def test_the_core_knows_no_actor(name: str) -> None:
    assert not {
        each for each in imports(MODULES[name]) if each.split(".")[0] in ("actors", "pykka")
    }


@pytest.mark.parametrize("name", sorted(name for name in MODULES if name.startswith("actors")))
def test_actors_know_messages_and_their_base_but_never_each_other(name: str) -> None:
    known = {each for each in imports(MODULES[name]) if each.split(".")[0] == "actors"}
    own_parts = (
        {"actors.fleet", "actors.faultbook", "actors.plan"} if name in SUPERVISION else set()
    )
    assert known <= {"actors.messages", "actors.base"} | own_parts


@pytest.mark.parametrize(
    "name",
    sorted(name for name in set(MODULES) - COMPOSITION - ADAPTERS if name.startswith("edge_video")),
)
def test_the_pure_core_touches_no_machine(name: str) -> None:
    assert not {each.split(".")[0] for each in imports(MODULES[name])} & PURE_FORBIDDEN


def test_the_program_does_not_know_what_tests_use() -> None:
    assert TESTING
    knowing = {name for name in PROGRAM if imports(MODULES[name]) & TESTING}
    assert knowing == set()


@pytest.mark.parametrize(
    "name",
    sorted(set(MODULES) - NOT_FOR_THIS_PYTHON - {"edge_video.__main__"}),
)
def test_importing_a_module_starts_nothing(name: str) -> None:
    script = (
        "import logging, signal, threading, importlib\n"
        "before = (threading.active_count(), signal.getsignal(signal.SIGINT),"
        " signal.getsignal(signal.SIGTERM), list(logging.getLogger().handlers),"
        " logging.getLogger().level)\n"
        f"importlib.import_module({name!r})\n"
        "import pykka\n"
        "assert pykka.ActorRegistry.get_all() == []\n"
        "after = (threading.active_count(), signal.getsignal(signal.SIGINT),"
        " signal.getsignal(signal.SIGTERM), list(logging.getLogger().handlers),"
        " logging.getLogger().level)\n"
        "assert before == after, (before, after)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_the_breaker_can_be_imported_without_an_actor_or_a_broker() -> None:
    script = (
        "import sys, edge_video.breaker\n"
        "assert not {'pykka', 'pika', 'psutil', 'pydantic'} & set(sys.modules), sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=60)


def test_the_testing_package_can_be_imported_without_its_heavy_parts() -> None:
    script = (
        "import sys, edge_video.testing\n"
        "heavy = {'pytest', 'matplotlib', 'numpy', 'PIL', 'rich', 'pika', 'edge_video.app'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=60)


def test_a_running_system_carries_nothing_that_only_tools_need() -> None:
    script = (
        "import sys, edge_video.cli\n"
        "tools = {'rich', 'uvicorn', 'starlette', 'PIL', 'cv2'} & set(sys.modules)\n"
        "assert not tools, tools"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, timeout=60)
