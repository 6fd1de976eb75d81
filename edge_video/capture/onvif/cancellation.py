"""Ends the questions to a device before their time, because nobody wants the answers any more."""

from __future__ import annotations

import socket
from contextlib import suppress


class Cancellation:
    """Ends the questions of one thread from another one.

    What waits for an answer is woken at once; a connection that is being made comes to its own end,
    after seconds.
    """

    # No lock: each side writes its own field before it reads the other's.

    def __init__(self) -> None:
        self._is_cancelled = False
        self._socket: socket.socket | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether nothing more is to be asked; any thread."""
        return self._is_cancelled

    def cancel(self) -> None:
        """Ask nothing more, and wait for nothing any more; any thread, and for good."""
        self._is_cancelled = True
        self._wake()

    def waits_on(self, connection: socket.socket) -> None:
        """Answers come over this connection from now on; the thread that asks."""
        self._socket = connection
        if self._is_cancelled:
            self._wake()

    def _wake(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # it is closed already
                self._socket.shutdown(socket.SHUT_RDWR)
