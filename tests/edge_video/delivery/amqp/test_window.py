"""The window that is bounded by time, on simulated paths; no time passes in reality."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_video.delivery.amqp.window import START_BYTES, BestOf, UplinkWindow

if TYPE_CHECKING:
    from collections.abc import Callable

MBIT = 125_000.0
STEP_S = 0.005


@dataclass
class Sent:
    ahead: int
    size: int
    at_s: float
    end: int
    arrived_s: float = 0.0


@dataclass
class Path:
    """A link with a queue without end in front of it, a distance, and a broker behind it.

    Attributes:
        rate: bytes per second at a time.
        round_trip_s: of a small packet while nothing queues.
        broker_s: from the arrival of a frame to its confirm.
        relayed: a proxy next to this machine acknowledges every byte at once.
        burst: bytes that pass at once after a pause (a token bucket).
    """

    rate: Callable[[float], float]
    round_trip_s: float = 0.02
    broker_s: float = 0.002
    relayed: bool = False
    burst: float = 0.0
    max_delay_s: float = 0.25
    now_s: float = 0.0
    sent: deque[Sent] = field(default_factory=deque)
    done: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.window = UplinkWindow(self.max_delay_s)
        self.handed = self.unconfirmed = 0
        self.served = 0.0
        self.tokens = self.burst
        self.history: deque[tuple[float, float]] = deque([(0.0, 0.0)])
        self.travelling: deque[tuple[float, Sent]] = deque()

    @property
    def acked(self) -> int:
        if self.relayed:
            return self.handed
        then_s = self.now_s - self.round_trip_s
        while len(self.history) > 1 and self.history[1][0] <= then_s:
            self.history.popleft()
        return int(self.history[0][1]) if self.history[0][0] <= then_s else 0

    def run(self, seconds: float, frame: Callable[[float], int | None]) -> Path:
        """Let time pass; `frame` is the size of the frame that waits, or None."""
        ends_s = self.now_s + seconds
        while self.now_s < ends_s:
            self._serve()
            self._confirm()
            trip_s = 0.0001 if self.relayed else self.round_trip_s
            if self.window.wants_look():
                self.window.look(self.handed - self.acked, trip_s, self.now_s)
            while (size := frame(self.now_s)) and self.window.has_room():
                self._hand_over(size)
        return self

    def _hand_over(self, size: int) -> None:
        self.window.handed_over(size)
        self.handed += size
        self.unconfirmed += size
        self.sent.append(Sent(self.unconfirmed, size, self.now_s, self.handed))

    def _serve(self) -> None:
        self.now_s += STEP_S
        added = self.rate(self.now_s) * STEP_S
        self.tokens = min(self.tokens + added, max(added, self.burst))
        passed = min(self.tokens, self.handed - self.served)
        self.tokens -= passed
        self.served += passed
        self.history.append((self.now_s, self.served))
        while self.sent and self.sent[0].end <= self.served + 0.5:
            each = self.sent.popleft()
            each.arrived_s = self.now_s + self.round_trip_s / 2
            self.travelling.append((self.now_s + self.round_trip_s + self.broker_s, each))

    def _confirm(self) -> None:
        while self.travelling and self.travelling[0][0] <= self.now_s:
            _, each = self.travelling.popleft()
            self.done.append(each)
            self.unconfirmed -= each.size
            self.window.confirmed(each.ahead, each.size, self.now_s - each.at_s, self.now_s)
            self.window.settled(each.size)

    # --- what came of it ---

    def on_way_s(self, since_s: float = 0.0, until_s: float = 1e9) -> list[float]:
        """How long each frame of that time was on its way, sorted."""
        chosen = [each for each in self.done if since_s <= each.at_s < until_s]
        return sorted(each.arrived_s - each.at_s for each in chosen)

    def carried(self, since_s: float, until_s: float) -> float:
        """The share of the link that was used."""
        chosen = [each for each in self.done if since_s <= each.arrived_s < until_s]
        could = sum(
            self.rate(since_s + i * STEP_S) for i in range(int((until_s - since_s) / STEP_S))
        )
        return sum(each.size for each in chosen) / (could * STEP_S)


def always(size: int) -> Callable[[float], int]:
    """More frames than any link carries."""
    return lambda _now_s: size


def constant(rate: float) -> Callable[[float], float]:
    return lambda _now_s: rate


@pytest.mark.parametrize("burst", [0, 60_000])
@pytest.mark.parametrize("size", [5_000, 50_000, 150_000])
@pytest.mark.parametrize("round_trip_s", [0.001, 0.4, 4.0])
@pytest.mark.parametrize("rate", [0.2 * MBIT, 1 * MBIT, 10 * MBIT])
def test_frames_are_on_their_way_briefly_and_the_link_is_used(
    rate: float, round_trip_s: float, size: int, burst: int
) -> None:
    alone_s = size / rate + round_trip_s / 2
    path = Path(constant(rate), round_trip_s, burst=burst)
    length_s = 20 + 20 * alone_s + 8 * round_trip_s
    path.run(length_s, always(size))
    on_way_s = path.on_way_s(length_s / 2, length_s - 2 * alone_s)
    # Its own bytes, those of one before it, and what may queue.
    assert on_way_s[-1] < alone_s + size / rate + 0.5 + round_trip_s
    assert path.carried(length_s / 2, length_s - round_trip_s) > 0.88


@pytest.mark.parametrize("size", [20_000, 150_000])
@pytest.mark.parametrize("round_trip_s", [0.001, 0.4, 4.0])
def test_behind_a_proxy_that_takes_everything_at_once_the_confirms_bound_what_waits(
    round_trip_s: float, size: int
) -> None:
    alone_s = size / MBIT + round_trip_s / 2
    path = Path(constant(MBIT), round_trip_s, relayed=True)
    length_s = 30 + 10 * round_trip_s
    path.run(length_s, always(size))
    on_way_s = path.on_way_s(length_s / 2, length_s - 5)
    assert on_way_s[-1] < 3 * alone_s + 1.25 + round_trip_s
    assert path.carried(length_s / 2, length_s - round_trip_s) > 0.9


def test_a_fast_network_is_not_held_back() -> None:
    path = Path(constant(1000 * MBIT), 0.0005, broker_s=0.001)
    path.run(1, always(100_000))
    assert path.carried(0.2, 1) > 0.9


def test_a_broker_that_confirms_late_does_not_hold_back_a_wire_that_is_free() -> None:
    path = Path(constant(100 * MBIT), 0.001, broker_s=3.0)
    due = iter(range(10**6))
    wanted = {"at_s": 0.0}

    def sixty_a_second(now_s: float) -> int | None:
        if now_s < wanted["at_s"]:
            return None
        wanted["at_s"] = next(due) / 60
        return 50_000

    path.run(60, sixty_a_second)
    late = [each for each in path.done if 40 <= each.at_s < 55]
    assert len(late) / 15 > 55


def test_an_uplink_that_becomes_slow_and_fast_again_recovers_at_once() -> None:
    path = Path(lambda now_s: 0.5 * MBIT if 20 <= now_s < 60 else 10 * MBIT, 0.04)
    path.run(80, always(50_000))
    before_s = path.on_way_s(10, 19)
    assert before_s[-1] < 0.6
    in_between_s = path.on_way_s(30, 60)
    assert in_between_s[len(in_between_s) // 2] < 50_000 / (0.5 * MBIT) * 2 + 0.5
    assert path.on_way_s(19, 30)[-1] < 8, "what was on its way could not be taken back"
    assert path.carried(62, 79) > 0.85, "two seconds later it is as fast as ever"
    assert path.on_way_s(61.5, 79)[-1] < 1.0


def test_a_frame_larger_than_everything_may_always_go_alone() -> None:
    window = UplinkWindow(0.25)
    assert window.has_room()
    window.handed_over(100 * START_BYTES)
    assert not window.has_room()
    window.confirmed(100 * START_BYTES, 100 * START_BYTES, 500.0, 500.0)
    window.settled(100 * START_BYTES)
    assert window.has_room()


def test_a_wire_on_which_nothing_moves_takes_no_more() -> None:
    path = Path(lambda now_s: MBIT if now_s < 10 else 1e-9)
    path.run(12, always(50_000))
    handed = path.handed
    path.run(60, always(50_000))
    assert path.handed == handed


def test_the_best_of_the_last_while() -> None:
    best = BestOf(1.0)
    assert best.add(3.0, 0.0) == 3.0
    assert best.add(5.0, 0.1) == 5.0
    assert best.add(4.0, 0.5) == 5.0
    assert best.add(1.0, 1.2) == 4.0
    assert best.add(0.5, 99.0) == 0.5


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0, 1e9)), min_size=1, max_size=50))
def test_the_best_is_what_a_plain_search_finds(steps: list[tuple[float, float]]) -> None:
    best = BestOf(1.0)
    taken: list[tuple[float, float]] = []
    now_s = 0.0
    for wait_s, value in steps:
        now_s += wait_s
        taken.append((now_s, value))
        recent = [each for at_s, each in taken if at_s >= now_s - 1.0]
        assert best.add(value, now_s) == max(recent)
