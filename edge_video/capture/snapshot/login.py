"""Logs in to a camera in the way that it asks for: a 401 once, not for each picture. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_video.capture.snapshot.digest import read_challenges, strongest
from edge_video.resilience.failures import Cause, Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.capture.snapshot.digest import Challenge, Credentials
    from edge_video.capture.snapshot.origin import Origin


@dataclass(slots=True)
class _Asked:
    """A challenge, and how often it was answered."""

    challenge: Challenge
    count: int = 0


class SnapshotLogin:
    """Remembers what a camera asks for. One thread.

    The first request goes without a login: only then is it known which the camera wants, and a
    password in plain text is sent to none that takes a digest. The challenge is answered from then
    on, its nonce counted up, until the camera says with another 401 that it is stale.

    A camera that redirects to its TLS asks there. That is answered there only: what it asks for
    under the protection of TLS, most often the password itself, is sent to nobody in the clear.

    Args:
        credentials: None where none are configured.
    """

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials
        self._asked: dict[Origin, _Asked] = {}
        """Two at most: what is followed stays with one host and one port, or goes to its TLS."""

    def header(self, origin: Origin, method: str, target: str) -> str | None:
        """Return the value of `Authorization` for the next request; None for none."""
        asked = self._asked.get(origin)
        if self._credentials is None or asked is None:
            return None
        if asked.challenge.scheme == "basic":
            return self._credentials.basic()
        asked.count += 1
        return self._credentials.digest(asked.challenge, method, target, asked.count)

    def challenged(self, origin: Origin, values: Sequence[str]) -> Failure | None:
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
        before = self._asked.get(origin)
        self._asked[origin] = _Asked(best)
        if best.scheme == "basic" and before is not None and before.challenge == best:
            return self.refused(origin)
        return None

    def refused(self, origin: Origin) -> Failure:
        """Take note that what was asked for was given, and refused."""
        self._asked.pop(origin, None)
        return Failure(Cause.WRONG_PASSWORD, "401 Unauthorized")
