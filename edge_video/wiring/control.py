"""Makes the control connection when the first part of a system wants it, and ends it at the end."""

from __future__ import annotations

import random
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.config import Config
    from edge_video.delivery.amqp.control import ControlConnection, ControlUser
    from edge_video.runtime.timer import Clock

_EXCHANGE_S: Final = 5.0


class SharedControl:
    """The one control connection of a system, and those who have a channel on it. Any thread.

    Nothing is loaded and nothing runs before somebody attaches.

    Args:
        clock: monotonic time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._users: list[ControlUser] = []
        self._connection: ControlConnection | None = None
        self._is_closed = False

    @property
    def connection(self) -> ControlConnection | None:
        """The present one; None where nobody wants any."""
        return self._connection

    def attach(self, user: ControlUser, config: Config) -> None:
        """Give a user a channel, with this configuration's broker.

        Raises:
            RuntimeError: the machine has no thread left.
            OSError: it has no file descriptor left.
        """
        with self._lock:
            is_new = user not in self._users
            if is_new:
                self._users.append(user)
            if self._connection is None:
                self._connect(config)
            elif is_new:
                self._connection.attach(user)

    def submit(self, work: Callable[[], None]) -> bool:
        """Run it on the control thread; False, and not at all, where there is none."""
        connection = self._connection
        return connection is not None and connection.submit(work)

    def use(self, config: Config) -> None:
        """Go over to the broker of another configuration, on a thread that lives as long."""
        if self._connection is not None:
            name = "edge-video-control-exchange"
            threading.Thread(target=self._exchange, args=(config,), name=name, daemon=True).start()

    def close(self, timeout_s: float) -> bool:
        """End the connection, and make none any more; False when its thread still runs."""
        self._is_closed = True
        if not self._lock.acquire(timeout=timeout_s):
            return False
        try:
            return self._connection is None or self._connection.stop(timeout_s)
        finally:
            self._lock.release()

    def _exchange(self, config: Config) -> None:
        with self._lock:
            # The users hear of the end of the old one before the new one is there.
            if self._connection is not None and self._connection.stop(_EXCHANGE_S):
                self._connection = None
            if not self._is_closed:
                self._connect(config)

    def _connect(self, config: Config) -> None:
        from edge_video.delivery.amqp.control import (  # noqa: PLC0415 - only where it is configured
            ControlConnection,
        )

        assert config.amqp is not None
        settings = config.amqp.settings_of_each(config.node)
        connection = ControlConnection(settings, self._clock, random.random)
        connection.start()
        for user in self._users:
            connection.attach(user)
        self._connection = connection
