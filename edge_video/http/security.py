"""Checks hosts, origins, tokens and sessions. Pure: the time is an argument."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_video.resilience.token_bucket import TokenBucket

if TYPE_CHECKING:
    from collections.abc import Collection

SESSION_COOKIE: Final = "edge_video_session"
SESSION_S: Final = 12 * 3600

SECURITY_HEADERS: Final = (
    (
        b"content-security-policy",
        (
            b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
            b" connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)

_HOST: Final = re.compile(
    r"(?:\[(?P<v6>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9._-]{1,253}))(?::\d{1,5})?"
)
MAX_CLIENTS: Final = 256
"""Addresses whose wrong tokens are remembered."""


def host_is_ours(host: str, names: Collection[str]) -> bool:
    """Whether a Host header is one under which we are meant to be reached.

    A page of a stranger can make its own name point to this machine (DNS rebinding), but not an
    IP address or `localhost`: those are always right, and names only when they were configured.
    """
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    if match["v6"]:
        return _is_address(match["v6"])
    name = match["name"].lower().rstrip(".")
    return name == "localhost" or name in names or _is_address(name)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def comes_from_elsewhere(
    *, fetch_site: str | None, fetch_mode: str | None, origin: str | None, host: str, is_safe: bool
) -> bool:
    """Whether a browser sent this on behalf of another site's page.

    Following a link to us (a navigation that changes nothing) is allowed. What is no browser
    sends neither header.
    """
    if fetch_site is not None and fetch_site not in ("same-origin", "none"):
        return not (is_safe and fetch_mode == "navigate")
    if origin is None:
        return False
    _, _, authority = origin.partition("://")
    return authority.lower() != host.lower()


@dataclass(slots=True)
class FailureLimiter:
    """Limits wrong tokens per client address: ten at once, then one in six seconds.

    A token of a client over the limit is not even compared: guessing goes no faster by luck.
    Bounded: the client that failed longest ago is forgotten first.
    """

    burst: float = 10.0
    per_s: float = 1 / 6
    _clients: dict[str, TokenBucket] = field(default_factory=dict)

    def retry_in_s(self, client: str, now_s: float) -> float:
        """0 when the client may try a token now."""
        bucket = self._clients.get(client)
        return 0.0 if bucket is None else bucket.wait_s(now_s)

    def failed(self, client: str, now_s: float) -> None:
        """The client tried a wrong token."""
        bucket = self._clients.pop(client, None) or TokenBucket(self.burst, self.per_s)
        bucket.take(now_s)
        self._clients[client] = bucket
        if len(self._clients) > MAX_CLIENTS:
            del self._clients[next(iter(self._clients))]


@dataclass(frozen=True, slots=True)
class SessionSigner:
    """Compares tokens and signs sessions; a session needs no memory and dies with its token.

    Args:
        token: the configured token.
    """

    token: str = field(repr=False)

    def accepts(self, token: str) -> bool:
        """Whether this is the token; takes the same time for any wrong one."""
        return hmac.compare_digest(_digest(self.token), _digest(token))

    def new_session(self, now_s: float) -> str:
        """The value of a cookie that opens what the token opens, for `SESSION_S`; wall clock."""
        expires = str(int(now_s + SESSION_S))
        return f"{expires}.{self._signature(expires)}"

    def accepts_session(self, cookie: str, now_s: float) -> bool:
        """Whether we signed it, and it is not over."""
        expires, _, signature = cookie.partition(".")
        if not re.fullmatch(r"[0-9]{1,12}", expires):
            return False
        known = hmac.compare_digest(_digest(signature), _digest(self._signature(expires)))
        return known and now_s < int(expires) <= now_s + SESSION_S + 1

    def _signature(self, expires: str) -> str:
        key = hashlib.sha256(b"edge-video session\0" + self.token.encode()).digest()
        return hmac.new(key, expires.encode(), hashlib.sha256).hexdigest()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def bearer_of(authorization: str | None) -> str | None:
    """The token of an `Authorization: Bearer …` header; None without one."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def cookie_of(header: str | None, name: str) -> str | None:
    """One cookie's value out of a Cookie header; None without it."""
    for part in (header or "").split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return None
