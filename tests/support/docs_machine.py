"""The machine that the documents write for: its addresses, its broker and its running system.

It is a network of its own (and its own /etc/hosts), so that `broker:5672` and `localhost:8080` are
what a document means by them, whatever runs beside the tests.
"""

from __future__ import annotations

import ctypes
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.support.broker_in_the_middle import BrokerInTheMiddle
from tests.support.rabbit import broker_user
from tests.support.shell_blocks import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from edge_video.testing.rabbit import RabbitNode

TIMEOUT_S: Final = 80.0
_AT_ONCE: Final = 4
_NEW_NETWORK: Final = 0x4000_0000  # CLONE_NEWNET
_BEGIN: Final = (
    'ip link set lo up && ip addr add 10.0.0.17/32 dev lo && mount --bind "$1" /etc/hosts'
    " && echo ready && exec cat"
)
_INIT: Final = "edge-video init --yes --camera door=lavfi:testsrc2"
_STREAMS: Final = r"\[door\] Streaming 320x240"


class Way(NamedTuple):
    """How a command is run, and what tells that it does what the document says of it."""

    shows: str = ""
    """A pattern of what it prints."""
    until: str = ""
    """It goes on until Ctrl+C, which is pressed as soon as it has printed this pattern."""
    status: tuple[int, ...] = (0,)
    where: str = "node"
    """`node`: where the running system's configuration is; `new`: a folder with a configuration
    that nothing runs yet; `empty`."""
    leaves: str = ""
    """A file or folder."""
    is_script: bool = False
    """It ends by Ctrl+C as Python does by itself."""


_CONSUMER: Final = (
    "python examples/consumers/consumer.py amqp://user:password@broker:5672/%2F edge-video"
)
_WATCH_URL: Final = (
    "edge-video watch --url amqp://user:password@broker:5672/ --camera door --save pictures"
)
_RETRY: Final = (
    '. ./.env && curl -s -X POST -H "Authorization: Bearer $HTTP_TOKEN"'
    " localhost:8080/api/cameras/door/retry"
)
_DEMO: Final = Way(until=r"\[pattern\] Streaming 640x360", where="empty", leaves="demo-frames")

WAYS: Final[dict[str, Way]] = {
    _CONSUMER: Way(until=r"door \d+ 320x240 \d+ bytes", status=(-signal.SIGINT,), is_script=True),
    "curl -s localhost:8080/ready": Way(shows=r'"ok": ?true'),
    _RETRY: Way(shows='"outcome":"streaming"'),
    "edge-video": Way(until=_STREAMS, where="new", leaves="frames/door"),
    "edge-video --config shop.yaml": Way(until=_STREAMS, where="new"),
    "edge-video --report-file final.json": Way(until=_STREAMS, where="new", leaves="final.json"),
    "edge-video --report-html report.html": Way(until=_STREAMS, where="new", leaves="report.html"),
    "edge-video -V": Way(shows=r"edge-video \d+\.\d+\.\d+"),
    "edge-video bundle": Way(status=(0, 1), shows=r"Written: edge-video-\S+\.tar\.gz"),
    "edge-video bundle -o shop.tar.gz": Way(status=(0, 1), leaves="shop.tar.gz"),
    "edge-video check": Way(shows="config.yaml: valid; 1 of 1 camera enabled"),
    "edge-video demo --seconds 1m": _DEMO,
    "edge-video demo --seconds 30s": _DEMO,
    "edge-video discover": Way(status=(1,), shows="through 10.0.0.17"),
    "edge-video doctor": Way(status=(0, 1), shows=r"✓ broker[\s\S]*✓ camera +door: sends"),
    "edge-video doctor --json": Way(status=(0, 1), shows=r"^\{"),
    "edge-video explain amqp.url": Way(shows=r"^amqp\.url\n"),
    "edge-video health": Way(shows="all is well"),
    "edge-video help probe": Way(shows="edge-video probe"),
    "edge-video init": Way(where="empty", leaves="config.yaml"),
    "edge-video probe door": Way(shows="1 of 1 camera reached"),
    "edge-video top": Way(until=r"1 of 1 camera OK[\s\S]*\bdoor\b"),
    "edge-video watch": Way(until=r"\bdoor\b"),
    "edge-video watch --http": Way(until=r"http://127\.0\.0\.1:\d+"),
    _WATCH_URL: Way(until=r"\bdoor\b", leaves="pictures/door"),
}
"""Every command that the documents show and that is run."""


class Outcome(NamedTuple):
    """What became of a command."""

    status: int
    output: str
    left: bool


@cache
def why_no_machine() -> str:
    """What this machine lacks for one of the documents; empty when it can be made."""
    missing = [each for each in ("unshare", "nsenter", "ip") if shutil.which(each) is None]
    if missing:
        return ", ".join(missing)
    tried = subprocess.run(
        ["unshare", "--net", "--mount", "true"], capture_output=True, check=False
    )
    return "" if tried.returncode == 0 else "the right to make a network of its own"


class DocsMachine:
    """A machine with the wheel, a broker and one system that runs.

    Args:
        folder: for everything that it writes.
        commands: where the wheel's commands are.
    """

    def __init__(self, folder: Path, commands: Path) -> None:
        self._folder = folder
        hosts = folder / "hosts"
        hosts.write_text("127.0.0.1 localhost broker\n")
        self._holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c", _BEGIN, "sh", str(hosts)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == "ready\n"
        self._environment = {
            "PATH": f"{commands}:/usr/sbin:/usr/bin:/bin",
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",  # as on a terminal: a line is seen when it is printed
        }

    def close(self) -> None:
        """Leave it; whatever ran there has ended."""
        self._holder.communicate(timeout=10)

    def listener(self, port: int) -> socket.socket:
        """A socket that listens on its loopback interface, for a thread of this process."""
        made: list[socket.socket] = []

        def listen() -> None:  # only this thread changes its network
            with open(f"/proc/{self._holder.pid}/ns/net", "rb") as network:  # noqa: PTH123 - proc
                assert ctypes.CDLL(None).setns(network.fileno(), _NEW_NETWORK) == 0
            made.append(socket.create_server(("127.0.0.1", port)))

        thread = threading.Thread(target=listen)
        thread.start()
        thread.join()
        return made[0]

    def new_folder(self, name: str) -> Path:
        """A folder as `Way.where` says."""
        if name == "node":
            return self._folder / "node"
        folder = self._folder / f"{name}-{time.monotonic_ns()}"
        shutil.copytree(self._folder / name, folder)
        return folder

    def configure(self) -> None:
        """Write the configurations as the documents do, and who may what."""
        for name, options in (
            ("node", "--http --broker amqp://user:password@broker:5672/"),
            ("new", "--broker none"),
        ):
            (self._folder / name).mkdir()
            done = self.run(f"{_INIT} {options}", Way(), self._folder / name)
            assert done.status == 0, done.output
        (self._folder / "empty").mkdir()
        shutil.copy(self._folder / "new/config.yaml", self._folder / "new/shop.yaml")
        (self._folder / "node/examples").symlink_to(ROOT / "examples")

    def start(self, command: str, folder: Path) -> subprocess.Popen[bytes]:
        """Start a command in a folder; its output is a pipe. With `exec` it is the process."""
        # Where a script's `&` started the tests, Ctrl+C is ignored, and would be by the command.
        ctrl_c = ("env", "--default-signal=INT")
        enter = (*ctrl_c, "nsenter", "--target", str(self._holder.pid), "--net", "--mount")
        return subprocess.Popen(
            [*enter, "sh", "-c", f'cd "$0" && {command}', str(folder)],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )

    def run(self, command: str, way: Way, folder: Path) -> Outcome:
        """Run a command until its end, or until Ctrl+C."""
        with self.start(f"exec {command}" if way.until else command, folder) as process:
            output = read_until(process, way.until) if way.until else ""
            if way.until:
                os.killpg(process.pid, signal.SIGINT)
            try:
                rest, _ = process.communicate(timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                rest, _ = process.communicate()
        left = not way.leaves or (folder / way.leaves).exists()
        return Outcome(process.returncode, output + rest.decode(errors="replace"), left)

    def run_all(self, commands: Iterable[str]) -> dict[str, Outcome]:
        """Run each as its `Way` says, some side by side: they wait more than they compute."""

        def run(command: str) -> tuple[str, Outcome]:
            way = WAYS.get(command, Way())
            return command, self.run(command, way, self.new_folder(way.where))

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(pool.map(run, commands))


def read_until(process: subprocess.Popen[bytes], pattern: str) -> str:
    """What a process prints, until that has a pattern, the process ends or the time is over."""
    assert process.stdout is not None
    deadline_s = time.monotonic() + TIMEOUT_S
    output = b""
    while not re.search(pattern, output.decode(errors="replace"), re.MULTILINE):
        left_s = max(0.0, deadline_s - time.monotonic())
        ready, _, _ = select.select([process.stdout], [], [], left_s)
        piece = os.read(process.stdout.fileno(), 65_536) if ready else b""
        if not piece:
            break
        output += piece
    return output.decode(errors="replace")


def problem(command: str, outcome: Outcome) -> str:
    """What is wrong with what a command did; empty when nothing is."""
    way = WAYS.get(command, Way())
    is_good = (
        outcome.status in way.status
        and outcome.left
        and re.search(way.shows or way.until, outcome.output, re.MULTILINE)
        and ("Traceback" not in outcome.output or way.is_script)
    )
    if is_good:
        return ""
    left = "" if outcome.left else f", without {way.leaves}"
    return f"$ {command}\n{outcome.output}exit status {outcome.status}{left}"


@contextmanager
def docs_machine(folder: Path, commands: Path, node: RabbitNode) -> Iterator[DocsMachine]:
    """The machine with its broker, and the system of its configuration streams."""
    machine = DocsMachine(folder, commands)
    try:
        machine.configure()
        broker_user(node, "user", "password")
        with (
            BrokerInTheMiddle(node.port, machine.listener(5672)),
            machine.start("exec edge-video", folder / "node") as system,
        ):
            printed = read_until(system, _STREAMS)
            reader = threading.Thread(target=system.communicate, daemon=True)
            reader.start()
            try:
                assert re.search(_STREAMS, printed), printed
                yield machine
            finally:
                os.killpg(system.pid, signal.SIGINT)
                reader.join(TIMEOUT_S)
    finally:
        machine.close()
        with node.channel() as channel:
            channel.exchange_delete("edge-video")
