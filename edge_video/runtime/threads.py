"""Runs work on a thread that no end of the program waits for: what hangs must hang alone."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Answer = TypeVar("_Answer")


def on_thread(name: str, work: Callable[[], _Answer]) -> Future[_Answer]:
    """Begin; the future has what the work returns or raises. An executor's thread would be joined.

    Args:
        name: of the thread.
        work: is called there once.
    """
    answer: Future[_Answer] = Future()

    def run() -> None:
        try:
            answer.set_result(work())
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            answer.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return answer
