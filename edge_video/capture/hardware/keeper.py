"""Decides for each camera whether hardware decodes its pictures, or the CPU for now.

A hardware is tried before a camera uses it, in a thread of the trial's own, once for all cameras.
Where the trial fails, or the hardware fails a camera later, the CPU decodes, and after a wait that
grows the hardware is tried again. None of this is a failure of the camera.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from edge_video.capture.hardware.acceleration import AUTO, SOFTWARE, wanted_hardware
from edge_video.capture.hardware.decoding import Decoding
from edge_video.capture.hardware.errors import hardware_error, is_suspicious
from edge_video.capture.hardware.trial import TrialResult, try_hardware
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.failures import Cause
from edge_video.text.formatting import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from edge_video.capture.binary import Binary
    from edge_video.capture.hardware.acceleration import Acceleration, HardwareKey
    from edge_video.config import CameraConfig
    from edge_video.resilience.failures import Failure

_log = logging.getLogger(__name__)

FIRST_WAIT_S: Final = 60.0
MAX_WAIT_S: Final = 6 * 3600.0
"""Each further try interrupts a camera that the hardware then fails, for a second or two."""
TRIAL_WAIT_S: Final = 3.0
"""How long the start of a camera waits for a trial; a driver that hangs keeps nobody longer. It is
less than what a camera has at the end of the program."""
_STEADY_S: Final = 60.0
"""A hardware that has given pictures for so long is trusted again."""
_AGAIN_EVERY_S: Final = 1.0
"""One camera at a time goes back to hardware: a card that is there again would have all at once."""
_SUSPICIONS: Final = 2
_MAX_REASON: Final = 160
_ENDLESS: Final = "its trial goes on"


class Trial(Protocol):
    """Tries hardware, as `try_hardware` of `trial` does; tests bring their own."""

    def __call__(self, binary: Binary, key: HardwareKey) -> TrialResult:
        """Try it; blocks for some seconds, raises nothing."""
        ...


@dataclass(slots=True)
class _Trying:
    """A trial that runs or has run."""

    done: threading.Event = field(default_factory=threading.Event)
    result: TrialResult = TrialResult(None)  # noqa: RUF009 - a frozen value
    ended_s: float = float("inf")
    """Monotonic; it has not, while `done` is not set."""


@dataclass(slots=True)
class _Camera:
    """What is known of one camera that is to be decoded on hardware."""

    key: HardwareKey
    used: Acceleration | None = None
    since_s: float | None = None
    """Monotonic, when hardware was first seen to give pictures in its present FFmpeg."""
    reason: str = ""
    failures: int = 0
    """In a row, of the hardware."""
    suspicions: int = 0
    was_told: bool = False
    """That the hardware failed this camera, and not yet that it works again."""
    is_set_aside: bool = False
    failed_at_s: float = float("-inf")
    retry_at_s: float = float("-inf")


class HardwareKeeper:
    """Knows which hardware works, and which camera uses it. Any thread.

    Args:
        binary: the FFmpeg that decodes.
        trial: tries a hardware.
        now: monotonic seconds.
        trial_wait_s: how long `acceleration_for` waits for a trial that runs.
    """

    def __init__(
        self,
        binary: Binary,
        trial: Trial = try_hardware,
        now: Callable[[], float] = time.monotonic,
        trial_wait_s: float = TRIAL_WAIT_S,
    ) -> None:
        self._binary = binary
        self._trial = trial
        self._now = now
        self._trial_wait_s = trial_wait_s
        self._lock = threading.Lock()
        self._trials: dict[HardwareKey, _Trying] = {}
        self._works: dict[HardwareKey, bool] = {}
        """What was told of each last."""
        self._has_worked: set[HardwareKey] = set()
        self._cameras: dict[CameraId, _Camera] = {}
        self._again_at_s = float("-inf")
        """When the next camera may go back to hardware."""

    def prepare(self, cameras: Iterable[CameraConfig]) -> None:
        """Begin to try what these cameras are to be decoded on; returns at once."""
        for key in dict.fromkeys(map(wanted_hardware, cameras)):
            if key is not None:
                with self._lock:
                    self._tried_since(key, float("-inf"))

    def acceleration_for(self, camera: CameraConfig) -> Acceleration | None:
        """Return what decodes for the camera's next FFmpeg; None: the CPU.

        Blocks until the hardware was tried, for `trial_wait_s` at most.
        """
        key = wanted_hardware(camera)
        camera_id = CameraId(camera.id)
        with self._lock:
            if key is None:
                self._cameras.pop(camera_id, None)
                return None
            known = self._cameras.get(camera_id)
            if known is None or known.key[:2] != key[:2]:
                known = self._cameras[camera_id] = _Camera(key)
            known.key = key  # who makes the images has no part in whether the device decodes
            known.is_set_aside = False
            if self._now() < known.retry_at_s:
                known.used = None
                return None
            trying = self._tried_since(key, known.failed_at_s)
        trying.done.wait(self._trial_wait_s)
        with self._lock:
            return self._taken(known, trying)

    def wait_no_longer(self) -> None:
        """Let whoever waits for a trial go on without it, from now on: the program ends."""
        with self._lock:
            self._trial_wait_s = 0.0
            for trying in self._trials.values():
                if not trying.done.is_set():
                    trying.result = TrialResult(None, _ENDLESS)
                    trying.done.set()

    def set_aside(self, camera_id: CameraId, *, aside: bool = True) -> None:
        """Note that a camera seems to send Motion JPEG, for which hardware is not used; or not."""
        with self._lock:
            known = self._cameras.get(camera_id)
            if known is not None:
                known.is_set_aside = aside

    def decoding(self, camera_id: CameraId) -> Decoding | None:
        """Return what decodes a camera's pictures; None where hardware is not configured."""
        with self._lock:
            known = self._cameras.get(camera_id)
            if known is None:
                return None
            used = known.used
            if used is None or known.is_set_aside:
                return Decoding(known.key.name, SOFTWARE, known.reason)
            return Decoding(known.key.name, used.name, encodes=used.encodes)

    def has_failed(
        self, camera_id: CameraId, failure: Failure, stderr_lines: Sequence[str], frames: int
    ) -> bool:
        """Whether it was its hardware that ended a camera's stream; then the CPU decodes the next.

        A camera that gave no frame is suspected of nothing at first: its hardware is tried again
        before it is used again. At the second time in a row the CPU decodes.
        """
        with self._lock:
            known = self._cameras.get(camera_id)
            if known is None or known.used is None or known.is_set_aside:
                return False
            reason = hardware_error(failure, stderr_lines) or self._suspected(
                known, failure, frames
            )
            if reason is None:
                return False
            self._set_back(known, reason)
            used, known.used = known.used, None
            is_news, known.was_told = not known.was_told, True
        if is_news:
            log_event(
                _log,
                LogEvent.CAMERA_HARDWARE_FAILED,
                camera_id=camera_id,
                hwaccel=used.name,
                reason=known.reason,
                retry_s=FIRST_WAIT_S,
            )
        return True

    def is_usable_again(self, camera_id: CameraId) -> bool:
        """Whether hardware works that had failed: the camera's FFmpeg is to be started anew.

        Asked in each second in which the camera gave a whole frame; hardware is trusted by these.
        A trial that is due is begun, and its result is seen later. It is true of one camera per
        second, which is to start its FFmpeg.
        """
        with self._lock:
            known = self._cameras.get(camera_id)
            if known is None or known.is_set_aside:
                return False
            if known.used is not None:
                self._trust(camera_id, known)
                return False
            if self._now() < known.retry_at_s:
                return False
            trying = self._tried_since(known.key, known.failed_at_s)
            if not trying.done.is_set():
                return False
            if trying.result.acceleration is not None:
                return self._is_next()
            self._set_back(known, self._reason(known.key, trying.result))
            return False

    # --- under the lock ---------------------------------------------------------------------

    def _tried_since(self, key: HardwareKey, since_s: float) -> _Trying:
        """The latest trial, unless it was over by that time; else a new one, which begins now."""
        trying = self._trials.get(key)
        if trying is not None and trying.ended_s > since_s:
            return trying
        trying = self._trials[key] = _Trying()
        thread = threading.Thread(
            target=self._try, args=(key, trying), name=f"hardware-{key.name}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:  # the machine has no thread left
            trying.result, trying.ended_s = TrialResult(None, str(error)), self._now()
            trying.done.set()
        return trying

    def _taken(self, known: _Camera, trying: _Trying) -> Acceleration | None:
        known.since_s = known.used = None
        if not trying.done.is_set():  # a slow card: it is used as soon as it has been tried
            known.reason = self._reason(known.key, TrialResult(None, _ENDLESS))
            known.retry_at_s = self._now()
        elif trying.result.acceleration is None:
            self._set_back(known, self._reason(known.key, trying.result))
        else:
            known.used, known.reason = trying.result.acceleration, ""
        return known.used

    def _suspected(self, known: _Camera, failure: Failure, frames: int) -> str | None:
        """The reason, where it is the hardware's fault though FFmpeg does not say so."""
        if not is_suspicious(failure, frames):
            return None
        known.suspicions += 1
        known.failed_at_s = self._now()  # it is tried before it is used again
        if known.suspicions < _SUSPICIONS and not _crashed(failure):
            return None
        known.suspicions = 0
        return f"no picture came: {failure.detail or failure.cause.value}"

    def _trust(self, camera_id: CameraId, known: _Camera) -> None:
        """Take note that the hardware works for a camera, once it has done so for a minute."""
        if known.since_s is None:
            known.since_s = self._now()
        if self._now() - known.since_s < _STEADY_S:
            return
        known.failures = known.suspicions = 0
        if known.was_told:
            known.was_told = False
            assert known.used is not None
            name = known.used.name
            log_event(_log, LogEvent.CAMERA_HARDWARE_AGAIN, camera_id=camera_id, hwaccel=name)

    def _is_next(self) -> bool:
        """Whether it is a camera's turn to go back to hardware; then the next one waits."""
        now_s = self._now()
        if now_s < self._again_at_s:
            return False
        self._again_at_s = now_s + _AGAIN_EVERY_S
        return True

    def _reason(self, key: HardwareKey, result: TrialResult) -> str:
        """Why the CPU decodes; nothing where that is the best that there ever was."""
        is_absent = key.name == AUTO and key not in self._has_worked
        return "" if is_absent else result.reason

    def _set_back(self, known: _Camera, reason: str) -> None:
        now_s = self._now()
        known.reason = shorten(reason, _MAX_REASON)
        known.failed_at_s = now_s
        known.retry_at_s = now_s + min(FIRST_WAIT_S * 2**known.failures, MAX_WAIT_S)
        known.failures = min(known.failures + 1, 20)

    # --- the trial's thread -----------------------------------------------------------------

    def _try(self, key: HardwareKey, trying: _Trying) -> None:
        try:
            trying.result = self._trial(self._binary, key)
        except Exception as error:  # noqa: BLE001 - a camera waits for an answer
            _log.exception("the trial of %s failed", key.name)
            trying.result = TrialResult(None, str(error))
        with self._lock:
            works = trying.result.acceleration is not None
            is_news = self._works.get(key) is not works
            self._works[key] = works
            if works:
                self._has_worked.add(key)
            is_absent = not works and not self._reason(key, trying.result)
            trying.ended_s = self._now()
        if is_news:
            _tell(key, trying.result, is_absent=is_absent)
        trying.done.set()


def _tell(key: HardwareKey, result: TrialResult, *, is_absent: bool) -> None:
    way, reason = result.acceleration, result.reason
    if way is not None:
        log_event(_log, LogEvent.HARDWARE_WORKS, hwaccel=way.name)
    elif is_absent:
        log_event(_log, LogEvent.HARDWARE_ABSENT, hwaccel=key.name, reason=reason)
    else:
        log_event(
            _log,
            LogEvent.HARDWARE_FAILS,
            hwaccel=key.name,
            reason=reason,
            retry_s=FIRST_WAIT_S,
        )


def _crashed(failure: Failure) -> bool:
    """Whether FFmpeg died of a crash, which drivers bring about."""
    return failure.cause is Cause.KILLED and "SIGSEGV" in failure.detail
