"""Names who asked for an action, for the log and the timeline. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten

if TYPE_CHECKING:
    from starlette.datastructures import Headers

_BROWSERS: Final = re.compile(r"\b(?:Edg|OPR|Firefox|Chrome|Version)/[0-9]{1,5}")
_NAMES: Final = {"Edg": "Edge", "OPR": "Opera", "Version": "Safari"}
_SYSTEMS: Final = ("Android", "iPhone", "iPad", "Windows", "Macintosh", "Linux")
_MAX_PROGRAM: Final = 40
_MAX_ADDRESS: Final = 45
"""The longest IPv6 address."""


def origin_of(client: str, headers: Headers, *, by_session: bool) -> str:
    """Who asks, on one line: by cookie or token, from where, with which program.

    Behind a reverse proxy the address is the proxy's, followed by the one that it names in
    brackets. That one is only as true as the proxy: somebody who reaches the program without it
    may write anything there.

    Args:
        client: the address of the connection.
        headers: of the request.
        by_session: whether a browser's session let it in, and not the token itself.
    """
    forwarded = headers.get("x-forwarded-for", "").rsplit(",", 1)[-1].strip()
    if forwarded:
        client = f"{client} ({shorten(one_line(forwarded), _MAX_ADDRESS)})"
    parts = ["cookie" if by_session else "token", client, _program(headers.get("user-agent", ""))]
    return ", ".join(filter(None, parts))


def _program(user_agent: str) -> str:
    """`Firefox/130 Linux` of what a browser says of itself; of others the first word."""
    browsers = _BROWSERS.findall(user_agent)
    if not browsers:
        return shorten(one_line(user_agent.split(" ", 1)[0]), _MAX_PROGRAM)
    # Chrome's name is in what its relatives say of themselves, before their own.
    name, version = browsers[-1].split("/")
    system = next((each for each in _SYSTEMS if each in user_agent), "")
    return f"{_NAMES.get(name, name)}/{version} {system}".strip()
