"""A running system over HTTP whose cameras are painted: as many as a test wants, without FFmpeg."""

from __future__ import annotations

import io
import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
from PIL import Image, ImageDraw

from edge_video.app import System, start_system
from edge_video.config import Config
from edge_video.delivery.ledger import Outcome
from edge_video.delivery.sink import SinkConnected, SinkDrained, SinkListener
from edge_video.log.events import LogEvent
from edge_video.resilience.failures import Cause, Failure
from edge_video.testing import eventually, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from edge_video.actors.publisher import SinkFactory
    from edge_video.config import CameraConfig
    from edge_video.delivery.outbox import Outbox

TOKEN = "tok-canary-5150"
PASSWORD = "canary-7391"


def paint(camera_id: str, number: int, width: int = 320, height: int = 180) -> bytes:
    """A picture that tells its camera and its number."""
    hue = sum(camera_id.encode()) * 37 % 360
    image = Image.new("HSV", (width, height), (hue * 255 // 360, 90, 120)).convert("RGB")
    draw = ImageDraw.Draw(image)
    for line in range(6):
        draw.line((0, line * 36, width, (line * 53 + number * 3) % height), (230, 230, 230), 2)
    draw.text((width // 3, height // 2), f"{camera_id} #{number}", fill=(255, 255, 255))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=70)
    return file.getvalue()


@dataclass
class PaintedCapture:
    """Satisfies `RunningCapture`: streams painted frames, or fails as its camera's name says."""

    camera: CameraConfig
    on_frame: Callable[[bytes], object]
    on_end: Callable[[Failure], None]
    pid: int | None = None
    frames: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"painter-{self.camera.id}")
        self._thread.start()

    def _run(self) -> None:
        for prefix, failure in _FAILURES.items():
            if self.camera.id.startswith(prefix):
                self.on_end(failure)
                return
        pictures = [paint(self.camera.id, number) for number in range(10)]
        while not self._stop.wait(1 / self.camera.fps):
            if self.camera.id.startswith("silent") and self.frames:
                continue
            self.on_frame(pictures[self.frames % len(pictures)])
            self.frames += 1

    def stop(self, deadline_s: float = 2.0) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(deadline_s)

    def signal(self, signum: int) -> None:
        del signum


_FAILURES = {
    "broken": Failure(Cause.REFUSED, "rtsp://viewer:***@10.0.0.9/s: Connection refused", 1),
    "locked": Failure(Cause.WRONG_PASSWORD, "401 Unauthorized", 1),
    "gone": Failure(Cause.UNREACHABLE, "No route to host", 1),
}


@dataclass
class ConfirmingSink:
    """Satisfies `Sink`: takes every frame and confirms it at once."""

    listener: SinkListener
    outbox: Outbox

    def open(self) -> None:
        self.listener(SinkConnected("amqp://edge@broker.example:5672"))

    def frames_ready(self) -> None:
        while (frame := self.outbox.take()) is not None:
            self.outbox.settle(frame.camera_id, frame.seq, Outcome.CONFIRMED)

    def drain(self) -> None:
        self.frames_ready()
        self.listener(SinkDrained())

    def inject(self, fault: object) -> bool:
        del fault
        return False

    def end_fault(self, fault: object) -> None:
        """It has none."""

    def clear_faults(self) -> None:
        """It has none."""

    def close(self, timeout_s: float) -> bool:
        del timeout_s
        return True


class _Addresses(logging.Handler):
    """Collects the addresses at which HTTP is served."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "event", None) is LogEvent.HTTP_LISTENING:
            self.urls.append(record.fields["url"])  # type: ignore[attr-defined]  # put there by `log_event`


class PaintedSystem:
    """A system of painted cameras that serves HTTP on a free port of this machine.

    Cameras whose ids begin with `broken`, `locked` or `gone` fail, those that begin with `silent`
    give one frame and no more; the others stream.
    """

    def __init__(self, *camera_ids: str, http: dict[str, Any] | None = None, **keys: Any) -> None:
        given = {"listen": "127.0.0.1:0", "token": TOKEN} if http is None else http
        self.url = ""
        self._log = logging.getLogger("edge_video.actors.http")
        self._addresses = _Addresses()
        self.config = Config.model_validate(
            {
                "node": "shop-7",
                "cameras": [
                    {
                        "id": camera_id,
                        "url": f"rtsp://viewer:{PASSWORD}@10.0.0.9/s{number}",
                    }
                    for number, camera_id in enumerate(camera_ids)
                ],
                "amqp": {"url": f"amqp://edge:{PASSWORD}@broker.example:5672"},
                "circuit_breaker": {"jitter": 0.0, "max_failures": 3},
                "start_spacing": 0.0,
                "fps": 5,
                "http": given,
                **keys,
            }
        )

    def start(self, *, wait: bool = True) -> Self:
        """Returns when it serves, or at once without `wait`."""
        self._log.addHandler(self._addresses)
        self._log.setLevel(logging.INFO)
        self.system: System = start_system(
            self.config,
            capture=lambda camera, *, on_frame, on_end: PaintedCapture(camera, on_frame, on_end),
            sink=self._sink_of,
            allow_faults=True,
        )
        if wait:
            self.find()
        return self

    def _sink_of(self, outbox: Outbox) -> SinkFactory:
        self.outbox = outbox
        return lambda listener: ConfirmingSink(listener, outbox)

    def find(self, timeout_s: float = 20.0) -> None:
        """Wait until it serves at an address that was not found before."""
        eventually(lambda: self._addresses.urls, timeout_s)
        self.url = self._addresses.urls.pop()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.system.stop(30)
        self._log.removeHandler(self._addresses)
        self._log.setLevel(logging.NOTSET)

    def __enter__(self) -> Self:
        return self

    def client(self, token: str | None = None) -> httpx.Client:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20, trust_env=False)

    def wait_for(self, condition: Callable[[dict[str, Any]], object], timeout_s: float = 20) -> Any:
        """Poll the status until it is as the test wants it."""
        status: dict[str, Any] = {}
        found: Any = None

        def is_as_wanted() -> object:
            nonlocal status, found
            status = client.get("api/status").json()
            found = condition(status)
            return found

        with self.client(TOKEN) as client:
            assert wait_until(is_as_wanted, timeout_s), status
        return found

    def camera(self, camera_id: str, **wanted: Any) -> dict[str, Any]:
        """Wait until a camera has these values; it then."""

        def found(status: dict[str, Any]) -> Any:
            # The first status of all may be older than the supervisor's first word.
            cameras = [each for each in status["cameras"] if each["camera_id"] == camera_id]
            as_wanted = (
                camera
                for camera in cameras
                if all(camera[key] == value for key, value in wanted.items())
            )
            return next(as_wanted, None)

        camera: dict[str, Any] = self.wait_for(found)
        return camera
