"""A broker behind a thin way (`edge_video.testing.uplink`), and runs of the program there."""

from __future__ import annotations

import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from edge_video.testing.consumer import consume
from edge_video.testing.rabbit import RabbitNode
from edge_video.testing.scripted_camera import install_scripted_ffmpeg
from edge_video.testing.uplink import Uplink
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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
    """Seconds since a camera of the program streams."""
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
        seconds: of the run, once a camera streams.
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
        with program:
            program.wait_for_log("Streaming")
            began_ns = time.time_ns()
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
