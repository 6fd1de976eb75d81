"""Logs in to a camera in the way that it asks for: a 401 once, not for each picture. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.capture.snapshot.digest import read_challenges, strongest
from edge_video.resilience.failures import Cause, Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.capture.snapshot.digest import Challenge, Credentials


class SnapshotLogin:
    """Remembers what a camera asks for. One thread.

    The first request goes without a login: only then is it known which the camera wants, and a
    password in plain text is sent to none that takes a digest. The challenge is answered from then
    on, its nonce counted up, until the camera says with another 401 that it is stale.

    Args:
        credentials: None where none are configured.
    """

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials
        self._challenge: Challenge | None = None
        self._count = 0

    def header(self, method: str, target: str) -> str | None:
        """Return the value of `Authorization` for the next request; None for none."""
        if self._credentials is None or self._challenge is None:
            return None
        if self._challenge.scheme == "basic":
            return self._credentials.basic()
        self._count += 1
        return self._credentials.digest(self._challenge, method, target, self._count)

    def challenged(self, values: Sequence[str]) -> Failure | None:
        """Take note of a 401 with these `WWW-Authenticate` headers.

        Returns:
            None where the request is to be sent once more, with the login that it asks for; else
            why that cannot be.
        """
        if self._credentials is None:
            return Failure(Cause.NO_PASSWORD, "401 Unauthorized")
        challenges = read_challenges(values)
        best = strongest(challenges)
        if best is None:
            shown = ", ".join(dict.fromkeys(each.shown for each in challenges))
            detail = shown or "no WWW-Authenticate in its answer"
            return Failure(Cause.UNKNOWN_AUTHENTICATION, detail)
        same_basic = best.scheme == "basic" and self._challenge == best
        self._challenge, self._count = best, 0
        return Failure(Cause.WRONG_PASSWORD, "401 Unauthorized") if same_basic else None

    def refused(self) -> Failure:
        """Take note that what was asked for was given, and refused."""
        self._challenge = None
        return Failure(Cause.WRONG_PASSWORD, "401 Unauthorized")
