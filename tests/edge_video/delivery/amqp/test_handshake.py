from __future__ import annotations

from edge_video.delivery.amqp.handshake import MAX_S, HandshakeTimeout


def test_a_handshake_gets_twice_the_time_after_each_that_ran_out_up_to_a_minute() -> None:
    patience = HandshakeTimeout(10.0)
    limits = []
    for _ in range(5):
        limits.append(patience.limit_s)
        patience.ran_out()
    assert limits == [10, 20, 40, MAX_S, MAX_S]


def test_what_was_enough_is_remembered_with_a_margin() -> None:
    patience = HandshakeTimeout(10.0)
    patience.ran_out()
    patience.ran_out()
    patience.met(16.5)
    assert patience.limit_s == 33.0
    patience.met(0.1)
    assert patience.limit_s == 10.0, "never less than what is configured"


def test_a_limit_that_is_configured_above_a_minute_stays() -> None:
    patience = HandshakeTimeout(90.0)
    patience.ran_out()
    assert patience.limit_s == 90.0


def test_tcp_alone_gets_a_share_of_it_and_never_minutes() -> None:
    patience = HandshakeTimeout(10.0)
    assert patience.tcp_s == 5.0
    for _ in range(5):
        patience.ran_out()
    assert patience.tcp_s == 10.0, "a broker that is away is tried again often"
    assert HandshakeTimeout(0.3).tcp_s == 0.3
