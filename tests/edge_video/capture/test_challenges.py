"""What FFmpeg makes of a camera's challenges; test_causes.py has it tried with FFmpeg itself."""

from __future__ import annotations

import pytest

from edge_video.capture.challenges import unknown_authentication

ESCAPES = "quotation marks or backslashes in its challenge"
UNREADABLE = "FFmpeg cannot read its challenge: "


@pytest.mark.parametrize(
    ("challenge", "unknown"),
    [
        ('Digest realm="c", nonce="1"', None),
        ("digest realm=c,nonce=1", None),
        ('Digest nonce="1", stale=FALSE, realm="c", qop="auth, auth-int"', None),
        ('Basic realm="cam \\"A\\""', None),
        ("Basic realm=c, Digest realm=c, nonce=1, algorithm=SHA-256", None),
        # The second digest's parameters take the place of the first one's.
        ("Digest realm=c, nonce=1, algorithm=MD17, Digest realm=c, nonce=2, algorithm=MD5", None),
        ("Digest realm=c, nonce=1, algorithm=MD5, Digest realm=c, algorithm=MD17", "MD17"),
        ('Digest realm="c", nonce="1", algorithm=md5', "md5"),
        ('Digest realm="c", nonce="1", qop="auth-int,auth"', "qop auth-int,auth"),
        ('Digest realm="cam \\"A\\"", nonce="1"', ESCAPES),
        ('Digest realm="c", nonce="\\\\1"', ESCAPES),
        (f"Digest realm={'c' * 200}, nonce=1", "a realm of more than 199 characters"),
        (f"Digest realm=c, nonce={'1' * 299}", None),
    ],
)
def test_a_challenge_is_read_as_ffmpeg_reads_it(challenge: str, unknown: str | None) -> None:
    assert unknown_authentication((challenge,)) == unknown


@pytest.mark.parametrize(
    "challenge",
    [
        "Digest realm=c, nonce=1, Digest realm=d, nonce=1",
        'Digest realm = "c", nonce = "1"',
        "Digest Realm=c, nonce=1",
        "Digest realm=c",
        "Digest",
        "NTLM, Basic realm=c",
    ],
)
def test_what_ffmpeg_misreads_is_shown(challenge: str) -> None:
    assert unknown_authentication((challenge,)) == UNREADABLE + challenge


@pytest.mark.parametrize("challenge", ['NTLM realm="Basic"', "NTLM, Negotiate"])
def test_a_scheme_that_ffmpeg_does_not_know_is_named(challenge: str) -> None:
    assert unknown_authentication((challenge,)) == "NTLM"


def test_the_last_digest_counts_and_basic_only_without_one() -> None:
    basic, md5, sha = (
        "Basic realm=c",
        "Digest realm=c, nonce=1",
        "Digest realm=c, algorithm=SHA-256",
    )
    assert unknown_authentication((sha, md5, basic)) is None
    assert unknown_authentication((md5, sha, basic)) == "SHA-256"
    assert unknown_authentication(("NTLM", basic)) is None
    assert unknown_authentication(()) == "no WWW-Authenticate in its answer"


@pytest.mark.parametrize("filler", [",", " ", "a ", '="\\', "digest ", "auth-int,"])
def test_a_hostile_challenge_is_read_at_once(filler: str) -> None:
    """Tried again at each place, sixteen thousand commas would take hours."""
    assert unknown_authentication((f"Digest {filler * (16_384 // len(filler))}",)) is not None
