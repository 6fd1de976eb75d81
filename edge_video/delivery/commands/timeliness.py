"""Decides whether a request comes in time, by two clocks that may disagree. Pure.

A sender says when it has sent a request and until when it may be carried out; the broker throws
away what has waited for longer than its `expiration`, by a clock of its own. So a message that is
older, by our clock, than the broker can have kept it shows that the clocks disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeGuard

from edge_video.delivery.commands.request import Delivery, Reason, Refusal

MAX_LIFETIME_S: Final = 60.0
"""A request that may be carried out for longer would be one that nobody waits for."""
SKEW_S: Final = 10.0
"""So much may the clocks be apart, and a message be under way outside its queue."""
_MS: Final = 1000.0
_MAX_DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Times:
    """When a request was sent, and until when it may be carried out; wall clock of the sender."""

    sent_at_s: float
    expires_at_s: float


def times_in_headers(delivery: Delivery) -> Times:
    """The times of a request that is not signed.

    Raises:
        Refusal: it does not say them.
    """
    sent, expires = (delivery.headers.get(name) for name in ("sent_at_ms", "expires_at_ms"))
    if not _is_number(sent) or not _is_number(expires):
        raise Refusal(
            Reason.BAD_REQUEST, "the headers sent_at_ms and expires_at_ms must be whole numbers"
        )
    return Times(sent / _MS, expires / _MS)


def require_in_time(times: Times, expiration: str | None, now_s: float) -> None:
    """Let a request through that is to be carried out now, `now_s` by the wall clock.

    Raises:
        Refusal: it is too old, allowed for too long, or nobody can say.
    """
    lifetime_s = times.expires_at_s - times.sent_at_s
    if not 0 < lifetime_s <= MAX_LIFETIME_S:
        raise Refusal(
            Reason.BAD_REQUEST, f"a request expires within {MAX_LIFETIME_S:g} s after it was sent"
        )
    age_s = now_s - times.sent_at_s
    waited_s = min(lifetime_s, _waiting_s(expiration))
    if age_s < -SKEW_S or age_s > waited_s + SKEW_S:
        raise _skewed(age_s)
    if now_s > times.expires_at_s:
        raise Refusal(Reason.EXPIRED, f"it has expired {now_s - times.expires_at_s:.1f} s ago")


def _waiting_s(expiration: str | None) -> float:
    """For how long the broker keeps a message at most.

    Raises:
        Refusal: for ever.
    """
    text = expiration or ""
    if not (text.isascii() and text.isdigit()) or len(text) > _MAX_DIGITS:
        raise Refusal(Reason.BAD_REQUEST, "expiration must be a number of milliseconds")
    return int(text) / _MS


def _skewed(age_s: float) -> Refusal:
    seconds = f"{abs(age_s):.0f}"
    if age_s > 0:
        said = f"the sender's clock is about {seconds} s behind this node's: set both right"
    else:
        said = f"the sender's clock is about {seconds} s ahead of this node's: set both right"
    return Refusal(Reason.CLOCK_SKEW, said, skew_s=round(-age_s, 1))


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53
