"""Takes the URL of a camera or a broker apart, odd passwords included."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

HTTP_SCHEMES: Final = ("http", "https")
NETWORK_SCHEMES: Final = ("rtsp", "rtsps", "rtmp", "rtmps", *HTTP_SCHEMES)
"""Schemes of cameras behind a network."""
LOCAL_SCHEMES: Final = ("file", "lavfi")
"""Schemes of sources on this machine: a file, and a test source of FFmpeg."""
AMQP_PORTS: Final = {"amqp": 5672, "amqps": 5671}
"""Schemes of brokers, and the port of each where a URL names none."""

SCHEME: Final = r"[A-Za-z][A-Za-z0-9+.\-]*"
"""The pattern of a scheme (RFC 3986), for a text that begins with it."""
SCHEME_IN_TEXT: Final = r"[A-Za-z][A-Za-z0-9+.\-]{0,20}"
"""The same where it is searched for: bounded, so that no long line takes long."""

_SCHEME: Final = re.compile(rf"(?P<scheme>{SCHEME})://")
_AUTHORITY: Final = re.compile(r"[^/?#]*")
_HOST_AND_PORT: Final = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]*))?")
_HOST_NAME: Final = re.compile(r"[\w.~-]+")
MAX_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class SplitUrl:
    """Holds the parts of `scheme://username:password@host:port/rest`.

    Attributes:
        scheme: in lower case.
        username: percent-decoded; None when the URL has none.
        password: percent-decoded; None when the URL has none, "" when it is empty.
        host: in lower case, IPv6 without brackets; may be empty.
        port: None when the URL has none.
        rest: path, query and fragment as written.
    """

    scheme: str
    username: str | None
    password: str | None = field(repr=False)
    host: str
    port: int | None
    rest: str

    @property
    def without_credentials(self) -> str:
        """The URL with user name and password left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.rest}"


def split_url(url: str) -> SplitUrl:
    """Split a URL at the last `@` of its authority, so that a password may contain `@` and `:`.

    A raw `/`, `?` or `#` in a password is understood where it is decidable: what would be the
    host and port is none, and an `@` follows. Elsewhere such characters must be percent-encoded.

    Raises:
        ValueError: no URL, or a bad host or port. The message quotes nothing of the URL.
    """
    scheme = _SCHEME.match(url)
    if scheme is None:
        raise ValueError("it does not begin with a scheme like rtsp:// or amqp://")
    userinfo, host_and_port, rest = _split_authority(url[scheme.end() :])
    username, colon, password = (userinfo or "").partition(":")
    host, port = _split_host(host_and_port)
    return SplitUrl(
        scheme=scheme["scheme"].lower(),
        username=_decode(username) if username else None,
        password=_decode(password) if colon else None,
        host=host,
        port=port,
        rest=rest,
    )


def _split_authority(after_scheme: str) -> tuple[str | None, str, str]:
    """User information (None without `@`), host with port, and the rest."""
    match = _AUTHORITY.match(after_scheme)
    end = match.end() if match else 0
    authority, rest = after_scheme[:end], after_scheme[end:]
    if "@" not in authority and "@" in rest and not _is_host_and_port(authority):
        end = after_scheme.rindex("@") + 1
        match = _AUTHORITY.match(after_scheme, end)
        end = match.end() if match else end
        authority, rest = after_scheme[:end], after_scheme[end:]
    userinfo, at, host_and_port = authority.rpartition("@")
    return (userinfo if at else None), host_and_port, rest


def _is_host_and_port(authority: str) -> bool:
    try:
        _split_host(authority)
    except ValueError:
        return False
    return True


def _split_host(host_and_port: str) -> tuple[str, int | None]:
    match = _HOST_AND_PORT.fullmatch(host_and_port)
    if match is None and _is_ipv6(host_and_port.strip("[]")):
        raise ValueError("an IPv6 address stands in brackets: [address]:port")
    if match is None:
        raise ValueError(
            "what follows the host is not a port number"
            " (in a password, write @ as %40, : as %3A, / as %2F and # as %23)"
        )
    host = match["host"].lower()
    if host.startswith("["):
        host = host[1:-1]
        _check_ipv6(host)
    elif host and not _HOST_NAME.fullmatch(host):
        raise ValueError(
            "the host name contains a character that no host name has"
            " (in a password, write @ as %40, : as %3A, / as %2F and # as %23)"
        )
    digits = match["port"]
    if not digits:
        return host, None
    if len(digits) > len(str(MAX_PORT)) or not 1 <= int(digits) <= MAX_PORT:
        raise ValueError(f"the port is not between 1 and {MAX_PORT}")
    return host, int(digits)


def _decode(text: str) -> str:
    raw = unquote_to_bytes(text)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")  # what older cameras' web pages put into their URLs


def _check_ipv6(host: str) -> None:
    if not _is_ipv6(host):
        raise ValueError("the address in brackets is not an IPv6 address")


def _is_ipv6(host: str) -> bool:
    try:
        ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return False
    return True
