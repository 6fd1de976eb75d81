"""Asks the kernel about a TCP connection: bytes on their way, and the round trip.

Only Linux is asked. Elsewhere neither is known, and what waits in this process is all that counts.
"""

from __future__ import annotations

import array
import contextlib
import socket
import struct
import sys
from typing import TYPE_CHECKING, Final

with contextlib.suppress(ImportError):  # not on Windows
    import fcntl
    import termios

if TYPE_CHECKING:
    from collections.abc import Callable

_INFO_BYTES: Final = 152
_RTT: Final = struct.Struct("@I")
_RTT_AT: Final = 68
_MIN_RTT_AT: Final = 148
"""Offsets of `tcpi_rtt` and `tcpi_min_rtt` in Linux' `struct tcp_info`, in microseconds."""
_UNKNOWN: Final = 2**32 - 1
_US_PER_S: Final = 1e6


class TcpGauge:
    """Reads a connected socket; a few microseconds per call. The owner's thread only.

    Args:
        sock: the socket, with TLS or without.
        buffered: how many bytes wait in this process, in front of the socket.
    """

    def __init__(self, sock: socket.socket, buffered: Callable[[], int]) -> None:
        self._sock = sock
        self._buffered = buffered
        self._count = array.array("i", [0])

    def unacked(self) -> int:
        """Bytes written that the peer's TCP has not acknowledged; 0 once the socket is closed."""
        if sys.platform != "linux":
            return self._buffered()
        try:
            fcntl.ioctl(self._sock.fileno(), termios.TIOCOUTQ, self._count)  # Linux: SIOCOUTQ
        except (OSError, ValueError):
            return 0
        return self._buffered() + self._count[0]

    def smallest_round_trip_s(self) -> float:
        """The shortest round trip of the last minutes; 0 if it is not known."""
        shortest = self._read(_MIN_RTT_AT)
        return self.round_trip_s() if shortest in (0, _UNKNOWN) else shortest / _US_PER_S

    def round_trip_s(self) -> float:
        """The present round trip, smoothed, queues included; 0 if it is not known."""
        return self._read(_RTT_AT) / _US_PER_S

    def _read(self, at: int) -> int:
        if sys.platform != "linux":
            return 0
        try:
            info = socket.socket.getsockopt(
                self._sock, socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES
            )
        except (OSError, ValueError):
            return 0
        value: int = _RTT.unpack_from(info, at)[0] if len(info) >= at + _RTT.size else 0
        return value
