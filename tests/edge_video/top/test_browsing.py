"""Scrolling and filtering: what is seen after each key."""

from __future__ import annotations

import pytest

from edge_video.top.browsing import Browsing, Extent
from edge_video.top.keys import Key

FORTY = Extent(cameras=40, lines=18)


def after(*keys: Key | str, extent: Extent = FORTY) -> Browsing:
    browsing = Browsing()
    for key in keys:
        browsing = browsing.press(key, extent)
    return browsing


@pytest.mark.parametrize(
    ("keys", "offset"),
    [
        ([Key.UP], 0),
        ([Key.DOWN, Key.DOWN], 2),
        ([Key.PAGE_DOWN], 18),
        ([Key.PAGE_DOWN, Key.PAGE_DOWN, Key.DOWN], 22),
        ([Key.PAGE_DOWN, Key.PAGE_UP, Key.UP], 0),
        ([Key.END], 22),
        ([Key.END, Key.HOME], 0),
    ],
)
def test_it_scrolls_from_the_first_camera_to_the_last(keys: list[Key], offset: int) -> None:
    assert after(*keys).offset == offset


def test_where_all_have_room_nothing_scrolls() -> None:
    assert after(Key.DOWN, Key.PAGE_DOWN, Key.END, extent=Extent(5, 18)).offset == 0


def test_cameras_that_go_take_the_offset_along() -> None:
    assert after(Key.END).within(Extent(20, 18)).offset == 2
    assert after(Key.END).within(Extent(0, 18)).offset == 0


def test_a_filter_is_typed_kept_and_cleared() -> None:
    typing = after(Key.DOWN, "/", "q", "Y", "x", Key.BACKSPACE)
    assert (typing.filter_text, typing.is_typing, typing.is_over) == ("qY", True, False)
    assert typing.offset == 0
    assert typing.passes("a QY camera")
    assert not typing.passes("door")
    kept = typing.press(Key.ENTER, FORTY)
    assert (kept.filter_text, kept.is_typing) == ("qY", False)
    assert kept.press("x", FORTY) == kept
    cleared = kept.press(Key.ESCAPE, FORTY)
    assert (cleared.filter_text, cleared.passes("door")) == ("", True)


def test_a_filter_is_bounded_and_q_ends_only_outside_of_it() -> None:
    assert len(after("/", *"x" * 200).filter_text) == 64
    assert after("q").is_over
    assert not after("/", "q").is_over
    assert after("/", "q", Key.ESCAPE, "q").is_over
