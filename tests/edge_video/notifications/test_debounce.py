"""What is told of a state that changes, as stories and as properties."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_video.notifications.debounce import (
    Debounced,
    Flapping,
    Settled,
    StateChange,
    SteadyPolicy,
)

POLICY = SteadyPolicy(settle_s=5.0, flap_changes=6, flap_window_s=60.0)


class Watched:
    """A state, and everything told about it with the time of the telling."""

    def __init__(self, policy: SteadyPolicy = POLICY) -> None:
        self.value = Debounced(policy)
        self.now_s = 100.0
        self.told: list[tuple[float, StateChange]] = []

    def see(self, state: str) -> None:
        self.value, told = self.value.see(state, self.now_s)
        self.told += [(self.now_s, each) for each in told]

    def wait(self, seconds: float, *, looks: int = 1) -> None:
        for _ in range(looks):
            self.now_s += seconds / looks
            self.value, told = self.value.look(self.now_s)
            self.told += [(self.now_s, each) for each in told]

    @property
    def words(self) -> list[str]:
        return [
            each.state if isinstance(each, Settled) else f"flapping {each.changes}"
            for _, each in self.told
        ]


def test_a_state_is_told_once_it_has_held() -> None:
    camera = Watched()
    camera.see("online")
    camera.wait(4.9)
    assert camera.words == []
    camera.wait(0.1)
    camera.wait(1000, looks=100)
    assert camera.words == ["online"]
    [(_, told)] = camera.told
    assert told == Settled("online", None, 100.0, 1, None)


def test_what_goes_and_comes_back_in_time_is_not_told() -> None:
    camera = Watched()
    camera.see("online")
    camera.wait(10)
    camera.see("offline")
    camera.wait(4)
    camera.see("online")
    camera.wait(100, looks=10)
    assert camera.words == ["online"]


def test_a_flapping_camera_is_one_story_with_its_counts() -> None:
    camera = Watched()
    camera.see("online")
    camera.wait(10)
    for _ in range(50):
        camera.see("offline")
        camera.wait(2)
        camera.see("online")
        camera.wait(2)
    assert camera.words == ["online", "flapping 6"]
    camera.wait(60, looks=60)
    assert camera.words == ["online", "flapping 6", "online"]
    end = camera.told[-1][1]
    assert isinstance(end, Settled)
    assert (end.before, end.changes, end.flapped_s) == ("online", 100, 198.0)


def test_slow_flapping_is_told_at_first_and_then_as_flapping() -> None:
    camera = Watched()
    for _ in range(20):
        camera.see("online")
        camera.wait(6)
        camera.see("offline")
        camera.wait(6)
    assert camera.words[:5] == ["online", "offline", "online", "offline", "online"]
    assert camera.words[-1] == "flapping 1"
    assert len(camera.words) == 7


def test_a_resting_state_is_not_told_at_the_start() -> None:
    value = Debounced.resting(POLICY, "closed", 0.0)
    value, told = value.see("closed", 1.0)
    assert told == ()
    assert value.look(1000.0) == (value, ())


moves = st.lists(
    st.tuples(st.sampled_from("ABC"), st.floats(0.0, 100.0, allow_nan=False)), max_size=60
)


def play(steps: list[tuple[str, float]], looks: int) -> list[StateChange]:
    watched = Watched()
    for state, pause_s in steps:
        watched.see(state)
        watched.wait(pause_s, looks=looks)
    return [each for _, each in watched.told]


# Whole seconds, so that the sums of a pause in parts are exact.
whole_moves = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 100)), max_size=60)


@settings(deadline=None)
@given(whole_moves)
def test_how_often_one_looks_changes_nothing(steps: list[tuple[str, int]]) -> None:
    exact = [(state, float(pause_s)) for state, pause_s in steps]
    assert play(exact, looks=1) == play(exact, looks=4)


@settings(deadline=None)
@given(moves)
def test_never_more_is_told_than_happened_and_never_the_same_twice(
    steps: list[tuple[str, float]],
) -> None:
    told = play(steps, looks=2)
    seen = [None, *(state for state, _ in steps)]
    changes = sum(after != before for before, after in pairwise(seen))
    assert len([each for each in told if isinstance(each, Settled)]) <= changes
    last: str | None = None
    flapping = False
    for each in told:
        if isinstance(each, Flapping):
            assert not flapping, "flapping is told once"
            flapping = True
            continue
        assert each.before == last
        assert each.state != last or flapping
        assert (each.flapped_s is not None) is flapping
        last, flapping = each.state, False


@settings(deadline=None)
@given(moves)
def test_what_holds_is_told_in_the_end(steps: list[tuple[str, float]]) -> None:
    watched = Watched()
    for state, pause_s in steps:
        watched.see(state)
        watched.wait(pause_s)
    watched.wait(POLICY.flap_window_s)
    if steps:
        assert watched.value.told == steps[-1][0]
        assert not watched.value.flapping


@settings(deadline=None)
@given(moves)
def test_between_two_tellings_of_a_state_lies_at_least_the_time_to_settle(
    steps: list[tuple[str, float]],
) -> None:
    watched = Watched()
    for state, pause_s in steps:
        watched.see(state)
        watched.wait(pause_s, looks=3)
        assert len(watched.value.recent_s) <= POLICY.flap_changes
    settled = [each for _, each in watched.told if isinstance(each, Settled)]
    for before, after in pairwise(settled):
        assert after.since_s - before.since_s >= POLICY.settle_s
