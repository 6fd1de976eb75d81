"""One attempt at an HTTP camera: fetched by FFmpeg, cut into JPEG images here, encoded by FFmpeg.

What web cameras wrap their images in seldom follows the standard, and FFmpeg's demuxer for it is
strict: a missing first boundary, a wrong length or a part of text ends it. `FrameSplitter` goes by
the images themselves. So one FFmpeg is the HTTP client, and another, unless the images are passed
on as they are, gets the images that were found::

    camera ──▶ FFmpeg (fetch) ──pipe──▶ splitter ──pipe──▶ FFmpeg (encode) ──pipe──▶ frames

When the first bytes are those of another format (a playlist, MPEG-TS, FLV), both are ended and
FFmpeg reads the camera by itself.
"""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Protocol

from edge_video.capture.capture import CaptureStartError
from edge_video.capture.content import BEGINNING_BYTES, HEAD_BYTES, is_motion_jpeg, no_stream
from edge_video.capture.rate_limit import RateLimiter
from edge_video.frames.splitter import FrameSplitter
from edge_video.resilience.failures import Cause

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edge_video.capture.capture import Capture
    from edge_video.faults import CameraFault
    from edge_video.resilience.failures import Failure

_PART: Final = b"--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: %d\r\n\r\n"

_MAX_PREAMBLE_BYTES: Final = 256 * 1024
"""So much without an image is another format, whatever its first bytes are."""


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


class _SniffingSplitter(FrameSplitter):
    """Tells by the first bytes whether the stream is another format; then it gives no frames."""

    __slots__ = ("_head", "_on_other", "_other", "beginning")

    def __init__(self, on_other: Callable[[], object]) -> None:
        super().__init__(believes_lengths=False)
        self.beginning = b""
        """The first bytes that came."""
        self._head: bytes | None = b""
        self._other = False
        self._on_other = on_other

    def buffer_updated(self, n: int) -> list[bytes]:
        if not self.frames and len(self.beginning) < BEGINNING_BYTES:
            missing = min(n, BEGINNING_BYTES - len(self.beginning))
            self.beginning += self.peek(missing)
        if self._head is not None:
            self._look(self.peek(min(n, HEAD_BYTES)))
        whole = super().buffer_updated(n)
        if not self._other and not self.frames and self.discarded_bytes > _MAX_PREAMBLE_BYTES:
            self._is_another()
        return [] if self._other else whole

    def forget(self) -> None:
        """Call nobody any more: the owner holds this splitter, which would hold its owner."""
        self._on_other = _nothing

    def _look(self, came: bytes) -> None:
        assert self._head is not None
        head = self._head + came
        verdict = is_motion_jpeg(head, complete=len(head) >= HEAD_BYTES)
        self._head = head if verdict is None else None
        if verdict is False:
            self._is_another()

    def _is_another(self) -> None:
        self._other = True
        self._on_other()


def _nothing(*_: object) -> None:
    """The callbacks of an attempt that has been stopped."""


class MotionJpegCapture:
    """As `Capture`, of a camera that may send Motion JPEG in any wrapping.

    Args:
        commands: of its processes.
        make: makes the capture of each of them.
        on_frame: as `Capture`'s.
        on_end: as `Capture`'s.
        fps: at most so many images a second are encoded, or passed on.
        redact: masks secrets in what the camera said instead of sending images.
        on_other: called when the camera turned out to send another format, from the reactor's
            thread; the attempt goes on with `commands.otherwise`.
    """

    def __init__(
        self,
        commands: Commands,
        *,
        make: CaptureMaker,
        on_frame: Callable[[bytes], object],
        on_end: Callable[[Failure], None],
        on_other: Callable[[], object],
        fps: int,
        redact: Callable[[str], str],
    ) -> None:
        self._commands = commands
        self._make = make
        self._on_frame = on_frame
        self._on_end = on_end
        self._on_other = on_other
        self._redact = redact
        self._is_other = False
        self._told = False
        self._fetched: Failure | None = None
        self._encoder: Capture | None = None
        self._reader: Capture | None = None
        self._limiter = RateLimiter(fps)
        self._passed_on = 0
        if commands.encode is not None:
            self._encoder = make(
                commands.encode,
                on_frame=on_frame,
                on_end=self._encoder_ended,
                on_room=self._room_again,
            )
        self._splitter = _SniffingSplitter(self._is_another_format)
        self._fetcher = make(
            commands.fetch,
            on_frame=self._take,
            on_end=self._fetcher_ended,
            splitter=self._splitter,
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
    def exit_status(self) -> int | None:
        """Of the FFmpeg nearest to the frames."""
        return self._captures()[0].exit_status

    def last_words(self) -> tuple[str, ...]:
        """The last lines of all its FFmpegs, secrets masked."""
        return tuple(line for each in reversed(self._captures()) for line in each.last_words())

    def bytes_taken(self) -> int | None:
        """As `Capture.bytes_taken`; None for Motion JPEG, where no key frame is waited for."""
        return self._reader.bytes_taken() if self._reader else None

    def output_waits(self) -> bool:
        """As `Capture.output_waits`, of any of its FFmpegs."""
        return any(each.output_waits() for each in self._captures())

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
        self._on_frame = self._on_end = self._on_other = _nothing

    def signal(self, signum: int) -> None:
        """To all of its FFmpegs. For fault injection."""
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
        """Nearest to the frames first; the fetcher last."""
        nearest = self._reader or self._encoder
        return (self._fetcher,) if nearest is None else self._all(nearest)

    def _all(self, nearest: Capture) -> tuple[Capture, ...]:
        encoder = self._encoder
        if encoder is None or encoder is nearest:
            return (nearest, self._fetcher)
        return (nearest, encoder, self._fetcher)

    # --- the reactor's thread ---

    def _take(self, image: bytes) -> None:
        # Before it is decoded, and by the time at which it comes: a web camera's images have none.
        if not self._limiter.allows(time.monotonic()):
            return
        if self._encoder is None:
            self._passed_on += 1
            self._on_frame(image)
        elif not self._encoder.feed(_PART % len(image), image, b"\r\n"):
            self._fetcher.pause()  # the camera waits, as it would for an FFmpeg of its own

    def _room_again(self) -> None:
        self._fetcher.resume()

    def _is_another_format(self) -> None:
        self._is_other = True
        self._on_other()
        if self._encoder is not None:
            self._encoder.end_feed()
        self._fetcher.signal(signal.SIGKILL)  # the next connection may be the only one allowed

    def _fetcher_ended(self, failure: Failure) -> None:
        failure = self._judged_by_content(failure)
        if self._is_other:
            self._read_otherwise()
        elif self._encoder is None or self._encoder.exit_status is not None:
            self._tell_end(failure)
        else:  # what was fetched is still to be encoded
            self._fetched = failure
            self._encoder.end_feed()

    def _judged_by_content(self, failure: Failure) -> Failure:
        """FFmpeg fetched a page, or a snapshot, as well as any stream, and saw it end."""
        if failure.cause is not Cause.END_OF_STREAM:
            return failure
        instead = no_stream(self._splitter.beginning, self._splitter.frames)
        if instead is None:
            return failure
        return replace(failure, cause=instead.cause, detail=self._redact(instead.detail))

    def _encoder_ended(self, failure: Failure) -> None:
        if not self._is_other:
            self._tell_end(self._fetched or failure)

    def _tell_end(self, failure: Failure) -> None:
        if not self._told:
            self._told = True
            self._on_end(failure)

    def _read_otherwise(self) -> None:
        # A few milliseconds of the reactor's time, once in the life of such a camera.
        self._reader = self._make(
            self._commands.otherwise, on_frame=self._on_frame, on_end=self._tell_end
        )
        try:
            self._reader.start()
        except CaptureStartError as refused:
            self._tell_end(refused.failure)
