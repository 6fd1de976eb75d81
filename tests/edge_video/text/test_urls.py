"""URLs of cameras and brokers, taken apart."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_video.text.urls import split_url


@pytest.mark.parametrize(
    ("url", "credentials", "host", "port", "rest"),
    [
        ("rtsp://h", (None, None), "h", None, ""),
        ("rtsp://H.Example:554/s?x=1#f", (None, None), "h.example", 554, "/s?x=1#f"),
        ("rtsp://u@h/", ("u", None), "h", None, "/"),
        ("rtsp://u:@h/", ("u", ""), "h", None, "/"),
        ("rtsp://:p@h/", (None, "p"), "h", None, "/"),
        ("rtsp://u:p%40%2f%3a@h/", ("u", "p@/:"), "h", None, "/"),
        ("rtsp://u:p@a:b@h:1/s", ("u", "p@a:b"), "h", 1, "/s"),
        ("rtsp://me@x.org:pw@h/", ("me@x.org", "pw"), "h", None, "/"),
        ("rtsp://u:p%E9@h/", ("u", "pé"), "h", None, "/"),
        ("rtsp://u:100%!@h/", ("u", "100%!"), "h", None, "/"),
        ("rtsp://u:p/w?x#y@h:5/s", ("u", "p/w?x#y"), "h", 5, "/s"),
        ("http://h:80/a@b", (None, None), "h", 80, "/a@b"),
        ("rtsp://u:p@[FE80::1%25eth0]:554/s", ("u", "p"), "fe80::1%25eth0", 554, "/s"),
        ("rtsp://u:p@h:/s", ("u", "p"), "h", None, "/s"),
        ("rtsp:///s", (None, None), "", None, "/s"),
    ],
)
def test_a_url_is_split_at_the_last_at_sign_of_its_authority(
    url: str, credentials: tuple[str | None, str | None], host: str, port: int | None, rest: str
) -> None:
    split = split_url(url)
    assert (split.username, split.password) == credentials
    assert (split.host, split.port, split.rest) == (host, port, rest)


def test_credentials_can_be_left_out() -> None:
    assert split_url("rtsp://u:p@H:554/s?x").without_credentials == "rtsp://h:554/s?x"
    assert split_url("rtsp://u:p@[::1]:554").without_credentials == "rtsp://[::1]:554"


@pytest.mark.parametrize(
    "url",
    [
        "h/x",
        "rtsp:h",
        "rtsp://u:canary@h:0/",
        "rtsp://u:canary@h:65536/",
        "rtsp://u:canary@h:99999999999/",
        "rtsp://u:canary@h:port/",
        "rtsp://u:canary@[nope]/",
        "rtsp://u:canary@[::1/",
        "rtsp://u:canary@a b/",
        "rtsp://u:canary@h:1:2/",
    ],
)
def test_a_bad_url_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as error:
        split_url(url)
    assert "canary" not in str(error.value)


def test_a_password_is_not_in_the_representation() -> None:
    assert "canary" not in repr(split_url("rtsp://u:canary@h/"))


@given(st.text(min_size=1), st.text())
def test_percent_encoded_credentials_come_back(username: str, password: str) -> None:
    try:
        url = f"rtsp://{quote(username, safe='')}:{quote(password, safe='')}@h:1/s"
    except UnicodeEncodeError:  # lone surrogates
        return
    split = split_url(url)
    assert (split.username, split.password, split.host) == (username, password, "h")
