"""Listens at the broker on a thread of its own, until it is stopped."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Self

from edge_video.watch.consumer import Consumer

if TYPE_CHECKING:
    from types import TracebackType

    from edge_video.top.fleet.session import FleetSession
    from edge_video.watch.consumer import Subscription

_STOP_S = 10.0


class Listening:
    """A consumer on its thread; used as a context manager.

    Attributes:
        ended: set when nobody listens any more.
    """

    def __init__(self, subscription: Subscription, session: FleetSession) -> None:
        self._consumer = Consumer(subscription, session.listener(), session.message)
        self._error: BaseException | None = None
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet-listen", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._consumer.stop()
        self._thread.join(_STOP_S)

    def check(self) -> None:
        """Raise what ended the listening, if something did.

        Raises:
            NoExchangeError: there has never been an exchange to listen at.
        """
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._consumer.run()
        except BaseException as error:  # noqa: BLE001 - raised again by `check`
            self._error = error
        finally:
            self.ended.set()
