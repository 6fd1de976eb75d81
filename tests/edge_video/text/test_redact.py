"""No secret and no control character gets through."""

from __future__ import annotations

import base64
import html
import json
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_video.text.redact import Redactor, mask_url, secrets_in_url

ODD = "p@:s%/ w\\ö\"'&é+#?"

# Passwords of some length, of characters that no message around them has.
canaries = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="abcdefgh* "),
    min_size=4,
    max_size=20,
)


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("rtsp://u:p@h/x", "rtsp://u:***@h/x"),
        ("rtsp://u:p@h:554/x?channel=1", "rtsp://u:***@h:554/x?channel=1"),
        ("rtsp://u@h/x", "rtsp://u@h/x"),
        ("rtsp://:p@h/x", "rtsp://:***@h/x"),
        ("rtsp://u:@h/x", "rtsp://u:***@h/x"),
        ("rtsp://me@x.org:pw@h/x", "rtsp://me@x.org:***@h/x"),
        ("rtsp://u:a@b:c/d?e#f@h/x", "rtsp://u:***@h/x"),
        ("rtsp://u:ünï cöde@h/x", "rtsp://u:***@h/x"),
        ("amqp://u:p%40@h:5672/%2F", "amqp://u:***@h:5672/%2F"),
        ("http://h/a?user=me&pwd=x&rate=1", "http://h/a?user=me&pwd=***&rate=1"),
        ("http://h/a?loginuse=me&loginpas=x", "http://h/a?loginuse=me&loginpas=***"),
        ("http://h/a?api_key=x&TOKEN=y", "http://h/a?api_key=***&TOKEN=***"),
        ("http://h/a?access-token=x;live", "http://h/a?access-token=***;live"),
        ("http://h/a?monkey=x&keyframe=3", "http://h/a?monkey=***&keyframe=3"),
        ("rtsp://h/user=a&password=x&channel=1", "rtsp://h/user=a&password=***&channel=1"),
        ("rtsp://h/user=a_password=x_channel=1", "rtsp://h/user=a_password=***"),
        ("lavfi:testsrc2=size=640x360:rate=15", "lavfi:testsrc2=size=640x360:rate=15"),
        ("/video/clip.mp4", "/video/clip.mp4"),
        ("", ""),
    ],
)
def test_a_url_shows_everything_but_its_secrets(url: str, masked: str) -> None:
    assert mask_url(url) == masked
    assert mask_url(masked) == masked


@given(canaries, st.sampled_from(["", "/s", "/s?x=1", ":554/a/b"]))
def test_no_password_survives_in_a_masked_url(password: str, rest: str) -> None:
    assert password not in mask_url(f"rtsp://abc:{password}@ace{rest}")
    encoded = quote(password, safe="")
    assert encoded not in mask_url(f"http://ace/s?a=1&password={encoded}&c=2")


@given(canaries)
def test_the_secrets_of_a_url_are_found(password: str) -> None:
    assert password in set(secrets_in_url(f"rtsp://abc:{password}@ace/s"))
    assert password in set(secrets_in_url(f"rtsp://abc:{quote(password, safe='')}@ace/s"))


def forms(user: str, password: str) -> dict[str, str]:
    """How a password shows up in logs, by the name of the form."""
    raw = password.encode()
    every = "".join(f"%{byte:02X}" for byte in raw)
    return {
        "raw": password,
        "percent": quote(password, safe=""),
        "percent, lower case": quote(password, safe="").lower() if password.islower() else password,
        "percent, slash kept": quote(password),
        "percent, sub-delimiters kept": quote(password, safe="!$&'()*+,;="),
        "plus for space": quote_plus(password),
        "every byte": every,
        "every byte, lower case": every.lower(),
        "twice": quote(quote(password, safe=""), safe=""),
        "JSON": json.dumps(password)[1:-1],
        "JSON, not ASCII": json.dumps(password, ensure_ascii=False)[1:-1],
        "repr": repr(password)[1:-1],
        "ascii": ascii(password)[1:-1],
        "HTML": html.escape(password),
        "HTTP Basic": base64.b64encode(f"{user}:{password}".encode()).decode(),
        "HTTP Basic, URL alphabet": base64.urlsafe_b64encode(
            f"{user}:{password}".encode()
        ).decode(),
        "AMQP PLAIN": base64.b64encode(f"\0{user}\0{password}".encode()).decode(),
    }


@pytest.mark.parametrize("form", list(forms("u", "x")))
@pytest.mark.parametrize(
    "password", [ODD, "hunter2", "100% s3cret\\\\x", "пароль/密码", "a b+c%20d"]
)
def test_every_form_of_a_known_secret_is_masked(form: str, password: str) -> None:
    redact = Redactor(credentials=[("admin", password)])
    shown = forms("admin", password)[form]
    line = redact(f"[cam1] before {shown} after")
    assert shown not in line
    assert line.startswith("[cam1] before ***")
    assert line.endswith(" after")


@given(canaries)
def test_no_canary_survives_in_any_form(password: str) -> None:
    redact = Redactor()
    redact.add_credentials("abc", password)
    for name, shown in forms("abc", password).items():
        line = redact(f"abc rtsp://abc:{shown}@ace/s {shown}|{shown} gh")
        assert shown not in line, name
        assert password not in line, name


@given(st.lists(st.text(max_size=12), max_size=5), st.text())
def test_any_text_becomes_one_printable_line_without_long_secrets(
    secrets: list[str], text: str
) -> None:
    line = Redactor(secrets)(text + "".join(secrets))
    assert "\n" not in line
    assert "\x1b" not in line
    line.encode()  # no lone surrogates


def test_half_encoded_secrets_are_masked() -> None:
    assert Redactor(["p@ss word"])("x p%40ss%20word p@ss%20word p%40ss+word y") == "x *** *** *** y"


def test_composed_and_decomposed_accents_are_one_secret() -> None:
    assert Redactor(["caf\u00e9"])("x cafe\u0301 y") == "x *** y"
    assert Redactor(["cafe\u0301"])("x caf\u00e9 y") == "x *** y"


def test_a_longer_secret_wins_over_one_it_begins_with() -> None:
    assert Redactor(["hunter", "hunter2000"])("hunter2000 hunter") == "*** ***"


@pytest.mark.parametrize("password", ["", "a", "ab", "abc"])
def test_a_short_password_is_masked_only_where_a_credential_stands(password: str) -> None:
    redact = Redactor(credentials=[("bob", password)])
    text = "abc: a cab is about to abdicate; bob is back"
    assert redact(text) == text
    if password:
        assert redact(f"opening rtsp://bob:{password}@h/x") == "opening rtsp://bob:***@h/x"
        assert redact(f"as bob:{password}@h") == "as bob:***@h"


def test_credentials_that_nobody_announced_are_masked_by_their_shape() -> None:
    redact = Redactor()
    assert redact("open 'rtsp://u:p@h/x': failed") == "open 'rtsp://u:***@h/x': failed"
    assert redact("to amqp://a:b@c and http://d:e@f!") == "to amqp://a:***@c and http://d:***@f!"
    assert redact("GET http://h/s?pwd=x&fps=1 401") == "GET http://h/s?pwd=***&fps=1 401"
    assert redact("Authorization: Basic YTpi, x") == "Authorization: Basic *** x"
    assert redact("authorization=token123") == "authorization=***"


def test_headers_cookies_and_digest_answers_are_masked_wherever_they_stand() -> None:
    redact = Redactor()
    digest = 'Digest username="admin", realm="x", nonce="0123456789ab", response="0123456789abcdef"'
    line = redact(f"Authorization: {digest}")
    assert "0123456789" not in line
    assert 'realm="x"' in line
    assert redact("> Cookie: sid=abc; lang=en") == "> Cookie: ***"
    assert redact("Set-Cookie: sid=abc; path=/x") == "Set-Cookie: ***"
    assert redact("X-Api-Key: abc") == "X-Api-Key: ***"
    assert redact("Opening '/a.ts?sig=abc&channel=1' for reading") == (
        "Opening '/a.ts?sig=***&channel=1' for reading"
    )
    assert redact("rtmp://h/live/key-1: I/O error") == "rtmp://h/live/***: I/O error"
    assert redact("rtsp://h/s?x=abc: Connection refused") == "rtsp://h/s?x=***: Connection refused"


@pytest.mark.parametrize(
    "line",
    [
        "🔴 Circuit Breaker [cam6]: CLOSED → OPEN (falhas: 5, backoff: 5s)",
        "[cam6] Circuit breaker OPEN - aguardando 10s antes de retry...",
        "Publisher: ✓ CONECTADO - 815 publicados, 0 erros (0.00%)",
        "http://10.0.0.5:80/video at 12:00:01, width=640 fps=15 & more",
        "key=value auth=none a+b 100%",
        "e-mail a@b.c about rtsp://h:554/x",
    ],
)
def test_ordinary_lines_stay_as_they_are(line: str) -> None:
    assert Redactor(["hunter2"], [("admin", "x")])(line) == line


def test_control_characters_and_escapes_are_made_harmless() -> None:
    redact = Redactor()
    assert redact("a\x1b[31mb\x07\x00c\x9bd") == "a\\x1b[31mb\\x07\\x00c\\x9bd"
    assert redact("one\r\ntwo\tthree") == "one  two three"
    assert redact("one\ntwo\x1b", keep_newlines=True) == "one\ntwo\\x1b"
    assert redact("abc\u202edef\u2028") == "abc\\u202edef\\u2028"
    assert redact("a\ud800b") == "a\\ud800b"


def test_a_secret_with_control_characters_is_masked() -> None:
    assert Redactor(["pass\nword\x1b"])("x pass\nword\x1b y pass\\nword\\x1b z") == "x *** y *** z"


def test_the_representation_shows_no_secret() -> None:
    assert "hunter2" not in repr(Redactor(["hunter2"]))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 50_000 + "://@",
        "a." * 25_000 + "=",
        "a://b:" * 5_000 + "@ ",
        "\\" * 50_000 + "%41",
        "%25" * 20_000,
        "password" * 5_000 + "=",
        "@" + "a://b:" * 10_000,
        "rtsp://h/?" + "a=b_" * 10_000,
        "rtsp://h/?" + "&a=b" * 10_000,
        "rtsp://h/" + "/a" * 10_000,
        "x-" * 20_000 + "key",
        "cookie:" * 5_000 + ";a=b" * 5_000,
        "nonce = " * 5_000,
    ],
)
def test_no_text_makes_it_hang(text: str) -> None:
    redact = Redactor(["\\\\\\\\\\x", "%%%%", "hunter2", '\\"\\"\\"'])
    begin = time.process_time()
    redact(text)
    assert time.process_time() - begin < 10  # milliseconds when right, for ever when wrong
