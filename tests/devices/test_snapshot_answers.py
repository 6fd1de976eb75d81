"""What cameras answer that are asked for a picture: logins, redirects, and what is no picture."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from edge_video.resilience.failures import Cause, Failure
from edge_video.testing.certificates import make_certificates
from edge_video.testing.devices import (
    Asking,
    Basic,
    Digest,
    HangUp,
    Several,
    SnapshotDevice,
    http_answer,
    http_head,
    usual_part,
)
from edge_video.testing.devices.requests import RequestReader
from tests.support.snapshots import IMAGES, JPEG, LOGIN, PASSWORD, USER, Fetching, failure_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge_video.testing.devices import Authentication, Connection, Request

# --- logins -----------------------------------------------------------------------------------

RIGHT: dict[str, Authentication] = {
    "basic": Basic(USER, PASSWORD),
    "digest, the older way": Digest(USER, PASSWORD),
    "MD5": Digest(USER, PASSWORD, algorithm="MD5", qop="auth"),
    "MD5 among others": Digest(USER, PASSWORD, algorithm="MD5", qop="auth-int,auth"),
    "MD5-sess": Digest(USER, PASSWORD, algorithm="MD5-sess", qop="auth"),
    "SHA-256": Digest(USER, PASSWORD, algorithm="SHA-256", qop="auth", opaque=""),
    "SHA-256, unquoted": Digest(USER, PASSWORD, algorithm="SHA-256", qop="auth", quoted=False),
    "SHA-256-sess": Digest(USER, PASSWORD, algorithm="SHA-256-sess", qop="auth", opaque="x"),
    "SHA-512-256": Digest(USER, PASSWORD, algorithm="SHA-512-256", qop="auth"),
    "digest and basic": Several(
        (Asking(('Basic realm="camera"',)), Digest(USER, PASSWORD, algorithm="MD5", qop="auth"))
    ),
    "MD5 and SHA-256": Several(
        (
            Asking(('Digest realm="camera", nonce="n", algorithm=MD5',)),
            Digest(USER, PASSWORD, algorithm="SHA-256", qop="auth"),
        )
    ),
    "a realm that is not ASCII": Digest(USER, PASSWORD, qop="auth", realm="Küche"),
    "quotation marks in the realm": Digest(USER, PASSWORD, qop="auth", realm='cam "A"'),
    "SHA-256 and basic in one header": Several(
        (
            Digest(USER, PASSWORD, algorithm="SHA-256", qop="auth"),
            Asking(('Basic realm="camera"',)),
        ),
        in_one_header=True,
    ),
    "a realm in Latin-1": Digest(USER, PASSWORD, qop="auth", realm="K\udcfcche"),
    "what nobody knows, and basic": Several((Asking(("Negotiate, NTLM",)), Basic(USER, PASSWORD))),
}


@pytest.mark.parametrize("way", RIGHT)
def test_the_right_password_is_let_in_with_one_401_for_all_pictures(way: str) -> None:
    device = SnapshotDevice(IMAGES, authentication=RIGHT[way])
    with device, Fetching(device.url, **LOGIN) as fetching:
        assert fetching.wait_for(4) == IMAGES
    refused = [each for each in device.requests if "authorization" not in each.headers]
    assert len(refused) == 1
    assert device.connections == 1


class Fickle:
    """Asks for a digest whose nonce is good for three requests."""

    def __init__(self) -> None:
        self._used = 0
        self.counts: list[str] = []

    @property
    def _digest(self) -> Digest:
        return Digest(USER, PASSWORD, algorithm="MD5", qop="auth", nonce=f"n{self._used // 3}")

    def challenges(self) -> list[str]:
        return [f"{each}, stale=true" for each in self._digest.challenges()]

    def accepts(self, method: str, authorization: str) -> bool:
        if not self._digest.accepts(method, authorization):
            return False
        self._used += 1
        self.counts.append(authorization.partition("nc=")[2][:8])
        return True


def test_a_nonce_is_counted_up_until_the_camera_gives_another_one() -> None:
    fickle = Fickle()
    device = SnapshotDevice(IMAGES, authentication=fickle)
    with device, Fetching(device.url, **LOGIN) as fetching:
        fetching.wait_for(7)
        assert fetching.failure is None
    assert fickle.counts[:7] == ["00000001", "00000002", "00000003"] * 2 + ["00000001"]


@pytest.mark.parametrize("way", ["basic", "MD5", "SHA-256"])
def test_a_wrong_password_is_tried_once(way: str) -> None:
    device = SnapshotDevice(IMAGES, authentication=RIGHT[way])
    failure = failure_of(device, username="viewer", password="wrong")
    assert failure.cause is Cause.WRONG_PASSWORD
    assert len(device.requests) == 2


def test_no_password_is_told_as_such() -> None:
    assert failure_of(SnapshotDevice([], authentication=RIGHT["MD5"])).cause is Cause.NO_PASSWORD


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("NTLM", "ntlm"),
        ('Digest realm="r", nonce="n", algorithm=SHA-999', "SHA-999"),
        ('Digest realm="r", nonce="n", qop="auth-int"', "qop auth-int"),
        ('Digest nonce="n", algorithm="\udcfc"', "\N{REPLACEMENT CHARACTER}"),
        ("", "no WWW-Authenticate in its answer"),
    ],
)
def test_a_login_that_nobody_knows_is_told_and_no_password_is_sent(asked: str, told: str) -> None:
    device = SnapshotDevice([], authentication=Asking((asked,) if asked else ()))
    failure = failure_of(device, **LOGIN)
    assert failure == Failure(Cause.UNKNOWN_AUTHENTICATION, told)
    assert len(device.requests) == 1


def test_user_and_password_of_the_url_are_used_and_not_sent_in_it() -> None:
    device = SnapshotDevice(IMAGES, authentication=Basic("viewer", "p@ss"))
    with device, Fetching(device.url_for("viewer", "p@ss")) as fetching:
        fetching.wait_for(1)
    assert {each.url for each in device.requests} == {"/snapshot.jpg"}


# --- redirects --------------------------------------------------------------------------------


def test_a_redirect_on_the_camera_itself_is_followed_with_the_login() -> None:
    def elsewhere(request: Request) -> bytes | None:
        if request.url == "/snapshot.jpg":
            return http_answer(status="302 Found", Location="/tmpfs/auto.jpg?x=1")
        return None

    device = SnapshotDevice(IMAGES, answer=elsewhere, authentication=RIGHT["SHA-256"])
    with device, Fetching(device.url, **LOGIN) as fetching:
        assert fetching.wait_for(2) == IMAGES[:2]
    assert {each.url for each in device.requests[1:3]} == {"/tmpfs/auto.jpg?x=1"}


@pytest.mark.parametrize(
    ("location", "asked"), [(b"/K\xfcche.jpg", "/K%FCche.jpg"), ("/Küche".encode(), "/K%C3%BCche")]
)
def test_a_redirect_is_followed_whatever_its_letters_are_written_in(
    location: bytes, asked: str
) -> None:
    def elsewhere(request: Request) -> bytes | None:
        if request.url == "/snapshot.jpg":
            return b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %b\r\n\r\n" % location
        return None

    with SnapshotDevice(IMAGES, answer=elsewhere) as device, Fetching(device.url) as fetching:
        assert fetching.wait_for(1) == IMAGES[:1]
    assert device.requests[1].url == asked


class RedirectsToTls(SnapshotDevice):
    """A camera, and the proxy before it: in the clear it redirects to its TLS, and asks there."""

    def __init__(self, folder: Path, authentication: Authentication) -> None:
        super().__init__(IMAGES, authentication=authentication)
        made = make_certificates(folder)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(made.server, made.server_key)
        self.in_the_clear: list[Request] = []

    def serve(self, connection: Connection) -> None:
        requests = RequestReader(connection)
        while (request := requests.read()) is not None:
            if request.method == "CONNECT":
                connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
                connection.start_tls(self.context)
                return super().serve(connection)
            self.in_the_clear.append(request)
            location = "https://camera.invalid/picture.jpg"
            connection.send(http_answer(status="301 Moved", Location=location))
        return None


@pytest.mark.parametrize("way", ["basic", "MD5"])
def test_what_is_asked_for_within_tls_is_never_answered_in_the_clear(
    way: str, tmp_path: Path
) -> None:
    device = RedirectsToTls(tmp_path, RIGHT[way])
    with (
        device,
        Fetching("http://camera.invalid/x.jpg", http_proxy=device.url, **LOGIN) as fetching,
    ):
        assert fetching.wait_for(3) == IMAGES[:3]
    assert len(device.in_the_clear) >= 3
    assert not any("authorization" in each.headers for each in device.in_the_clear)
    assert ["authorization" in each.headers for each in device.requests[:4]] == [False, *[True] * 3]


@pytest.mark.parametrize(
    "where", ["http://127.0.0.2:{port}/", "ftp://127.0.0.1/x", "http://[::bad/"]
)
def test_a_redirect_to_another_host_is_not_followed(where: str) -> None:
    with SnapshotDevice(IMAGES) as other:
        location = where.format(port=other.port)
        device = SnapshotDevice(
            [], answer=lambda _: http_answer(status="301 Moved", Location=location)
        )
        assert failure_of(device, **LOGIN).cause is Cause.REDIRECTED
        assert other.requests == []


def test_a_redirect_to_another_port_is_not_followed_either() -> None:
    with SnapshotDevice(IMAGES) as other:
        device = SnapshotDevice(
            [], answer=lambda _: http_answer(status="302 Found", Location=other.url)
        )
        assert failure_of(device).cause is Cause.REDIRECTED
        assert other.requests == []


def test_a_redirect_without_an_end_ends() -> None:
    again = http_answer(status="302 Found", Location="/snapshot.jpg")
    device = SnapshotDevice([], answer=lambda _: again)
    assert failure_of(device).cause is Cause.WEB_PAGE
    assert len(device.requests) == 4


# --- what is none -----------------------------------------------------------------------------

PAGE = b"<html><title>IP Camera</title><script>var x</script><h1>Login</h1></html>"
NONE: dict[str, tuple[bytes, Cause, str]] = {
    "bytes of a type that is none": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Type: \xfc/x\r\n\r\n\x01",
        Cause.NOT_A_PICTURE,
        "Content-Type: \N{REPLACEMENT CHARACTER}/x",
    ),
    "a login page": (
        http_answer(PAGE, Content_Type="image/jpeg"),
        Cause.WEB_PAGE,
        "it says: IP Camera Login",
    ),
    "a PNG": (http_answer(b"\x89PNG\r\n\x1a\n" + bytes(50), **JPEG), Cause.NOT_A_PICTURE, "a PNG"),
    "nothing": (http_answer(b"", **JPEG), Cause.NOT_A_PICTURE, "an empty answer"),
    "no content": (http_head("204 No Content"), Cause.NO_CONTENT, "HTTP status 204"),
    "half of a picture": (
        http_answer(IMAGES[0][:300], **JPEG),
        Cause.NOT_A_PICTURE,
        "an image that is cut: 300 bytes",
    ),
    "a stream": (
        http_head(Content_Type="multipart/x-mixed-replace; boundary=frame")
        + usual_part(0, IMAGES[0]),
        Cause.NOT_A_PICTURE,
        "a stream of pictures",
    ),
    "video": (http_answer(bytes((0, 0, 0, 1, 0x67)) * 9), Cause.NOT_A_PICTURE, "video"),
    "bytes": (http_answer(bytes(range(1, 200))), Cause.NOT_A_PICTURE, "199 bytes, no JPEG"),
    "too much": (
        http_head(Content_Length=str(10**9), **JPEG) + bytes(17 * 2**20),
        Cause.PICTURE_TOO_LARGE,
        "more than 16777216 bytes",
    ),
    "another language": (
        b"RTSP/1.0 200 OK\r\n\r\n",
        Cause.NOT_A_PICTURE,
        "does not answer in HTTP",
    ),
    "not found": (http_answer(PAGE, "404 Not Found"), Cause.NO_SUCH_STREAM, "HTTP status 404"),
    "gone": (http_answer(b"", "410 Gone"), Cause.NO_SUCH_STREAM, "HTTP status 410"),
    "forbidden": (http_answer(b"", "403 Forbidden"), Cause.FORBIDDEN, "HTTP status 403"),
    "busy": (http_answer(b"", "503 Busy"), Cause.BUSY, "HTTP status 503"),
    "waited in vain": (
        http_answer(b"", "408 Request Timeout"),
        Cause.CAMERA_TIMEOUT,
        "HTTP status 408",
    ),
    "too often": (http_answer(b"", "429 Too Many"), Cause.BUSY, "HTTP status 429"),
    "not so": (http_answer(b"", "400 Bad Request"), Cause.REQUEST_REFUSED, "HTTP status 400"),
    "its own error": (http_answer(b"", "500 Oops"), Cause.CAMERA_ERROR, "HTTP status 500"),
    "304 unasked": (http_head("304 Not Modified"), Cause.REQUEST_REFUSED, "HTTP status 304"),
}


@pytest.mark.parametrize("what", NONE)
def test_what_is_no_picture_is_told_as_what_it_is(what: str) -> None:
    answer, cause, says = NONE[what]
    failure = failure_of(SnapshotDevice([], answer=lambda _: answer))
    assert failure.cause is cause
    assert says in failure.detail


CUT: dict[str, bytes] = {
    "a length that is too long": http_head(Content_Length=str(len(IMAGES[0]) + 9), **JPEG)
    + IMAGES[0],
    "a chunk that is cut": http_head(Transfer_Encoding="chunked") + b"fff\r\n" + IMAGES[0][:200],
    "a head that is cut": b"HTTP/1.1 200 OK\r\nContent-Le",
    "nothing at all": b"",
}


@pytest.mark.parametrize("what", CUT)
def test_an_answer_that_is_cut_is_no_picture(what: str) -> None:
    def cut(_: Request) -> Iterator[bytes]:
        yield CUT[what]
        raise HangUp

    assert failure_of(SnapshotDevice([], answer=cut)).cause is Cause.END_OF_STREAM


def test_a_closed_port_is_told_as_refused() -> None:
    with SnapshotDevice([]) as device:
        pass
    with Fetching(device.url) as fetching:
        assert fetching.wait_for_end() == Failure(Cause.REFUSED, "Connection refused")


def test_a_name_that_nobody_knows_is_told_as_such() -> None:
    with Fetching("http://no-such-camera.invalid/x.jpg") as fetching:
        assert fetching.wait_for_end().cause is Cause.NAME_NOT_RESOLVED
