from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.frames.picture_measures import Measures
from edge_video.resilience.liveness import LivenessJudge, LivenessPolicy, PictureState

if TYPE_CHECKING:
    from collections.abc import Callable

_draw = random.Random(7).uniform
SCENE, OTHER = (tuple(_draw(40, 190) for _ in range(144)) for _ in range(2))
EDGES, OTHER_EDGES = (tuple(_draw(0, 9) for _ in range(144)) for _ in range(2))
GOOD = Measures(
    low=30,
    high=190,
    grey_percent=3.0,
    detail=6.0,
    is_equal=False,
    is_anew=True,
    luma=SCENE,
    edges=EDGES,
)
FROZEN = replace(GOOD, is_equal=True, is_anew=False)
CLOCK_ONLY = replace(GOOD, is_anew=False)
BLACK = replace(GOOD, low=0, high=6, detail=0.1, luma=(3.0,) * 144, edges=(0.1,) * 144)
WHITE = replace(BLACK, low=250, high=255)
GREY = replace(GOOD, grey_percent=80.0, detail=1.0)
COVERED = replace(GOOD, low=90, high=120, detail=0.5, luma=(100.0,) * 144, edges=(0.5,) * 144)
TURNED = replace(GOOD, luma=OTHER, edges=OTHER_EDGES)


class ScriptedScene:
    """A camera's pictures, one a second."""

    def __init__(self, policy: LivenessPolicy | None = None) -> None:
        self.judge = LivenessJudge(policy or LivenessPolicy())
        self.now_s = 1000.0

    def shows(self, measures: Measures, seconds: float, every_s: float = 1.0) -> PictureState:
        state = self.judge.state
        for _ in range(round(seconds / every_s)):
            self.now_s += every_s
            state = self.judge.judge(measures, self.now_s)
        return state

    def until(self, measures: Measures, state: PictureState, at_most_s: int = 2000) -> int:
        """Seconds until it is in this state."""
        for second in range(1, at_most_s):
            if self.shows(measures, 1) is state:
                return second
        raise AssertionError(f"never {state}")


@pytest.fixture
def story() -> ScriptedScene:
    """A camera that has shown its scene for five minutes."""
    story = ScriptedScene()
    assert story.shows(GOOD, 300) is PictureState.LIVE
    return story


@pytest.mark.parametrize(
    ("measures", "state", "after_s"),
    [
        (FROZEN, PictureState.FROZEN, 120),
        (CLOCK_ONLY, PictureState.NEARLY_FROZEN, 900),
        (BLACK, PictureState.BLACK, 30),
        (WHITE, PictureState.WHITE, 30),
        (GREY, PictureState.GREY, 20),
        (COVERED, PictureState.COVERED, 60),
        (TURNED, PictureState.MOVED, 120),
    ],
)
def test_each_state_is_told_when_it_has_lasted_and_ends_when_that_is_over(
    story: ScriptedScene, measures: Measures, state: PictureState, after_s: int
) -> None:
    assert story.until(measures, state) == after_s + 1
    assert story.shows(measures, 1800, every_s=30.0) is state
    assert story.shows(GOOD, 10) is state
    assert story.shows(GOOD, 1) is PictureState.LIVE


@pytest.mark.parametrize(
    ("measures", "state", "after_s", "looks"),
    [
        (FROZEN, PictureState.FROZEN, 120, 121),
        (GREY, PictureState.GREY, 20, 21),
        (CLOCK_ONLY, PictureState.NEARLY_FROZEN, 900, 226),
    ],
)
def test_who_looks_as_seldom_as_the_judge_allows_is_late_by_one_look(
    measures: Measures, state: PictureState, after_s: int, looks: int
) -> None:
    story = ScriptedScene()
    while story.now_s < 1300.0:
        assert story.shows(GOOD, 4, every_s=story.judge.interval_s) is PictureState.LIVE
    began_s = story.now_s  # at the worst moment: right after a look
    for _ in range(looks - 1):
        every_s = story.judge.interval_s
        assert story.shows(measures, every_s, every_s) is PictureState.LIVE
    every_s = story.judge.interval_s
    assert story.shows(measures, every_s, every_s) is state
    assert story.now_s - began_s == after_s + 4


@pytest.mark.parametrize(
    ("policy", "calm_s"),
    [
        (LivenessPolicy(), 4.0),
        (LivenessPolicy(black_after_s=6.0), 1.2),
        (LivenessPolicy(black_after_s=2.0), 1.0),
        (LivenessPolicy(interval_s=5.0), 5.0),
        (LivenessPolicy(black_after_s=0.0, grey_after_s=0.0), 4.0),
    ],
)
def test_pictures_are_looked_at_seldom_where_no_state_is_to_be_told_soon(
    policy: LivenessPolicy, calm_s: float
) -> None:
    assert policy.calm_interval_s == pytest.approx(calm_s)


@pytest.mark.parametrize("measures", [FROZEN, BLACK, WHITE, GREY, COVERED, TURNED])
def test_what_comes_and_goes_is_not_told(story: ScriptedScene, measures: Measures) -> None:
    for _ in range(10):
        assert story.shows(measures, 18) is PictureState.LIVE
        assert story.shows(GOOD, 1) is PictureState.LIVE


@pytest.mark.parametrize(
    ("key", "measures"),
    [
        ("frozen_after_s", FROZEN),
        ("nearly_frozen_after_s", CLOCK_ONLY),
        ("black_after_s", BLACK),
        ("white_after_s", WHITE),
        ("grey_after_s", GREY),
        ("covered_after_s", COVERED),
        ("moved_after_s", TURNED),
    ],
)
def test_a_state_with_the_time_zero_is_never_told(key: str, measures: Measures) -> None:
    never: dict[str, Any] = {"nearly_frozen_after_s": 0.0, key: 0.0}
    policy = LivenessPolicy(**never)
    story = ScriptedScene(policy)
    story.shows(GOOD, 300)
    assert story.shows(measures, 2000) is PictureState.LIVE


def test_a_dome_that_turns_to_a_plainer_view_is_not_covered_and_its_views_are_learned() -> None:
    story = ScriptedScene(LivenessPolicy(moved_after_s=0.0))
    story.shows(GOOD, 300)
    plainer = replace(TURNED, detail=0.3 * GOOD.detail, low=90, high=130)
    assert story.shows(plainer, 3600, every_s=5.0) is PictureState.LIVE
    story.judge.policy = LivenessPolicy()
    assert story.shows(plainer, 600, every_s=5.0) is PictureState.LIVE, "it is the usual one now"


def test_what_is_never_told_as_covered_is_learned_and_may_be_moved() -> None:
    story = ScriptedScene(LivenessPolicy(covered_after_s=0.0))
    story.shows(GOOD, 300)
    blurred = replace(GOOD, detail=0.15 * GOOD.detail)
    assert story.shows(blurred, 3600, every_s=5.0) is PictureState.LIVE
    story.judge.policy = LivenessPolicy()
    assert story.shows(blurred, 600, every_s=5.0) is PictureState.LIVE, "it is the usual one now"
    story.judge.policy = LivenessPolicy(covered_after_s=0.0)
    story.shows(GOOD, 3600, every_s=5.0)
    assert story.until(replace(blurred, luma=OTHER, edges=OTHER_EDGES), PictureState.MOVED) == 121


@pytest.mark.parametrize(
    ("key", "measures", "state"),
    [
        ("covered_after_s", COVERED, PictureState.COVERED),
        ("moved_after_s", TURNED, PictureState.MOVED),
        ("black_after_s", BLACK, PictureState.BLACK),
    ],
)
def test_what_is_told_is_over_at_once_when_it_shall_never_be_told(
    story: ScriptedScene, key: str, measures: Measures, state: PictureState
) -> None:
    assert story.shows(measures, 130) is state
    never: dict[str, Any] = {key: 0.0}
    story.judge.policy = LivenessPolicy(**never)
    assert story.shows(measures, 1) is PictureState.LIVE


def test_a_black_picture_without_noise_is_black_and_not_frozen(story: ScriptedScene) -> None:
    """A sensor in a dark room may be silent; to start its stream anew would light no lamp."""
    dark = replace(BLACK, is_equal=True, is_anew=False)
    assert story.shows(dark, 900, every_s=5.0) is PictureState.BLACK


def test_frozen_goes_before_covered_and_moved(story: ScriptedScene) -> None:
    story.shows(replace(TURNED, is_equal=True, is_anew=False), 600)
    assert story.judge.state is PictureState.FROZEN


def test_what_was_in_a_gap_is_nobodys_guess(story: ScriptedScene) -> None:
    story.shows(FROZEN, 119)
    story.now_s += 3600  # the camera was away
    assert story.shows(FROZEN, 120) is PictureState.LIVE
    assert story.shows(FROZEN, 1) is PictureState.FROZEN


def test_a_picture_every_ten_seconds_is_no_gap(story: ScriptedScene) -> None:
    assert story.shows(FROZEN, 130, every_s=10.0) is PictureState.FROZEN


def test_a_camera_that_was_turned_stays_moved_until_an_operator_accepts_it(
    story: ScriptedScene,
) -> None:
    assert story.shows(TURNED, 24 * 3600, every_s=60.0) is PictureState.MOVED
    story.judge.learn_anew()
    assert story.judge.state is PictureState.LIVE
    assert story.shows(TURNED, 900, every_s=5.0) is PictureState.LIVE
    assert story.shows(GOOD, 300) is PictureState.MOVED, "the new scene is the usual one now"


def test_brightness_and_contrast_make_no_other_scene(story: ScriptedScene) -> None:
    dim = replace(GOOD, low=10, high=60, luma=tuple(4 + 0.3 * each for each in SCENE), detail=2.2)
    assert story.shows(dim, 900, every_s=5.0) is PictureState.LIVE


def test_edges_that_stay_where_they_were_make_no_other_scene(story: ScriptedScene) -> None:
    """Infrared light shows clothes, leaves and walls in other greys, and their outlines as ever."""
    assert story.shows(replace(GOOD, luma=OTHER), 900, every_s=5.0) is PictureState.LIVE


def test_the_sun_that_moves_slowly_is_followed() -> None:
    story = ScriptedScene()
    for minute in range(120):
        share = minute / 120
        pairs = zip(SCENE, OTHER, strict=True)
        luma = tuple((1 - share) * one + share * other for one, other in pairs)
        assert story.shows(replace(GOOD, luma=luma), 120, every_s=10.0) is PictureState.LIVE


def test_a_dark_picture_is_neither_covered_nor_moved(story: ScriptedScene) -> None:
    dark = replace(COVERED, low=20, high=40)
    assert story.shows(dark, 900, every_s=5.0) is PictureState.LIVE


@pytest.mark.parametrize(
    "spoil",
    [
        lambda good: replace(good, detail=0.28 * good.detail, high=150),
        lambda good: replace(good, luma=OTHER, edges=OTHER_EDGES),
    ],
)
def test_nothing_is_judged_by_what_is_usual_before_that_was_learned(
    spoil: Callable[[Measures], Measures],
) -> None:
    story = ScriptedScene()
    story.shows(GOOD, 30)
    assert story.shows(spoil(GOOD), 20) is PictureState.LIVE
