"""The keys of a terminal, whole and in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_video.top.keys import Key, KeyDecoder


@pytest.mark.parametrize(
    ("typed", "pressed"),
    [
        (b"q", ["q"]),
        (b"\x1b[A\x1bOB", [Key.UP, Key.DOWN]),
        (b"\x1b[5~\x1b[6~", [Key.PAGE_UP, Key.PAGE_DOWN]),
        (b"\x1b[H\x1b[1~\x1b[F\x1bOF", [Key.HOME, Key.HOME, Key.END, Key.END]),
        (b"/c\xc3\xa3o\r\x7f", ["/", "c", "ã", "o", Key.ENTER, Key.BACKSPACE]),
        (b"\x1b\x1b[A", [Key.ESCAPE, Key.UP]),
        (b"\x1bx", [Key.ESCAPE, "x"]),
        (b"\x1b[1;5C\x1b[200~a\x04\xff", ["a"]),
    ],
)
def test_keys_are_known_however_they_come(typed: bytes, pressed: list[Key | str]) -> None:
    assert KeyDecoder().feed(typed) == pressed
    if b"\x1b\x1b" not in typed:
        in_pieces = KeyDecoder()
        one_by_one = [in_pieces.feed(typed[at : at + 1]) for at in range(len(typed))]
        assert [key for keys in one_by_one for key in keys] == pressed


def test_a_lone_escape_is_a_key_when_nothing_follows() -> None:
    keys = KeyDecoder()
    waiting = [keys.is_waiting]
    assert keys.feed(b"\x1b") == []
    waiting.append(keys.is_waiting)
    assert keys.flush() == [Key.ESCAPE]
    assert [*waiting, keys.is_waiting] == [False, True, False]
    assert keys.feed(b"\x1b[") == []
    assert keys.flush() == []


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_bytes_are_keys_or_nothing_and_never_pile_up(pieces: list[bytes]) -> None:
    keys = KeyDecoder()
    for piece in pieces:
        for key in keys.feed(piece):
            assert isinstance(key, Key) or key.isprintable()
    keys.flush()
    assert not keys.is_waiting
