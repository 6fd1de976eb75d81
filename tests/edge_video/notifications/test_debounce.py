"""What is reported of a state that changes, as examples and as properties."""

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

POLICY = SteadyPolicy(stable_for_s=5.0, flap_changes=6, flap_window_s=60.0)


class Watched:
    """A state, and everything reported about it with the time of the report."""

    def __init__(self, policy: SteadyPolicy = POLICY) -> None:
        self.value = Debounced(policy)
        self.now_s = 100.0
        self.reported: list[tuple[float, StateChange]] = []

    def observe(self, state: str) -> None:
        self.value, reported = self.value.observe(state, self.now_s)
        self.reported += [(self.now_s, each) for each in reported]

    def wait(self, seconds: float, *, ticks: int = 1) -> None:
        for _ in range(ticks):
            self.now_s += seconds / ticks
            self.value, reported = self.value.tick(self.now_s)
            self.reported += [(self.now_s, each) for each in reported]

    @property
    def reports(self) -> list[str]:
        return [
            each.state if isinstance(each, Settled) else f"flapping {each.changes}"
            for _, each in self.reported
        ]


def test_a_state_is_reported_once_it_has_held() -> None:
    camera = Watched()
    camera.observe("online")
    camera.wait(4.9)
    assert camera.reports == []
    camera.wait(0.1)
    camera.wait(1000, ticks=100)
    assert camera.reports == ["online"]
    [(_, reported)] = camera.reported
    assert reported == Settled("online", None, 100.0, 1, None)


def test_what_goes_and_comes_back_in_time_is_not_reported() -> None:
    camera = Watched()
    camera.observe("online")
    camera.wait(10)
    camera.observe("offline")
    camera.wait(4)
    camera.observe("online")
    camera.wait(100, ticks=10)
    assert camera.reports == ["online"]


def test_a_flapping_camera_is_one_episode_with_its_counts() -> None:
    camera = Watched()
    camera.observe("online")
    camera.wait(10)
    for _ in range(50):
        camera.observe("offline")
        camera.wait(2)
        camera.observe("online")
        camera.wait(2)
    assert camera.reports == ["online", "flapping 6"]
    camera.wait(60, ticks=60)
    assert camera.reports == ["online", "flapping 6", "online"]
    end = camera.reported[-1][1]
    assert isinstance(end, Settled)
    assert (end.before, end.changes, end.flapped_s) == ("online", 100, 198.0)


def test_slow_flapping_is_reported_at_first_and_then_as_flapping() -> None:
    camera = Watched()
    for _ in range(20):
        camera.observe("online")
        camera.wait(6)
        camera.observe("offline")
        camera.wait(6)
    assert camera.reports[:5] == ["online", "offline", "online", "offline", "online"]
    assert camera.reports[-1] == "flapping 1"
    assert len(camera.reports) == 7


def test_a_resting_state_is_not_reported_at_the_start() -> None:
    value = Debounced.resting(POLICY, "closed", 0.0)
    value, reported = value.observe("closed", 1.0)
    assert reported == ()
    assert value.tick(1000.0) == (value, ())


moves = st.lists(
    st.tuples(st.sampled_from("ABC"), st.floats(0.0, 100.0, allow_nan=False)), max_size=60
)


def play(steps: list[tuple[str, float]], ticks: int) -> list[StateChange]:
    watched = Watched()
    for state, pause_s in steps:
        watched.observe(state)
        watched.wait(pause_s, ticks=ticks)
    return [each for _, each in watched.reported]


# Whole seconds, so that the sums of a pause in parts are exact.
whole_moves = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 100)), max_size=60)


@settings(deadline=None)
@given(whole_moves)
def test_how_often_one_looks_changes_nothing(steps: list[tuple[str, int]]) -> None:
    exact = [(state, float(pause_s)) for state, pause_s in steps]
    assert play(exact, ticks=1) == play(exact, ticks=4)


@settings(deadline=None)
@given(moves)
def test_never_more_is_reported_than_happened_and_never_the_same_twice(
    steps: list[tuple[str, float]],
) -> None:
    reported = play(steps, ticks=2)
    seen = [None, *(state for state, _ in steps)]
    changes = sum(after != before for before, after in pairwise(seen))
    assert len([each for each in reported if isinstance(each, Settled)]) <= changes
    last: str | None = None
    flapping = False
    for each in reported:
        if isinstance(each, Flapping):
            assert not flapping, "flapping is reported once"
            flapping = True
            continue
        assert each.before == last
        assert each.state != last or flapping
        assert (each.flapped_s is not None) is flapping
        last, flapping = each.state, False


@settings(deadline=None)
@given(moves)
def test_what_holds_is_reported_in_the_end(steps: list[tuple[str, float]]) -> None:
    watched = Watched()
    for state, pause_s in steps:
        watched.observe(state)
        watched.wait(pause_s)
    watched.wait(POLICY.flap_window_s)
    if steps:
        assert watched.value.reported == steps[-1][0]
        assert not watched.value.flapping


@settings(deadline=None)
@given(moves)
def test_between_two_tellings_of_a_state_lies_at_least_the_time_to_settle(
    steps: list[tuple[str, float]],
) -> None:
    watched = Watched()
    for state, pause_s in steps:
        watched.observe(state)
        watched.wait(pause_s, ticks=3)
        assert len(watched.value.recent_s) <= POLICY.flap_changes
    settled = [each for _, each in watched.reported if isinstance(each, Settled)]
    for before, after in pairwise(settled):
        assert after.since_s - before.since_s >= POLICY.stable_for_s
