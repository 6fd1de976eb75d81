"""Looks at the pictures of one camera, one now and then, and says what they are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_video.frames.picture_measures import Measures, PictureMeter
from edge_video.frames.small_picture import small_picture
from edge_video.resilience.backoff import reconnect_delay_s
from edge_video.resilience.liveness import (
    LivenessJudge,
    LivenessPolicy,
    OnFrozen,
    PictureState,
)

if TYPE_CHECKING:
    from edge_video.delivery.camera_queue import Picture

FROZEN: Final = frozenset({PictureState.FROZEN, PictureState.NEARLY_FROZEN})

_FIRST_WAIT_S: Final = 600.0
_MAX_WAIT_S: Final = 6 * 3600.0
_CLOCK_GRAIN_S: Final = 0.05
"""Timers are a little early now and then; a picture is not put off a whole period for that."""


class PictureWatch:
    """Follows one camera. One thread at a time.

    Args:
        policy: when pictures are what.

    Attributes:
        state: what the pictures are; None: nobody can tell.
    """

    def __init__(self, policy: LivenessPolicy) -> None:
        self.state: PictureState | None = None
        self._judge = LivenessJudge(policy)
        self._meter = PictureMeter(policy.nearly_frozen_percent)
        self._seq = -1
        self._image = b""
        self._measures: Measures | None = None
        self._looked_at_s: float | None = None
        self._tried_at_s: float | None = None
        self._is_news = False
        self._restarts = FrozenRestarts()

    def use(self, policy: LivenessPolicy) -> None:
        """Go by these figures from now on; what is usual is kept."""
        self._judge.policy = policy
        self._meter.anchor_percent = policy.nearly_frozen_percent

    @property
    def interval_s(self) -> float:
        """From one picture that is looked at to the next, as things are."""
        return self._judge.interval_s

    def is_due(self, now_s: float) -> bool:
        """Whether the next picture may be looked at."""
        last_s = self._tried_at_s
        return last_s is None or now_s - last_s >= self.interval_s - _CLOCK_GRAIN_S

    def look(self, picture: Picture | None, now_s: float) -> PictureState | None:
        """Take in the newest picture; what the pictures are with it.

        One that was seen already, or that cannot be decoded, says nothing; after a minute without
        any other (longer, where pictures are wanted seldom) nobody can tell what they are.
        """
        measures = None
        if picture is not None and picture.seq != self._seq:
            self._seq, self._tried_at_s = picture.seq, now_s
            measures = self._measured(picture.image)
        self._is_news = measures is not None
        if measures is not None:
            self._looked_at_s = now_s
            self.state = self._judge.judge(measures, now_s)
            self._restarts.see(now_s, is_frozen=self.state in FROZEN)
        elif self._looked_at_s is not None and now_s - self._looked_at_s > self._judge.policy.gap_s:
            self.state = None
        return self.state

    def frozen_for_s(self, now_s: float) -> float | None:
        """How long the pictures have been frozen, when FFmpeg is to be started anew for it now.

        Only after a look that took in a picture: without one it may have been started anew already.
        """
        policy = self._judge.policy
        if (
            not self._is_news
            or policy.on_frozen is not OnFrozen.RESTART
            or self.state not in FROZEN
        ):
            return None
        told_s = self._restarts.due(now_s)
        if told_s is None:
            return None
        is_equal = self.state is PictureState.FROZEN
        return told_s + (policy.frozen_after_s if is_equal else policy.nearly_frozen_after_s)

    def learn_anew(self) -> None:
        """Take the pictures as they are from now on for right."""
        self._judge.learn_anew()
        self._restarts = FrozenRestarts()

    def _measured(self, image: bytes) -> Measures | None:
        """An image that is equal to the last one, byte by byte, need not be decoded."""
        if self._measures is not None and image == self._image:
            return replace(self._measures, is_equal=True, is_anew=False)
        small = small_picture(image)
        if small is None:
            return None
        self._image, self._measures = image, self._meter.measure(small)
        return self._measures


class FrozenRestarts:
    """Decides how often FFmpeg is started anew for frozen pictures: seldom, while it is in vain.

    The first time at once. Then the wait doubles from ten minutes to six hours, and begins anew
    when no picture was frozen for as long as the last wait was.
    """

    def __init__(self) -> None:
        self._tries = 0
        self._next_s: float | None = None
        self._frozen_since_s: float | None = None
        self._seen_frozen_s: float | None = None

    def see(self, now_s: float, *, is_frozen: bool) -> None:
        """Take in whether pictures are frozen."""
        if is_frozen:
            self._seen_frozen_s = now_s
            if self._frozen_since_s is None:
                self._frozen_since_s = now_s
            return
        self._frozen_since_s = None
        if self._seen_frozen_s is not None and now_s - self._seen_frozen_s >= self._wait_s:
            self._tries, self._next_s, self._seen_frozen_s = 0, None, None

    def due(self, now_s: float) -> float | None:
        """How long pictures have been told as frozen, when it is time for a try; it counts as made.

        None: it is not time.
        """
        if self._frozen_since_s is None or (self._next_s is not None and now_s < self._next_s):
            return None
        self._tries += 1
        self._next_s = now_s + self._wait_s
        return now_s - self._frozen_since_s

    @property
    def _wait_s(self) -> float:
        return reconnect_delay_s(self._tries, 1.0, first_s=_FIRST_WAIT_S, cap_s=_MAX_WAIT_S)
