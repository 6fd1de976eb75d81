"""The queue of events counts all of them and keeps its bound, whatever the broker does."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_video.delivery.notification_queue import Notification, NotificationQueue


def notification(number: int) -> Notification:
    return Notification(f"id-{number}", "camera_online", "camera.online.cam1", number, b"{}")


def test_what_was_in_flight_comes_first_and_in_order_on_the_next_connection() -> None:
    queue = NotificationQueue(10)
    for number in range(4):
        queue.put(notification(number))
    assert [queue.take(), queue.take()] == [notification(0), notification(1)]
    queue.settle("id-1", confirmed=True)
    queue.give_back()
    queue.give_back()
    assert [queue.take(), queue.take(), queue.take(), queue.take()] == [
        notification(0),
        notification(2),
        notification(3),
        None,
    ]


def test_the_oldest_makes_room_and_is_counted() -> None:
    queue = NotificationQueue(3)
    for number in range(10):
        queue.put(notification(number))
    assert queue.take() == notification(7)
    counts = queue.counts()
    assert (counts.put, counts.dropped, counts.held, counts.in_flight) == (10, 7, 2, 1)


def status(number: int) -> Notification:
    return replace(notification(number), name="node_status", life_s=90.0)


def test_a_status_takes_the_place_of_the_one_before_it_and_pushes_no_event_out() -> None:
    queue = NotificationQueue(3)
    queue.put(notification(0))
    for number in range(1, 50):
        queue.put(status(number))
    queue.put(notification(50))
    assert [queue.take(), queue.take(), queue.take()] == [
        notification(0),
        status(49),
        notification(50),
    ]
    counts = queue.counts()
    assert (counts.put, counts.dropped, counts.replaced) == (51, 0, 48)


actions = st.lists(
    st.sampled_from(["put", "put_status", "take", "ack", "nack", "stray", "lose"]), max_size=200
)


@settings(deadline=None)
@given(actions, st.integers(1, 5))
def test_the_counts_add_up_and_the_bound_holds(steps: list[str], capacity: int) -> None:
    queue = NotificationQueue(capacity)
    number, flying = 0, []
    for step in steps:
        match step:
            case "put":
                queue.put(notification(number))
                number += 1
            case "put_status":
                queue.put(status(number))
                number += 1
            case "take":
                taken = queue.take()
                flying += [] if taken is None else [taken]
            case "ack" | "nack" if flying:
                queue.settle(flying.pop(0).message_id, confirmed=step == "ack")
            case "stray":
                queue.settle("nobody's", confirmed=True)
            case "lose":
                queue.give_back()
                flying = []
        counts = queue.counts()
        assert counts.put == number
        assert counts.put == (
            counts.confirmed
            + counts.refused
            + counts.dropped
            + counts.replaced
            + counts.held
            + counts.in_flight
        )
        assert counts.held + counts.in_flight <= max(capacity, counts.in_flight)
        assert counts.in_flight == len(flying)
