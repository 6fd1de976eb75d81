"""Who asked, as the log and the timeline say it."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from edge_video.http.origin import origin_of

MOZILLA = "Mozilla/5.0"
CHROME = f"{MOZILLA} (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0"


@pytest.mark.parametrize(
    ("user_agent", "shown"),
    [
        ("", "token, 10.0.0.7"),
        ("curl/8.5.0", "token, 10.0.0.7, curl/8.5.0"),
        (f"{MOZILLA} (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox/130"),
        (f"{CHROME} Safari/537.36", "Chrome/120 Linux"),
        (f"{CHROME} Safari/537.36 Edg/121.0.0.0", "Edge/121 Linux"),
        (f"{MOZILLA} (Macintosh; Intel) Version/17.1 Safari/605.1", "Safari/17 Macintosh"),
        (f"{MOZILLA} (Linux; Android 14) Chrome/119.0 Mobile", "Chrome/119 Android"),
        ("evil\x1b[2J" + "x" * 500, "evil"),
    ],
)
def test_the_program_is_said_in_a_few_words(user_agent: str, shown: str) -> None:
    origin = origin_of("10.0.0.7", Headers({"user-agent": user_agent}), by_session=False)
    assert shown in origin
    assert origin.startswith("token, 10.0.0.7")
    assert origin.isprintable()
    assert len(origin) < 80


def test_a_browser_comes_with_a_cookie() -> None:
    assert origin_of("10.0.0.7", Headers(), by_session=True) == "cookie, 10.0.0.7"


def test_whom_a_proxy_names_is_in_brackets() -> None:
    headers = Headers({"x-forwarded-for": "1.2.3.4, 10.0.0.9"})
    assert origin_of("127.0.0.1", headers, by_session=False) == "token, 127.0.0.1 (10.0.0.9)"
    lying = Headers({"x-forwarded-for": "\x1b" + "9" * 4000})
    assert len(origin_of("127.0.0.1", lying, by_session=False)) < 80
