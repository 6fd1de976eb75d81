from __future__ import annotations

from dataclasses import replace
from typing import Any

import pika
import pytest

from edge_video.delivery.amqp.message import SCHEMA, expiration, message_properties
from edge_video.frames import CameraId, ChangeNote, Frame

FRAME = Frame(
    camera_id=CameraId("cam1"),
    seq=2**33,
    session="s7",
    image=b"\xff\xd8...\xff\xd9",
    captured_at_ns=1_700_000_000_999_999_999,
    captured_at_s=5.0,
    width=1280,
    height=720,
    dropped=3,
)


def properties(frame: Frame = FRAME, expires: str | None = None) -> Any:
    return message_properties(
        frame,
        node="shop-4",
        app="edge-video",
        published_at_ns=1_700_000_001_000_000_001,
        expires=expires,
    )


def over_the_wire(sent: Any) -> Any:
    """What a consumer gets: pika encodes the values and guesses their types again."""
    return pika.BasicProperties().decode(b"".join(sent.encode()))


def test_headers_are_the_contract_of_schema_1() -> None:
    assert properties().headers == {
        "schema": 1,
        "camera_id": "cam1",
        "node": "shop-4",
        "session": "s7",
        "seq": 2**33,
        "captured_at_ns": 1_700_000_000_999_999_999,
        "published_at_ns": 1_700_000_001_000_000_001,
        "width": 1280,
        "height": 720,
        "dropped": 3,
    }
    assert SCHEMA == 1


@pytest.mark.parametrize(
    ("note", "more"),
    [
        (None, {}),
        (ChangeNote(None, 3), {"unchanged": 3}),
        (ChangeNote(10_000), {"unchanged": 0, "next_within_ms": 10_000}),
        (
            ChangeNote(500, 2, 1_700_000_000_000_000_000),
            {"unchanged": 2, "next_within_ms": 500, "unchanged_since": 1_700_000_000_000_000_000},
        ),
    ],
)
def test_where_only_changes_are_published_headers_say_so(
    note: ChangeNote | None, more: dict[str, int]
) -> None:
    sent = properties(replace(FRAME, note=note))
    assert sent.headers == properties().headers | more
    assert over_the_wire(sent).headers == sent.headers


@pytest.mark.parametrize("epoch", [0, 7, 1_800_000_000_000, 2**63 - 1])
def test_where_nodes_share_a_camera_a_header_says_whose_frames_count(epoch: int) -> None:
    sent = properties(replace(FRAME, epoch=epoch))
    assert sent.headers == properties().headers | {"epoch": epoch}
    assert over_the_wire(sent).headers == sent.headers


def test_properties_are_the_contract_of_schema_1() -> None:
    sent = properties()
    assert sent.content_type == "image/jpeg"
    assert sent.delivery_mode == 1
    assert sent.timestamp == 1_700_000_000, "whole seconds, rounded down"
    assert sent.message_id == "s7-8589934592"
    assert sent.app_id == "edge-video"
    assert sent.expiration is None


def test_every_value_survives_the_encoding() -> None:
    received = over_the_wire(properties(expires="1500"))
    assert received.headers == properties().headers
    assert received.timestamp == 1_700_000_000
    assert received.expiration == "1500"
    assert received.message_id == "s7-8589934592"


def test_a_camera_id_outside_ascii_survives_the_encoding() -> None:
    received = over_the_wire(properties(replace(FRAME, camera_id=CameraId("praça-é"))))
    assert received.headers["camera_id"] == "praça-é"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, None), (0.0, "0"), (0.25, "250"), (1.0, "1000"), (90.0005, "90000"), (3600, "3600000")],
)
def test_expiration_is_whole_milliseconds_as_text(seconds: float | None, text: str | None) -> None:
    assert expiration(seconds) == text
