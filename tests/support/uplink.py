"""A thin way to the broker: a namespace for the program, and a link that can be made slow.

Needs root (or CAP_NET_ADMIN), /dev/net/tun and iproute2; nothing outside of what it makes is
touched.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from edge_video.testing.consumer import consume
from edge_video.testing.rabbit import RabbitNode
from edge_video.testing.scripted_camera import install_scripted_ffmpeg
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Figures = dict[str, float]
"""See `tests.support.link`; empty: a link without limits."""

FREE: Final[Figures] = {}
_LINK: Final = Path(__file__).with_name("link.py")


def thin(rate: float) -> Figures:
    """A modem: so many bits per second and no more, with a queue of 300 ms."""
    return {"rate": rate, "queue_s": 0.3, "delay_s": 0.005}


def distant(delay_s: float, *, rate: float = 0, loss: float = 0.0, queue_s: float = 2.0) -> Figures:
    """A long way, one way, and what else befalls packets on it."""
    return {"delay_s": delay_s, "rate": rate, "loss": loss, "queue_s": queue_s}


class Uplink:
    """Two ends of a link: the broker's in this namespace, the program's in one of its own."""

    def __init__(self) -> None:
        number = os.getpid()
        self._namespace = f"edge-video-{number}"
        self._near, self._far = f"evn{number}", f"evf{number}"
        network = f"198.18.{number % 256}"  # RFC 2544: for tests of networks, never routed
        self.broker_address = f"{network}.1"
        self._program_address = f"{network}.2"
        self._link: subprocess.Popen[str] | None = None
        self.prefix = ("ip", "netns", "exec", self._namespace)
        """In front of the words of a program that shall be behind the uplink."""

    def open(self) -> None:
        """Make it.

        Raises:
            subprocess.CalledProcessError: this user, or this container, may not.
        """
        near, far, inside = self._near, self._far, " ".join(self.prefix)
        _do(f"ip netns add {self._namespace}")
        self._link = subprocess.Popen(
            [sys.executable, str(_LINK), near, far],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._link.stdout is not None
        if self._link.stdout.readline().strip() != "ready":
            raise subprocess.CalledProcessError(self._link.wait(), str(_LINK))
        _do(f"ip link set {far} netns {self._namespace}")
        _do(f"ip addr add {self.broker_address}/24 dev {near}")
        _do(f"ip link set {near} up")
        _do(f"{inside} ip link set lo up")
        _do(f"{inside} ip addr add {self._program_address}/24 dev {far}")
        _do(f"{inside} ip link set {far} up")

    def close(self) -> None:
        """Remove it; harmless when it was made in part."""
        if self._link is not None:
            assert self._link.stdin is not None
            assert self._link.stdout is not None
            self._link.stdin.close()
            self._link.wait(10)
            self._link.stdout.close()
        command = f"ip netns del {self._namespace}"
        subprocess.run(command.split(), check=False, capture_output=True)

    def shape(self, up: Figures = FREE, down: Figures = FREE) -> None:
        """What becomes of packets to the broker, and of its answers, from now on."""
        assert self._link is not None
        assert self._link.stdin is not None
        self._link.stdin.write(json.dumps({"up": up, "down": down}) + "\n")
        self._link.stdin.flush()


def _do(command: str) -> None:
    subprocess.run(command.split(), check=True, capture_output=True, timeout=20)


def why_no_uplink() -> str:
    """What this machine lacks for an `Uplink`; empty when it can be made."""
    if shutil.which("ip") is None:
        return "iproute2"
    uplink = Uplink()
    try:
        uplink.open()
    except (subprocess.SubprocessError, OSError) as error:
        stderr = getattr(error, "stderr", b"") or b""
        return f"right to make network namespaces ({stderr.decode().strip() or error})"
    finally:
        uplink.close()
    return ""


@dataclass(frozen=True)
class FarBroker:
    """A broker at the other end of an uplink."""

    uplink: Uplink
    node: RabbitNode


@contextmanager
def far_broker() -> Iterator[FarBroker]:
    """Make an uplink and a broker behind it."""
    uplink = Uplink()
    node = None
    try:
        uplink.open()
        node = RabbitNode(
            Path(tempfile.mkdtemp(prefix="edge-video-far-")), host=uplink.broker_address
        )
        node.start()
        yield FarBroker(uplink, node)
    finally:
        if node is not None:
            node.close()
        uplink.close()


@dataclass(frozen=True)
class Arrival:
    """One frame at the consumer."""

    camera_id: str
    at_s: float
    """Seconds since the program was started."""
    age_s: float
    """From its capture to its arrival."""
    size: int


@dataclass(frozen=True)
class Result:
    """What came of a run."""

    arrivals: list[Arrival]
    report: dict[str, Any]
    log: list[str]

    def ages_s(self, since_s: float = 0.0, until_s: float = 1e9) -> list[float]:
        return sorted(each.age_s for each in self.arrivals if since_s <= each.at_s < until_s)

    def median_age_s(self, since_s: float = 0.0, until_s: float = 1e9) -> float:
        ages = self.ages_s(since_s, until_s)
        return median(ages) if ages else float("inf")

    def per_camera(self, since_s: float = 0.0) -> dict[str, int]:
        """Frames of each camera."""
        found: dict[str, int] = {each.camera_id: 0 for each in self.arrivals}
        for each in self.arrivals:
            found[each.camera_id] += each.at_s >= since_s
        return found

    def megabit_per_s(self, since_s: float, until_s: float) -> float:
        chosen = [each.size for each in self.arrivals if since_s <= each.at_s < until_s]
        return sum(chosen) * 8e-6 / (until_s - since_s)

    @property
    def losses(self) -> list[str]:
        """What the log says of lost or failed connections."""
        return [line for line in self.log if "Publisher not connected" in line]

    def imbalances(self) -> list[Any]:
        """Cameras whose counters do not add up."""
        wrong = []
        for camera in self.report["cameras"]:
            frames = camera["frames"]
            dropped = sum(each for name, each in frames.items() if name.startswith("dropped_"))
            settled = ("confirmed", "nacked", "returned", "unknown", "in_flight")
            if frames["received"] != frames["published"] + dropped + frames["held"] or frames[
                "published"
            ] != sum(frames[name] for name in settled):
                wrong.append(camera)
        return wrong


def frames(
    far: FarBroker, folder: Path, seconds: float, sizes: Sequence[int], **how: Any
) -> Result:
    """Run the program behind the uplink for so long and consume what arrives.

    Args:
        far: the broker and the way to it, shaped already.
        folder: for the program's files.
        seconds: of the run.
        sizes: bytes of a frame, of one camera each.
        how: `fps` of the cameras; `amqp` and `keys` of the configuration; `tls`; `changes`,
            pairs of seconds and calls.
    """
    node, exchange = far.node, f"open.uplink-{time.monotonic_ns()}"
    amqp = {"url": node.url(), "exchange": exchange} | how.get("amqp", {})
    if how.get("tls"):
        assert node.certificates is not None
        files = node.certificates
        amqp["url"] = f"amqps://guest:guest@{node.host}:{node.tls_port}/"
        amqp["tls"] = {"ca": str(files.ca), "cert": str(files.client), "key": str(files.client_key)}
    fps = how.get("fps", 10)
    config = {
        "amqp": amqp,
        "ffmpeg": str(install_scripted_ffmpeg(folder)),
        "fps": fps,
        "start_spacing": "0s",
        "cameras": [
            {"id": f"c{i}", "url": f"rtsp://127.0.0.1/c{i}?fps={fps}&bytes={size}&seed={i}"}
            for i, size in enumerate(sizes)
        ],
        **how.get("keys", {}),
    }
    program = Program(folder, config, "--report-file", "final.json", prefix=far.uplink.prefix)
    with consume(node, exchange) as consumer:
        began_ns = time.time_ns()
        with program:
            for at_s, change in how.get("changes", ()):
                _sleep_until(began_ns, at_s)
                change()
            _sleep_until(began_ns, seconds)
            program.stop(timeout_s=60)
        arrivals = [
            Arrival(
                message.properties.headers["camera_id"],
                (message.at_ns - began_ns) / 1e9,
                (message.at_ns - message.properties.headers["captured_at_ns"]) / 1e9,
                len(message.body),
            )
            for message in consumer.messages
        ]
    return Result(arrivals, program.report(), list(program.log))


def _sleep_until(began_ns: int, at_s: float) -> None:
    threading.Event().wait(max(0.0, at_s - (time.time_ns() - began_ns) / 1e9))
