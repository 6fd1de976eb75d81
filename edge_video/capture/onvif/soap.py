"""Carries one question to a device over HTTP, with the login that the device asks for."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

import httpx

from edge_video.capture.onvif.cancellation import Cancellation
from edge_video.capture.onvif.model import Login, Problem
from edge_video.capture.onvif.xml import MAX_BYTES, NotUnderstood, first_named, read_xml, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

_STEP_S: Final = 5.0
_UNAUTHORIZED: Final = 401
_CONNECTED: Final = ("connection.connect_tcp.complete", "connection.start_tls.complete")
_ENVELOPE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">'
    "<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
)
_SECURITY: Final = (
    '<w:Security s:mustUnderstand="1" xmlns:w="http://docs.oasis-open.org/wss/2004/01/'
    'oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:u="http://docs.oasis-open.org/wss/2004/01/'
    'oasis-200401-wss-wssecurity-utility-1.0.xsd"><w:UsernameToken><w:Username>{user}</w:Username>'
    '<w:Password Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-'
    'profile-1.0#PasswordDigest">{digest}</w:Password>'
    '<w:Nonce EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-'
    'security-1.0#Base64Binary">{nonce}</w:Nonce><u:Created>{created}</u:Created>'
    "</w:UsernameToken></w:Security>"
)


class Unanswered(Exception):  # noqa: N818 - what a device did, no error of this program
    """A question that has no answer.

    Attributes:
        problem: why not.
    """

    def __init__(self, problem: Problem, detail: str = "") -> None:
        super().__init__(detail)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Token:
    """Makes the header of a login by a digest of password, time and a number used once.

    Attributes:
        login: who asks.
        clock_offset_s: how far the device's clock is ahead: it refuses a time that is not its own.
    """

    login: Login
    clock_offset_s: float

    def header(self) -> str:
        """A header that is good for one question."""
        nonce = os.urandom(16)
        now = datetime.fromtimestamp(time.time() + self.clock_offset_s, UTC)
        created = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        hashed = hashlib.sha1(
            nonce + created.encode() + self.login.password.encode(), usedforsecurity=False
        )
        return _SECURITY.format(
            user=escape(self.login.username),
            digest=base64.b64encode(hashed.digest()).decode(),
            nonce=base64.b64encode(nonce).decode(),
            created=created,
        )


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    body: bytes
    asks_for_digest: bool


class Questions:
    """Asks one device, from one thread.

    The device is asked without a login first. Where it wants one it gets it in the way that it asks
    for, and never a second time after a refusal: accounts are locked after a few. Only digests are
    sent, and never the password.

    Args:
        login: None when the operator gave none.
        limit_s: for all questions together.
        cancellation: ends them before that.
    """

    def __init__(
        self, login: Login | None, limit_s: float, cancellation: Cancellation | None = None
    ) -> None:
        self._login = login
        self._cancellation = cancellation or Cancellation()
        self._ends_at = time.monotonic() + limit_s
        self._token: Token | None = None
        self._digest: httpx.DigestAuth | None = None
        self.clock_offset_s = 0.0
        """How far the device's clock is ahead, for the login."""
        # A camera's certificate is its own, and nothing secret is sent. No proxy of the environment
        # is asked: devices are on this network.
        self._client = httpx.Client(verify=False, trust_env=False, timeout=_STEP_S)  # noqa: S501 - as above

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def ask_openly(self, url: str, body: str) -> Element:
        """The body of the device's answer to a question that needs no login.

        Raises:
            Unanswered: as by `ask`; a device that wants a login is not given one.
        """
        reply = self._send(url, body)
        if _wants_login(reply):
            raise Unanswered(Problem.NEEDS_LOGIN)
        return _content(reply)

    def ask(self, url: str, body: str) -> Element:
        """The body of the device's answer.

        Raises:
            Unanswered: no answer in time, not an understood one, a refused login, or an error.
        """
        reply = self._send(url, body)
        if not _wants_login(reply):
            return _content(reply)
        if self._login is None:
            raise Unanswered(Problem.NEEDS_LOGIN)
        if self._token is not None or self._digest is not None:
            raise Unanswered(Problem.WRONG_LOGIN)
        if reply.asks_for_digest:
            self._digest = httpx.DigestAuth(self._login.username, self._login.password)
        else:
            self._token = Token(self._login, self.clock_offset_s)
        reply = self._send(url, body)
        if _wants_login(reply):
            raise Unanswered(Problem.WRONG_LOGIN)
        return _content(reply)

    def _send(self, url: str, body: str) -> _Reply:
        header = "" if self._token is None else self._token.header()
        content = _ENVELOPE.format(header=header, body=body).encode()
        headers = {
            "Content-Type": "application/soap+xml; charset=utf-8",
            # Many cameras close after each answer and do not say so; the next question would be
            # lost in the closed connection.
            "Connection": "close",
        }
        left_s = self._ends_at - time.monotonic()
        if left_s <= 0 or self._cancellation.is_cancelled:
            raise Unanswered(Problem.NO_ANSWER)
        try:
            with self._client.stream(
                "POST",
                url,
                content=content,
                headers=headers,
                auth=self._digest,
                timeout=min(left_s, _STEP_S),
                extensions={"trace": self._trace},
            ) as response:
                return self._read(response)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise Unanswered(Problem.NO_ANSWER, type(error).__name__) from None

    def _trace(self, step: str, facts: Mapping[str, Any]) -> None:
        """Have a cancellation know over which connection the answer comes; httpx calls it."""
        if step in _CONNECTED:
            self._cancellation.waits_on(facts["return_value"].get_extra_info("socket"))

    def _read(self, response: httpx.Response) -> _Reply:
        """The answer, as long as it is neither too long nor too slow."""
        body = bytearray()
        for part in response.iter_bytes(4096):
            body += part
            if len(body) > MAX_BYTES:
                raise Unanswered(Problem.NOT_UNDERSTOOD, "too long")
            if time.monotonic() > self._ends_at:
                raise Unanswered(Problem.NO_ANSWER)
        asked = response.headers.get("www-authenticate", "").lower()
        return _Reply(response.status_code, bytes(body), "digest " in asked)


def _wants_login(reply: _Reply) -> bool:
    """Whether it refuses for want of a right login; what devices say for that differs."""
    if reply.status == _UNAUTHORIZED:
        return True
    try:
        fault = first_named(read_xml(reply.body), "Fault")
    except NotUnderstood:
        return False
    if fault is None:
        return False
    codes = "".join(fault.itertext()).lower()
    return any(each in codes for each in ("notauthorized", "failedauthentication", "wsse"))


def _content(reply: _Reply) -> Element:
    try:
        root = read_xml(reply.body)
    except NotUnderstood as error:
        raise Unanswered(Problem.NOT_UNDERSTOOD, str(error)) from None
    fault = first_named(root, "Fault")
    if fault is not None:
        raise Unanswered(Problem.REFUSED, text_of(fault, "Text") or text_of(fault, "faultstring"))
    body = first_named(root, "Body")
    if body is None:
        raise Unanswered(Problem.NOT_UNDERSTOOD)
    return body
