"""Makes a device ask for authentication: Basic, Digest of any algorithm, or any text."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final, Protocol

CODEC: Final = ("utf-8", "surrogateescape")
"""How names become bytes: `Digest(realm="K\\udcfcche")` asks with one byte for the ü, in Latin-1,
as some devices do."""
_HASHES: Final = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
_PARAMETER: Final = re.compile(r'([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))', re.IGNORECASE)


class Authentication(Protocol):
    """What a device asks for."""

    def challenges(self) -> list[str]:
        """The values of the `WWW-Authenticate` headers of its 401, one header each."""
        ...

    def accepts(self, method: str, authorization: str) -> bool:
        """Whether a request with this `Authorization` header is let in."""
        ...


@dataclass(frozen=True, slots=True)
class Basic:
    """User and password in Base64 (RFC 7617)."""

    user: str
    password: str = field(repr=False)
    realm: str = "camera"

    def challenges(self) -> list[str]:
        """Ask for Basic."""
        return [f"Basic realm={_quoted(self.realm)}"]

    def accepts(self, method: str, authorization: str) -> bool:  # noqa: ARG002 - the same for all
        """Compare user and password."""
        expected = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return hmac.compare_digest(authorization.encode(), f"Basic {expected}".encode())


@dataclass(frozen=True, slots=True)
class Digest:
    """A hash over user, password and request (RFC 7616).

    An algorithm that Python does not know is asked for, and nobody is let in.
    """

    user: str
    password: str = field(repr=False)
    algorithm: str | None = None
    """`MD5`, `MD5-sess`, `SHA-256`, `SHA-256-sess`, …; None names none, which means MD5."""
    qop: str | None = None
    """`auth`, `auth-int`, `auth,auth-int`; None is the older way (RFC 2069)."""
    realm: str = "camera"
    nonce: str = "5ae62bb6c1d24b9f"
    opaque: str | None = None
    quoted: bool = True
    """Whether algorithm and qop stand in quotation marks: devices do both."""

    def challenges(self) -> list[str]:
        """Ask for Digest."""
        quote = '"' if self.quoted else ""
        parameters = [f"realm={_quoted(self.realm)}", f'nonce="{self.nonce}"']
        parameters += [f'opaque="{self.opaque}"'] if self.opaque is not None else []
        parameters += [f"algorithm={quote}{self.algorithm}{quote}"] if self.algorithm else []
        parameters += [f"qop={quote}{self.qop}{quote}"] if self.qop else []
        return ["Digest " + ", ".join(parameters)]

    def accepts(self, method: str, authorization: str) -> bool:
        """Compute what is right with our realm and nonce; counts are not kept."""
        scheme, _, rest = authorization.partition(" ")
        sent = {name.lower(): _unquoted(a) or b for name, a, b in _PARAMETER.findall(rest)}
        if scheme.lower() != "digest" or sent.get("nonce") != self.nonce:
            return False
        if sent.get("realm", "").encode("latin-1") != self.realm.encode(*CODEC):
            return False
        expected = self._response(method, sent)
        return expected is not None and hmac.compare_digest(expected, sent.get("response", ""))

    def _response(self, method: str, sent: dict[str, str]) -> str | None:
        name, _, session = (self.algorithm or "MD5").partition("-sess")
        del session
        is_session = (self.algorithm or "").endswith("-sess")
        if name not in _HASHES or _HASHES[name] not in hashlib.algorithms_available:
            return None

        def digest(*parts: str) -> str:
            return hashlib.new(_HASHES[name], ":".join(parts).encode(*CODEC)).hexdigest()

        secret = digest(self.user, self.realm, self.password)
        if is_session:
            secret = digest(secret, self.nonce, sent.get("cnonce", ""))
        request = digest(method, sent.get("uri", ""))
        if sent.get("qop") == "auth-int":
            request = digest(method, sent.get("uri", ""), digest(""))
        if "qop" not in sent:
            return None if self.qop else digest(secret, self.nonce, request)
        counted = (sent.get("nc", ""), sent.get("cnonce", ""), sent["qop"])
        return digest(secret, self.nonce, *counted, request)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def _unquoted(escaped: str) -> str:
    return re.sub(r"\\(.)", r"\1", escaped)


@dataclass(frozen=True, slots=True)
class Several:
    """Asks for any of several, in this order: each in its own header, or all in one."""

    ways: tuple[Authentication, ...]
    in_one_header: bool = False

    def challenges(self) -> list[str]:
        """Ask for all of them."""
        every = [each for way in self.ways for each in way.challenges()]
        return [", ".join(every)] if self.in_one_header else every

    def accepts(self, method: str, authorization: str) -> bool:
        """Let in who satisfies one."""
        return any(way.accepts(method, authorization) for way in self.ways)


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks with any headers, and lets nobody in."""

    values: tuple[str, ...]

    def challenges(self) -> list[str]:
        """The values as they were given."""
        return list(self.values)

    def accepts(self, method: str, authorization: str) -> bool:  # noqa: ARG002 - nobody
        """Let nobody in."""
        return False
