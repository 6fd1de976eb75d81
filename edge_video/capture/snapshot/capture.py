"""Fetches a camera's pictures one after the other, in a thread of its own."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from typing import TYPE_CHECKING, Final

from edge_video.capture.callbacks import CaptureCallbacks
from edge_video.capture.ending import crash_failure
from edge_video.capture.process import CaptureStartError
from edge_video.capture.snapshot.client import SnapshotClient
from edge_video.capture.snapshot.digest import Credentials
from edge_video.capture.snapshot.faults import SnapshotFaults
from edge_video.capture.snapshot.login import SnapshotLogin
from edge_video.capture.snapshot.network import SnapshotNetwork
from edge_video.capture.snapshot.pace import SnapshotPace
from edge_video.capture.snapshot.requests import SnapshotRequests
from edge_video.capture.snapshot.trouble import NoPictureError
from edge_video.faults import MAX_FRAME_BYTES
from edge_video.frames import CameraId
from edge_video.resilience.failures import Cause, Failure
from edge_video.text.urls import split_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.capture.counters import CaptureCounters
    from edge_video.config import CameraConfig
    from edge_video.faults import CameraFault

_log = logging.getLogger(__name__)

_NONCE_BYTES: Final = 8
_IDLE_S: Final = 30.0
"""No camera keeps a connection for much longer than that between two pictures."""


class SnapshotCapture:
    """As `Capture`, of a camera whose pictures are asked for one by one: no process belongs to it.

    A request begins when the one before it has ended, and its time has come. Both callbacks are
    called from the capture's own thread. Between two pictures the connection is kept where the
    camera keeps it; after `stop` there is none.

    Args:
        camera: the camera.
        on_frame: as `Capture`'s, with every picture that differs from the one before it.
        on_end: as `Capture`'s.
        counters: as `Capture`'s.
        redact: masks secrets in what the camera answers.
        threads: of the cameras whose last capture could not be ended in time; it is left to its
            end, and until then the camera gets no other.
    """

    def __init__(
        self,
        camera: CameraConfig,
        *,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
        counters: CaptureCounters,
        redact: Callable[[str], str],
        threads: dict[CameraId, threading.Thread],
    ) -> None:
        self._camera_id = CameraId(camera.id)
        self._callbacks = CaptureCallbacks(self._camera_id, on_frame, on_end)
        self._redact = redact
        self._threads = threads
        self._pace = pace_of(camera)
        self._network = network = SnapshotNetwork(self._pace.connect_s)
        self._faults = faults = SnapshotFaults()
        self._requests = SnapshotRequests(
            _client(camera, network),
            network,
            self._pace,
            faults=faults,
            counters=counters,
            on_picture=self._hand_on,
        )
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    # --- for the owner, any thread ---

    @property
    def pid(self) -> None:
        """No process belongs to it."""
        return

    @property
    def exit_status(self) -> None:
        """No process belongs to it."""
        return

    @property
    def source_size(self) -> None:
        """Only the pictures themselves say their size."""
        return

    @property
    def frames(self) -> int:
        """Pictures so far, and answers that there is no newer one: the camera's signs of life."""
        return self._requests.answers

    @property
    def unchanged_s(self) -> float | None:
        """How long the camera has said, or shown, that its picture is the same; else None."""
        return self._requests.unchanged_s()

    def stderr_tail(self) -> tuple[str, ...]:
        """Nobody speaks on a standard error."""
        return ()

    def start(self) -> None:
        """Start to ask; returns at once.

        Raises:
            CaptureStartError: the machine has no thread left, or one that was to end waits for a
                name server still.
            RuntimeError: started before, or stopped.
        """
        if self._thread is not None or self._over.is_set():
            raise RuntimeError("a capture is started once")
        before = self._threads.pop(self._camera_id, None)
        if before is not None and before.is_alive():
            self._threads[self._camera_id] = before
            failure = Failure(Cause.NAME_NOT_RESOLVED, "the name server has not answered yet")
            raise CaptureStartError(failure)
        if self._faults.refuses_start:
            raise CaptureStartError(Failure(Cause.SPAWN_FAILED, "refused on purpose"))
        thread = threading.Thread(target=self._run, name=f"snapshot-{self._camera_id}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            raise CaptureStartError(Failure(Cause.SPAWN_FAILED, str(error))) from error
        self._thread = thread

    def stop(self, deadline_s: float = 2.0) -> None:
        """End the request that runs, and the thread.

        Blocks for at most `deadline_s` seconds; after it returns neither callback is called any
        more. A thread that waits for a name server cannot be ended: it ends by itself after that.
        Idempotent; any thread but the capture's own.
        """
        self._callbacks.mute()
        self._over.set()
        self._network.cancel()
        thread = self._thread
        if thread is not None:
            thread.join(deadline_s)
            if thread.is_alive():
                self._threads[self._camera_id] = thread
        self._callbacks.forget()

    def signal(self, signum: int) -> None:
        """No process gets it."""

    def tamper(self, fault: CameraFault, *, fps: float) -> bool:
        """As `Capture.tamper`: break what the camera answers, or when it is asked."""
        del fps
        return self._faults.add(fault, is_started=self._thread is not None)

    def untamper(self) -> None:
        """As `Capture.untamper`."""
        self._faults.clear()

    # --- the capture's thread ---

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                began_s = time.monotonic()
                missed = not self._ask()
                took_s = time.monotonic() - began_s
                wait_s = self._pace.wait_s(took_s, self._requests.answers, missed=missed)
                if wait_s > _IDLE_S:
                    self._requests.close()
                self._over.wait(wait_s + self._faults.delay_s(self._pace.interval_s))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the camera has failed
            _log.exception("a snapshot of %s failed", self._camera_id)
            self._report_end(crash_failure(error, self._redact))
        finally:
            self._requests.close()

    def _ask(self) -> bool:
        """Ask once; whether the camera showed its picture, or said that it is the same."""
        try:
            self._requests.ask()
        except NoPictureError as error:
            failure = error.failure
            if self._requests.ends_with(failure):
                self._report_end(Failure(failure.cause, self._redact(failure.detail)))
            return False
        return True

    def _hand_on(self, picture: bytes) -> None:
        if not self._callbacks.muted:
            self._callbacks.on_frame(picture)

    def _report_end(self, failure: Failure) -> None:
        self._over.set()
        self._callbacks.report_end(failure)


def pace_of(camera: CameraConfig) -> SnapshotPace:
    """Return the times of a camera."""
    return SnapshotPace(camera.picture_interval_s, camera.first_frame_timeout, camera.stall_timeout)


def _client(camera: CameraConfig, network: SnapshotNetwork) -> SnapshotClient:
    username, secret = camera.credentials
    credentials = None
    if username is not None or secret is not None:
        password = "" if secret is None else secret.get_secret_value()
        credentials = Credentials(username or "", password, lambda: secrets.token_hex(_NONCE_BYTES))
    proxy = camera.http_proxy
    return SnapshotClient(
        split_url(camera.url.get_secret_value()).without_credentials,
        SnapshotLogin(credentials),
        network,
        max_bytes=MAX_FRAME_BYTES,
        proxy=None if proxy is None else proxy.get_secret_value(),
    )
