"""Who may ask for what."""

from __future__ import annotations

import pytest

from edge_video.http.security import (
    MAX_CLIENTS,
    SESSION_S,
    FailureLimiter,
    SessionSigner,
    bearer_of,
    comes_from_elsewhere,
    cookie_of,
    host_is_ours,
)

NOW_S = 1_800_000_000.0


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1:8080", "localhost:8080", "LOCALHOST", "[::1]:8080"),
        *("192.168.1.20:8080", "edge.shop.example", "edge.shop.example:443", "edge.shop.example."),
    ],
)
def test_addresses_localhost_and_configured_names_are_ours(host: str) -> None:
    assert host_is_ours(host, {"edge.shop.example"})


@pytest.mark.parametrize(
    "host",
    [
        *("", "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[evil]", "a b"),
        *("localhost.evil.example", "localhost:8080@evil.example", "127.0.0.1:8080/x", "::1"),
        *("edge.shop.example:123456", "http://127.0.0.1", "127.0.0.1\n", "[::1].evil.example"),
    ],
)
def test_a_name_that_a_stranger_may_have_pointed_at_us_is_not_ours(host: str) -> None:
    assert not host_is_ours(host, {"edge.shop.example"})


@pytest.mark.parametrize(
    ("site", "mode", "origin", "is_safe", "refused"),
    [
        (None, None, None, False, False),  # curl
        ("same-origin", "cors", "http://127.0.0.1:8080", False, False),
        ("none", "navigate", None, True, False),  # typed into the address bar
        ("cross-site", "navigate", None, True, False),  # a link from another page
        ("cross-site", "navigate", "http://evil.example", False, True),  # a form of another page
        ("cross-site", "no-cors", None, True, True),  # an image on another page
        ("same-site", "cors", "http://127.0.0.1:9090", True, True),  # another port
        (None, None, "http://evil.example", True, True),  # a browser without fetch metadata
        (None, None, "null", False, True),
        (None, None, "https://127.0.0.1:8080", False, False),  # TLS ends at a proxy
    ],
)
def test_what_another_sites_page_asks_for_is_refused(
    site: str | None, mode: str | None, origin: str | None, *, is_safe: bool, refused: bool
) -> None:
    assert refused is comes_from_elsewhere(
        fetch_site=site,
        fetch_mode=mode,
        origin=origin,
        host="127.0.0.1:8080",
        is_safe=is_safe,
    )


def test_only_the_token_is_accepted() -> None:
    signer = SessionSigner("let-me-in-please")
    assert signer.accepts("let-me-in-please")
    assert not any(map(signer.accepts, ("", "let-me-in-pleasE", "let-me-in-please ", "é" * 3000)))
    assert "let-me" not in repr(signer)


def test_a_session_is_good_until_it_ends_or_the_token_changes() -> None:
    signer = SessionSigner("let-me-in-please")
    session = signer.new_session(NOW_S)
    assert signer.accepts_session(session, NOW_S)
    assert signer.accepts_session(session, NOW_S + SESSION_S - 1)
    assert not signer.accepts_session(session, NOW_S + SESSION_S + 1)
    assert not SessionSigner("another-token").accepts_session(session, NOW_S)


@pytest.mark.parametrize("forged", ["", ".", "1", "9" * 40, "-1.x", "²²²².x", "99999999999999.x"])
def test_a_forged_session_is_refused(forged: str) -> None:
    assert not SessionSigner("let-me-in-please").accepts_session(forged, NOW_S)


def test_a_session_cannot_be_prolonged() -> None:
    signer = SessionSigner("let-me-in-please")
    expires, _, signature = signer.new_session(NOW_S).partition(".")
    assert not signer.accepts_session(f"{int(expires) + 1}.{signature}", NOW_S)


def test_ten_wrong_tokens_then_one_in_six_seconds() -> None:
    limiter = FailureLimiter()
    for _ in range(10):
        assert limiter.retry_in_s("10.0.0.9", NOW_S) == 0
        limiter.failed("10.0.0.9", NOW_S)
    assert limiter.retry_in_s("10.0.0.9", NOW_S) == pytest.approx(6.0)
    assert limiter.retry_in_s("10.0.0.8", NOW_S) == 0
    assert limiter.retry_in_s("10.0.0.9", NOW_S + 6.01) == 0
    limiter.failed("10.0.0.9", NOW_S + 6.01)
    assert limiter.retry_in_s("10.0.0.9", NOW_S + 6.01) > 5


def test_a_thousand_clients_do_not_fill_the_memory() -> None:
    limiter = FailureLimiter(burst=1.0)
    clients = [f"10.0.{number // 256}.{number % 256}" for number in range(1000)]
    for client in clients:
        limiter.failed(client, NOW_S)
    remembered = [client for client in clients if limiter.retry_in_s(client, NOW_S) > 0]
    assert remembered == clients[-MAX_CLIENTS:]


def test_headers_are_read() -> None:
    assert bearer_of("Bearer abc") == bearer_of("bearer  abc ") == "abc"
    assert bearer_of(None) is bearer_of("Basic abc") is bearer_of("Bearer ") is None
    assert cookie_of("a=1; edge=x=y; b", "edge") == "x=y"
    assert cookie_of(None, "edge") is cookie_of("edgy=1", "edge") is None
