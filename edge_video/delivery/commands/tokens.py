"""Signs requests, and checks signatures: JSON Web Tokens with HMAC-SHA256 (RFC 7515, RFC 7519).

One algorithm, and none to choose: whatever else a token names is refused before its signature is
looked at, so there is nothing to negotiate. Pure.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SHORTEST_KEY: Final = 32
"""Bytes: as many as the hash has (RFC 7518, 3.2)."""
MAX_TOKEN: Final = 4096
_PARTS: Final = 3
_ALGORITHM: Final = "HS256"


class BadTokenError(ValueError):
    """The token is none, or not of the key that it names; the message is fit to be shown."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says, in its names of RFC 7519 where there are any.

    Attributes:
        audience: `aud`, the node.
        command: `cmd`.
        message_id: `jti`.
        issued_at_s: `iat`, wall clock.
        expires_at_s: `exp`, wall clock.
        body_hash: `bh`, `body_hash` of the body.
    """

    audience: str
    command: str
    message_id: str
    issued_at_s: float
    expires_at_s: float
    body_hash: str


def body_hash(body: bytes) -> str:
    """The SHA-256 of a body as a token has it: URL-safe Base64 without padding."""
    return _encoded(hashlib.sha256(body).digest())


def signed(claims: Claims, key_name: str, key: bytes) -> str:
    """A token of these claims."""
    head = {"alg": _ALGORITHM, "typ": "JWT", "kid": key_name}
    payload = {
        "aud": claims.audience,
        "cmd": claims.command,
        "jti": claims.message_id,
        "iat": claims.issued_at_s,
        "exp": claims.expires_at_s,
        "bh": claims.body_hash,
    }
    message = f"{_encoded(_json(head))}.{_encoded(_json(payload))}"
    return f"{message}.{_encoded(_mac(message, key))}"


def key_name_of(token: str) -> str:
    """The name of the key that a token says it is signed with; nothing is proven by that.

    Raises:
        BadTokenError: it is no token, or one with another algorithm.
    """
    if len(token) > MAX_TOKEN or not token.isascii() or token.count(".") != _PARTS - 1:
        raise BadTokenError("the token is no JSON Web Token")
    head = _object(token.partition(".")[0])
    if head.get("alg") != _ALGORITHM or "crit" in head:
        raise BadTokenError(f"the token must be signed with {_ALGORITHM}, and have no crit")
    name = head.get("kid")
    if not isinstance(name, str):
        raise BadTokenError("the token has no kid, the name of its key")
    return name


def verified(token: str, key: bytes) -> Claims:
    """What a token says that is signed with this key; `key_name_of` has looked at its head.

    Raises:
        BadTokenError: it is not signed with it, or lacks a claim.
    """
    message, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_decoded(signature), _mac(message, key)):
        raise BadTokenError("the token is not signed with the key that it names")
    payload = _object(message.partition(".")[2])
    try:
        return Claims(
            _text(payload["aud"]),
            _text(payload["cmd"]),
            _text(payload["jti"]),
            _number(payload["iat"]),
            _number(payload["exp"]),
            _text(payload["bh"]),
        )
    except (KeyError, TypeError):
        needed = "aud, cmd, jti, bh (texts), iat and exp (numbers)"
        raise BadTokenError(f"the token must have {needed}") from None


def _mac(message: str, key: bytes) -> bytes:
    return hmac.digest(key, message.encode(), "sha256")


def _json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise BadTokenError("the token is no JSON Web Token") from None


def _object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_decoded(part))
    except (ValueError, RecursionError):
        raise BadTokenError("the token is no JSON Web Token") from None
    if not isinstance(value, dict):
        raise BadTokenError("the token is no JSON Web Token")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise TypeError
    return float(value)
