"""What a busy node announces: a limit, by steps that each need their time."""

from __future__ import annotations

from edge_video.resilience.cluster.capacity import CapacityLimit


def measured(
    limit: CapacityLimit, percent: float, owned: int, start_s: int, end_s: int
) -> CapacityLimit:
    for now_s in range(start_s, end_s + 1, 5):
        limit = limit.measured(percent, owned, float(now_s))
    return limit


def test_a_node_with_room_has_no_limit() -> None:
    assert measured(CapacityLimit(), 84.0, 7, 0, 3600).cameras is None


def test_a_full_node_takes_no_more_after_a_minute() -> None:
    assert measured(CapacityLimit(), 90.0, 7, 0, 55).cameras is None
    assert measured(CapacityLimit(), 90.0, 7, 0, 60).cameras == 7


def test_an_overloaded_node_gives_one_camera_away_each_minute() -> None:
    limit = measured(CapacityLimit(), 99.0, 7, 0, 60)
    assert limit.cameras == 6
    assert measured(limit, 99.0, 6, 65, 115).cameras == 6
    assert measured(limit, 99.0, 6, 65, 120).cameras == 5


def test_a_short_rest_begins_the_minute_anew() -> None:
    limit = measured(CapacityLimit(), 99.0, 7, 0, 55)
    limit = limit.measured(50.0, 7, 58.0)

    assert measured(limit, 99.0, 7, 60, 115).cameras is None


def test_it_takes_one_more_after_ten_minutes_of_rest_and_forgets_a_limit_that_binds_nothing() -> (
    None
):
    limit = CapacityLimit(cameras=5)
    limit = measured(limit, 40.0, 5, 0, 600)
    assert limit.cameras == 6
    limit = measured(limit, 40.0, 5, 605, 1200)
    assert limit.cameras is None


def test_a_node_never_announces_less_than_nothing() -> None:
    assert measured(CapacityLimit(), 100.0, 0, 0, 600).cameras == 0
