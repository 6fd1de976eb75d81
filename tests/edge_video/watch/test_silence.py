"""Who falls silent and who is back is told once, and for all cameras in one word."""

from __future__ import annotations

from edge_video.watch.silence import Silence, Silences

LONG = 60.0


def test_silence_is_told_once_for_one_camera_and_in_one_word_for_all() -> None:
    silences = Silences()
    assert silences.changes({"a": 2.9, "b": 0.9}, LONG) == []
    assert silences.changes({"a": 3.5, "b": 1.5}, LONG) == [Silence("a", silent=True)]
    assert silences.changes({"a": 4.0, "b": 2.0}, LONG) == []
    assert silences.changes({"a": 5.5, "b": 3.5}, LONG) == [Silence(None, silent=True)]
    assert silences.changes({"a": 0.0, "b": 4.0}, LONG) == [Silence(None, silent=False)]


def test_cameras_that_all_come_back_one_after_another_are_told_once() -> None:
    silences = Silences()
    silences.changes({"a": 5.0, "b": 5.0, "c": 5.0}, LONG)
    told = [
        *silences.changes({"a": 0.0, "b": 5.2, "c": 5.2}, LONG + 0.2),
        *silences.changes({"a": 0.2, "b": 0.0, "c": 5.4}, LONG + 0.4),
        *silences.changes({"a": 0.1, "b": 0.2, "c": 0.0}, LONG + 0.6),
        *silences.changes({"a": 0.1, "b": 0.2, "c": 0.0}, LONG + 9.0),
    ]
    assert told == [Silence(None, silent=False)]


def test_one_that_does_not_follow_the_others_is_told_and_so_is_its_coming_back() -> None:
    silences = Silences()
    silences.changes({"a": 5.0, "b": 5.0}, LONG)
    assert silences.changes({"a": 0.0, "b": 5.2}, LONG) == [Silence(None, silent=False)]
    assert silences.changes({"a": 0.1, "b": 8.1}, LONG + 2.9) == []
    assert silences.changes({"a": 0.1, "b": 8.3}, LONG + 3.1) == [Silence("b", silent=True)]
    assert silences.changes({"a": 0.1, "b": 9.3}, LONG + 4.1) == []
    assert silences.changes({"a": 0.1, "b": 0.0}, LONG + 5.0) == [Silence("b", silent=False)]


def test_no_silence_begins_while_this_consumer_was_not_connected_itself() -> None:
    silences = Silences()
    silences.connected(LONG)
    assert silences.changes({"a": 40.0, "b": 40.0}, LONG + 1.0) == []
    assert silences.changes({"a": 0.1, "b": 43.0}, LONG + 4.0) == [Silence("b", silent=True)]
    silences.connected(LONG + 10.0)
    assert silences.changes({"a": 0.1, "b": 49.1}, LONG + 10.1) == []  # it is still silent
    assert silences.changes({"a": 0.1, "b": 0.0}, LONG + 10.2) == [Silence("b", silent=False)]
