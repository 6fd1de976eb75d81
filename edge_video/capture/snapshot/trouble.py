"""Says why a request had no answer, in the causes that every other part uses."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import TYPE_CHECKING, Final

import httpcore

from edge_video.capture.classification import printable
from edge_video.resilience.failures import Cause, Failure

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST_ERRORS: Final = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    OSError,
    ValueError,
)
"""What a request may end with that is the camera's matter, or the network's."""
_IN_TIME: Final = "no whole answer within stall_timeout"
_KNOWN: Final[tuple[tuple[type[BaseException], Cause, str], ...]] = (
    (socket.gaierror, Cause.NAME_NOT_RESOLVED, ""),
    (UnicodeError, Cause.NAME_NOT_RESOLVED, ""),
    (TimeoutError, Cause.TIMEOUT, _IN_TIME),
    (httpcore.TimeoutException, Cause.TIMEOUT, _IN_TIME),
    (ConnectionRefusedError, Cause.REFUSED, ""),
    (ssl.SSLEOFError, Cause.END_OF_STREAM, "it hung up"),
    (ConnectionResetError, Cause.END_OF_STREAM, "it hung up"),
    (BrokenPipeError, Cause.END_OF_STREAM, "it hung up"),
    (ssl.SSLError, Cause.TLS_FAILED, ""),
    (httpcore.ProxyError, Cause.PROXY_REFUSED, ""),
)
"""The first that fits counts; without a detail it is what the error says."""
_BY_NUMBER: Final = {
    **dict.fromkeys(
        (
            *(errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN),
            errno.EAFNOSUPPORT,  # an IPv6 address, on a machine without IPv6
        ),
        Cause.UNREACHABLE,
    ),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS), Cause.SPAWN_FAILED),
}
_MAX_SAID: Final = 80
_ENDED_EARLY: Final = "without sending"
"""In the words of h11 and httpcore for a connection that ended before the answer did."""


class NoPictureError(Exception):
    """Raised when a request brought no picture.

    Attributes:
        failure: why.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.cause)
        self.failure = failure


def failure_of(error: BaseException) -> Failure:
    """Return the failure that an error of `REQUEST_ERRORS` means."""
    for each in _causes(error):
        for kind, cause, detail in _KNOWN:
            if isinstance(each, kind):
                return Failure(cause, detail or _said(each))
        if isinstance(each, OSError) and each.errno in _BY_NUMBER:
            return Failure(_BY_NUMBER[each.errno], _said(each))
    if isinstance(error, httpcore.RemoteProtocolError):
        if _ENDED_EARLY in str(error):
            return Failure(Cause.END_OF_STREAM, "it hung up before the picture was whole")
        return Failure(Cause.NOT_A_PICTURE, f"it does not answer in HTTP: {_said(error)}")
    hung_up = isinstance(error, httpcore.NetworkError | OSError)
    return Failure(Cause.END_OF_STREAM if hung_up else Cause.BAD_ARGUMENTS, _said(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield the error, and what it is made of: httpcore raises anew what `network` raised."""
    while error is not None:
        yield error
        error = next((each for each in error.args if isinstance(each, BaseException)), None)


def _said(error: BaseException) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return printable(text)[:_MAX_SAID]
