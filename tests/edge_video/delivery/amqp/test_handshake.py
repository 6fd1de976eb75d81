from __future__ import annotations

from edge_video.delivery.amqp.handshake import MAX_S, HandshakeTimeout


def test_a_handshake_gets_twice_the_time_after_each_that_ran_out_up_to_a_minute() -> None:
    timeout = HandshakeTimeout(10.0)
    limits = []
    for _ in range(5):
        limits.append(timeout.limit_s)
        timeout.ran_out(0.0)
    assert limits == [10, 20, 40, MAX_S, MAX_S]


def test_what_was_enough_is_remembered_with_a_margin() -> None:
    timeout = HandshakeTimeout(10.0)
    timeout.ran_out(0.0)
    timeout.ran_out(0.0)
    timeout.began(100.0)
    timeout.met(116.5)
    assert timeout.limit_s == 33.0
    timeout.began(200.0)
    timeout.met(200.1)
    assert timeout.limit_s == 10.0, "never less than what is configured"


def test_a_limit_that_is_configured_above_a_minute_stays() -> None:
    timeout = HandshakeTimeout(90.0)
    timeout.ran_out(0.0)
    assert timeout.limit_s == 90.0


def test_tcp_alone_gets_a_share_of_it_and_never_minutes() -> None:
    timeout = HandshakeTimeout(10.0)
    assert timeout.tcp_s == 5.0
    for _ in range(5):
        timeout.ran_out(0.0)
    assert timeout.tcp_s == 10.0, "a broker that is away is tried again often"
    assert HandshakeTimeout(0.3).tcp_s == 0.3
