"""Reads what a 401 asks for as FFmpeg's clients read it, faults included. Pure.

FFmpeg takes the first word of a header for the scheme, and all that stands behind it for that
scheme's parameters: of two challenges in one header the second one's parameters take the place of
the first one's, all but the parameter that the second scheme's name stands before. And it sends
values back without the escapes that they came with. A camera refuses what comes of that like a
wrong password.
"""

from __future__ import annotations

import re
from typing import Final

_BY_FFMPEG: Final = frozenset({"", "MD5", "MD5-sess"})
"""The digest algorithms of FFmpeg's clients, up to version 9, in the only spelling it takes."""
_PARAMETER: Final = re.compile(
    r'[\s,]*+(?P<name>[^=]*+)=(?:"(?P<quoted>(?:[^"\\]|\\.)*+)"?|(?P<bare>[^\s,]*+))'
)
"""Possessive throughout: a hostile camera's header takes no more time than its length."""
_FIRST_IS_AUTH: Final = re.compile(r"(?:(?!auth).)*(?<![^\s,])auth(?![^\s,])")
"""FFmpeg looks at the first `auth` in a qop alone, be it that of `auth-int`."""
_ROOM: Final = {"realm": 199, "nonce": 299, "opaque": 299}
"""What is sent back, and how many bytes FFmpeg keeps of each."""
_MAX_SHOWN: Final = 60


def unknown_authentication(challenges: tuple[str, ...]) -> str | None:
    """Name what a 401 asks for that FFmpeg cannot give; None when it can.

    Of several headers FFmpeg takes the last digest, else basic, else nothing.

    Args:
        challenges: the values of the `WWW-Authenticate` headers.
    """
    digests = [each for each in challenges if each.lower().startswith("digest ")]
    if digests:
        return _unknown_in(digests[-1])
    if any(each.lower().startswith("basic ") for each in challenges):
        return None
    if not challenges:
        return "no WWW-Authenticate in its answer"
    unread = next((each for each in challenges if _has_known_scheme(each)), None)
    if unread is not None:
        return _unreadable(unread)
    schemes = dict.fromkeys(re.split(r"[\s,]", each)[0] for each in challenges)
    return ", ".join(schemes)[:_MAX_SHOWN]


def _has_known_scheme(challenge: str) -> bool:
    """Whether a scheme that FFmpeg knows stands where it does not look for one."""
    return re.search(r"(?:^|,\s*)(?:digest|basic)\b", challenge, re.IGNORECASE) is not None


def _unknown_in(digest: str) -> str | None:
    read = _read(digest.partition(" ")[2])
    algorithm, qop = read.get("algorithm", ""), read.get("qop", "")
    if algorithm not in _BY_FFMPEG:
        return algorithm[:_MAX_SHOWN]
    if qop and not _FIRST_IS_AUTH.match(qop):
        return f"qop {qop[:_MAX_SHOWN]}"
    if algorithm == "MD5-sess" and not qop:
        return "MD5-sess without qop"  # FFmpeg computes it with a number that it does not send
    return _misread(digest, read)


def _misread(digest: str, read: dict[str, str]) -> str | None:
    if _is_misread(digest, read):
        return _unreadable(digest)
    if any("\\" in read.get(name, "") for name in _ROOM):
        return "quotation marks or backslashes in its challenge"
    for name, most in _ROOM.items():
        if len(read.get(name, "")) > most:
            return f"a {name} of more than {most} characters"
    return None


def _is_misread(digest: str, read: dict[str, str]) -> bool:
    """Whether FFmpeg misses a parameter, or mixes those of two challenges."""
    has_realm = re.search(r"\brealm\b", digest, re.IGNORECASE) is not None
    if "nonce" not in read or (has_realm and "realm" not in read):
        return True
    for name, value in read.items():
        scheme, _, plain = name.lower().rpartition(" ")
        if scheme == "digest" and read.get(plain) != value:
            return True
    return False


def _read(parameters: str) -> dict[str, str]:
    """Return the parameters by the names that FFmpeg takes them for; escapes are left in."""
    found: dict[str, str] = {}
    at = 0
    while each := _PARAMETER.match(parameters, at):  # it stops where none begins, as FFmpeg does
        found[each["name"]] = each["bare"] if each["quoted"] is None else each["quoted"]
        at = each.end()
    return found


def _unreadable(challenge: str) -> str:
    return f"FFmpeg cannot read its challenge: {challenge[:_MAX_SHOWN]}"
