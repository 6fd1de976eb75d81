"""Holds the processes of one RabbitMQ node, and signals them."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from edge_video.testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STOP_TIMEOUT_S = 30.0


class NodeProcesses:
    """The start script of a node and everything below it, the Erlang machine above all.

    They are known by process id; nothing else on the machine is touched.
    """

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None
        self._beam: psutil.Process | None = None

    @property
    def are_running(self) -> bool:
        """Whether the start script still runs."""
        return self._server is not None and self._server.poll() is None

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], console_file: Path
    ) -> None:
        """Run the start script; what it prints is appended to the file."""
        with console_file.open("ab") as console:
            self._server = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )

    def find_beam(self) -> None:
        """Find the Erlang machine, which exists once the node accepts connections."""
        self._beam = next(each for each in self._family() if each.name().startswith("beam"))

    def freeze(self) -> None:
        """Stop the Erlang machine where it stands; return when all of its threads stand."""
        beam = self._running_beam()
        beam.suspend()
        eventually(lambda: _stands_still(beam.pid), what="every thread of the broker stands still")

    def thaw(self) -> None:
        """Let a frozen Erlang machine go on."""
        self._running_beam().resume()

    def thaw_if_running(self) -> bool:
        """Let the Erlang machine go on if there still is one; whether there is."""
        if self._beam is None or not self._beam.is_running():
            return False
        self._beam.resume()
        return True

    def end(self, how: signal.Signals) -> None:
        """End them all by this signal, and by SIGKILL those that outlive it for too long."""
        family = self._family()
        for process in family:
            if how is signal.SIGTERM and process != self._beam:
                continue  # the start script turns SIGTERM into a slow rabbitmqctl
            try:
                process.send_signal(how)
                process.resume()  # a frozen process would not die of SIGTERM
            except psutil.NoSuchProcess:
                continue
        _, alive = psutil.wait_procs(family, timeout=_STOP_TIMEOUT_S)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=_STOP_TIMEOUT_S)
        if self._server is not None:
            self._server.wait(_STOP_TIMEOUT_S)
            self._server = None
        self._beam = None

    def _family(self) -> list[psutil.Process]:
        """The processes of the node: the start script and everything below it."""
        if self._server is None or self._server.poll() is not None:
            return [self._beam] if self._beam is not None and self._beam.is_running() else []
        try:
            script = psutil.Process(self._server.pid)
            return [script, *script.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def _running_beam(self) -> psutil.Process:
        assert self._beam is not None, "the node was never started"
        return self._beam


def _stands_still(pid: int) -> bool:
    """Whether every thread of a process is stopped (proc(5): the state behind its name)."""
    try:
        stats = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:  # one ended meanwhile
        return False
    return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)
