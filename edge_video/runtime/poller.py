"""Waits for descriptors, and can be woken up: by epoll on Linux, by the standard library elsewhere.

`select.epoll` itself is the poller on Linux, with nothing in between; the portable one has the same
methods.
"""

from __future__ import annotations

import os
import select
import selectors
import socket
import sys
from typing import Final, Protocol

from edge_video.runtime.system import is_portable

READ: Final = 1
WRITE: Final = 4
ERROR: Final = 8
"""The events have the numbers of epoll."""


class Poller(Protocol):
    """What the reactor uses of `select.epoll`."""

    def register(self, fd: int, eventmask: int, /) -> None:
        """Wait for these events of a descriptor, too."""
        ...

    def modify(self, fd: int, eventmask: int, /) -> None:
        """Wait for other events of a descriptor."""
        ...

    def unregister(self, fd: int, /) -> None:
        """Forget a descriptor."""
        ...

    def poll(self, timeout: float, /) -> list[tuple[int, int]]:
        """Return what is ready, or becomes so within the time; ValueError once it is closed."""
        ...

    def close(self) -> None:
        """Forget everything."""
        ...


class Wakeup(Protocol):
    """A descriptor that is made ready for reading from any thread."""

    @property
    def fd(self) -> int:
        """The descriptor."""
        ...

    def set(self) -> None:
        """Make it ready. Any thread."""
        ...

    def clear(self) -> None:
        """Have it not ready any more."""
        ...

    def close(self) -> None:
        """Give the descriptor back."""
        ...


class SelectorPoller:
    """The portable poller; one thread. Who waits for no event learns of no error either."""

    def __init__(self) -> None:
        self._selector = _selector()
        self._is_closed = False

    def register(self, fd: int, events: int, /) -> None:
        """See `Poller`."""
        if events:
            self._selector.register(fd, _to_selector(events))

    def modify(self, fd: int, events: int, /) -> None:
        """See `Poller`."""
        if fd not in self._selector.get_map():
            self.register(fd, events)
        elif events:
            self._selector.modify(fd, _to_selector(events))
        else:
            self._selector.unregister(fd)

    def unregister(self, fd: int, /) -> None:
        """See `Poller`."""
        if not self._is_closed and fd in self._selector.get_map():
            self._selector.unregister(fd)

    def poll(self, timeout: float, /) -> list[tuple[int, int]]:
        """See `Poller`."""
        if self._is_closed:
            raise ValueError("the poller is closed")
        return [(key.fd, _from_selector(events)) for key, events in self._selector.select(timeout)]

    def close(self) -> None:
        """See `Poller`."""
        if not self._is_closed:
            self._is_closed = True
            self._selector.close()


class SocketWakeup:
    """The portable wake-up: a pair of sockets, which every system can wait for."""

    def __init__(self) -> None:
        self._woken, self._wake = socket.socketpair()
        self._woken.setblocking(False)
        self._wake.setblocking(False)
        self.fd: Final = self._woken.fileno()

    def set(self) -> None:
        """See `Wakeup`."""
        try:
            self._wake.send(b"!")
        except BlockingIOError:  # it is full, and so it is ready
            return

    def clear(self) -> None:
        """See `Wakeup`."""
        try:
            while self._woken.recv(4096):
                pass
        except BlockingIOError:
            return

    def close(self) -> None:
        """See `Wakeup`."""
        self._woken.close()
        self._wake.close()


if sys.platform == "linux":

    class EventWakeup:
        """Linux's wake-up: an eventfd."""

        def __init__(self) -> None:
            self.fd: Final = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

        def set(self) -> None:
            """See `Wakeup`."""
            os.eventfd_write(self.fd, 1)

        def clear(self) -> None:
            """See `Wakeup`."""
            os.eventfd_read(self.fd)

        def close(self) -> None:
            """See `Wakeup`."""
            os.close(self.fd)


def make_poller() -> Poller:
    """Return a poller.

    Raises:
        OSError: the machine has no file descriptor left.
    """
    if sys.platform == "linux" and not is_portable():
        return select.epoll()
    return SelectorPoller()


def make_wakeup() -> Wakeup:
    """Return a wake-up that is not ready.

    Raises:
        OSError: the machine has no file descriptor left.
    """
    if sys.platform == "linux" and not is_portable():
        return EventWakeup()
    return SocketWakeup()


def _selector() -> selectors.BaseSelector:
    # Forced on Linux, it is the one that every system has: epoll must not be needed.
    is_linux = sys.platform.startswith("linux")
    return selectors.SelectSelector() if is_linux else selectors.DefaultSelector()


def _to_selector(events: int) -> int:
    wanted = selectors.EVENT_READ if events & READ else 0
    return wanted | (selectors.EVENT_WRITE if events & WRITE else 0)


def _from_selector(events: int) -> int:
    ready = READ if events & selectors.EVENT_READ else 0
    return ready | (WRITE if events & selectors.EVENT_WRITE else 0)
