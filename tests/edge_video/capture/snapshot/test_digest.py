"""What cameras ask for with a 401, and the answers to it: RFC 7616's own example among them."""

from __future__ import annotations

import pytest

from edge_video.capture.snapshot.digest import Credentials, read_challenges, strongest

MUFASA = Credentials(
    "Mufasa", "Circle of Life", lambda: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
)
RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_the_rfc_is_answered_as_it_says(algorithm: str, response: str) -> None:
    (challenge,) = read_challenges([RFC_7616.format(algorithm)])
    answer = MUFASA.digest(challenge, "GET", "/dir/index.html", 1)
    assert f'response="{response}"' in answer
    assert f"algorithm={algorithm}" in answer
    assert "nc=00000001" in answer
    assert 'opaque="FQhe/' in answer


def test_the_example_of_basic_is_answered_as_the_rfc_says() -> None:
    assert Credentials("test", "123£", str).basic() == "Basic dGVzdDoxMjPCow=="


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        (['Basic realm="a, Digest nonce=1"'], ["basic"]),
        (['Digest realm="a", nonce="n", Basic realm="b"'], ["MD5", "basic"]),
        (['Basic realm="b",Digest nonce="n",algorithm=SHA-256'], ["basic", "SHA-256"]),
        (["Negotiate", "NTLM"], ["negotiate", "ntlm"]),
        (["Negotiate, NTLM"], ["negotiate", "ntlm"]),
        (['DIGEST Realm=a, NONCE="n", Algorithm="md5"'], ["MD5"]),
        (['Digest realm="a \\" b", nonce=n, stale=FALSE, qop=""'], ["MD5"]),
        (["", ",", "=", '"'], []),
        (["Digest " + "a=b, " * 5000], ["MD5"]),
    ],
)
def test_challenges_are_read_however_they_are_written(headers: list[str], shown: list[str]) -> None:
    assert [each.shown for each in read_challenges(headers)] == shown


@pytest.mark.parametrize(
    ("headers", "best"),
    [
        (['Basic realm="a"', 'Digest nonce="n"'], "MD5"),
        (['Digest nonce="n", algorithm=SHA-256', 'Digest nonce="n"'], "SHA-256"),
        (['Digest nonce="n", algorithm=SHA-999', 'Basic realm="a"'], "basic"),
        (['Digest realm="without a nonce"', 'Basic realm="a"'], "basic"),
        (['Digest nonce="n", qop="auth-int"'], None),
        (["NTLM"], None),
        ([], None),
    ],
)
def test_the_strongest_that_is_understood_is_answered(headers: list[str], best: str | None) -> None:
    found = strongest(read_challenges(headers))
    assert (found.shown if found else None) == best
