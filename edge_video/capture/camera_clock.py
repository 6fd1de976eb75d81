"""Asks a camera what time it is: the `Date` header of an answer to a harmless request."""

from __future__ import annotations

import re
import socket
import ssl
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from edge_video.runtime.timer import SystemClock
from edge_video.text.urls import split_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.config import CameraConfig

_CLOCK: Final = SystemClock()
_PORTS: Final = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_ENCRYPTED: Final = ("rtsps", "https")
_DATE: Final = re.compile(rb"^date:[ \t]*([^\r\n]{1,60})", re.IGNORECASE | re.MULTILINE)
_MAX_HEAD: Final = 8192


def clock_address(camera: CameraConfig) -> tuple[str, str, int] | None:
    """Scheme, host and port of who can be asked; None for files, test sources and RTMP."""
    if camera.host is None:
        return None
    split = split_url(camera.url.get_secret_value())
    port = _PORTS.get(split.scheme)
    return None if port is None else (split.scheme, split.host, split.port or port)


def clock_offset(
    address: tuple[str, str, int], timeout_s: float, now: Callable[[], float]
) -> float | None:
    """How many seconds the camera's clock is ahead of this machine's; None when it does not tell.

    RTSP's `OPTIONS` and HTTP's `HEAD /` need no login, so none is tried and no account is locked.
    Exact to about a second. Blocks for at most some `timeout_s` seconds.

    Args:
        address: of `clock_address`.
        timeout_s: for all of it.
        now: this machine's clock, Unix time in seconds.
    """
    ends_at_s = _CLOCK.monotonic() + timeout_s
    try:
        head = _head(address, timeout_s, ends_at_s)
    except (OSError, ValueError):
        return None
    found = _DATE.search(head)
    if found is None:
        return None
    try:
        told = parsedate_to_datetime(found[1].decode("ascii").strip())
        # A date in HTTP and RTSP is GMT; without a zone Python takes it for this machine's own.
        return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() - now()
    except (ValueError, OverflowError):
        return None


def _head(address: tuple[str, str, int], timeout_s: float, ends_at_s: float) -> bytes:
    scheme, host, port = address
    shown = f"[{host}]" if ":" in host else host
    if scheme.startswith("rtsp"):
        request = f"OPTIONS {scheme}://{shown}:{port}/ RTSP/1.0\r\nCSeq: 1\r\n\r\n"
    else:
        request = f"HEAD / HTTP/1.1\r\nHost: {shown}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, port), timeout_s) as plain:
        connection = _encrypted(plain) if scheme in _ENCRYPTED else plain
        with connection:
            connection.sendall(request.encode("ascii"))
            return _received(connection, ends_at_s)


def _received(connection: socket.socket, ends_at_s: float) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _MAX_HEAD:
        connection.settimeout(max(0.01, ends_at_s - _CLOCK.monotonic()))
        piece = connection.recv(_MAX_HEAD)
        if not piece or _CLOCK.monotonic() > ends_at_s:
            break
        head += piece
    return head


def _encrypted(plain: socket.socket) -> socket.socket:
    # Cameras sign their certificates themselves, and nothing secret is sent.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain)
