"""Why a camera fails, told rightly: devices that refuse, mislead or have nothing to show."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import pytest

from edge_video.capture.probe import probe_camera
from edge_video.config import CameraConfig
from edge_video.resilience.failures import Cause
from edge_video.testing.clips import encoded_clip
from edge_video.testing.devices import (
    Asking,
    Basic,
    Digest,
    HangUp,
    HttpDevice,
    RtspDevice,
    Several,
    Video,
    http_answer,
    http_head,
    jpegs,
)
from edge_video.testing.waiting import eventually
from edge_video.text.catalog import Language, lookup
from edge_video.text.redact import Redactor
from tests.support.devices import DeviceRun
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_video.capture.binary import Binary
    from edge_video.resilience.failures import Failure
    from edge_video.testing.devices import Authentication, Request

pytestmark = [pytest.mark.ffmpeg]

USER, PASSWORD = "viewer", "right-password"
SESSION = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=cam\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
AUDIO = f"{SESSION}m=audio 0 RTP/AVP 0\r\na=control:track1\r\n"


@pytest.fixture(scope="module")
def video(ffmpeg: Binary) -> Video:
    del ffmpeg
    return Video.load(encoded_clip(5))


def failure_of(binary: Binary, url: str, timeout_s: float = 10.0, **keys: Any) -> Failure:
    camera = CameraConfig.model_validate({"id": "door", "url": url, "stall_timeout": 1.5, **keys})
    result = probe_camera(binary, camera, Redactor(), timeout_s)
    assert result.failure is not None, result
    return result.failure


def on(method: str, status: str, *headers: str) -> Callable[[Request], str | None]:
    """One method is answered so, the others as usual."""
    answer = "\r\n".join([f"RTSP/1.0 {status}", "CSeq: {cseq}", *headers, "", ""])
    return lambda request: answer if request.method == method else None


# --- RTSP answers ---


@EVERY_FFMPEG
@pytest.mark.parametrize(
    ("method", "status", "cause"),
    [
        ("DESCRIBE", "400 Bad Request", Cause.REQUEST_REFUSED),
        ("DESCRIBE", "403 Forbidden", Cause.FORBIDDEN),
        ("DESCRIBE", "404 Not Found", Cause.NO_SUCH_STREAM),
        ("DESCRIBE", "405 Method Not Allowed", Cause.REQUEST_REFUSED),
        ("DESCRIBE", "408 Request Timeout", Cause.CAMERA_TIMEOUT),
        ("PLAY", "408 Request Timeout", Cause.CAMERA_TIMEOUT),
        ("DESCRIBE", "423 Locked", Cause.FORBIDDEN),
        ("DESCRIBE", "451 Parameter Not Understood", Cause.REQUEST_REFUSED),
        ("PLAY", "453 Not Enough Bandwidth", Cause.BUSY),
        ("PLAY", "454 Session Not Found", Cause.REQUEST_REFUSED),
        ("PLAY", "455 Method Not Valid in This State", Cause.REQUEST_REFUSED),
        ("SETUP", "461 Unsupported Transport", Cause.TRANSPORT_REFUSED),
        ("SETUP", "406 TCP TRANSPORT IS NOT SUPPORTED", Cause.TRANSPORT_REFUSED),
        ("DESCRIBE", "500 Internal Server Error", Cause.CAMERA_ERROR),
        ("DESCRIBE", "503 Service Unavailable", Cause.BUSY),
        ("DESCRIBE", "551 Option not supported", Cause.REQUEST_REFUSED),
    ],
)
def test_an_rtsp_refusal_has_its_own_cause(
    any_ffmpeg: Binary, video: Video, method: str, status: str, cause: Cause
) -> None:
    with RtspDevice(video, answer=on(method, status)) as device:
        assert failure_of(any_ffmpeg, device.url).cause is cause


@EVERY_FFMPEG
@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (
            "302 Found",
            ["Location: http://127.0.0.1:1/x"],
            (Cause.PROTOCOL_NOT_ALLOWED, "it redirects to a http: address"),
        ),
        (
            "301 Moved",
            [],
            (Cause.REQUEST_REFUSED, "it redirects (301) and does not say where"),
        ),
    ],
    ids=["to a page", "to nowhere"],
)
def test_a_redirect_that_cannot_be_followed_is_no_hang_up(
    any_ffmpeg: Binary, video: Video, status: str, headers: list[str], told: tuple[Cause, str]
) -> None:
    with RtspDevice(video, answer=on("DESCRIBE", status, *headers)) as device:
        failure = failure_of(any_ffmpeg, device.url)
    assert (failure.cause, failure.detail) == told


@EVERY_FFMPEG
def test_a_camera_without_tcp_is_told_with_transport_udp(any_ffmpeg: Binary, video: Video) -> None:
    with RtspDevice(video, transports=["udp"]) as device:
        failure = failure_of(any_ffmpeg, device.url)
    assert failure.cause is Cause.TRANSPORT_REFUSED
    assert "transport: udp" in lookup(f"advice.{failure.cause.value}", Language.EN)


# --- who is let in ---


@EVERY_FFMPEG
@pytest.mark.parametrize("kind", ["rtsp", "http"])
@pytest.mark.parametrize(
    ("asks", "told"),
    [
        (Digest(USER, "another"), (Cause.WRONG_PASSWORD, "401")),
        (Digest(USER, PASSWORD, "SHA-256"), (Cause.UNKNOWN_AUTHENTICATION, "SHA-256")),
        (Digest(USER, PASSWORD, "SHA-512-256"), (Cause.UNKNOWN_AUTHENTICATION, "SHA-512-256")),
        (
            Several((Digest(USER, PASSWORD), Digest(USER, PASSWORD, "SHA-256"))),
            (Cause.UNKNOWN_AUTHENTICATION, "SHA-256"),
        ),
        (
            Asking(('Digest realm="c", nonce="1", qop="auth-int"',)),
            (Cause.UNKNOWN_AUTHENTICATION, "qop auth-int"),
        ),
        (
            Digest(USER, PASSWORD, "MD5-sess"),
            (Cause.UNKNOWN_AUTHENTICATION, "MD5-sess without qop"),
        ),
        (
            Digest(USER, PASSWORD, realm='cam "A"'),
            (Cause.UNKNOWN_AUTHENTICATION, "quotation marks or backslashes in its challenge"),
        ),
        (Basic(USER, "another", realm='cam "A"'), (Cause.WRONG_PASSWORD, "401")),
        (
            Digest(USER, PASSWORD, nonce="n" * 300),
            (Cause.UNKNOWN_AUTHENTICATION, "a nonce of more than 299 characters"),
        ),
        (
            Several((Digest(USER, PASSWORD, "SHA-256"), Basic(USER, PASSWORD)), in_one_header=True),
            (Cause.UNKNOWN_AUTHENTICATION, "SHA-256"),
        ),
        (
            Several(
                (Digest(USER, PASSWORD), Digest(USER, PASSWORD, "SHA-256")), in_one_header=True
            ),
            (Cause.UNKNOWN_AUTHENTICATION, "SHA-256"),
        ),
        (
            Several((Basic(USER, "another"), Digest(USER, PASSWORD)), in_one_header=True),
            (Cause.WRONG_PASSWORD, "401"),
        ),
        (
            Several((Asking(("NTLM",)), Basic(USER, PASSWORD)), in_one_header=True),
            (Cause.UNKNOWN_AUTHENTICATION, 'FFmpeg cannot read its challenge: NTLM, Basic realm="'),
        ),
        (
            Digest(USER, PASSWORD, qop="auth-int,auth"),
            (Cause.UNKNOWN_AUTHENTICATION, "qop auth-int,auth"),
        ),
        (Asking(("NTLM", "Negotiate")), (Cause.UNKNOWN_AUTHENTICATION, "NTLM, Negotiate")),
        (Asking(()), (Cause.UNKNOWN_AUTHENTICATION, "no WWW-Authenticate in its answer")),
    ],
    ids=[
        *("wrong", "SHA-256", "SHA-512-256", "SHA-256 last", "auth-int", "MD5-sess"),
        *(
            "quotes",
            "quotes and basic",
            "long nonce",
            "SHA-256, basic",
            "MD5, SHA-256",
            "basic, MD5",
        ),
        *("NTLM, basic", "auth-int first", "NTLM", "no challenge"),
    ],
)
def test_a_401_says_what_is_wrong_with_it(
    any_ffmpeg: Binary, video: Video, kind: str, asks: Authentication, told: tuple[Cause, str]
) -> None:
    device: RtspDevice | HttpDevice = (
        RtspDevice(video, authentication=asks)
        if kind == "rtsp"
        else HttpDevice(jpegs(), authentication=asks)
    )
    with device:
        failure = failure_of(any_ffmpeg, device.url_for(USER, PASSWORD))
    cause, detail = told
    assert failure.cause is cause
    assert detail in failure.detail


def test_the_question_to_the_camera_has_no_password_in_it(ffmpeg: Binary, video: Video) -> None:
    with RtspDevice(video, authentication=Digest(USER, PASSWORD, "SHA-256")) as device:
        failure_of(ffmpeg, device.url_for(USER, PASSWORD))
        asked = [each for each in device.requests if each.headers["user-agent"] == "edge-video"]
    assert [each.method for each in asked] == ["DESCRIBE"]
    assert "authorization" not in asked[0].headers
    assert USER not in asked[0].url


@EVERY_FFMPEG
@pytest.mark.parametrize("asks", [Basic(USER, PASSWORD), Digest(USER, PASSWORD, "SHA-256")])
def test_a_camera_that_wants_a_password_where_none_is_configured(
    any_ffmpeg: Binary, video: Video, asks: Authentication
) -> None:
    with RtspDevice(video, authentication=asks) as device:
        assert failure_of(any_ffmpeg, device.url).cause is Cause.NO_PASSWORD


def test_an_unknown_digest_is_told_once_and_not_hammered(
    ffmpeg: Binary, video: Video, tmp_path: Path
) -> None:
    with RtspDevice(video, authentication=Digest(USER, PASSWORD, "SHA-256")) as device:
        cameras = [{"id": "door", "url": device.url_for(USER, PASSWORD)}]
        with DeviceRun(tmp_path, cameras, ffmpeg=ffmpeg) as program:
            program.wait_for_log("unknown authentication (SHA-256)")
            program.wait_for_log("Circuit breaker OPEN - waiting")
            assert program.stop() == 0
    assert program.camera("door")["attempts"] == 1
    assert "wrong password" not in "\n".join(program.log)


# --- what answers is something else ---


class Port:
    """A TCP port that says its piece to everybody, at once or after the first request."""

    def __init__(self, says: bytes, *, at_once: bool = False) -> None:
        self._says = says
        self._at_once = at_once
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self.port = self._listener.getsockname()[1]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            with client:
                client.settimeout(1)
                try:
                    if not self._at_once:
                        client.recv(4096)
                    client.sendall(self._says)
                    self._stopping.wait(0.1)
                except OSError:
                    pass


@EVERY_FFMPEG
@pytest.mark.parametrize(
    ("says", "at_once", "shown"),
    [
        (b"HTTP/1.1 400 Bad Request\r\nServer: lighttpd\r\n\r\n", False, "HTTP/1.1 400"),
        (b"SSH-2.0-dropbear\r\n", True, "SSH-2.0-dropbear"),
        (b"220 camera FTP server ready\r\n", True, "220 camera FTP"),
    ],
    ids=["a web server", "SSH", "FTP"],
)
def test_a_port_that_is_not_rtsp_is_told_by_what_answers(
    any_ffmpeg: Binary, says: bytes, at_once: bool, shown: str
) -> None:
    with Port(says, at_once=at_once) as port:
        failure = failure_of(any_ffmpeg, f"rtsp://127.0.0.1:{port.port}/s")
    assert failure.cause is Cause.NOT_RTSP
    assert shown in failure.detail


@EVERY_FFMPEG
@pytest.mark.parametrize("after_s", [0.0, 1.3])
def test_a_camera_that_hangs_up_is_no_time_out_however_long_it_takes(
    any_ffmpeg: Binary, video: Video, after_s: float
) -> None:
    def answer(request: Request) -> str | None:
        if request.method != "DESCRIBE":
            return None
        if request.headers["user-agent"] != "edge-video":  # a busy machine is as late
            time.sleep(after_s)
        raise HangUp

    with RtspDevice(video, answer=answer) as device:
        failure = failure_of(any_ffmpeg, device.url, stall_timeout=5)
    assert failure.cause is Cause.END_OF_STREAM


@EVERY_FFMPEG
def test_tls_where_the_camera_has_none_is_told(any_ffmpeg: Binary, video: Video) -> None:
    with RtspDevice(video) as device:
        failure = failure_of(any_ffmpeg, device.url.replace("rtsp:", "rtsps:"))
    assert failure.cause is Cause.TLS_FAILED
    assert "write rtsp://" in failure.detail


@EVERY_FFMPEG
def test_no_tls_where_the_camera_wants_it_is_told(any_ffmpeg: Binary) -> None:
    alert = b"\x15\x03\x01\x00\x02\x02\x46"
    with Port(alert) as port:
        failure = failure_of(any_ffmpeg, f"rtsp://127.0.0.1:{port.port}/s")
    assert failure.cause is Cause.TLS_FAILED
    assert "write rtsps://" in failure.detail


LOGIN = b"""<!DOCTYPE html><html><head><title>Login - IP Camera</title>
<style>body { color: red }</style><script>if (1 < 2) go()</script></head><body></body></html>"""


@EVERY_FFMPEG
@pytest.mark.parametrize(
    ("body", "media_type", "told"),
    [
        (LOGIN, "text/html; charset=utf-8", "it says: Login - IP Camera"),
        (LOGIN + b" " * 9000, "text/html", "it says: Login - IP Camera"),
        (LOGIN, None, "it says: Login - IP Camera"),
        (b'{"error": "not logged in"}', "application/json", 'it says: {"error": "not logged in"}'),
        (b"too many users\r\n", "text/plain", "it says: too many users"),
        (b"<html><body></body></html>", "text/html", "HTML without a word"),
    ],
    ids=["login", "long", "no type", "JSON", "text", "nothing said"],
)
def test_a_page_is_told_as_a_page_and_what_it_says(
    any_ffmpeg: Binary, body: bytes, media_type: str | None, told: str
) -> None:
    headers = {"Content_Type": media_type} if media_type else {}
    with HttpDevice([], answer=lambda _: http_answer(body, **headers)) as device:
        failure = failure_of(any_ffmpeg, device.url)
    assert (failure.cause, failure.detail) == (Cause.WEB_PAGE, told)


def test_a_page_that_quotes_the_password_is_masked(ffmpeg: Binary, tmp_path: Path) -> None:
    page = http_answer(f"no such user: {USER} {PASSWORD}".encode(), Content_Type="text/plain")
    with HttpDevice([], answer=lambda _: page) as device:
        cameras = [{"id": "door", "url": device.url_for(USER, PASSWORD)}]
        with DeviceRun(tmp_path, cameras, ffmpeg=ffmpeg) as program:
            program.wait_for_log("a web page, no stream (it says: no such user")
            assert program.stop() == 0
    assert PASSWORD not in "\n".join([*program.log, *program.printed])


@EVERY_FFMPEG
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (http_head("204 No Content"), (Cause.NO_CONTENT, "HTTP status 204")),
        (http_head("204 No Content", Content_Length="0"), (Cause.NO_CONTENT, "HTTP status 204")),
        (http_answer(b"", "408 Request Timeout"), (Cause.CAMERA_TIMEOUT, "408")),
    ],
    ids=["204", "204 with a length", "408"],
)
def test_a_status_without_a_stream_has_its_own_cause(
    any_ffmpeg: Binary, answer: bytes, told: tuple[Cause, str]
) -> None:
    with HttpDevice([], answer=lambda _: answer) as device:
        failure = failure_of(any_ffmpeg, device.url)
    assert (failure.cause, told[1] in failure.detail) == (told[0], True)


@EVERY_FFMPEG
def test_a_page_behind_a_redirect_is_told_as_a_page(any_ffmpeg: Binary) -> None:
    def answer(request: Request) -> bytes:
        if "login" in request.url:
            return http_answer(LOGIN, Content_Type="text/html")
        return http_head("302 Found", Location="/login.asp", Content_Length="0")

    with HttpDevice([], answer=answer) as device:
        assert failure_of(any_ffmpeg, device.url).cause is Cause.WEB_PAGE


@EVERY_FFMPEG
def test_redirects_without_end_are_told(any_ffmpeg: Binary) -> None:
    again = http_head("302 Found", Location="/video", Content_Length="0")
    with HttpDevice([], answer=lambda _: again) as device:
        failure = failure_of(any_ffmpeg, device.url)
    assert (failure.cause, failure.detail) == (Cause.WEB_PAGE, "it redirects, again and again")


@EVERY_FFMPEG
def test_a_stream_that_ends_before_its_first_image_is_no_page(any_ffmpeg: Binary) -> None:
    begun = http_answer(b"--frame\r\nContent-Type: image/jpeg\r\n\r\n", Content_Type="text/html")
    with HttpDevice([], answer=lambda _: begun) as device:
        assert failure_of(any_ffmpeg, device.url).cause is Cause.END_OF_STREAM


@EVERY_FFMPEG
@pytest.mark.parametrize("media_type", ["image/jpeg", "application/octet-stream", None])
def test_a_snapshots_url_is_told_as_a_still_picture(
    any_ffmpeg: Binary, media_type: str | None
) -> None:
    headers = {"Content_Type": media_type} if media_type else {}
    picture = http_answer(jpegs(1)[0], **headers)
    with HttpDevice([], answer=lambda _: picture) as device:
        assert failure_of(any_ffmpeg, device.url).cause is Cause.STILL_PICTURE


@EVERY_FFMPEG
def test_a_picture_in_a_file_is_told_as_one(any_ffmpeg: Binary, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpegs(1)[0])
    assert failure_of(any_ffmpeg, str(tmp_path / "a.jpg")).cause is Cause.STILL_PICTURE


@EVERY_FFMPEG
def test_a_stream_that_ends_after_one_picture_is_no_still(
    any_ffmpeg: Binary, tmp_path: Path
) -> None:
    with (
        HttpDevice(jpegs(), pictures=1) as device,
        DeviceRun(tmp_path, [{"id": "door", "url": device.url}], ffmpeg=any_ffmpeg) as program,
    ):
        program.wait_for_log("[door] ERROR reading:")
        assert program.stop() == 0
    assert "still picture" not in "\n".join(program.log)


@EVERY_FFMPEG
@pytest.mark.parametrize("location", ["rtsp://127.0.0.1/x", "file:///etc/hostname"])
def test_a_redirect_to_another_kind_of_address_is_told(any_ffmpeg: Binary, location: str) -> None:
    away = http_head("302 Found", Location=location, Content_Length="0")
    with HttpDevice([], answer=lambda _: away) as device:
        failure = failure_of(any_ffmpeg, device.url)
    assert failure.cause is Cause.PROTOCOL_NOT_ALLOWED
    assert "-protocol_whitelist" in lookup(f"advice.{failure.cause.value}", Language.EN)


@EVERY_FFMPEG
def test_a_script_in_a_streams_place_is_told_with_its_option(any_ffmpeg: Binary) -> None:
    script = http_answer(b"ffconcat version 1.0\nfile x\n" * 20, Content_Type="text/plain")
    with HttpDevice([], answer=lambda _: script) as device:
        failure = failure_of(any_ffmpeg, device.url)
    assert failure.cause is Cause.FORMAT_NOT_ALLOWED
    assert "-format_whitelist" in lookup(f"advice.{failure.cause.value}", Language.EN)


# --- nothing to see ---


@EVERY_FFMPEG
@pytest.mark.parametrize("sdp", [AUDIO, SESSION], ids=["audio only", "no track"])
def test_a_stream_without_video_is_told(any_ffmpeg: Binary, video: Video, sdp: str) -> None:
    with RtspDevice(video, sdp=sdp) as device:
        assert failure_of(any_ffmpeg, device.url).cause is Cause.NO_VIDEO


# --- proxies ---


@pytest.fixture
def proxy() -> Iterator[HttpDevice]:
    """Refuses everybody."""
    with HttpDevice([], answer=lambda _: http_answer(status="403 Forbidden")) as device:
        yield device


@EVERY_FFMPEG
def test_a_proxy_of_the_environment_is_not_asked(
    any_ffmpeg: Binary, proxy: HttpDevice, tmp_path: Path
) -> None:
    address = f"http://127.0.0.1:{proxy.port}"
    variables = {"http_proxy": address, "https_proxy": address, "all_proxy": address}
    with (
        HttpDevice(jpegs()) as device,
        DeviceRun(
            tmp_path, [{"id": "lan", "url": device.url}], ffmpeg=any_ffmpeg, environment=variables
        ) as program,
    ):
        eventually(lambda: len(program.frames("lan")) >= 5, timeout_s=20)
        assert program.stop() == 0
    assert proxy.requests == []


@EVERY_FFMPEG
def test_a_configured_proxy_is_asked_and_its_refusal_is_its_own(
    any_ffmpeg: Binary, proxy: HttpDevice
) -> None:
    with HttpDevice(jpegs()) as device:
        failure = failure_of(
            any_ffmpeg, device.url, http_proxy=f"http://u:pw@127.0.0.1:{proxy.port}"
        )
        assert device.requests == []
    assert failure.cause is Cause.PROXY_REFUSED
    assert "http_proxy" in lookup(f"advice.{failure.cause.value}", Language.EN)


@EVERY_FFMPEG
def test_a_configured_proxy_carries_the_stream(any_ffmpeg: Binary) -> None:
    with HttpDevice(jpegs()) as device:  # as its own proxy: it answers whatever the request line
        camera = CameraConfig(
            id="far", url="http://camera.invalid/v", http_proxy=f"http://127.0.0.1:{device.port}"
        )
        assert probe_camera(any_ffmpeg, camera, Redactor(), 10.0).ok
