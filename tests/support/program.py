"""`python -m edge_video` as a user runs it: a child process, its output, its FFmpegs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import psutil
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

ROOT = Path(__file__).parent.parent.parent


class Program:
    """One run. As a context manager it never leaves a process behind.

    Standard output (reports) and standard error (the log) are collected by line while it runs.
    """

    def __init__(
        self,
        folder: Path,
        config: Mapping[str, Any] | None,
        *arguments: str,
        command: str = "run",
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        self._environment = dict(environment or {})
        self.folder = folder
        self.report_file = folder / "final.json"
        words = [*prefix, sys.executable, "-m", "edge_video", command]
        if config is not None:
            self.config_file = folder / "config.yaml"
            self.config_file.write_text(yaml.safe_dump(dict(config), allow_unicode=True))
            words += ["--config", str(self.config_file)]
        self._words = [*words, *arguments]
        self.log: list[str] = []
        self.printed: list[str] = []
        self._changed = threading.Condition()
        self._log_is_over = False

    def start(self) -> Self:
        environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
            **self._environment,
        }
        environ.pop("EDGE_VIDEO_REQUIRE_ALL", None)
        self.process = subprocess.Popen(
            self._words,
            cwd=self.folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.psutil = psutil.Process(self.process.pid)
        self._readers = [
            threading.Thread(target=self._collect, args=(pipe, lines), daemon=True)
            for pipe, lines in (
                (self.process.stdout, self.printed),
                (self.process.stderr, self.log),
            )
        ]
        for reader in self._readers:
            reader.start()
        return self

    def _collect(self, pipe: Any, lines: list[str]) -> None:
        for line in pipe:
            with self._changed:
                lines.append(line.rstrip("\n"))
                self._changed.notify_all()
        pipe.close()
        with self._changed:
            self._log_is_over = self._log_is_over or lines is self.log
            self._changed.notify_all()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            children = self.ffmpegs()
            self.process.kill()
            self.process.wait(10)
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
        for reader in self._readers:
            reader.join(5)
        if kind is not None:
            print("--- log\n" + "\n".join(self.log[-200:]))
            print("--- printed\n" + "\n".join(self.printed[-200:]))

    def wait_for_log(self, *fragments: str, timeout_s: float = 30.0, count: int = 1) -> str:
        """Wait until `count` log lines contain all fragments; returns the last of them.

        Fails at once when the program has ended without them.
        """

        def found() -> list[str]:
            return [line for line in self.log if all(each in line for each in fragments)]

        with self._changed:
            self._changed.wait_for(lambda: self._log_is_over or len(found()) >= count, timeout_s)
            assert len(found()) >= count, (
                f"no {count} log lines with {fragments} in {timeout_s} s:\n"
                + "\n".join(self.log[-60:])
            )
            return found()[count - 1]

    def ffmpegs(self) -> list[psutil.Process]:
        """The FFmpeg processes it runs now."""
        try:
            return [
                child
                for child in self.psutil.children()
                if child.status() != psutil.STATUS_ZOMBIE and not _is_guard(child)
            ]
        except psutil.NoSuchProcess:
            return []

    def stop(self, how: signal.Signals = signal.SIGTERM, timeout_s: float = 20.0) -> int:
        """Signal it and wait for its end; returns the exit code."""
        self.process.send_signal(how)
        return self.wait(timeout_s)

    def wait(self, timeout_s: float = 20.0) -> int:
        code = self.process.wait(timeout_s)
        for reader in self._readers:
            reader.join(5)
        return code

    def report(self) -> dict[str, Any]:
        """The JSON of `--report-file final.json`."""
        report: dict[str, Any] = json.loads(self.report_file.read_text())
        return report

    @property
    def output(self) -> str:
        return "\n".join([*self.log, *self.printed])


def _is_guard(child: psutil.Process) -> bool:
    """Whether it is what kills FFmpegs on other systems than Linux, once their program is gone."""
    return any(part.endswith("orphan_program.py") for part in child.cmdline())


def living(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that still run; a dead one that nobody has reaped yet does not."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time of one process so far, user and system."""
    times = process.cpu_times()
    return float(times.user + times.system)
