"""Tokens and announcements as bytes: everything comes back, and nothing else gets in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_video.resilience.cluster import (
    Announcement,
    Holder,
    Owned,
    Token,
    decode_announcement,
    decode_token,
    encode_announcement,
    encode_token,
)
from edge_video.resilience.cluster.wire import MAX_BYTES

NAMES = st.text(min_size=1, max_size=20)
EPOCHS = st.integers(0, 2**63 - 2)
HOLDERS = st.builds(Holder, NAMES, NAMES)


@given(token=st.builds(Token, EPOCHS, HOLDERS, EPOCHS, st.booleans()))
def test_a_token_comes_back(token: Token) -> None:
    assert decode_token(encode_token(token)) == token


@given(
    announcement=st.builds(
        Announcement,
        holder=HOLDERS,
        capacity=st.floats(0.001, 1e6),
        limit=st.none() | st.integers(0, 1000),
        cameras=st.dictionaries(NAMES, NAMES),
        owned=st.dictionaries(NAMES, st.builds(Owned, EPOCHS, st.booleans())),
        waiting=st.frozensets(NAMES),
        unreachable=st.frozensets(NAMES),
        is_leaving=st.booleans(),
        is_last=st.booleans(),
    )
)
def test_an_announcement_comes_back(announcement: Announcement) -> None:
    assert decode_announcement(encode_announcement(announcement)) == announcement


@given(body=st.binary() | st.text().map(str.encode))
def test_whatever_is_no_message_is_refused(body: bytes) -> None:
    for decode in (decode_token, decode_announcement):
        with pytest.raises(ValueError, match=r".+"):
            decode(body)


TOKEN = {"node": "edge-a", "life": "1", "epoch": 7, "number": 1, "claim": True}


@pytest.mark.parametrize(
    "wrong",
    [
        {"epoch": "7"},
        {"epoch": -1},
        {"epoch": 2**63},
        {"epoch": True},
        {"epoch": 7.0},
        {"number": None},
        {"claim": 1},
        {"node": ""},
        {"node": 3},
        {"life": "x" * 256},
    ],
)
def test_a_token_with_a_wrong_key_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_token(json.dumps({**TOKEN, **wrong}).encode())


def test_a_key_of_a_newer_node_is_ignored() -> None:
    body = json.dumps({**TOKEN, "colour": "blue"}).encode()

    assert decode_token(body) == Token(7, Holder("edge-a", "1"), 1, is_claim=True)


@pytest.mark.parametrize("body", [b"[" * 100_000, b" " * (MAX_BYTES + 1), b"\xff\xfe", b"{}"])
def test_a_body_that_is_made_to_hurt_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_announcement(body)


ANNOUNCEMENT = json.loads(encode_announcement(Announcement(holder=Holder("edge-a", "1"))))


@pytest.mark.parametrize(
    "wrong",
    [
        {"capacity": 0},
        {"capacity": float("inf")},
        {"capacity": float("nan")},
        {"capacity": True},
        {"capacity": 10**400},
        {"cameras": {"\ud800": "a"}},
        {"waiting": ["\ud800"]},
        {"limit": -1},
        {"cameras": []},
        {"cameras": {"door": 1}},
        {"owned": {"door": [1]}},
        {"owned": {"door": [True, True]}},
        {"owned": {"door": [-1, True]}},
        {"waiting": "door"},
        {"unreachable": [1]},
    ],
)
def test_an_announcement_with_a_wrong_key_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode_announcement(json.dumps({**ANNOUNCEMENT, **wrong}).encode())
