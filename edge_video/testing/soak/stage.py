"""Runs everything of a soak: cameras, broker, consumer and system."""

from __future__ import annotations

import contextlib
import json
import queue
import select
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pykka

from edge_video.actors.messages import ClearFaults, CommandAnswer, CommandResult, InjectFault
from edge_video.app import System, start_system
from edge_video.config import Config
from edge_video.testing.clips import numbered_clip
from edge_video.testing.rabbit import RabbitNode, free_port
from edge_video.testing.rtsp import RtspServer
from edge_video.testing.soak.devices import MAX_BYTES, kind_of, number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from edge_video.actors.system_spec import Stopped
    from edge_video.testing.soak.schedule import Message, Outside

FPS: Final = 10
SIZE: Final = (320, 180)
SERVERS: Final = 2
_CLIP_S: Final = 120
"""A camera hangs up when its clip ends: a fault that needs nobody to bring it."""
_EXCHANGE: Final = "soak"
_ASK_S: Final = 10.0
_DEVICES_START_S: Final = 120.0
"""Their clips are encoded on first use."""
_CREDENTIALS: Final = {"unknown-digest": {"username": "viewer", "password": "secret"}}


def camera_names(count: int, kinds: Iterable[str] = ()) -> list[str]:
    """`cam1` to `cam<count>`, then `cam<number>-<kind>`; the number is what the picture shows."""
    return [
        *(f"cam{n}" for n in range(1, count + 1)),
        *(f"cam{n}-{kind}" for n, kind in enumerate(kinds, count + 1)),
    ]


def soak_config(urls: dict[str, str], amqp_url: str, http_port: int | None = None) -> Config:
    """Like an operator's, but with waits so short that cameras come back within seconds."""
    http = {} if http_port is None else {"http": {"listen": f"127.0.0.1:{http_port}"}}
    return Config.model_validate(
        {
            "fps": FPS,
            "amqp": {"url": amqp_url, "exchange": _EXCHANGE, "routing_key_prefix": "soak."},
            "circuit_breaker": {
                "reset_timeout": "1s",
                "initial_backoff": "1s",
                "max_backoff": "4s",
                "stable_after": "10s",
            },
            "supervision": {"max_restarts": 100, "period": "60s"},
            **http,
            "cameras": [
                {
                    "id": name,
                    "url": url,
                    "stall_timeout": "3s",
                    "first_frame_timeout": "10s",
                    **_CREDENTIALS.get(kind_of(name), {}),
                }
                for name, url in urls.items()
            ],
        }
    )


class Hand:
    """Does slow things to one outside part, one after another, in a thread of its own."""

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self.wants_to_stop = threading.Event()
        self.problems: list[str] = []
        self._thread = threading.Thread(target=self._run, name=f"hand-{name}", daemon=True)
        self._thread.start()

    def do(self, job: Callable[[], None]) -> None:
        """After everything that was asked for before."""
        self._jobs.put(job)

    def stop(self) -> None:
        """Cut every pause short, finish, and end."""
        self.wants_to_stop.set()
        self._jobs.put(None)
        self._thread.join(120)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception as error:  # noqa: BLE001 - the soak reports it, and goes on
                self.problems.append(f"{self._thread.name}: {type(error).__name__}: {error}")


class ConsumerProcess:
    """`edge_video.testing.soak.consumer`, and what it said last. Any thread."""

    def __init__(self, node: RabbitNode) -> None:
        self.counts: Counter[str] = Counter()
        self.complaints: list[str] = []
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "edge_video.testing.soak.consumer"),
                *(node.host, str(node.port), _EXCHANGE),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self._thread = threading.Thread(target=self._listen, name="soak-consumer", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with contextlib.suppress(ValueError):  # its last line may be cut
                said = json.loads(line)
                self.counts = Counter(said["counts"])
                self.complaints += said["complaints"]
        self._process.stdout.close()

    @property
    def is_running(self) -> bool:
        """Whether it lives."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait(10)
        self._thread.join(10)


class DeviceProcess:
    """`edge_video.testing.soak.devices`: the odd cameras, and where they are.

    Raises:
        RuntimeError: it did not start.
    """

    def __init__(self, cameras: list[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "edge_video.testing.soak.devices", *cameras],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], _DEVICES_START_S)
        line = self._process.stdout.readline() if readable else ""
        if not line:
            self.stop()
            raise RuntimeError("the devices did not start")
        self.urls: dict[str, str] = json.loads(line)

    def stop(self) -> None:
        """End them."""
        _end(self._process)


class UplinkProcess:
    """`edge_video.testing.soak.uplink`, and where it listens."""

    def __init__(self, broker_port: int, bytes_per_s: float) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "edge_video.testing.soak.uplink"),
                *(str(broker_port), str(bytes_per_s)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def stop(self) -> None:
        """End it, and every connection through it."""
        _end(self._process)


class StrangersProcess:
    """`edge_video.testing.soak.strangers`, and how the probes fared. Any thread."""

    def __init__(self, port: int) -> None:
        self.probes: dict[str, float] = {}
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "edge_video.testing.soak.strangers"),
                *("127.0.0.1", str(port)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self._thread = threading.Thread(target=self._listen, name="soak-strangers", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with contextlib.suppress(ValueError):  # its last line may be cut
                self.probes = json.loads(line)

    def stop(self) -> None:
        """End them."""
        self._process.kill()
        self._thread.join(10)
        _end(self._process)


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait(10)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


@dataclass
class Stage:
    """The running parts; a context manager."""

    cameras: list[str]
    with_strangers: bool = False
    uplink_bytes_per_s: float | None = None
    """What the way to the broker carries; None: as much as comes."""
    refused: Counter[str] = field(default_factory=Counter)

    def __enter__(self) -> Self:
        self._closing = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            self.node = RabbitNode(
                Path(tempfile.mkdtemp(prefix="edge-video-soak-")),
                tls=False,
                settings=[f"max_message_size = {MAX_BYTES}"],
            )
            undo.callback(self.node.close)
            self.node.start()
            self.servers = [self._serve(n, undo) for n in range(SERVERS)]
            self.hands = {
                name: Hand(name) for name in ("broker", *(f"rtsp{n}" for n in range(SERVERS)))
            }
            self.consumer = ConsumerProcess(self.node)
            undo.callback(self.consumer.stop)
            urls = {
                name: self.servers[n % SERVERS].url(f"/{name}")
                for n, name in enumerate(self._served())
            }
            if odd := [name for name in self.cameras if kind_of(name)]:
                devices = DeviceProcess(odd)
                undo.callback(devices.stop)
                urls |= devices.urls
            self.http_port = free_port() if self.with_strangers else None
            self.system: System = start_system(
                soak_config(urls, self._way_to_broker(undo), self.http_port), allow_faults=True
            )
            self.strangers = None
            if self.http_port is not None:
                self.strangers = StrangersProcess(self.http_port)
                undo.callback(self.strangers.stop)
            self._closing = undo.pop_all()
        return self

    def _way_to_broker(self, undo: contextlib.ExitStack) -> str:
        if self.uplink_bytes_per_s is None:
            return self.node.url()
        uplink = UplinkProcess(self.node.port, self.uplink_bytes_per_s)
        undo.callback(uplink.stop)
        return self.node.url().replace(f":{self.node.port}/", f":{uplink.port}/")

    def _served(self) -> list[str]:
        """The cameras of the RTSP servers; the others are devices."""
        return [name for name in self.cameras if not kind_of(name)]

    def _serve(self, number: int, undo: contextlib.ExitStack) -> RtspServer:
        mounts = {
            f"/{name}": numbered_clip(number_of(name), size=SIZE, fps=15, seconds=_CLIP_S)
            for n, name in enumerate(self._served())
            if n % SERVERS == number
        }
        server = RtspServer(mounts)
        undo.callback(server.kill)
        server.start()
        return server

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._closing.close()

    def stop_system(self) -> Stopped:
        """Undo every fault, and stop in order.

        Raises:
            pykka.Timeout: it does not stop.
        """
        for hand in self.hands.values():
            hand.stop()
        with contextlib.suppress(pykka.ActorDeadError, pykka.Timeout):
            self.system.supervisor.ask(ClearFaults(), timeout=_ASK_S)
        return self.system.stop(60)

    # --- faults ---

    def inject(self, message: Message, *, seed: int) -> bool:
        """By message; False when it was refused, or there was nobody to break."""
        request = InjectFault(message.target, message.fault, message.when, seed=seed)
        answer: Any = self.system.supervisor.ask(request, timeout=_ASK_S)
        if isinstance(answer, CommandAnswer) and answer.result is CommandResult.DONE:
            return True
        self.refused[message.kind] += 1
        return False

    def strike(self, blow: Outside, on_over: Callable[[], None]) -> None:
        """From outside, by the hand of the part; returns at once.

        `on_over` is called in the hand's thread when what was done is undone.
        """
        hand = self.hands[blow.target]

        def job() -> None:
            try:
                if blow.target == "broker":
                    self._strike_broker(blow, hand.wants_to_stop)
                else:
                    number = int(blow.target.removeprefix("rtsp"))
                    self._strike_server(self.servers[number], blow, hand.wants_to_stop)
            finally:
                on_over()

        hand.do(job)

    @staticmethod
    def _strike_server(server: RtspServer, blow: Outside, stop_requested: threading.Event) -> None:
        match blow.action:
            case "kill":
                server.kill()
                stop_requested.wait(blow.lasts_s)
                server.start()
            case "restart":
                server.restart()
            case "freeze":
                server.freeze()
                stop_requested.wait(blow.lasts_s)
                server.thaw()
            case "hang_up" | "alarm":
                server.hang_up()

    def _strike_broker(self, blow: Outside, stop_requested: threading.Event) -> None:
        node = self.node
        match blow.action:
            case "kill":
                node.kill()
                node.start()
            case "restart" | "hang_up":
                node.stop()
                node.start()
            case "freeze":
                node.freeze()
                stop_requested.wait(blow.lasts_s)
                node.thaw()
            case "alarm":
                node.raise_memory_alarm()
                stop_requested.wait(blow.lasts_s)
                node.clear_memory_alarm()
