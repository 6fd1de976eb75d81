"""Who is let in with what: senders, signatures, permissions, clocks, bodies."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import pytest

from edge_video.config.commands import CommandName
from edge_video.delivery.commands.catalog import ALL_COMMANDS, COMMANDS
from edge_video.delivery.commands.entrance import TOKEN_HEADER, Entrance
from edge_video.delivery.commands.permissions import Grant, Permissions, Principal, Proof
from edge_video.delivery.commands.request import Delivery, Reason, Refusal
from edge_video.delivery.commands.tokens import Claims, body_hash, signed

if TYPE_CHECKING:
    from edge_video.delivery.commands.entrance import Admitted

NOW_S = 1_800_000_000.0
KEY = b"k" * 32
OPS, BOSS = Principal(Proof.USER, "ops"), Principal(Proof.KEY, "boss")
ENTRANCE = Entrance(
    "shop-7",
    Permissions(
        [
            Grant(OPS, frozenset({"status", "retry", "reload"}), ("centro.*", "door")),
            Grant(BOSS, frozenset({ALL_COMMANDS}), key=KEY),
        ]
    ),
)
RETRY = Delivery(
    "shop-7.retry",
    b'{"camera": "door"}',
    message_id="m1",
    user_id="ops",
    expiration="5000",
    reply_to="amq.rabbitmq.reply-to.g1",
    headers={"sent_at_ms": int(NOW_S * 1000), "expires_at_ms": int(NOW_S * 1000) + 5000},
)


def admitted(delivery: Delivery, now_s: float = NOW_S + 1) -> Admitted:
    sender, times = ENTRANCE.sender_of(delivery)
    return ENTRANCE.admit(delivery, sender, times, now_s)


def refused(delivery: Delivery, now_s: float = NOW_S + 1) -> Reason:
    with pytest.raises(Refusal) as refusal:
        admitted(delivery, now_s)
    assert json.loads(refusal.value.answer.body)["reason"] == refusal.value.reason
    return refusal.value.reason


def token_of(delivery: Delivery, key: bytes = KEY, **changes: Any) -> Delivery:
    claims = Claims(
        "shop-7",
        delivery.command,
        delivery.message_id or "",
        NOW_S,
        NOW_S + 5,
        body_hash(delivery.body),
    )
    token = signed(replace(claims, **changes), "boss", key)
    return replace(delivery, user_id=None, headers={TOKEN_HEADER: token})


def test_what_may_be_configured_is_what_there_is() -> None:
    assert set(get_args(CommandName)) == {ALL_COMMANDS, *COMMANDS}


def test_a_user_of_the_broker_is_let_in_with_what_is_its_own() -> None:
    request = admitted(RETRY).request
    assert (request.command, request.camera, request.principal) == ("retry", "door", OPS)
    assert admitted(replace(RETRY, body=b'{"camera": "centro.till"}')).request.camera
    assert refused(replace(RETRY, body=b'{"camera": "centro"}')) is Reason.FORBIDDEN
    assert refused(replace(RETRY, routing_key="shop-7.stop")) is Reason.FORBIDDEN
    assert refused(replace(RETRY, user_id="somebody")) is Reason.FORBIDDEN
    assert refused(replace(RETRY, user_id=None)) is Reason.UNKNOWN_SENDER


def test_a_command_about_the_whole_node_needs_all_cameras() -> None:
    reload = replace(RETRY, routing_key="shop-7.reload", body=b"")
    assert refused(reload) is Reason.FORBIDDEN
    assert admitted(token_of(reload)).request.principal == BOSS


def test_a_signature_stands_for_one_message_to_one_node() -> None:
    assert admitted(token_of(RETRY)).request.principal == BOSS
    others = [
        token_of(RETRY, audience="shop-8"),
        token_of(RETRY, command="stop"),
        token_of(RETRY, message_id="m2"),
        replace(token_of(RETRY), body=b'{"camera": "yard"}'),
        replace(token_of(RETRY), routing_key="shop-7.stop"),
        token_of(RETRY, key=b"x" * 32),
        replace(RETRY, headers={TOKEN_HEADER: 7}),
        replace(RETRY, headers={TOKEN_HEADER: "a.b"}),
        replace(RETRY, headers={TOKEN_HEADER: "é.é.é"}),
    ]
    assert {refused(each) for each in others} == {Reason.UNKNOWN_SENDER}


def test_the_times_of_a_signed_request_are_those_that_are_signed() -> None:
    late = token_of(RETRY, issued_at_s=NOW_S - 50, expires_at_s=NOW_S - 45)
    headers = {**late.headers, **RETRY.headers}
    assert refused(replace(late, headers=headers)) is Reason.CLOCK_SKEW
    for never in (float("nan"), float("inf")):
        assert refused(token_of(RETRY, expires_at_s=never)) is Reason.UNKNOWN_SENDER


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "head",
    [
        {"alg": "none", "kid": "boss"},
        {"alg": "HS512", "kid": "boss"},
        {"alg": "HS256"},
        {"alg": "HS256", "kid": "nobody"},
        {"alg": "HS256", "kid": "boss", "crit": ["exp"]},
        ["HS256"],
    ],
)
def test_a_token_chooses_neither_algorithm_nor_key(head: object) -> None:
    payload = encoded({"aud": "shop-7", "cmd": "retry", "jti": "m1", "iat": NOW_S, "exp": NOW_S})
    message = f"{encoded(head)}.{payload}"
    mac = hmac.digest(KEY, message.encode(), hashlib.sha256)
    signature = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    for end in ("", signature):
        token = {TOKEN_HEADER: f"{message}.{end}"}
        assert refused(replace(RETRY, headers=token)) is Reason.UNKNOWN_SENDER


def test_a_request_that_is_too_late_is_refused_and_a_wrong_clock_is_told_as_such() -> None:
    assert refused(RETRY, NOW_S + 6) is Reason.EXPIRED
    assert refused(RETRY, NOW_S + 16) is Reason.CLOCK_SKEW, "the broker kept it for 5 s at most"
    assert refused(RETRY, NOW_S - 11) is Reason.CLOCK_SKEW
    assert admitted(RETRY, NOW_S - 9).request.camera == "door"
    with pytest.raises(Refusal, match="about 3600 s behind this node's"):
        admitted(RETRY, NOW_S + 3600)


@pytest.mark.parametrize(
    "changes",
    [
        {"expiration": None},
        {"expiration": "-5"},
        {"headers": {}},
        {"headers": {"sent_at_ms": True, "expires_at_ms": 1}},
        {"headers": {**RETRY.headers, "expires_at_ms": RETRY.headers["sent_at_ms"]}},
        {"headers": {**RETRY.headers, "expires_at_ms": RETRY.headers["sent_at_ms"] + 61_000}},
        {"message_id": None},
        {"message_id": "m" * 65},
        {"body": b"[]"},
        {"body": b"{"},
        {"body": b"[" * 60_000},
        {"body": b'{"camera": "door", "more": 1}'},
        {"body": b'{"camera": 7}'},
        {"body": b'{"camera": "door", "wait_s": true}'},
        {"body": b"{}"},
        {"routing_key": "all.status"},
        {"routing_key": "shop-8.retry"},
        {"routing_key": "retry"},
    ],
)
def test_a_request_that_is_none_is_a_bad_one(changes: dict[str, Any]) -> None:
    assert refused(replace(RETRY, **changes)) is Reason.BAD_REQUEST


def test_what_is_too_large_or_unknown_is_said() -> None:
    assert refused(replace(RETRY, body=b" " * 65_537)) is Reason.TOO_LARGE
    assert refused(replace(RETRY, routing_key="shop-7.explode")) is Reason.UNKNOWN_COMMAND


@pytest.mark.parametrize(
    "queue", ["frames", "", None, "amq.rabbitmq.reply-to", "amq.genx", "x" * 300]
)
def test_an_answer_goes_into_nobody_elses_queue(queue: str | None) -> None:
    assert replace(RETRY, reply_to=queue).reply_address is None


@pytest.mark.parametrize("queue", ["amq.gen-x", "edge-video.replies.x", "amq.rabbitmq.reply-to.g1"])
def test_an_answer_goes_to_queues_that_are_for_answers(queue: str) -> None:
    address = replace(RETRY, reply_to=queue, correlation_id="c").reply_address
    assert address is not None
    assert (address.queue, address.correlation_id) == (queue, "c")


def test_it_signs_what_the_standards_example_has() -> None:
    """RFC 7515, A.1: its key, its message, its signature."""
    key = base64.urlsafe_b64decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow=="
    )
    message = (
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    )
    mac = base64.urlsafe_b64encode(hmac.digest(key, message.encode(), "sha256")).rstrip(b"=")
    assert mac == b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    ours = signed(Claims("n", "c", "i", 1, 2, "h"), "boss", key)
    head, payload, signature = ours.split(".")
    mac = hmac.digest(key, f"{head}.{payload}".encode(), "sha256")
    assert base64.urlsafe_b64encode(mac).rstrip(b"=").decode() == signature
