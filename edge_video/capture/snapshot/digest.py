"""Answers the challenges of HTTP authentication: digest (RFC 7616, RFC 2069) and basic. Pure.

Cameras write challenges in many ways: parameters with and without quotes, names in capitals, an
empty `qop`, several algorithms in several headers or in one. httpx's own digest stops at some of
these, and at algorithms that it does not know.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from edge_video.capture.snapshot.codec import bytes_of, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_HASHES: Final = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
"""From the weakest to the strongest; the strongest of what is offered is answered."""
_RANKS: Final = {name: rank for rank, name in enumerate(_HASHES)}
_SESSION: Final = "-SESS"
_BEGINS: Final = re.compile(r"(?:^|,)\s*(?P<scheme>[A-Za-z][\w-]*)(?=\s+[\w-]+\s*=|\s*(?:,|$))")
_PARAMETER: Final = re.compile(
    r'(?P<name>[\w-]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s,"]*))'
)
_MAX_CHALLENGE: Final = 4096
_MAX_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a camera asks for.

    Attributes:
        scheme: in lower case.
        parameters: by name in lower case.
    """

    scheme: str
    parameters: Mapping[str, str]

    @property
    def algorithm(self) -> str:
        """Of a digest, in capitals; MD5 where none is named."""
        return self.parameters.get("algorithm", "").upper() or "MD5"

    @property
    def qops(self) -> set[str]:
        """The qualities of protection that it offers; none in the older way."""
        named = self.parameters.get("qop", "").lower()
        return {each.strip() for each in named.split(",")} - {""}

    @property
    def is_understood(self) -> bool:
        """Whether it can be answered."""
        if self.scheme == "basic":
            return True
        if self.scheme != "digest" or not self.parameters.get("nonce"):
            return False
        plain = self.algorithm.removesuffix(_SESSION)
        is_known = plain in _HASHES and _HASHES[plain] in hashlib.algorithms_available
        return is_known and (not self.qops or "auth" in self.qops)

    @property
    def shown(self) -> str:
        """What it asks for, in a few words."""
        if self.scheme != "digest":
            return self.scheme
        if self.qops and "auth" not in self.qops:
            return shown(f"qop {', '.join(sorted(self.qops))}", _MAX_SHOWN)
        return shown(self.algorithm, _MAX_SHOWN)

    @property
    def strength(self) -> int:
        """The stronger the larger: a digest before basic, and never what is not understood."""
        if not self.is_understood:
            return -2
        return _RANKS[self.algorithm.removesuffix(_SESSION)] if self.scheme == "digest" else -1


def read_challenges(values: Iterable[str]) -> list[Challenge]:
    """Read the values of the `WWW-Authenticate` headers; several may stand in one."""
    found = []
    for value in values:
        bounded = value[:_MAX_CHALLENGE]
        starts = list(_BEGINS.finditer(_without_quotes(bounded)))
        for start, after in zip(starts, [*starts[1:], None], strict=False):
            part = bounded[start.end() : after.start() if after else None]
            found.append(Challenge(start["scheme"].lower(), _parameters(part)))
    return found


def strongest(challenges: Iterable[Challenge]) -> Challenge | None:
    """Return the best of those that can be answered; None when none can."""
    best = max(challenges, key=lambda each: each.strength, default=None)
    return best if best is not None and best.is_understood else None


def _without_quotes(text: str) -> str:
    """Blank what stands between quotes, so that no scheme is found there; the length stays."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', lambda match: "_" * len(match[0]), text)


def _parameters(text: str) -> dict[str, str]:
    return {
        each["name"].lower(): re.sub(r"\\(.)", r"\1", each["quoted"])
        if each["quoted"] is not None
        else each["bare"]
        for each in _PARAMETER.finditer(text)
    }


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user and a password, and what was computed with them.

    Attributes:
        username: as configured.
        password: the same.
        new_nonce: makes the client's own number, which is used once.
    """

    username: str
    password: str = field(repr=False)
    new_nonce: Callable[[], str]

    def basic(self) -> str:
        """Return the value of `Authorization` for basic authentication (RFC 7617, in UTF-8)."""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"

    def digest(self, challenge: Challenge, method: str, target: str, count: int) -> str:
        """Return the value of `Authorization` that answers a digest.

        Args:
            challenge: understood, of scheme `digest`.
            method: of the request.
            target: path and query, as the request line has them.
            count: how often this challenge's nonce is used, this time included.
        """
        given = challenge.parameters
        realm, nonce = given.get("realm", ""), given["nonce"]
        own, nc = self.new_nonce(), f"{count:08x}"
        plain = challenge.algorithm.removesuffix(_SESSION)

        def hashed(*parts: str) -> str:
            return hashlib.new(_HASHES[plain], bytes_of(":".join(parts))).hexdigest()

        secret = hashed(self.username, realm, self.password)
        is_session = challenge.algorithm.endswith(_SESSION)
        if is_session:
            secret = hashed(secret, nonce, own)
        proof = (nonce, nc, own, "auth") if challenge.qops else (nonce,)
        answer: dict[str, str] = {
            "username": _quoted(self.username),
            "realm": _quoted(realm),
            "nonce": _quoted(nonce),
            "uri": _quoted(target),
            "response": _quoted(hashed(secret, *proof, hashed(method, target))),
        }
        if "algorithm" in given:
            answer["algorithm"] = given["algorithm"]
        if "opaque" in given:
            answer["opaque"] = _quoted(given["opaque"])
        if challenge.qops:
            answer |= {"qop": "auth", "nc": nc}
        if challenge.qops or is_session:
            answer["cnonce"] = _quoted(own)
        return "Digest " + ", ".join(f"{name}={value}" for name, value in answer.items())


def _quoted(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'
