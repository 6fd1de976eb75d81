"""Asks a camera once why it failed FFmpeg, where FFmpeg itself does not say.

FFmpeg reports a digest algorithm that it does not know, a web server on the RTSP port and a login
page with the same message as a wrong password, a camera that hangs up and a broken stream. One
small request *without* any password settles it: it costs no try of an account, and no secret
travels. It asks only the host of the camera's own URL, follows nothing, and reads a few kilobytes.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from edge_video.capture.challenges import unknown_authentication
from edge_video.capture.classification import printable
from edge_video.capture.presence import PORTS, told_by_presence
from edge_video.capture.source import SourceKind, source_kind
from edge_video.resilience.failures import Cause, Failure
from edge_video.text.urls import HTTP_SCHEMES, SCHEME_IN_TEXT, split_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.config import CameraConfig

TIMEOUT_S: Final = 2.0
"""For the whole inquiry, the connection included."""
_HANG_UP_S: Final = 1.0
_MAX_BYTES: Final = 16_384

_MAY_BE_THE_PROXY: Final = frozenset(
    {
        *(Cause.FORBIDDEN, Cause.BUSY, Cause.CAMERA_ERROR, Cause.REQUEST_REFUSED),
        *(Cause.REFUSED, Cause.UNREACHABLE, Cause.NAME_NOT_RESOLVED, Cause.TIMEOUT),
        Cause.CAMERA_TIMEOUT,
    }
)
_MAY_BE_NO_RTSP: Final = frozenset(
    {
        *(Cause.END_OF_STREAM, Cause.TIMEOUT, Cause.UNSUPPORTED, Cause.REQUEST_REFUSED),
        *(Cause.NO_SUCH_STREAM, Cause.CAMERA_ERROR, Cause.TLS_FAILED, Cause.UNKNOWN),
    }
)
_MAY_BE_A_REDIRECT: Final = frozenset(
    {Cause.END_OF_STREAM, Cause.PROTOCOL_NOT_ALLOWED, Cause.UNSUPPORTED}
)
_MAY_BE_NO_STREAM: Final = frozenset({Cause.UNSUPPORTED, Cause.UNKNOWN})
_MAY_BE_NO_CONTENT: Final = frozenset({Cause.END_OF_STREAM, Cause.TIMEOUT, Cause.STALLED})
"""What FFmpeg makes of 204: it waits for a stream until the connection is closed, or too long."""
_STILL_SUFFIXES: Final = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


@dataclass(frozen=True, slots=True)
class Answer:
    """The beginning of what came back; nothing at all when the other side hung up or was silent."""

    raw: bytes

    @property
    def first_line(self) -> str:
        """The first line of what came, fit to be shown."""
        return printable(self.raw.partition(b"\n")[0][:100].decode("latin-1"))

    @property
    def is_rtsp(self) -> bool:
        """Whether an RTSP server spoke."""
        return self.raw.startswith(b"RTSP/")

    @property
    def is_tls_alert(self) -> bool:
        """Whether a TLS server complained that it was not spoken to in TLS."""
        return self.raw.startswith(b"\x15\x03")

    @property
    def status(self) -> int | None:
        """The status of an RTSP or HTTP answer."""
        match = re.match(rb"(?:RTSP|HTTP)/\d\.\d +(\d{3})\b", self.raw)
        return int(match[1]) if match else None

    @property
    def redirects(self) -> bool:
        """Whether it sends the asker to another address."""
        return self.status in (301, 302, 303, 307, 308)

    def headers(self, name: str) -> Iterator[str]:
        """The values of a header, in their order."""
        head = re.split(rb"\r?\n\r?\n", self.raw, maxsplit=1)[0].decode("latin-1")
        for line in head.splitlines()[1:]:
            key, _, value = line.partition(":")
            if key.strip().lower() == name:
                yield printable(value)


def explain(
    camera: CameraConfig, failure: Failure, *, frames: int, timeout_s: float = TIMEOUT_S
) -> Failure:
    """Return the failure with its true cause, where one question can settle it; else as it was.

    Blocks for at most about `timeout_s` seconds, twice that where a second question may tell more:
    of an intermittent camera, or one that may have redirected. Any thread; raises nothing.

    Args:
        camera: who failed.
        failure: as it was understood from what FFmpeg said.
        frames: whole frames that came in this attempt.
        timeout_s: for the whole inquiry.
    """
    url = camera.url.get_secret_value()
    kind = source_kind(url)
    if camera.http_proxy is not None:
        return _explain_proxy(failure)
    failure = told_by_presence(camera, failure, timeout_s)
    if failure.cause is Cause.WRONG_PASSWORD and kind in (SourceKind.RTSP, SourceKind.HTTP):
        return _explain_401(camera, url, kind, failure, timeout_s)
    match kind:
        case SourceKind.FILE:
            return _explain_file(url, failure, frames)
        case SourceKind.HTTP:
            return _explain_http(url, failure, frames, timeout_s)
        case SourceKind.RTSP if not frames:
            told = _explain_rtsp(camera, url, failure, timeout_s)
            # FFmpeg before 7 says no more of a redirect that it cannot follow than of a hang-up,
            # and 7 no more than of any data that it does not understand.
            is_odd = told.cause in _MAY_BE_A_REDIRECT
            return _explain_redirect(url, told, timeout_s) if is_odd else told
        case _:
            return failure


def _explain_proxy(failure: Failure) -> Failure:
    """Blame the proxy for most failures: what it stands before is not asked directly."""
    if failure.cause in _MAY_BE_THE_PROXY:
        return replace(failure, cause=Cause.PROXY_REFUSED)
    return failure


def _explain_file(url: str, failure: Failure, frames: int) -> Failure:
    name = url.partition("?")[0].lower()
    if failure.cause is Cause.END_OF_STREAM and frames == 1 and name.endswith(_STILL_SUFFIXES):
        return replace(failure, cause=Cause.STILL_PICTURE)
    return failure


def _explain_401(
    camera: CameraConfig, url: str, kind: SourceKind, failure: Failure, timeout_s: float
) -> Failure:
    username, password = camera.credentials
    if username is None and password is None:
        return replace(failure, cause=Cause.NO_PASSWORD)
    answer = _ask(url, "DESCRIBE" if kind is SourceKind.RTSP else "GET", timeout_s)
    if answer is None or answer.status != 401:  # noqa: PLR2004 - the status in question
        return failure
    unknown = unknown_authentication(tuple(answer.headers("www-authenticate")))
    if unknown is None:
        return failure
    return replace(failure, cause=Cause.UNKNOWN_AUTHENTICATION, detail=unknown)


def _explain_http(url: str, failure: Failure, frames: int, timeout_s: float) -> Failure:
    still = failure.cause is Cause.END_OF_STREAM and frames == 1
    nothing = not frames and failure.cause in _MAY_BE_NO_CONTENT
    no_stream = not frames and failure.cause in _MAY_BE_NO_STREAM
    answer = _ask(url, "GET", timeout_s) if still or nothing or no_stream else None
    if answer is None:
        return failure
    if not still and answer.status == 204:  # noqa: PLR2004 - HTTP's
        return replace(failure, cause=Cause.NO_CONTENT, detail="HTTP status 204")
    return failure if nothing else _judged_by(answer, failure, still=still)


def _judged_by(answer: Answer, failure: Failure, *, still: bool) -> Failure:
    """Tell a still picture, a page and a redirect by how the answer begins."""
    media_type = next(answer.headers("content-type"), "").lower()[:60]
    if still:
        cause = Cause.STILL_PICTURE if media_type.startswith("image/") else None
    elif _leads_elsewhere(answer):
        return replace(
            failure,
            cause=Cause.PROTOCOL_NOT_ALLOWED,
            detail=f"it redirects to a {_scheme_of_redirect(answer)}: address",
        )
    elif answer.redirects:
        return replace(failure, cause=Cause.WEB_PAGE, detail="it redirects, again and again")
    else:
        cause = Cause.WEB_PAGE if answer.status == 200 and _PAGE.match(media_type) else None  # noqa: PLR2004 - HTTP's
    if cause is None:
        return failure
    return replace(failure, cause=cause, detail=f"Content-Type: {media_type}")


_PAGE: Final = re.compile(r"text/html|application/(json|xhtml|xml)|text/(plain|xml)")


def _leads_elsewhere(answer: Answer) -> bool:
    return answer.redirects and _scheme_of_redirect(answer) not in ("", *HTTP_SCHEMES)


def _scheme_of_redirect(answer: Answer) -> str:
    match = re.match(rf"({SCHEME_IN_TEXT}):", next(answer.headers("location"), ""))
    return match[1].lower() if match else ""


def _explain_rtsp(camera: CameraConfig, url: str, failure: Failure, timeout_s: float) -> Failure:
    """Find out whether an RTSP server is there at all, and with or without TLS."""
    udp = camera.transport == "udp" and failure.cause in (Cause.TIMEOUT, Cause.STALLED)
    if not udp and failure.cause not in _MAY_BE_NO_RTSP:
        return failure
    answer = _ask(url, "OPTIONS", timeout_s, tls=False)
    if answer is None or not answer.raw:
        return failure
    with_tls = split_url(url).scheme == "rtsps"
    if answer.is_tls_alert:
        detail = "the port speaks TLS: write rtsps://"
        return failure if with_tls else replace(failure, cause=Cause.TLS_FAILED, detail=detail)
    if not answer.is_rtsp:
        return replace(
            failure, cause=Cause.NOT_RTSP, detail=f"the port answers: {answer.first_line}"
        )
    if with_tls:
        detail = "the port speaks RTSP without TLS: write rtsp://"
        return replace(failure, cause=Cause.TLS_FAILED, detail=detail)
    return replace(failure, cause=Cause.UDP_LOST) if udp else _explain_time_out(url, failure)


def _explain_redirect(url: str, failure: Failure, timeout_s: float) -> Failure:
    """Tell a redirect that FFmpeg cannot follow: to no RTSP, or to nowhere."""
    answer = _ask(url, "DESCRIBE", timeout_s)
    status = None if answer is None else answer.status
    if answer is None or status is None or not 300 <= status < 400:  # noqa: PLR2004 - redirects
        return failure
    scheme = _scheme_of_redirect(answer)
    if not scheme:
        detail = f"it redirects ({status}) and does not say where"
        return replace(failure, cause=Cause.REQUEST_REFUSED, detail=detail)
    if scheme in ("rtsp", "rtsps"):
        return failure
    detail = f"it redirects to a {scheme}: address"
    return replace(failure, cause=Cause.PROTOCOL_NOT_ALLOWED, detail=detail)


def _explain_time_out(url: str, failure: Failure) -> Failure:
    """Blame the camera for a time-out of FFmpeg's when it answers at once."""
    if failure.cause is not Cause.TIMEOUT:
        return failure
    if "timed out" in failure.detail:
        return replace(failure, cause=Cause.STALLED, detail="it answers, and sends no video")
    # Before version 7 FFmpeg says the same of a camera that hangs up, which may take a while.
    began_s = time.monotonic()
    answer = _ask(url, "DESCRIBE", _HANG_UP_S)
    hung_up = answer is not None and not answer.raw and time.monotonic() - began_s < _HANG_UP_S / 2
    if not hung_up:
        return failure
    return replace(
        failure, cause=Cause.END_OF_STREAM, detail="it hangs up when it is asked for the stream"
    )


# --- one request ---


def _ask(url: str, method: str, timeout_s: float, *, tls: bool | None = None) -> Answer | None:
    """Return the answer to one request without a password; None when there is no connection."""
    split = split_url(url)
    bare = split.without_credentials
    secure = split.scheme in ("rtsps", "https") if tls is None else tls
    until_s = time.monotonic() + timeout_s
    try:
        address = (split.host, split.port or PORTS[split.scheme])
        with socket.create_connection(address, timeout_s) as plain:
            plain.settimeout(max(0.1, until_s - time.monotonic()))
            connection = _no_verification().wrap_socket(plain) if secure else plain
            with connection:
                connection.sendall(_request(method, bare, split.host))
                return Answer(_read_head(connection, until_s))
    except (OSError, ValueError):
        return None


def _no_verification() -> ssl.SSLContext:
    """Accept any certificate: FFmpeg does not verify cameras either, and nothing secret is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _request(method: str, bare_url: str, host: str) -> bytes:
    if method == "GET":
        path = f"/{bare_url.split('://', 1)[1].partition('/')[2]}".partition("#")[0]
        head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\nConnection: close\r\n"
    else:
        scheme_less = bare_url.split("://", 1)[1]
        head = f"{method} rtsp://{scheme_less} RTSP/1.0\r\nCSeq: 1\r\n"
        head += "Accept: application/sdp\r\n" if method == "DESCRIBE" else ""
    return f"{head}User-Agent: edge-video\r\n\r\n".encode()


def _read_head(connection: socket.socket, until_s: float) -> bytes:
    raw = b""
    while len(raw) < _MAX_BYTES and not re.search(rb"\r?\n\r?\n", raw):
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            break
        connection.settimeout(left_s)
        try:
            chunk = connection.recv(4096)
        except OSError:
            break
        if not chunk:
            break
        raw += chunk
    return raw
