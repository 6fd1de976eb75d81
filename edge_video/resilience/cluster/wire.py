"""Writes tokens and announcements as JSON, and reads them from whoever may publish them.

Keys that are not known are ignored, so that a newer node may add some. Everything else that is not
as it should be is a ValueError: what was published by hand must not become a lease.
"""

from __future__ import annotations

import json
from typing import Any, Final

from edge_video.resilience.cluster.membership import Announcement, Owned
from edge_video.resilience.cluster.terms import Holder, Token

MAX_BYTES: Final = 1 << 20
"""Longer messages are refused unread; a thousand cameras need a tenth of it."""

_MAX_EPOCH: Final = (1 << 63) - 1
"""An epoch has to fit into a 64-bit header."""
_MAX_NAME: Final = 255
_MAX_CAPACITY: Final = 1e9


def encode_token(token: Token) -> bytes:
    """Return the body of a token's message."""
    return _encode(
        {
            **_holder_keys(token.holder),
            "epoch": token.epoch,
            "number": token.number,
            "claim": token.is_claim,
        }
    )


def decode_token(body: bytes) -> Token:
    """Return the token; raises ValueError where it is none."""
    found = _decode(body)
    return Token(
        epoch=_whole(found, "epoch"),
        holder=_holder(found),
        number=_whole(found, "number"),
        is_claim=_flag(found, "claim"),
    )


def encode_announcement(announcement: Announcement) -> bytes:
    """Return the body of an announcement's message."""
    owned = {name: [each.epoch, each.is_streaming] for name, each in announcement.owned.items()}
    return _encode(
        {
            **_holder_keys(announcement.holder),
            "capacity": announcement.capacity,
            "limit": announcement.limit,
            "cameras": dict(announcement.cameras),
            "owned": owned,
            "waiting": sorted(announcement.waiting),
            "unreachable": sorted(announcement.unreachable),
            "leaving": announcement.is_leaving,
            "last": announcement.is_last,
        }
    )


def decode_announcement(body: bytes) -> Announcement:
    """Return the announcement; raises ValueError where it is none."""
    found = _decode(body)
    capacity = found.get("capacity")
    if isinstance(capacity, bool) or not isinstance(capacity, int | float):
        raise ValueError("capacity is no number")  # noqa: TRY004 - as below
    if not 0.0 < capacity <= _MAX_CAPACITY:
        raise ValueError("capacity is not above 0, or no node's")
    cameras = _mapping(found, "cameras")
    return Announcement(
        holder=_holder(found),
        capacity=float(capacity),
        limit=None if found.get("limit") is None else _whole(found, "limit"),
        cameras={_name(name): _name(each) for name, each in cameras.items()},
        owned={_name(name): _owned(each) for name, each in _mapping(found, "owned").items()},
        waiting=_names(found, "waiting"),
        unreachable=_names(found, "unreachable"),
        is_leaving=_flag(found, "leaving"),
        is_last=_flag(found, "last"),
    )


def _encode(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _decode(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_BYTES:
        raise ValueError("too long")
    try:
        found = json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - one error for all that is no message
    return found


def _holder_keys(holder: Holder) -> dict[str, Any]:
    return {"node": holder.node, "life": holder.life}


def _holder(found: dict[str, Any]) -> Holder:
    return Holder(_name(found.get("node")), _name(found.get("life")))


def _name(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_NAME:
        raise ValueError("a name is no text, empty, or too long")
    value.encode()  # half a character, which JSON allows, is a ValueError
    return value


def _names(found: dict[str, Any], key: str) -> frozenset[str]:
    value = found.get(key)
    if not isinstance(value, list):
        raise ValueError(f"{key} is no list")  # noqa: TRY004 - as above
    return frozenset(_name(each) for each in value)


def _mapping(found: dict[str, Any], key: str) -> dict[str, Any]:
    value = found.get(key)
    if not isinstance(value, dict):
        raise ValueError(f"{key} is no object")  # noqa: TRY004 - as above
    return value


def _owned(value: object) -> Owned:
    match value:
        case [int(epoch), bool(is_streaming)] if not isinstance(epoch, bool):
            return Owned(_in_range(epoch), is_streaming)
        case _:
            raise ValueError("an owned camera is not an epoch and a flag")


def _whole(found: dict[str, Any], key: str) -> int:
    value = found.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{key} is no whole number")  # noqa: TRY004 - as above
    return _in_range(value)


def _in_range(value: int) -> int:
    if not 0 <= value < _MAX_EPOCH:
        raise ValueError(f"{value} is out of range")
    return value


def _flag(found: dict[str, Any], key: str) -> bool:
    value = found.get(key)
    if not isinstance(value, bool):
        raise ValueError(f"{key} is neither true nor false")  # noqa: TRY004 - as above
    return value
