"""Decides whether a URL can be a camera's or the broker's; messages say what would be right. Pure.

The messages quote nothing of a URL but its scheme and an address of digits: anything else may be,
or hold, a password.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from edge_video.config.url_spelling import (
    ENCODE,
    KEYS,
    bad_address,
    bad_name,
    foreign_character,
    mistyped_scheme,
    placeholder,
    unclear_password,
)
from edge_video.text.urls import (
    AMQP_PORTS,
    LOCAL_SCHEMES,
    NETWORK_SCHEMES,
    SCHEME,
    SplitUrl,
    split_url,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_ANY_SCHEME: Final = re.compile(rf"(?P<scheme>{SCHEME}):")
_FORGOT_SCHEME: Final = re.compile(
    r"(\d{1,3}(\.\d{1,3}){3}|[\w.+\-]+:\d+|[^/]*@[^/]*|\[[0-9A-Fa-f:.]+\])(:\d+)?([/?].*)?"
)
_SOURCES: Final = (
    f"{' '.join(f'{scheme}://' for scheme in NETWORK_SCHEMES)}, file: or a path, or lavfi:GRAPH"
)
_VIDEO_FILE: Final = re.compile(
    r"[^/\\]+\.(?:mp4|m4v|mov|mkv|webm|avi|ts|m2ts|mts|mpe?g|flv|mjpe?g|h26[45]|jpe?g|png|gif)",
    re.IGNORECASE,
)


def check_camera_url(url: str, is_file: Callable[[str], bool]) -> None:
    """Accept a camera's URL, a file or a test source.

    Args:
        url: as configured.
        is_file: whether there is a file of a name; asked only for what could be a host, too.

    Raises:
        ValueError: it is none; the message says what would be right.
    """
    _refuse(foreign_character(url))
    scheme = scheme_of(url)
    if scheme in LOCAL_SCHEMES:
        if not url.partition(":")[2].strip("/ "):
            raise ValueError("nothing follows the scheme; name a file or a graph")
        return
    if scheme is None and is_file(url):
        return
    _refuse(mistyped_scheme(url, NETWORK_SCHEMES))
    if scheme in NETWORK_SCHEMES:
        _refuse(unclear_password(url))
        if not split_checked(url).host:
            raise ValueError("it names no host; behind the // comes the camera's address")
    elif scheme is not None:
        raise ValueError(f"it must begin with one of {_SOURCES}")
    else:
        _check_path(url)


def _check_path(path: str) -> None:
    """Refuse an address whose scheme was forgotten; accept a path."""
    if _FORGOT_SCHEME.fullmatch(path):
        raise ValueError(
            f"it must begin with one of {_SOURCES}; for a camera at this address put rtsp://"
            " (or http://) in front"
        )
    if path.startswith("~"):
        raise ValueError("a ~ is not expanded here; write the whole path")
    if not path.startswith(("/", "./", "../")) and not _VIDEO_FILE.fullmatch(path):
        raise ValueError(
            "it is no URL, and there is no file of this name; for a camera write rtsp://host/path,"
            " for a file that will come file:PATH or ./PATH"
        )


def check_broker_url(url: str) -> None:
    """Accept the broker's URL.

    Raises:
        ValueError: it is none; the message says what would be right.
    """
    _refuse(foreign_character(url))
    scheme = scheme_of(url)
    _refuse(mistyped_scheme(url, tuple(AMQP_PORTS)))
    if scheme not in AMQP_PORTS:
        raise ValueError("it must begin with amqp:// or amqps://")
    _refuse(unclear_password(url, has_path=False))
    split = split_checked(url)
    if not split.host:
        raise ValueError("it names no host; behind the // comes the broker's address")
    path, question_mark, _ = split.rest.partition("?")
    if question_mark:
        raise ValueError(
            "parameters after ? are not supported; use the keys of amqp instead"
            " (heartbeat, confirm_timeout, tls)"
        )
    if "#" in path:
        raise ValueError("it contains a #; write # as %23")
    if "/" in path[1:]:
        raise ValueError("only one name may follow the host; in a vhost write / as %2F")


def check_proxy_url(url: str) -> None:
    """Accept the URL of a camera's HTTP proxy.

    Raises:
        ValueError: it is none; the message says what would be right.
    """
    _refuse(foreign_character(url))
    if scheme_of(url) != "http":
        raise ValueError("it must begin with http://; FFmpeg speaks to no other proxy")
    _refuse(unclear_password(url, has_path=False))
    if not split_checked(url).host:
        raise ValueError("it names no host; write http://host:3128")


def scheme_of(url: str) -> str | None:
    """Return the scheme in lower case; None for a plain path, or `host:port` without a scheme."""
    match = _ANY_SCHEME.match(url)
    if match is None or re.match(r":\d+([/?]|$)", url[match.end() - 1 :]):
        return None
    return match["scheme"].lower()


def split_checked(url: str) -> SplitUrl:
    """Split a network URL into its parts.

    Raises:
        ValueError: a space, a bad host or port; the message says which.
    """
    _refuse(placeholder(url))
    if " " in url:
        raise ValueError(
            "it contains a space, a line break or another control character;"
            f" in a user name or password {ENCODE} and a space as %20, {KEYS}"
        )
    split = split_url(url)
    _refuse(bad_address(split.host))
    _refuse(bad_name(split.host))
    return split


def _refuse(message: str | None) -> None:
    if message is not None:
        raise ValueError(message)
