"""Says how a URL was mistyped, in messages that quote nothing of it but its scheme. Pure."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from difflib import SequenceMatcher
from typing import Final

from edge_video.text.urls import SCHEME, SCHEME_IN_TEXT

_QUOTES: Final = (
    "'\"`\u00b4<>\u00ab\u00bb\u2039\u203a\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f"
)
_WIDE: Final = "\uff1a\uff0f\uff3c\uff20\uff0e\uff1b"
_BEGINNING: Final = 40
"""Characters in which a scheme would stand."""
_SCHEME_LIKE: Final = re.compile(r"([A-Za-z][A-Za-z0-9+\-]{1,20})([:;]*[/\\]*)")
_SECOND_SCHEME: Final = re.compile(rf"(?!.:)(?P<word>{SCHEME_IN_TEXT})(?P<colon>:?)//")
_USERINFO: Final = re.compile(rf"{SCHEME}://[^/?#]*@")
_AUTHORITY: Final = re.compile(rf"{SCHEME}://(?P<authority>[^/?#]*)(?P<rest>.*)")
_PARAMETER_BEFORE: Final = re.compile(r"[?&][\w.\-]+=[^?&@]*\Z")
_PLACEHOLDER: Final = re.compile(
    r"(?:\$[A-Za-z_]\w*|%[A-Za-z_]\w*%|\{[^}]*\}+|<[^>]*>)(?::(?:\d*|\$\w+|%\w+%|\{.*\}|<.*>))?"
)
_MAX_LABEL: Final = 63
_SIMILAR: Final = 0.7
_TRANSPORTS: Final = {"rtspt": "tcp", "rtspu": "udp"}
"""What other players write for RTSP over TCP and over UDP."""

ENCODE: Final = "write @ as %40, : as %3A, / as %2F, # as %23 and ? as %3F"
KEYS: Final = "or put them, as they are, into the keys username and password"


def foreign_character(url: str) -> str | None:
    """Say what is wrong with the characters of a URL, whatever its scheme; None when nothing is."""
    unseen = next((each for each in enumerate(url, start=1) if not each[1].isprintable()), None)
    beginning, is_graph = url[:_BEGINNING], url.lower().startswith("lavfi:")
    found = (
        ("it is empty", not url.strip()),
        ("it begins with a space; remove it", url[:1] == " "),
        ("it ends with a space; remove it", url[-1:] == " "),
        ("" if unseen is None else _unseen(*unseen), unseen is not None),
        (
            "it stands in quotes within the quotes, or in typographic ones; leave them out",
            url[:1] in _QUOTES or (url[-1:] in _QUOTES and not is_graph and "://" in url),
        ),
        (
            "it has wide characters where : / @ and . belong; type it anew",
            any(each in _WIDE for each in beginning) and not is_graph,
        ),
        (
            "it begins with a -, as an option does; for a file of that name write ./ in front",
            url[:1] == "-",
        ),
    )
    return next((message for message, is_so in found if is_so), None)


def _unseen(position: int, character: str) -> str:
    if unicodedata.category(character) not in ("Zs", "Cf"):
        return "it contains a line break or another control character"
    name = unicodedata.name(character, "").lower()
    return (
        f"its character {position} cannot be seen (U+{ord(character):04X}, {name});"
        " it came in by copying: type that place anew"
    )


def mistyped_scheme(url: str, schemes: tuple[str, ...]) -> str | None:
    """Say what is wrong with the beginning of a URL where one of `schemes` seems to be meant."""
    if url.startswith(("//", "\\\\")):
        return f"it has no scheme; write {schemes[0]}:// in front of the host"
    match = _SCHEME_LIKE.match(url)
    if match is None:
        return None
    word, separator = match[1].lower(), match[2]
    if word not in schemes:
        return _unknown_scheme(word, schemes) if re.search(r"[/\\]", separator) else None
    if separator not in ("", "://", ":///"):  # without a host: another check says so
        return f"{word} is followed by :// here; write {word}://host/…"
    second = _SECOND_SCHEME.match(url, match.end()) if separator else None
    if second is None and (userinfo := _USERINFO.match(url)) is not None:
        second = _SECOND_SCHEME.match(url, userinfo.end())
    # Without a colon it may be a host whose path begins with //, as some recorders' do.
    if second is not None and (second["colon"] or second["word"].lower() in schemes):
        return "it has two schemes; leave one of them out"
    return None


def _unknown_scheme(word: str, schemes: tuple[str, ...]) -> str | None:
    if word in _TRANSPORTS and "rtsp" in schemes:
        return f"{word}:// is another program's; write rtsp:// and transport: {_TRANSPORTS[word]}"
    likely = _most_like(word, schemes)
    return None if likely is None else f"there is no {word}://; did you mean {likely}://?"


def _most_like(word: str, schemes: tuple[str, ...]) -> str | None:
    """The most similar scheme; letters in another order come first (`rstp` is rtsp, not rtmp)."""
    ratio = {each: SequenceMatcher(None, word, each).ratio() for each in schemes}
    best = max(schemes, key=lambda each: (sorted(each) == sorted(word), ratio[each]))
    return best if ratio[best] >= _SIMILAR else None


def unclear_password(url: str, *, has_path: bool = True) -> str | None:
    """Say why a URL's user name, password and host could be read in two ways; None when not.

    A raw `@` or `#` in a password is refused even where the last `@` decides: programs differ in
    how they read it, and what one of them takes for the host goes to the name server and the log.

    Args:
        url: a network URL.
        has_path: whether an `@` may stand behind the host: a camera's path may have one, a
            broker's virtual host is not expected to.
    """
    match = _AUTHORITY.match(url)
    if match is None:
        return None
    userinfo, at, host = match["authority"].rpartition("@")
    if "@" in userinfo.partition(":")[2]:
        return f"its password has a raw @: {ENCODE}, {KEYS}"
    before, later_at, after = match["rest"].rpartition("@")
    if not later_at:
        return None
    if "#" in before:
        return f"an @ follows a #, so the password seems to have a raw # in it: {ENCODE}, {KEYS}"
    may_go_on = (
        _password_may_go_on(host, before, after, has_path=has_path)
        if at
        else _may_be_user_and_password(host, after, has_path=has_path)
    )
    return f"it cannot be told where the password ends: {ENCODE}, {KEYS}" if may_go_on else None


def _password_may_go_on(host: str, before: str, after: str, *, has_path: bool) -> bool:
    """Whether a password may reach beyond the first `@`: what follows that one is `host`."""
    if not has_path:
        return True
    if _is_address(host):
        return False
    return _begins_with_address(after) or _PARAMETER_BEFORE.search(before) is None


def _may_be_user_and_password(authority: str, after: str, *, has_path: bool) -> bool:
    """Whether `admin:12/34@10.0.0.5`, say, could be a host and its port, or a user's password."""
    _, colon, port = authority.rpartition(":")
    is_host_and_port = not colon or port.isdecimal()
    if not is_host_and_port or _is_address(authority):
        return False
    return not has_path or _begins_with_address(after)


def _begins_with_address(text: str) -> bool:
    return _is_address(re.split(r"[/?#]", text, maxsplit=1)[0])


def _is_address(host: str) -> bool:
    """An IP address, with or without a port."""
    bracketed = re.fullmatch(r"\[([^\]]*)\](?::\d*)?", host)
    text = bracketed[1] if bracketed else re.sub(r":\d*\Z", "", host)
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def placeholder(url: str) -> str | None:
    """Say why a host is none: a variable of another notation, or a gap that nobody filled in."""
    match = _AUTHORITY.match(url)
    host = "" if match is None else match["authority"].rpartition("@")[2]
    if not _PLACEHOLDER.fullmatch(host):
        return None
    return "in place of the host stands a placeholder; an environment variable is written ${NAME}"


def bad_address(host: str) -> str | None:
    """Say why a host that is all digits and dots cannot be meant; None for any other host."""
    if not re.fullmatch(r"[0-9.]+", host) or _is_address(host):
        return None
    return f"{host} is no IP address; it has four numbers from 0 to 255, like 10.0.0.5"


def bad_name(host: str) -> str | None:
    """Say why no name server could be asked for a host (RFC 1035, 2.3.4); None where one could."""
    if ":" in host:  # an IPv6 address
        return None
    parts = host.removesuffix(".").split(".")
    if host and not all(parts):
        return "its host has two dots in a row, or begins with one"
    if any(len(part.encode()) > _MAX_LABEL for part in parts):
        return f"a part of its host between dots is longer than the {_MAX_LABEL} characters allowed"
    return None
