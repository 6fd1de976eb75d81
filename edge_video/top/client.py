"""Asks a running system for its status, by HTTP."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge_video.report.from_json import NotAStatusError, status_from_json

if TYPE_CHECKING:
    from edge_video.stats import SystemStatus

PATH: Final = "/api/status"
_TIMEOUT_S: Final = 5.0
_LARGEST_ANSWER: Final = 32 * 2**20
_REFUSED: Final = (401, 403)


class NoStatusError(Exception):
    """There is no status to be had, in words; `refused` when the token is why."""

    def __init__(self, reason: str, *, refused: bool = False, foreign: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused
        self.foreign = foreign
        """Somebody answers who is not edge-video."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token must not follow a redirect to wherever it leads."""

    def redirect_request(self, *_: object) -> None:
        """Never."""


class Client:
    """One system's address. Its answers are bounded in time and size; proxies are not asked.

    Args:
        url: `http://host:port`, or https; a path in it is kept in front of `/api/status`.
        token: sent as a bearer token; None sends none.

    Raises:
        ValueError: the URL is none, in words.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        split = urlsplit(url if "://" in url else f"http://{url}")
        if split.scheme not in ("http", "https") or not split.hostname:
            raise ValueError("it must be like http://127.0.0.1:8080")
        if split.username is not None or split.password is not None:
            raise ValueError("a user name or password has no place in it; use --token")
        self.shown = f"{split.scheme}://{split.netloc}{split.path.rstrip('/')}"
        self._token = token
        self.has_token = token is not None
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())

    def status(self) -> SystemStatus:
        """Ask once.

        Raises:
            NoStatusError: nobody answers, the token is refused, or the answer is no status.
        """
        headers = {"Accept": "application/json", "User-Agent": "edge-video-top"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(self.shown + PATH, headers=headers)  # noqa: S310 - checked above
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                text = answer.read(_LARGEST_ANSWER + 1)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in _REFUSED:
                raise NoStatusError(f"HTTP {error.code}", refused=True) from None
            raise NoStatusError(f"HTTP {error.code}", foreign=True) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            words = getattr(reason, "strerror", None) or str(reason) or type(error).__name__
            raise NoStatusError(words) from None
        if len(text) > _LARGEST_ANSWER:
            raise NoStatusError("too long", foreign=True)
        try:
            return status_from_json(json.loads(text))
        except NotAStatusError as error:
            raise NoStatusError(str(error)[:200], foreign=True) from None
        except (ValueError, RecursionError):
            raise NoStatusError("no JSON", foreign=True) from None
