"""Reads an HTTP camera: FFmpeg fetches, this program cuts JPEG images out, FFmpeg encodes them.

What web cameras wrap their images in seldom follows the standard, and FFmpeg's demuxer for it is
strict: a missing first boundary, a wrong length or a part of text ends it. `FrameSplitter` goes by
the images themselves. So one FFmpeg is the HTTP client, and another, unless the images are passed
on as they are, gets the images that were found::

    camera ──▶ FFmpeg (fetch) ──pipe──▶ splitter ──pipe──▶ FFmpeg (encode) ──pipe──▶ frames

When the first bytes are those of another format (a playlist, MPEG-TS, FLV), both are ended and
FFmpeg reads the camera by itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from edge_video.capture.callbacks import CaptureCallbacks
from edge_video.capture.content import no_stream
from edge_video.capture.process import CaptureStartError
from edge_video.capture.rate_limit import RateLimiter
from edge_video.capture.sniffing import SniffingSplitter
from edge_video.resilience.failures import Cause
from edge_video.runtime.system import KILL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_video.capture.capture import Capture
    from edge_video.capture.resizing import Size
    from edge_video.faults import CameraFault
    from edge_video.frames import CameraId
    from edge_video.frames.splitter import FrameSplitter
    from edge_video.resilience.failures import Failure

_PART: Final = b"--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: %d\r\n\r\n"


class CaptureMaker(Protocol):
    """Makes a `Capture` of one camera for a command; all of them share one reactor."""

    def __call__(
        self,
        command: Sequence[str],
        *,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
        splitter: FrameSplitter | None = None,
        on_room: Callable[[], object] | None = None,
    ) -> Capture:
        """Make it; nothing runs before its `start`."""
        ...


@dataclass(frozen=True, slots=True)
class Commands:
    """The command lines of an attempt.

    Attributes:
        fetch: writes what the camera sends to stdout, as it comes.
        encode: turns JPEG images on stdin into those to publish; None to pass them on as they are.
        otherwise: reads the camera when it sends no Motion JPEG.
    """

    fetch: Sequence[str]
    encode: Sequence[str] | None
    otherwise: Sequence[str]


class MotionJpegCapture:
    """As `Capture`, of a camera that may send Motion JPEG in any wrapping.

    Args:
        commands: of its processes.
        camera_id: as `Capture`'s.
        make: makes the capture of each of them.
        on_frame: as `Capture`'s.
        on_end: as `Capture`'s.
        fps: at most so many images a second are encoded, or passed on.
        redact: masks secrets in what the camera sent instead of images.
        on_other: called when the camera turned out to send another format, from the reactor's
            thread; the attempt goes on with `commands.otherwise`.
    """

    def __init__(
        self,
        commands: Commands,
        *,
        camera_id: CameraId,
        make: CaptureMaker,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
        on_other: Callable[[], object],
        fps: int,
        redact: Callable[[str], str],
    ) -> None:
        self._commands = commands
        self._make = make
        self._callbacks = CaptureCallbacks(camera_id, on_frame, on_end)
        self._on_other = on_other
        self._redact = redact
        self._limiter = RateLimiter(fps)
        self._passed_on = 0
        self._fetch_failure: Failure | None = None
        self._reader: Capture | None = None
        self._splitter = SniffingSplitter(self._on_other_format)
        self._fetcher = make(
            commands.fetch,
            on_frame=self._on_image,
            on_end=self._on_fetcher_ended,
            splitter=self._splitter,
        )
        self._encoder: Capture | None = None
        if commands.encode is not None:
            self._encoder = make(
                commands.encode,
                on_frame=on_frame,
                on_end=self._on_encoder_ended,
                on_room=self._fetcher.resume,
            )

    # --- for the owner, any thread ---

    @property
    def pid(self) -> int | None:
        """The process id of the FFmpeg that is connected to the camera."""
        return (self._reader or self._fetcher).pid

    @property
    def frames(self) -> int:
        """Whole frames so far, as they were handed on."""
        return self._captures()[0].frames if self._reader or self._encoder else self._passed_on

    @property
    def source_size(self) -> Size | None:
        """As `Capture.source_size`; None where images are passed on as they are."""
        return self._captures()[0].source_size

    @property
    def exit_status(self) -> int | None:
        """Of the FFmpeg nearest to the frames."""
        return self._captures()[0].exit_status

    def stderr_tail(self) -> tuple[str, ...]:
        """Return the last lines of all its FFmpegs, secrets masked."""
        return tuple(line for each in reversed(self._captures()) for line in each.stderr_tail())

    def bytes_taken(self) -> int | None:
        """As `Capture.bytes_taken`; None for Motion JPEG, where no key frame is waited for."""
        return self._reader.bytes_taken() if self._reader else None

    def output_waits(self) -> bool:
        """As `Capture.output_waits`, of any of its FFmpegs."""
        return any(each.output_waits() for each in self._captures())

    def limit_reached(self, ended: Failure | None = None) -> Failure | None:
        """As `Capture.limit_reached`, of any of its FFmpegs."""
        found = [each.limit_reached(ended) for each in self._captures()]
        return next((each for each in found if each is not None), None)

    def start(self) -> None:
        """As `Capture.start`."""
        if self._encoder is not None:
            self._encoder.start()  # first: whatever is fetched can be fed
        try:
            self._fetcher.start()
        except BaseException:
            self.stop(0.0)
            raise

    def stop(self, deadline_s: float = 2.0) -> None:
        """As `Capture.stop`, all of its FFmpegs under one deadline."""
        until_s = time.monotonic() + deadline_s
        # Nothing is to be signed off from an HTTP camera. Once the fetcher is stopped nobody
        # starts a reader any more.
        self._fetcher.stop(deadline_s / 2)
        for each in self._captures()[:-1]:
            each.stop(max(0.0, until_s - time.monotonic()))
        self._splitter.forget()
        self._callbacks.forget()
        self._on_other = _to_nobody

    def signal(self, signum: int) -> None:
        """Send a signal to all of its FFmpegs. For fault injection."""
        for each in self._captures():
            each.signal(signum)

    def tamper(self, fault: CameraFault, *, fps: float) -> bool:
        """As `Capture.tamper`, at the FFmpeg nearest to the frames."""
        return self._captures()[0].tamper(fault, fps=fps)

    def untamper(self) -> None:
        """As `Capture.untamper`."""
        for each in self._captures():
            each.untamper()

    def _captures(self) -> tuple[Capture, ...]:
        """Return those that there are, nearest to the frames first; the fetcher last."""
        nearer = (self._reader, self._encoder)
        return (*(each for each in nearer if each is not None), self._fetcher)

    # --- the reactor's thread ---

    def _on_image(self, image: bytes) -> None:
        # Before it is decoded, and by the time at which it comes: a web camera's images have none.
        if not self._limiter.allows(time.monotonic()):
            return
        if self._encoder is None:
            self._passed_on += 1
            self._callbacks.on_frame(image)
        elif not self._encoder.feed(_PART % len(image), image, b"\r\n"):
            self._fetcher.pause()  # the camera waits, as it would for an FFmpeg of its own

    def _on_other_format(self) -> None:
        self._on_other()
        if self._encoder is not None:
            self._encoder.end_feed()
        self._fetcher.signal(KILL)  # the next connection may be the only one allowed

    def _on_fetcher_ended(self, failure: Failure) -> None:
        failure = _judged_by_content(failure, self._splitter, self._redact)
        if self._splitter.is_other:
            self._read_otherwise()
        elif self._encoder is None or self._encoder.exit_status is not None:
            self._callbacks.report_end(failure)
        else:  # what was fetched is still to be encoded
            self._fetch_failure = failure
            self._encoder.end_feed()

    def _on_encoder_ended(self, failure: Failure) -> None:
        if not self._splitter.is_other:
            self._callbacks.report_end(self._fetch_failure or failure)

    def _read_otherwise(self) -> None:
        # A few milliseconds of the reactor's time, once in the life of such a camera.
        self._reader = self._make(
            self._commands.otherwise,
            on_frame=self._callbacks.on_frame,
            on_end=self._callbacks.report_end,
        )
        try:
            self._reader.start()
        except CaptureStartError as error:
            self._callbacks.report_end(error.failure)


def _judged_by_content(
    failure: Failure, splitter: SniffingSplitter, redact: Callable[[str], str]
) -> Failure:
    """Correct the cause where it was no stream that FFmpeg fetched to its end."""
    if failure.cause is not Cause.END_OF_STREAM:
        return failure
    instead = no_stream(splitter.beginning, splitter.frames)
    if instead is None:
        return failure
    return replace(failure, cause=instead.cause, detail=redact(instead.detail))


def _to_nobody() -> None:
    """Take the place of `on_other` after the end."""
