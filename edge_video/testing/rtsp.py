"""Runs RTSP cameras on GStreamer's server, in a process of its own."""

from __future__ import annotations

import json
import select
import signal
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

_PYTHON: Final = "/usr/bin/python3"
"""The one that has the GStreamer bindings; the virtual environment's has not."""
_SCRIPT: Final = Path(__file__).with_name("rtsp_server.py")
_ANSWER_S: Final = 20.0

ODD_PASSWORD: Final = "p@:%/#?é ç日!+$&"
"""Every character that a program which pastes passwords into URLs gets wrong."""


@dataclass(frozen=True, slots=True)
class RtspAuth:
    """The one account of a server."""

    method: Literal["basic", "digest"]
    user: str = "user@site"
    password: str = field(default=ODD_PASSWORD, repr=False)

    @property
    def userinfo(self) -> str:
        """For a URL, encoded."""
        return f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@"


class RtspServer:
    """A farm of cameras: each path plays its clip, from the start, to each client, in real time.

    A clip that ends is a camera that hangs up. Use it as a context manager.

    Args:
        mounts: path ("/cam1") → clip.
        auth: None lets everybody in.
    """

    def __init__(self, mounts: Mapping[str, Path], auth: RtspAuth | None = None) -> None:
        self.mounts = dict(mounts)
        self.auth = auth
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start; on the same port as before, if there was a before. Returns once it listens."""
        options = {
            "port": self.port,
            "mounts": {path: str(clip) for path, clip in self.mounts.items()},
            "auth": asdict(self.auth) if self.auth else None,
        }
        self._process = subprocess.Popen(
            [_PYTHON, str(_SCRIPT), json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,  # Ctrl+C is for whoever started it
        )
        word, _, port = self._answer().partition(" ")
        if word != "READY":
            self.kill()
            raise RuntimeError("the RTSP server did not start")
        self.port = int(port)

    def url(self, path: str, *, credentials: bool = False) -> str:
        """The URL of a path, with the right credentials on request."""
        userinfo = self.auth.userinfo if credentials and self.auth else ""
        return f"rtsp://{userinfo}127.0.0.1:{self.port}{path}"

    def add_mount(self, path: str, clip: Path) -> None:
        """A camera begins to exist."""
        self.mounts[path] = clip
        self._command(command="add", path=path, clip=str(clip))

    def remove_mount(self, path: str) -> None:
        """A camera ceases to exist. All clients of the server are hung up on."""
        self.mounts.pop(path, None)
        self._command(command="remove", path=path)

    def hang_up(self) -> None:
        """Close every client's connection; they may connect again."""
        self._command(command="hang_up")

    def clients(self) -> int:
        """Connected clients at this moment."""
        return int(self._command(command="clients").split()[1])

    def freeze(self) -> None:
        """Everything stands still, connections stay open (SIGSTOP)."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Undo `freeze`."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End in order."""
        process = self._running()
        assert process.stdin is not None
        process.stdin.close()
        process.wait(_ANSWER_S)
        self._forget()

    def kill(self) -> None:
        """End at once, frozen or not (SIGKILL). Idempotent."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_ANSWER_S)
            self._forget()

    def restart(self) -> None:
        """Kill, and start on the same port."""
        self.kill()
        self.start()

    def _forget(self) -> None:
        assert self._process is not None
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process = None

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise RuntimeError("the RTSP server does not run")
        return self._process

    def _signal(self, signum: signal.Signals) -> None:
        self._running().send_signal(signum)

    def _command(self, **command: str) -> str:
        process = self._running()
        assert process.stdin is not None
        process.stdin.write(json.dumps(command) + "\n")
        process.stdin.flush()
        answer = self._answer()
        if not answer.startswith("OK"):
            raise RuntimeError(f"the RTSP server refused {command}: {answer}")
        return answer

    def _answer(self) -> str:
        process = self._running()
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], _ANSWER_S)[0]:
            raise TimeoutError("the RTSP server does not answer")
        return process.stdout.readline().strip()


# --- what a test needs of the machine -------------------------------------------------------


def has_gstreamer() -> bool:
    """Whether this machine can run the server."""
    probe = (
        "import gi; gi.require_version('GstRtspServer', '1.0');"
        "from gi.repository import Gst, GstRtspServer; Gst.init(None);"
        "names = 'matroskademux h264parse rtph264pay h265parse rtph265pay'.split();"
        "raise SystemExit(not all(map(Gst.ElementFactory.find, names)))"
    )
    try:
        done = subprocess.run([_PYTHON, "-c", probe], capture_output=True, timeout=60, check=False)
    except OSError:
        return False
    return done.returncode == 0
