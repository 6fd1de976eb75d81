"""Runs the nodes of a lab: the program as a user starts it, with scripted cameras."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil
import yaml

from edge_video.delivery.ledger import FrameCounts
from edge_video.testing.scripted_camera import install_scripted_ffmpeg

if TYPE_CHECKING:
    from collections.abc import Sequence

EXCHANGE: Final = "lab.frames"
EVENTS_EXCHANGE: Final = "lab.events"
GROUP: Final = "lab"
_ROOT: Final = Path(__file__).parents[3]
_END_S: Final = 40.0
_DROPPED: Final = tuple(
    each.name for each in fields(FrameCounts) if each.name.startswith("dropped_")
)
_SETTLED: Final = ("confirmed", "nacked", "returned", "unknown", "in_flight")


@dataclass(frozen=True, slots=True)
class NodePlan:
    """What a node is started with.

    Attributes:
        name: of the node.
        cameras: the cameras that all nodes share.
        fps: of each.
        urls: of the brokers, in the order in which they are tried.
        prefix: what stands in front of the program, to run it elsewhere.
    """

    name: str
    cameras: Sequence[str]
    fps: int
    urls: Sequence[str]
    prefix: Sequence[str] = ()

    def config(self, ffmpeg: Path) -> dict[str, Any]:
        """Return the configuration, as an operator would write it."""
        return {
            "node": self.name,
            "ffmpeg": str(ffmpeg),
            "fps": self.fps,
            "start_spacing": "0s",
            "amqp": {
                "urls": list(self.urls),
                "exchange": EXCHANGE,
                "heartbeat": "5s",
                "handshake_timeout": "3s",
            },
            "events": {"exchange": EVENTS_EXCHANGE},
            "cluster": {"group": GROUP},
            "cameras": [
                {
                    "id": camera,
                    "url": f"rtsp://127.0.0.1/{camera}?fps={self.fps}&seed={number}",
                    "stall_timeout": "30s",
                    "first_frame_timeout": "30s",
                }
                for number, camera in enumerate(self.cameras)
            ],
        }


class EdgeNode:
    """One node, which is started, broken and ended by whoever owns it."""

    def __init__(self, plan: NodePlan, folder: Path) -> None:
        self.plan = plan
        self.name = plan.name
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        config = plan.config(install_scripted_ffmpeg(folder))
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log_file(self) -> Path:
        """What all its programs have said."""
        return self._folder / "log.txt"

    def is_running(self) -> bool:
        """Whether its program runs, or stands still."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start its program, unless it runs."""
        if self.is_running():
            return
        (self._folder / "final.json").unlink(missing_ok=True)
        arguments = [sys.executable, "-m", "edge_video", "run", "--config", "config.yaml"]
        environment = {**os.environ, "PYTHONPATH": str(_ROOT), "LC_ALL": "C.UTF-8"}
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.plan.prefix, *arguments, "--report-file", "final.json"],
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )

    def kill(self) -> None:
        """End the program as kill -9 does; its FFmpegs see their pipe break."""
        if self._process is not None:
            captures = self._children()
            self._process.kill()
            self._process.wait(_END_S)
            _kill(captures)

    def end(self) -> tuple[str, ...]:
        """End the program in order; return which sums of its final report are wrong."""
        if self._process is None:
            return ()
        captures = self._children()
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return (f"it did not end within {_END_S:g} s",)
        _kill(captures)
        if code:
            return (f"exit code {code}",)
        return differences(json.loads((self._folder / "final.json").read_text()))

    def freeze(self) -> None:
        """Stop the program where it stands (SIGSTOP)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)

    def _children(self) -> list[psutil.Process]:
        if self._process is None or self._process.poll() is not None:
            return []
        try:
            return psutil.Process(self._process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []


def differences(report: dict[str, Any]) -> tuple[str, ...]:
    """Return which sums of a final report are wrong, in words."""
    found = []
    for camera in report["cameras"]:
        frames, name = camera["frames"], camera["camera_id"]
        dropped = sum(frames[each] for each in _DROPPED if each in frames)
        if frames["received"] != frames["published"] + dropped + frames["held"]:
            found.append(f"{name}: received {frames['received']} is not what became of them")
        if frames["published"] != sum(frames[each] for each in _SETTLED):
            found.append(f"{name}: published {frames['published']} is not what became of them")
    return tuple(found)


def _kill(processes: Sequence[psutil.Process]) -> None:
    """End what is left of these, which were this node's own."""
    for each in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
