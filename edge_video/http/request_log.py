"""Logs what requests cause, within a budget, so that nobody without a token fills the disk."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.token_bucket import TokenBucket

if TYPE_CHECKING:
    import asyncio

    from edge_video.runtime.timer import Clock

_BURST: Final = 5
_LINES_PER_S: Final = 1 / 12
_SHORTAGE_EVERY_S: Final = 60.0


class RequestLog:
    """A logger for everything that a request can cause, limited to a few lines a minute.

    Five lines may come at once and five more a minute; the rest is counted, and the next line
    says how many there were. Any thread may log; the two callbacks belong to the loop's thread.

    Args:
        parent: whose handlers and level apply.
        clock: monotonic time.
    """

    def __init__(self, parent: logging.Logger, clock: Clock) -> None:
        # Not from `getLogger`: its filter belongs to one server's life, not to the process.
        self.logger = logging.Logger(f"{parent.name}.clients", logging.DEBUG)  # noqa: LOG001 - see above
        self.logger.parent = parent
        self.logger.addFilter(_Budget(clock))
        self.requests = logging.Logger(f"{parent.name}.requests", logging.CRITICAL)  # noqa: LOG001 - as above
        """For uvicorn, which would log every malformed request and every slow reader."""
        self.requests.parent = parent
        self._clock = clock
        self._shortage_at_s = float("-inf")

    def loop_failed(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log an exception that nobody awaits; the event loop calls it."""
        self.logger.error(
            "in the server's event loop: %s", context.get("message"), exc_info=_error_in(context)
        )

    def short_of_descriptors(self, error: OSError) -> None:
        """Log that no connection can be accepted now, once a minute at most."""
        now_s = self._clock.monotonic()
        if now_s - self._shortage_at_s >= _SHORTAGE_EVERY_S:
            self._shortage_at_s = now_s
            log_event(self.logger, LogEvent.MACHINE_SHORT, actor="http", error=str(error))


class _Budget(logging.Filter):
    """Lets a few lines through; the next one after a pause counts those held back."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._bucket = TokenBucket(_BURST, _LINES_PER_S)
        self._held_back = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record may be logged; debugging lines always may, and are not counted."""
        if record.levelno <= logging.DEBUG:
            return True
        if not self._bucket.take(self._clock.monotonic()):
            self._held_back += 1
            return False
        if self._held_back:
            record.msg, record.args = (
                "%s (and %d more lines about requests were held back)",
                (record.getMessage(), self._held_back),
            )
            self._held_back = 0
        return True


def _error_in(context: dict[str, Any]) -> BaseException | None:
    error = context.get("exception")
    return error if isinstance(error, BaseException) else None
