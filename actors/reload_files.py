"""Reads the configuration's files anew and asks a supervisor to run what they say."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import pykka

from edge_video.actors.base import tell
from edge_video.actors.reload_messages import Reload, ReloadAnswer, ReloadFailed
from edge_video.config import ConfigError
from edge_video.status.configuration import ReloadReason, ReloadResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.config.source import ConfigSource

_ANSWER_S: Final = 10.0
_REFUSED: Final = ReloadResult.REFUSED


def reload_files(
    source: ConfigSource | None,
    supervisor: pykka.ActorRef[Any] | None,
    *,
    dry_run: bool = False,
    origin: str = "",
    timeout_s: float = _ANSWER_S,
) -> ReloadAnswer:
    """Read and validate all files, and take them over whole, or not at all. No actor's thread.

    Two at once come one after the other.

    Args:
        source: reads the files; None: the system was not started from any.
        supervisor: whose system it is.
        dry_run: only say what would happen.
        origin: who asks, for log and status.
        timeout_s: how long the supervisor may take to answer, and others before to be done.

    Raises:
        pykka.Timeout: it takes longer; it may still do it.
    """
    if source is None:
        return ReloadAnswer(_REFUSED, ReloadReason.NO_FILE)
    with held(source, timeout_s):
        try:
            reading = source.read()
        except ConfigError as error:
            details = tuple(map(str, error.problems))
            if not dry_run:
                tell(supervisor, ReloadFailed(details, origin))
            return ReloadAnswer(_REFUSED, ReloadReason.INVALID, details)
        message = Reload(reading.config, dry_run, origin, reading.certificates)
        answer = ask_for(supervisor, message, timeout_s)
        if answer.result in (ReloadResult.DONE, ReloadResult.UNCHANGED):
            source.accept(reading)
        return answer


@contextmanager
def held(source: ConfigSource, timeout_s: float) -> Iterator[None]:
    """Hold the lock of whoever reads and applies.

    Raises:
        pykka.Timeout: others hold it for longer.
    """
    if not source.lock.acquire(timeout=timeout_s):
        raise pykka.Timeout(f"others were not done with the configuration within {timeout_s:g} s")
    try:
        yield
    finally:
        source.lock.release()


def ask_for(
    supervisor: pykka.ActorRef[Any] | None, message: object, timeout_s: float = _ANSWER_S
) -> ReloadAnswer:
    """Ask a supervisor for a change of what runs; one that has stopped refuses.

    Raises:
        pykka.Timeout: it does not answer in time.
    """
    answer: ReloadAnswer | None = None
    if supervisor is not None:
        with suppress(pykka.ActorDeadError):
            answer = supervisor.ask(message, block=True, timeout=timeout_s)
    return answer or ReloadAnswer(_REFUSED, ReloadReason.STOPPING)
