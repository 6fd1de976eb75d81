"""What a broker's words for a refusal mean, and which frame they are about."""

from __future__ import annotations

import pytest

from edge_video.delivery.amqp.in_flight import InFlight
from edge_video.delivery.amqp.refusals import Refusal, RefusalKind, read_refusal
from edge_video.delivery.amqp.refused_frames import judge
from edge_video.frames import CameraId, Frame

SIZE = "PRECONDITION_FAILED - message size 70000 is larger than configured max size 60000"
TOPIC_3 = (
    "ACCESS_REFUSED - access to topic 'shop.cam2' in exchange 'shop' in vhost '/' refused"
    " for user 'u'"
)
UNLIKE = (
    "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'shop' in vhost '/':"
    " received 'topic' but current is 'headers'"
)
TOPIC_4 = TOPIC_3.replace("- access", "- write access")


@pytest.mark.parametrize(
    ("code", "text", "kind", "words"),
    [
        (406, SIZE, RefusalKind.SIZE, ("70000", "60000", "max_message_size")),
        (406, SIZE.replace("configured ", ""), RefusalKind.SIZE, ("70000", "60000")),
        (311, "CONTENT_TOO_LARGE", RefusalKind.SIZE, ("larger than the broker takes",)),
        (403, TOPIC_3, RefusalKind.TOPIC, ("'shop.cam2'", "'shop'", "topic permissions")),
        (403, TOPIC_4, RefusalKind.TOPIC, ("'shop.cam2'", "'shop'")),
        (
            403,
            "ACCESS_REFUSED - access to exchange 'shop' in vhost '/' refused for user 'u'",
            RefusalKind.EXCHANGE,
            ("may not declare or write to exchange 'shop'",),
        ),
        (
            403,
            "ACCESS_REFUSED - cannot publish to internal exchange 'shop' in vhost '/'",
            RefusalKind.EXCHANGE,
            ("'shop' is internal",),
        ),
        (404, "NOT_FOUND - no exchange 'shop'", RefusalKind.MISSING, ("'shop' does not exist",)),
        (
            406,
            UNLIKE,
            RefusalKind.UNLIKE,
            ("'shop' exists", "type=headers"),
        ),
        (406, "PRECONDITION_FAILED - odd", RefusalKind.OTHER, ("'shop'", "odd")),
        (541, "", RefusalKind.OTHER, ("'shop'", "541")),
    ],
)
def test_a_refusal_names_what_was_refused(
    code: int, text: str, kind: RefusalKind, words: tuple[str, ...]
) -> None:
    refusal = read_refusal("shop", code, text)
    assert refusal.kind is kind
    for each in words:
        assert each in refusal.reason


@pytest.mark.parametrize(
    ("sentence", "difference"),
    [
        (
            "'alternate-exchange' for exchange 'e': received none but current is the value 'lost'",
            "alternate-exchange=lost",
        ),
        (
            "'auto_delete' for exchange 'e' in vhost '/': received 'false' but current is 'true'",
            "auto_delete=true",
        ),
        (  # a type that a plug-in brings is quoted twice
            "'type' for exchange 'e': received 'topic' but current is ''x-consistent-hash''",
            "type=x-consistent-hash",
        ),
    ],
)
def test_the_difference_of_an_exchange_is_read(sentence: str, difference: str) -> None:
    text = f"PRECONDITION_FAILED - inequivalent arg {sentence}"
    assert read_refusal("e", 406, text).difference == difference


def test_a_routing_key_that_was_cut_is_known_by_its_beginning() -> None:
    long = "k" * 240
    refusal = read_refusal("e", 403, f"ACCESS_REFUSED - access to topic '{long[:200]}...")
    assert refusal.concerns(long, 1)
    assert not refusal.concerns("kk", 1)


def test_a_routing_key_may_hold_the_brokers_own_words() -> None:
    key = "a' in exchange 'b"
    text = f"access to topic '{key}' in exchange 'e' in vhost '/' refused for user 'u'"
    assert read_refusal("e", 403, text).concerns(key, 1)


# --- which frame -----------------------------------------------------------------------------


def in_flight(*keys_and_sizes: tuple[str, int]) -> list[InFlight]:
    return [
        InFlight(Frame(CameraId(key), at, "s", bytes(size), 0, 0.0, 0, 0, 0), str(at), key)
        for at, (key, size) in enumerate(keys_and_sizes)
    ]


def numbers(verdict: tuple[list[InFlight], ...]) -> list[list[int]]:
    return [[each.frame.seq for each in part] for part in verdict]


TOPIC = read_refusal("shop", 403, TOPIC_3)


def test_frames_before_the_refused_one_are_unknown_and_those_behind_it_were_not_looked_at() -> None:
    frames = in_flight(("a", 1), ("shop.cam2", 1), ("a", 1), ("shop.cam2", 1))
    assert numbers(judge(frames, TOPIC, proven=False)) == [[0], [1], [2, 3]]


def test_where_such_frames_were_taken_before_any_of_them_may_be_the_first_refused_one() -> None:
    frames = in_flight(("a", 1), ("shop.cam2", 1), ("a", 1), ("shop.cam2", 1), ("a", 1))
    assert numbers(judge(frames, TOPIC, proven=True)) == [[0, 1, 2], [3], [4]]


def test_a_frame_that_is_too_large_is_found_by_the_limit() -> None:
    frames = in_flight(("a", 60_000), ("b", 60_001), ("a", 10))
    verdict = judge(frames, read_refusal("shop", 406, SIZE), proven=False)
    assert numbers(verdict) == [[0], [1], [2]]


@pytest.mark.parametrize("refusal", [None, Refusal(RefusalKind.OTHER, "odd")])
def test_without_a_name_every_frame_is_unknown(refusal: Refusal | None) -> None:
    frames = in_flight(("a", 1), ("b", 1))
    assert numbers(judge(frames, refusal, proven=False)) == [[0, 1], [], []]
