from __future__ import annotations

from edge_video.faults.delays import Delays


def test_the_end_of_delays_also_ends_those_that_still_wait_in_a_mailbox() -> None:
    delays = Delays()
    first, second, other = delays.over("a"), delays.over("a"), delays.over("b")
    delays.end("a")
    assert [event.is_set() for event in (first, second, other)] == [True, True, False]
    assert not delays.over("a").is_set()  # a later delay waits again
    delays.end()
    assert other.is_set()
    assert delays.over("a").is_set() is False
