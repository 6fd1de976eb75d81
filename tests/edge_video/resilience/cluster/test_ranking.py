"""Which node is the best for each camera: equal shares, the same answer everywhere, few moves."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_video.resilience.cluster import Candidate, rank

CAMERAS = frozenset(f"camera-{n}" for n in range(40))


def nodes(count: int, **keys: float) -> list[Candidate]:
    return [Candidate(f"edge-{n}", cameras=CAMERAS, **keys) for n in range(count)]  # type: ignore[arg-type]


def loads(candidates: list[Candidate]) -> Counter[str]:
    return Counter(names[0] for names in rank(candidates).values())


@given(cameras=st.integers(1, 60), count=st.integers(1, 7))
def test_equal_nodes_get_equal_shares(cameras: int, count: int) -> None:
    names = frozenset(f"c{n}" for n in range(cameras))
    candidates = [Candidate(f"n{n}", cameras=names) for n in range(count)]
    found = loads(candidates)

    shares = [found[each.node] for each in candidates]
    assert sum(shares) == cameras
    assert max(shares) - min(shares) <= 1


@given(order=st.permutations(range(5)))
def test_the_answer_does_not_depend_on_the_order_of_asking(order: list[int]) -> None:
    candidates = nodes(5)

    assert rank([candidates[n] for n in order]) == rank(candidates)


def test_shares_follow_the_capacity() -> None:
    small, large = nodes(2)
    large = replace(large, capacity=3.0)

    assert loads([small, large]) == {"edge-0": 10, "edge-1": 30}


def test_a_node_that_dies_moves_mostly_its_own_cameras() -> None:
    before, after = rank(nodes(5)), rank(nodes(4))

    kept = [name for name in CAMERAS if before[name][0] != "edge-4"]
    moved = [name for name in kept if before[name][0] != after[name][0]]
    assert len(kept) == 32
    assert len(moved) <= 8, "2 each go to where the shares have room"


def test_a_limit_is_kept_while_others_have_room_and_no_camera_is_left_over() -> None:
    limited, free = replace(nodes(1)[0], limit=5), nodes(2)[1]
    assert loads([limited, free]) == {"edge-0": 5, "edge-1": 35}

    both = [replace(each, limit=5) for each in nodes(2)]
    assert sum(loads(both).values()) == 40


def test_who_cannot_reach_a_camera_is_no_candidate_unless_nobody_can() -> None:
    first, second = nodes(2)
    best = rank([first, second])["camera-1"][0]
    assert best in {"edge-0", "edge-1"}
    cut_off = [
        replace(each, unreachable=frozenset({"camera-1"} if each.node == best else ()))
        for each in (first, second)
    ]

    other = "edge-1" if best == "edge-0" else "edge-0"
    assert rank(cut_off)["camera-1"] == (other,)
    nowhere = [replace(each, unreachable=frozenset({"camera-1"})) for each in (first, second)]
    assert rank(nowhere) == rank([first, second])


def test_only_who_has_a_camera_is_a_candidate_for_it() -> None:
    first = Candidate("edge-0", cameras=frozenset({"door", "yard"}))
    second = Candidate("edge-1", cameras=frozenset({"door"}))

    assert rank([first, second])["yard"] == ("edge-0",)
    assert set(rank([first, second])["door"]) == {"edge-0", "edge-1"}


@pytest.mark.parametrize("count", [0, 1])
def test_few_nodes_are_no_special_case(count: int) -> None:
    assert set(rank(nodes(count))) == (set(CAMERAS) if count else set())
