"""Asks a camera for one picture at a time, over a connection that is kept as long as it lasts."""

from __future__ import annotations

import ssl
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import httpcore

from edge_video.capture.snapshot.answer import NOT_MODIFIED, UNAUTHORIZED, Answer, failure_in
from edge_video.capture.snapshot.codec import CODEC, bytes_of, text_of
from edge_video.capture.snapshot.origin import followed, origin_of
from edge_video.capture.snapshot.trouble import REQUEST_ERRORS, NoPictureError, failure_of
from edge_video.resilience.failures import Cause, Failure
from edge_video.text.urls import split_url

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.capture.snapshot.login import SnapshotLogin
    from edge_video.capture.snapshot.network import SnapshotNetwork

_METHOD: Final = "GET"
_HEADERS: Final = {
    "Accept": "image/jpeg, image/*;q=0.8, */*;q=0.5",
    "Cache-Control": "no-cache",  # of what stands between: a picture that was kept there is old
    "User-Agent": "edge-video",
}
_MAX_HOPS: Final = 4
_MAX_REFUSAL: Final = 64 * 1024
"""So much of an answer without a picture is read, to keep its connection."""
_KEPT_S: Final = 60.0
_ONCE_MORE: Final = (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError)
_SAFE: Final = "%/?:@!$&'()*+,;=-._~[]"


class SnapshotClient:
    """Sends the requests of one capture. One thread.

    Args:
        url: without user and password.
        login: answers what the camera asks for.
        network: makes the connections, and says how long they may be waited on.
        max_bytes: a larger answer is no picture.
        proxy: the URL of an HTTP proxy, which may have a user and a password; None for none.
    """

    def __init__(
        self,
        url: str,
        login: SnapshotLogin,
        network: SnapshotNetwork,
        *,
        max_bytes: int,
        proxy: str | None = None,
    ) -> None:
        self._url = url
        self._login = login
        self._network = network
        self._max_bytes = max_bytes
        self._pool = _pool(network, proxy)

    def close(self) -> None:
        """Close the connection; the next request makes another."""
        self._pool.close()

    def fetch(self, conditions: Mapping[str, str]) -> Answer:
        """Return the camera's answer: one with a body, or that there is no newer picture.

        Args:
            conditions: headers that ask for a newer picture only.

        Raises:
            NoPictureError: with the cause.
        """
        try:
            answer = self._fetch(conditions)
        except REQUEST_ERRORS as error:
            raise NoPictureError(failure_of(error)) from error
        if answer.status == NOT_MODIFIED and conditions:
            return answer
        failure = failure_in(answer)
        if failure is not None:
            raise NoPictureError(failure)
        return answer

    def _fetch(self, conditions: Mapping[str, str]) -> Answer:
        """Follow the camera to where it keeps its picture, on itself only."""
        url = self._url
        for _ in range(_MAX_HOPS):
            answer = self._logged_in(url, conditions)
            if not answer.redirects:
                return answer
            url = followed(url, answer.headers["location"])
        raise NoPictureError(Failure(Cause.WEB_PAGE, "it redirects, again and again"))

    def _logged_in(self, url: str, conditions: Mapping[str, str]) -> Answer:
        answer = self._ask(url, conditions)
        if answer.status != UNAUTHORIZED:
            return answer
        origin = origin_of(split_url(url))
        failure = self._login.challenged(origin, answer.challenges)
        if failure is None:
            answer = self._ask(url, conditions)
            failure = self._login.refused(origin) if answer.status == UNAUTHORIZED else None
        if failure is not None:
            raise NoPictureError(failure)
        return answer

    def _ask(self, url: str, conditions: Mapping[str, str]) -> Answer:
        """Send one request; once more where a connection that was kept turns out to be dead."""
        before = self._network.connections
        try:
            return self._ask_once(url, conditions)
        except _ONCE_MORE:
            if self._network.connections != before or self._network.is_cancelled:
                raise
        return self._ask_once(url, conditions)

    def _ask_once(self, url: str, conditions: Mapping[str, str]) -> Answer:
        split = split_url(url)
        origin = origin_of(split)
        target = quote(split.rest.partition("#")[0], _SAFE, *CODEC) or "/"
        target = target if target.startswith("/") else f"/{target}"
        headers = {"Host": origin.host_header, **_HEADERS, **conditions}
        authorization = self._login.header(origin, _METHOD, target)
        if authorization is not None:
            headers["Authorization"] = authorization
        asked = httpcore.URL(
            scheme=origin.scheme.encode(),
            host=_idna(origin.host),
            port=origin.port,
            target=target.encode(),
        )
        with self._pool.stream(_METHOD, asked, headers=_encoded(headers)) as response:
            return self._read(response)

    def _read(self, response: httpcore.Response) -> Answer:
        """Read an answer up to its end; of what is no picture and too long, no more than is needed.

        What is not read to its end costs the connection, and nothing else.
        """
        headers: dict[str, str] = {}
        challenges = []
        for name, value in response.headers:
            key, text = text_of(name).lower(), text_of(value)
            headers.setdefault(key, text)
            if key == "www-authenticate":
                challenges.append(text)
        answer = Answer(response.status, headers, tuple(challenges), b"")
        if answer.is_stream:
            return answer
        is_picture = 200 <= answer.status < 300  # noqa: PLR2004 - HTTP's class of success
        body = bytearray()
        for piece in response.iter_stream():
            body += piece
            if is_picture and len(body) > self._max_bytes:
                raise NoPictureError(_too_large(self._max_bytes))
            if not is_picture and len(body) > _MAX_REFUSAL:
                break
        return Answer(response.status, headers, tuple(challenges), bytes(body))


def _too_large(max_bytes: int) -> Failure:
    return Failure(Cause.PICTURE_TOO_LARGE, f"more than {max_bytes} bytes")


def _encoded(headers: Mapping[str, str]) -> list[tuple[bytes | str, bytes | str]]:
    return [(name.encode(), bytes_of(value)) for name, value in headers.items()]


def _idna(host: str) -> bytes:
    return host.encode() if host.isascii() else host.encode("idna")


def _pool(network: SnapshotNetwork, proxy: str | None) -> httpcore.ConnectionPool:
    if proxy is None:
        return httpcore.ConnectionPool(
            ssl_context=_no_verification(),
            max_connections=1,
            keepalive_expiry=_KEPT_S,
            network_backend=network,
        )
    split = split_url(proxy)
    auth = (
        None
        if split.username is None
        else (split.username.encode(), (split.password or "").encode())
    )
    return httpcore.HTTPProxy(
        split.without_credentials,
        proxy_auth=auth,
        ssl_context=_no_verification(),
        max_connections=1,
        keepalive_expiry=_KEPT_S,
        network_backend=network,
    )


@cache
def _no_verification() -> ssl.SSLContext:
    """Accept any certificate, as FFmpeg does of cameras, and the TLS of old ones.

    What is not verified is not made safer by refusing a key of 1024 bits.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)
    return context
