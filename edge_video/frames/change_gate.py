"""Decides which frames of a camera are published where only changes are: by what they show.

Pure: the time comes with each frame, and who looks at images is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_video.frames.difference import coarse_picture, difference
from edge_video.frames.frame import ChangeNote

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.frames.difference import CoarsePicture
    from edge_video.frames.frame import CameraId

LOOK_IN_MOTION_S: Final = 0.5
"""How often a frame is looked at while all of them are published: whether it still moves."""
MAX_SHARE: Final = 0.25
"""Of one thread's time: no more of it goes into looking, by all cameras together."""
MAX_CAMERA_SHARE: Final = 0.1
"""Of the same: no more by one camera."""
MAX_PAUSE_S: Final = 0.5
"""However long a look takes: the next one is not later."""

_NEVER_S: Final = float("-inf")


@dataclass(frozen=True, slots=True)
class ChangePolicy:
    """When a frame is published.

    Attributes:
        threshold: a frame that differs by more from the last published one is published, in
            percent of full brightness; see `edge_video.frames.difference`.
        at_least_s: one is published after so long, whatever it shows.
        after_s: for so long after a change all frames are published.
        frame_interval_s: from one frame to the next, at most; None: nobody knows, and no frame
            says when the next one follows.
    """

    threshold: float = 4.0
    at_least_s: float = 10.0
    after_s: float = 2.0
    frame_interval_s: float | None = 0.0

    @property
    def next_within_s(self) -> float | None:
        """After about so long another frame is published; None: nobody knows.

        One that comes just before `at_least_s` is over is left out, and the next one is due.
        """
        return None if self.frame_interval_s is None else self.at_least_s + self.frame_interval_s


Look: TypeAlias = "Callable[[bytes], CoarsePicture | None]"


class LookShare:
    """Bounds the time in which all cameras of a system are looked at. Any thread.

    A look that took a while is followed by a pause, the longer the more cameras there are:
    together they spend no more than `MAX_SHARE` of the thread that looks, and none spends more
    than `MAX_CAMERA_SHARE`.
    """

    def __init__(self) -> None:
        self._cameras: set[CameraId] = set()

    def join(self, camera_id: CameraId) -> None:
        """Count a camera among those that are looked at."""
        self._cameras.add(camera_id)

    def leave(self, camera_id: CameraId) -> None:
        """Count a camera no more; nothing happens where it is none of them."""
        self._cameras.discard(camera_id)

    def pause_s(self, took_s: float) -> float:
        """How long after its end the next look at the same camera may begin."""
        each = min(MAX_CAMERA_SHARE, MAX_SHARE / max(1, len(self._cameras)))
        return min(MAX_PAUSE_S, took_s * (1 / each - 1))


class _Looks:
    """Looks at images and compares them, no more often than its share of the time allows.

    Attributes:
        next_s: when the next look may begin, in monotonic seconds.
    """

    def __init__(self, share: LookShare, monotonic: Callable[[], float], look: Look) -> None:
        self.next_s = _NEVER_S
        self._share = share
        self._monotonic = monotonic
        self._look = look

    def at(
        self, image: bytes, before: CoarsePicture | None, reference: bytes, now_s: float
    ) -> tuple[CoarsePicture | None, CoarsePicture | None]:
        """What is compared, the earlier one first: the reference, if nobody has looked yet."""
        began_s = self._monotonic()
        before = before or self._look(reference)
        after = self._look(image)
        took_s = self._monotonic() - began_s
        self.next_s = now_s + took_s + self._share.pause_s(took_s)
        return before, after


class ChangeGate:
    """Judges the frames of one attempt of a camera, one after another. Not thread-safe.

    The reference is the last frame that was published and, as far as is known, arrived. A frame
    that nobody can look at is published, and so is the one after it.

    Args:
        policy: when a frame is published.
        share: bounds the time of looking.
        monotonic: measures how long a look takes, in seconds.
        look: decodes an image.
    """

    def __init__(
        self,
        policy: ChangePolicy,
        share: LookShare,
        monotonic: Callable[[], float],
        look: Look = coarse_picture,
    ) -> None:
        self._policy = policy
        self._looks = _Looks(share, monotonic, look)
        within_s = policy.next_within_s
        self._plain = ChangeNote(None if within_s is None else round(within_s * 1000))
        self._reference = b""  # the last published image; empty: none that is known to arrive
        self._seen: CoarsePicture | None = None  # what the reference looks like, if looked at
        self._moving: CoarsePicture | None = None  # the picture of the last look in motion
        self._published_s = _NEVER_S
        self._moves_until_s = _NEVER_S
        self._since_ns = 0  # when the first frame was captured that shows what is seen now
        self._losses = 0

    def judge(
        self, image: bytes, now_s: float, captured_at_ns: int, losses: int
    ) -> ChangeNote | None:
        """What a frame that comes now is published with; None: it is not.

        Args:
            image: the frame.
            now_s: when it comes, on the monotonic clock.
            captured_at_ns: when it comes, on the wall clock.
            losses: published frames of the camera that did not arrive, ever. When there are more
                than at the last frame, this one is published: the last change may be among them.
        """
        if losses != self._losses or not self._reference:
            self._losses = losses
            self._since_ns = captured_at_ns
            return self._publish(image, now_s)
        if now_s < self._moves_until_s:
            return self._follow(image, now_s, captured_at_ns)
        is_due = now_s - self._published_s >= self._policy.at_least_s
        if now_s < self._looks.next_s and not is_due:
            return None
        changed, seen = False, self._seen
        if image != self._reference:
            self._seen, seen = self._looks.at(image, self._seen, self._reference, now_s)
            changed = self._differ(self._seen, seen)
        if changed:
            self._change(seen, now_s, captured_at_ns)
        if not changed and not is_due:
            return None
        self._publish(image, now_s, seen)
        note = self._plain
        return note if changed else note._replace(unchanged_since_ns=self._since_ns)

    def forget(self) -> None:
        """Publish the next frame: the last one went nowhere, or was of another stream."""
        self._reference = b""

    def _follow(self, image: bytes, now_s: float, captured_at_ns: int) -> ChangeNote:
        """Publish a frame after a change, and look now and then whether there is another one."""
        if now_s < self._looks.next_s or image == self._reference:
            return self._publish(image, now_s)
        before, seen = self._looks.at(image, self._moving, self._reference, now_s)
        if self._differ(before, seen):
            self._change(seen, now_s, captured_at_ns)
        self._moving = seen
        self._looks.next_s = max(self._looks.next_s, now_s + LOOK_IN_MOTION_S)
        return self._publish(image, now_s, seen)

    def _differ(self, before: CoarsePicture | None, after: CoarsePicture | None) -> bool:
        """Whether two pictures differ; one that nobody can look at differs from all others."""
        if before is None or after is None:
            return True
        return difference(before, after) > self._policy.threshold

    def _change(self, seen: CoarsePicture | None, now_s: float, captured_at_ns: int) -> None:
        """Note that the picture changes now, to what is seen."""
        self._moving = seen
        self._moves_until_s = now_s + self._policy.after_s
        self._since_ns = captured_at_ns

    def _publish(self, image: bytes, now_s: float, seen: CoarsePicture | None = None) -> ChangeNote:
        """Take an image as the reference; `seen`: what it looks like, if somebody has looked."""
        self._reference, self._seen, self._published_s = image, seen, now_s
        return self._plain
