"""Finds what may be a secret in FFmpeg's arguments: headers, cookies, keys, URLs. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Final

from edge_video.text.url_secrets import MASK, is_secret_name, mask_url, secrets_in_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HEADER: Final = re.compile(r"(?P<name>[A-Za-z0-9_\-]+)(?P<colon>\s*:\s*)(?P<value>.*)", re.DOTALL)
_LINE_ENDS: Final = re.compile(r"((?:\\r|\\n|\r|\n)+)")
_OPEN_HEADERS: Final = frozenset(
    {
        *("user-agent", "accept", "accept-encoding", "accept-language", "accept-charset", "host"),
        *("origin", "range", "connection", "content-type", "content-length", "cache-control"),
        *("pragma", "icy-metadata", "dnt", "te", "upgrade-insecure-requests"),
    }
)
_OPEN_COOKIE_NAMES: Final = frozenset({"path", "domain", "expires", "max-age", "samesite"})
_SECRET_OPTION: Final = re.compile(
    r"(?:.*[_\-])?(?:cookies?|post_data|cryptokey|decryption_keys?|srtp_(?:in|out)_params"
    r"|rtmp_(?:app|conn|playpath|subscribe)|http_proxy_?auth|credentials?)",
    re.IGNORECASE,
)


def mask_arguments(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return the arguments with `***` for the values of headers, cookies, keys and passwords.

    An option's name and its value may also stand in one argument, `-name=value`.
    """
    return tuple(
        _masked(option, each) for option, each in zip(("", *arguments), arguments, strict=False)
    )


def secrets_in_arguments(arguments: Sequence[str]) -> Iterator[str]:
    """Yield what `mask_arguments` hides, and what it stands for: a password in Base64."""
    for option, each in zip(("", *arguments), arguments, strict=False):
        if _is_option(each):
            continue
        name = option.lstrip("-").lower() if _is_option(option) else ""
        if name == "headers":
            for line in _LINE_ENDS.split(each):
                yield from _secrets_in_header(line)
        elif name == "cookies":
            yield from _secrets_in_cookies(each)
        elif _is_secret_option(name):
            yield each
        elif "://" in each:
            yield from secrets_in_url(each)


def _masked(option: str, argument: str) -> str:
    if _is_option(argument):
        return argument
    name = option.lstrip("-").lower() if _is_option(option) else ""
    if name == "headers":
        return "".join(map(_masked_header, _LINE_ENDS.split(argument)))
    if name == "cookies" or _is_secret_option(name):
        return MASK
    return mask_url(argument) if "://" in argument else argument


def _is_option(argument: str) -> bool:
    return re.match(r"-[A-Za-z]", argument) is not None


def _is_secret_option(name: str) -> bool:
    return is_secret_name(name) or _SECRET_OPTION.fullmatch(name) is not None


def _masked_header(line: str) -> str:
    match = _HEADER.fullmatch(line)
    if match is None:
        return line if _LINE_ENDS.fullmatch(line) or not line else MASK
    value = mask_url(match["value"]) if match["name"].lower() == "referer" else match["value"]
    shown = value if match["name"].lower() in {*_OPEN_HEADERS, "referer"} else MASK
    return f"{match['name']}{match['colon']}{shown}"


def _secrets_in_header(line: str) -> Iterator[str]:
    match = _HEADER.fullmatch(line)
    if match is None:
        if line and not _LINE_ENDS.fullmatch(line):
            yield line
        return
    name, value = match["name"].lower(), match["value"].strip()
    if name == "referer":
        yield from secrets_in_url(value)
    elif name == "cookie":
        yield from _secrets_in_cookies(value)
    elif name not in _OPEN_HEADERS:
        yield value
        scheme, _, credentials = value.partition(" ")
        if credentials and re.fullmatch(r"[A-Za-z][\w\-]*", scheme):
            yield credentials.strip()
            yield from _decoded(scheme, credentials.strip())


def _decoded(scheme: str, credentials: str) -> Iterator[str]:
    """Yield what Base64 stands for: whoever can read can decode it."""
    if scheme.lower() != "basic":
        return
    try:
        pair = base64.b64decode(credentials).decode()
    except (binascii.Error, ValueError):
        return
    yield pair
    yield pair.partition(":")[2]


def _secrets_in_cookies(text: str) -> Iterator[str]:
    yield text
    for cookie in re.split(r"[;\n]", text):
        name, equals, value = cookie.strip().partition("=")
        if equals and name.lower() not in _OPEN_COOKIE_NAMES:
            yield value
