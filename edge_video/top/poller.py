"""Asks a running system again and again on a thread of its own, so that keys never wait."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, TypeAlias

from edge_video.top.client import NoStatusError

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.status.model import SystemStatus
    from edge_video.top.client import Client

Answer: TypeAlias = "SystemStatus | NoStatusError"


class Poller:
    """Asks every so many seconds, from `start` to `stop`.

    Args:
        client: whom to ask.
        interval_s: between an answer and the next question.
        on_answer: called on the poller's thread when `answers` has something new.
    """

    def __init__(self, client: Client, interval_s: float, on_answer: Callable[[], None]) -> None:
        self._client = client
        self._interval_s = interval_s
        self._on_answer = on_answer
        self._answers: queue.SimpleQueue[SystemStatus | Exception] = queue.SimpleQueue()
        self._asked_at_s: float | None = None
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="top-poll", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; a question under way is left to itself."""
        self._is_over.set()

    def answers(self) -> list[Answer]:
        """What has come since the last call.

        Raises:
            Exception: what the client raised that is no `NoStatusError`; nothing is asked any more.
        """
        found: list[Answer] = []
        while not self._answers.empty():
            answer = self._answers.get()
            if isinstance(answer, Exception) and not isinstance(answer, NoStatusError):
                raise answer
            found.append(answer)
        return found

    @property
    def asked_for_s(self) -> float:
        """How long the present question is unanswered; 0 when there is none."""
        asked_at_s = self._asked_at_s
        return 0.0 if asked_at_s is None else time.monotonic() - asked_at_s

    def _run(self) -> None:
        while not self._is_over.is_set():
            self._asked_at_s = time.monotonic()
            answer: SystemStatus | Exception
            try:
                answer = self._client.status()
            except Exception as error:  # noqa: BLE001 - raised again by `answers`
                answer = error
            self._asked_at_s = None
            self._answers.put(answer)
            if self._is_over.is_set():  # nobody is there any more
                return
            if isinstance(answer, Exception) and not isinstance(answer, NoStatusError):
                self._is_over.set()
            self._on_answer()
            self._is_over.wait(self._interval_s)
