"""Asks a running system for its status, by HTTP."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from typing import IO, TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge_video.status.json import NotAStatusError, status_from_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.status.model import SystemStatus

PATH: Final = "/api/status"
_TIMEOUT_S: Final = 5.0
"""For each step: the connection, each piece of the answer."""
_WHOLE_S: Final = 10.0
"""For all of it: a server may send a byte of its head every four seconds, for ever."""
_MAX_ANSWER: Final = 32 * 2**20
_MAX_CAMERAS: Final = 10_000
"""More than any system has; a table of millions of rows would take minutes to lay out."""
_PIECE: Final = 256 * 2**10
_REFUSED: Final = (401, 403)


class NoStatusError(Exception):
    """There is no status to be had; `refused` when the token is why."""

    def __init__(self, reason: str, *, refused: bool = False, foreign: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused
        self.foreign = foreign
        """Whether somebody answers who is not edge-video."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token must not follow a redirect to wherever it leads."""

    def redirect_request(self, *_: object) -> None:
        """Never."""


class Client:
    """One system's address. Its answers are bounded in time and size; proxies are not asked.

    Args:
        url: `http://host:port`, or https; a path in it is kept in front of `/api/status`.
        token: sent as a bearer token; None sends none.
        whole_s: how long one answer may take in all.

    Raises:
        ValueError: this is no URL; the message says why.
    """

    def __init__(self, url: str, token: str | None = None, whole_s: float = _WHOLE_S) -> None:
        split = urlsplit(url if "://" in url else f"http://{url}")
        if split.scheme not in ("http", "https") or not split.hostname:
            raise ValueError("it must be like http://127.0.0.1:8080")
        if split.username is not None or split.password is not None:
            raise ValueError("a user name or password has no place in it; use --token")
        self.shown = f"{split.scheme}://{split.netloc}{split.path.rstrip('/')}"
        self._token = token
        self.has_token = token is not None
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())

        self._whole_s = whole_s
        self._request: _Request | None = None

    def status(self) -> SystemStatus:
        """Ask once, and wait for the answer for a bounded time.

        An answer that is not whole by then is given up. Its thread ends with the server's silence
        or its own limit; until then nobody is asked again, so that there is never a second one.

        Raises:
            NoStatusError: nobody answers, the token is refused, or the answer is no status.
        """
        if self._request is None:
            self._request = _Request(self._ask)
        if not self._request.done.wait(self._whole_s):
            raise NoStatusError(f"no whole answer within {self._whole_s:g} s")
        asked, self._request = self._request, None
        if asked.error is not None:
            raise asked.error
        assert asked.status is not None
        return asked.status

    def _ask(self) -> SystemStatus:
        headers = {"Accept": "application/json", "User-Agent": "edge-video-top"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(self.shown + PATH, headers=headers)  # noqa: S310 - checked above
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                text = _read(answer, self._whole_s)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code in _REFUSED:
                raise NoStatusError(f"HTTP {error.code}", refused=True) from None
            raise NoStatusError(f"HTTP {error.code}", foreign=True) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            shown = getattr(reason, "strerror", None) or str(reason) or type(error).__name__
            raise NoStatusError(shown) from None
        try:
            status = status_from_json(json.loads(text))
        except NotAStatusError as error:
            raise NoStatusError(str(error)[:200], foreign=True) from None
        except (ValueError, RecursionError, OverflowError, MemoryError):
            raise NoStatusError("no JSON", foreign=True) from None
        if len(status.cameras) > _MAX_CAMERAS:
            raise NoStatusError("too long", foreign=True)
        return status


class _Request:
    """One request under way, on a thread of its own: name resolution knows no time limit."""

    def __init__(self, ask: Callable[[], SystemStatus]) -> None:
        self.status: SystemStatus | None = None
        self.error: BaseException | None = None
        self.done = threading.Event()
        self._ask = ask
        threading.Thread(target=self._run, name="top-ask", daemon=True).start()

    def _run(self) -> None:
        try:
            self.status = self._ask()
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            self.error = error
        finally:
            self.done.set()


def _read(answer: IO[bytes], whole_s: float) -> bytes:
    """The whole body, bounded in size and time."""
    ends_at_s = time.monotonic() + whole_s
    text = bytearray()
    while piece := answer.read1(_PIECE):  # type: ignore[attr-defined]  # http.client's has it
        text += piece
        if len(text) > _MAX_ANSWER:
            raise NoStatusError("too long", foreign=True)
        if time.monotonic() > ends_at_s:
            raise NoStatusError(f"no whole answer within {whole_s:g} s")
    return bytes(text)
