"""Finds out whether anybody is at a camera's address, after a stream that ended without a word."""

from __future__ import annotations

import errno
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from edge_video.resilience.failures import Cause
from edge_video.text.urls import NETWORK_SCHEMES, split_url

if TYPE_CHECKING:
    from edge_video.config import CameraConfig
    from edge_video.resilience.failures import Failure

PORTS: Final = {"rtsp": 554, "rtsps": 322, "rtmp": 1935, "rtmps": 443, "http": 80, "https": 443}
"""The port of each scheme where a URL names none."""

_SILENT: Final = frozenset({Cause.STALLED, Cause.END_OF_STREAM, Cause.TIMEOUT, Cause.UNKNOWN})
"""Failures that a camera which was switched off may show as well as one that is there."""
_MULTICAST_DNS: Final = ".local"


def told_by_presence(camera: CameraConfig, failure: Failure, timeout_s: float) -> Failure:
    """Return the failure of an intermittent camera, with another cause where nobody is there.

    Where somebody takes a connection, a time-out becomes a stall: it is no absence. Blocks for at
    most about `timeout_s`. Any thread; raises nothing.
    """
    scheme, _, _ = camera.url.get_secret_value().partition("://")
    if not camera.is_intermittent or scheme.lower() not in NETWORK_SCHEMES:
        return failure
    if failure.cause is Cause.NAME_NOT_RESOLVED and (camera.host or "").endswith(_MULTICAST_DNS):
        return replace(failure, cause=Cause.UNREACHABLE)  # nobody but the camera gives that name
    if failure.cause not in _SILENT:
        return failure
    absence = _absence(camera.url.get_secret_value(), timeout_s)
    if absence is not None:
        return replace(failure, cause=absence)
    if failure.cause is Cause.TIMEOUT:
        return replace(failure, cause=Cause.STALLED)
    return failure


def _absence(url: str, timeout_s: float) -> Cause | None:
    """How a connection fails for want of anybody; None when it does not."""
    split = split_url(url)
    try:
        socket.create_connection((split.host, split.port or PORTS[split.scheme]), timeout_s).close()
    except TimeoutError:
        return Cause.TIMEOUT
    except ConnectionRefusedError:
        return Cause.REFUSED
    except OSError as error:
        return Cause.UNREACHABLE if error.errno in _NO_ROUTE else None
    return None


_NO_ROUTE: Final = frozenset(
    {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}
)
