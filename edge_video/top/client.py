"""Asks a running system for its status, by HTTP."""

from __future__ import annotations

import http.client
import json
import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from edge_video.status.json import NotAStatusError, status_from_json
from edge_video.top.asking import NoAnswerError, Question, ask, bearer

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
_REFUSED: Final = (401, 403)


class NoStatusError(Exception):
    """There is no status to be had; `refused` when the token is why."""

    def __init__(self, reason: str, *, refused: bool = False, foreign: bool = False) -> None:
        super().__init__(reason)
        self.refused = refused
        self.foreign = foreign
        """Whether somebody answers who is not edge-video."""


class Client:
    """One system's address. Its answers are bounded in time and size; proxies are not asked.

    Args:
        url: `http://host:port`, or https; a path in it is kept in front of `/api/status`.
        token: sent as a bearer token; None sends none.
        whole_s: how long one answer may take in all.

    Raises:
        ValueError: this is no URL; the message says why.
        TokenError: the token is none that a system could have; the message repeats nothing of it.
    """

    def __init__(self, url: str, token: str | None = None, whole_s: float = _WHOLE_S) -> None:
        split = urlsplit(url if "://" in url else f"http://{url}")
        if split.scheme not in ("http", "https") or not split.hostname:
            raise ValueError("it must be like http://127.0.0.1:8080")
        if split.username is not None or split.password is not None:
            raise ValueError("a user name or password has no place in it; use --token")
        self.shown = f"{split.scheme}://{split.netloc}{split.path.rstrip('/')}"
        self._bearer = bearer(token)
        self.has_token = token is not None
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
        try:
            answer = ask(
                Question(
                    self.shown + PATH,
                    headers | self._bearer,
                    step_s=_TIMEOUT_S,
                    whole_s=self._whole_s,
                    max_bytes=_MAX_ANSWER,
                    max_error_bytes=0,
                )
            )
        except NoAnswerError as error:
            raise NoStatusError(str(error)) from None
        if answer.code != http.client.OK:
            refused = answer.code in _REFUSED
            raise NoStatusError(f"HTTP {answer.code}", refused=refused, foreign=not refused)
        if len(answer.body) > _MAX_ANSWER:
            raise NoStatusError("too long", foreign=True)
        return _status_of(answer.body)


def _status_of(body: bytes) -> SystemStatus:
    """The status that a body tells. Raises NoStatusError when it is none."""
    try:
        status = status_from_json(json.loads(body))
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
