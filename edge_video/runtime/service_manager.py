"""Tells a service manager (systemd) how the program is, by the protocol of `sd_notify(3)`.

A notification is one datagram to the socket that `$NOTIFY_SOCKET` names. Nothing here waits: one
that the service manager does not take now is lost, and the caller may send it again.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MAX_STATUS_BYTES: Final = 512
_US_PER_S: Final = 1_000_000


@dataclass(slots=True)
class ServiceManager:
    """Notifies a service manager of one process. Any thread.

    Attributes:
        address: of its datagram socket; an abstract one begins with `@`.
        watchdog_s: how long it waits for a sign of life; None: it waits for none.
        stop_limit_s: how long an orderly stop may take, whoever begins it; the service manager
            waits for so long at least. 0: as long as its own configuration says.
    """

    address: str
    watchdog_s: float | None = None
    stop_limit_s: float = 0.0
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _is_ready: bool = False
    _is_stopping: bool = False

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> ServiceManager | None:
        """The one that started this process; None where nobody wants to be notified."""
        address = environ.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")):
            return None
        return cls(address, _watchdog_s(environ))

    def ready(self) -> None:
        """Say that the program runs; a second time, and while it stops, nothing is said."""
        with self._lock:
            if not self._is_ready and not self._is_stopping:
                self._is_ready = self._send("READY=1")

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Say that a reload begins, and at its end, whatever became of it, that it is over."""
        with self._lock:
            if self._is_ready and not self._is_stopping:
                self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            yield
        finally:
            with self._lock:
                if self._is_ready and not self._is_stopping:
                    self._send("READY=1")

    def stopping(self) -> None:
        """Say that the orderly stop has begun; a second time nothing is said."""
        # A signal's handler calls it, in between any two steps of the same thread.
        with self._lock:
            if not self._is_stopping:
                self._is_stopping = True
                extension = f"\nEXTEND_TIMEOUT_USEC={round(self.stop_limit_s * _US_PER_S)}"
                self._send("STOPPING=1" + (extension if self.stop_limit_s else ""))

    def status(self, text: str) -> bool:
        """Show this line to whoever asks for the service's status; False when it was not taken."""
        line = " ".join(text.split()).encode()[:_MAX_STATUS_BYTES].decode(errors="ignore")
        return self._send(f"STATUS={line}")

    def watchdog(self) -> bool:
        """Give the sign of life; False when it was not taken."""
        return self._send("WATCHDOG=1")

    def _send(self, text: str) -> bool:
        if sys.platform != "linux":
            return False
        address = self.address
        if address.startswith("@"):
            address = "\0" + address[1:]
        kind = socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        try:
            with socket.socket(socket.AF_UNIX, kind) as sender:
                sender.sendto(text.encode(), address)
        except OSError:  # it is gone, it does not read, or the machine is short of descriptors
            return False
        return True


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    """How long the service manager waits for a sign of life of this process."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None  # it is another process's
    try:
        limit_us = int(environ.get("WATCHDOG_USEC", "0"))
    except ValueError:
        return None
    return limit_us / _US_PER_S if limit_us > 0 else None
