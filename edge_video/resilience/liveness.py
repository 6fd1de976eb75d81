"""Judges whether a camera's pictures show what it looks at: frozen, black, covered, moved.

A picture can be wrong while frames come in as ever: an encoder that repeats its last picture, a
lens that was sprayed, a camera that was turned to the wall. `LivenessJudge` takes the measures of
a picture now and then, says what is wrong, and how soon it wants the next one. No clock, no thread:
time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from edge_video.resilience.scene import Scene

if TYPE_CHECKING:
    from edge_video.frames.picture_measures import Measures


class PictureState(StrEnum):
    """What the pictures of a camera are. The value is the name in log, JSON and metrics.

    Where several are true the first one of this order is told, `LIVE` apart.
    """

    LIVE = "live"
    """Nothing is wrong with them."""
    BLACK = "black"
    WHITE = "white"
    GREY = "grey"
    """A decoder without a key frame, or that lost much, fills in mid-grey."""
    FROZEN = "frozen"
    """Each is equal to the one before."""
    NEARLY_FROZEN = "nearly_frozen"
    """Only a small part of them ever changes, like a clock; the rest has no noise of a sensor."""
    COVERED = "covered"
    """They have lost their detail: something is before the lens, or it is out of focus."""
    MOVED = "moved"
    """The scene is another one: the camera was turned, or something large was put before it."""


WRONG: Final = tuple(state for state in PictureState if state is not PictureState.LIVE)
"""Every state in which something is wrong, the one that is told first to begin with."""


class OnFrozen(StrEnum):
    """What is done about pictures that are frozen."""

    REPORT = "report"
    RESTART = "restart"
    """Its FFmpeg is started anew, at waits that double while that does not help."""


@dataclass(frozen=True, slots=True)
class LivenessPolicy:
    """When pictures are what. A time of 0.0: that state is never told.

    Attributes:
        interval_s: least time between two pictures that are looked at, while a verdict is open.
        frozen_after_s: equal pictures for so long are frozen.
        nearly_frozen_after_s: the same where only `nearly_frozen_percent` of them changes.
        nearly_frozen_percent: share of the pixels that may change in a frozen picture.
        black_after_s: black for so long.
        black_below: luma; a picture is black when 95 % of it is as dark as this.
        white_after_s: white for so long.
        white_above: luma; a picture is white when 95 % of it is as bright as this.
        grey_after_s: grey for so long.
        grey_percent: a picture is grey when this share of it is mid-grey.
        covered_after_s: without its detail for so long.
        covered_below_percent: of the detail that is usual for the camera.
        moved_after_s: another scene for so long.
        moved_below_percent: of the likeness with the scene as it was on average.
        clear_after_s: what was wrong is over when it was not so for this long.
        on_frozen: see `OnFrozen`.
        picture_interval_s: from one picture of the camera to the next, as it is wanted.
    """

    interval_s: float = 1.0
    frozen_after_s: float = 120.0
    nearly_frozen_after_s: float = 900.0
    nearly_frozen_percent: float = 4.0
    black_after_s: float = 30.0
    black_below: int = 20
    white_after_s: float = 30.0
    white_above: int = 235
    grey_after_s: float = 20.0
    grey_percent: float = 50.0
    covered_after_s: float = 60.0
    covered_below_percent: float = 40.0
    moved_after_s: float = 120.0
    moved_below_percent: float = 40.0
    clear_after_s: float = 10.0
    on_frozen: OnFrozen = OnFrozen.REPORT
    picture_interval_s: float = 0.0

    @property
    def gap_s(self) -> float:
        """Pictures further apart say nothing about the time between them.

        Room for one picture that fails to come, where they are wanted seldom.
        """
        return max(_GAP_S, _GAP_INTERVALS * max(self.interval_s, self.picture_interval_s))

    @property
    def calm_interval_s(self) -> float:
        """Least time between two pictures that are looked at while no verdict is open.

        A state is told so much later at most; where one is to be told soon it is no more than a
        fifth of that time.
        """
        times_s = (
            self.frozen_after_s,
            self.nearly_frozen_after_s,
            self.black_after_s,
            self.white_after_s,
            self.grey_after_s,
            self.covered_after_s,
            self.moved_after_s,
        )
        soonest_s = min(filter(None, times_s), default=_CALM_S / _CALM_SHARE)
        return max(self.interval_s, min(_CALM_S, _CALM_SHARE * soonest_s))


_GAP_S: Final = 60.0
_GAP_INTERVALS: Final = 2.5
_CALM_S: Final = 4.0
_CALM_SHARE: Final = 0.2
_LOOKS: Final = 120
"""A verdict rests on about so many, where the shortest interval leaves room for them."""
_AT_ONCE: Final = 0.0
_NEVER: Final = float("inf")

_EASE: Final = 1.25
"""What began below a limit ends above so much of it."""
_BLURRED_PERCENT: Final = 65.0
"""Of the usual sharpness. Dim light takes detail and contrast alike, and is no fault of a lens."""
_DARK: Final = 45
"""Where 95 % of a picture is as dark as this, its detail is the light's and not the lens's."""


class _Doubt:
    """Holds when one thing that may be wrong began, and whether it lasts long enough to be told."""

    __slots__ = ("_after_s", "_bad_since_s", "_good_since_s", "is_told")

    def __init__(self) -> None:
        self.is_told = False
        self._after_s = 0.0
        self._bad_since_s: float | None = None
        self._good_since_s: float | None = None

    def look(self, now_s: float, *, is_bad: bool | None, after_s: float, clear_s: float) -> None:
        """Take in one picture; `is_bad` None: it says nothing about this.

        With an `after_s` of 0.0 nothing is told, not even what was told before.
        """
        self._after_s = after_s
        if after_s <= 0.0:
            self.is_told = False
            self.interrupt()
        elif is_bad is None:
            self.interrupt()
        elif is_bad:
            self._good_since_s = None
            if self._bad_since_s is None:
                self._bad_since_s = now_s
            self.is_told = self.is_told or now_s - self._bad_since_s >= after_s
        else:
            self._bad_since_s = None
            if self._good_since_s is None:
                self._good_since_s = now_s
            self.is_told = self.is_told and now_s - self._good_since_s < clear_s

    @property
    def next_look_s(self) -> float:
        """How long the next look may be waited for; endlessly, where no verdict is open.

        It is open while something began, or ended, that has not lasted long enough to be told.
        """
        if self.is_told:
            return _AT_ONCE if self._good_since_s is not None else _NEVER
        return self._after_s / _LOOKS if self._bad_since_s is not None else _NEVER

    def interrupt(self) -> None:
        """Count anew: nobody knows what was in between. What is told stays told."""
        self._bad_since_s = self._good_since_s = None


class LivenessJudge:
    """Judges the pictures of one camera. One thread at a time.

    Args:
        policy: may be replaced at any time.
    """

    def __init__(self, policy: LivenessPolicy) -> None:
        self.policy = policy
        self._doubts: dict[PictureState, _Doubt] = {state: _Doubt() for state in WRONG}
        self._scene = Scene()
        self._last_s: float | None = None

    @property
    def state(self) -> PictureState:
        """What is told of the pictures now."""
        told = (state for state, doubt in self._doubts.items() if doubt.is_told)
        return next(told, PictureState.LIVE)

    @property
    def interval_s(self) -> float:
        """How long the next picture may be waited for: longer, while no verdict is open.

        States that come after the one that is told would not be told, and can wait.
        """
        next_s = self.policy.calm_interval_s
        for doubt in self._doubts.values():
            next_s = min(next_s, doubt.next_look_s)
            if doubt.is_told:
                break
        return max(self.policy.interval_s, next_s)

    def judge(self, measures: Measures, now_s: float) -> PictureState:
        """Take in one picture; what the pictures are with it."""
        if self._last_s is not None and now_s - self._last_s > self.policy.gap_s:
            for doubt in self._doubts.values():
                doubt.interrupt()
        self._last_s = now_s
        policy = self.policy
        is_flat = self._look_for_flatness(measures, now_s)
        # What is black all over has no noise that could tell a frozen picture from a dark room.
        is_equal = None if is_flat else measures.is_equal
        self._look(PictureState.FROZEN, is_equal, policy.frozen_after_s, now_s)
        is_still = None if is_flat else not measures.is_anew
        self._look(PictureState.NEARLY_FROZEN, is_still, policy.nearly_frozen_after_s, now_s)
        self._look_at_the_scene(measures, now_s, is_flat=is_flat)
        return self.state

    def learn_anew(self) -> None:
        """Take the pictures as they are from now on for right: what is usual is learned anew."""
        self._scene = Scene()
        for state in (PictureState.COVERED, PictureState.MOVED):
            self._doubts[state] = _Doubt()

    def _look(self, state: PictureState, is_bad: bool | None, after_s: float, now_s: float) -> None:
        clear_s = self.policy.clear_after_s
        self._doubts[state].look(now_s, is_bad=is_bad, after_s=after_s, clear_s=clear_s)

    def _look_for_flatness(self, measures: Measures, now_s: float) -> bool:
        """Black, white and grey; whether the picture is one of them, for however short."""
        policy = self.policy
        is_black = measures.high <= policy.black_below
        is_white = measures.low >= policy.white_above
        is_grey = measures.grey_percent >= policy.grey_percent
        self._look(PictureState.BLACK, is_black, policy.black_after_s, now_s)
        self._look(PictureState.WHITE, is_white, policy.white_after_s, now_s)
        self._look(PictureState.GREY, is_grey, policy.grey_after_s, now_s)
        return is_black or is_white or is_grey

    def _look_at_the_scene(self, measures: Measures, now_s: float, *, is_flat: bool) -> None:
        """Covered and moved; one that is never told stops no learning, and is no sign of the other.

        A dome that turns by itself has another average in ten minutes, and no false cover.
        """
        policy, scene = self.policy, self._scene
        detail = scene.detail_percent(measures.detail)
        is_dark = is_flat or measures.high <= _DARK
        is_covered = None
        likeness = None if is_dark else scene.likeness_percent(measures)
        if policy.covered_after_s and detail is not None and not is_dark:
            is_poor = self._is_below(PictureState.COVERED, detail, policy.covered_below_percent)
            is_blurred = scene.sharpness_percent(measures) < _BLURRED_PERCENT
            is_other = likeness is None or likeness < policy.moved_below_percent
            is_covered = is_poor and (is_blurred or (is_other and policy.moved_after_s > 0.0))
        self._look(PictureState.COVERED, is_covered, policy.covered_after_s, now_s)
        is_moved = None
        if policy.moved_after_s and likeness is not None and not is_covered:
            is_moved = self._is_below(PictureState.MOVED, likeness, policy.moved_below_percent)
        self._look(PictureState.MOVED, is_moved, policy.moved_after_s, now_s)
        if not is_dark and not is_covered and not is_moved:
            scene.learn(measures, now_s)

    def _is_below(self, state: PictureState, value: float, limit: float) -> bool:
        return value < limit * (_EASE if self._doubts[state].is_told else 1.0)
