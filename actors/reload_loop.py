"""Reloads the configuration when somebody asks for it, or when its files differ."""

from __future__ import annotations

import logging
import queue
import threading
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Final

from edge_video.actors.base import tell
from edge_video.actors.reload_files import reload_files
from edge_video.actors.reload_messages import ConfigFilesSeen

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import pykka

    from edge_video.config.source import ConfigSource

_log = logging.getLogger(__name__)

LOOK_S: Final = 5.0
"""Between two looks at the files."""
WATCHED: Final = "watch"
"""Who asks when the files differ."""


class FileWatch:
    """Tells a supervisor when the files have other contents than those that run. One thread.

    It compares contents and waits for no file events: those do not reach into containers, nor
    over network disks.

    Args:
        source: the files.
        supervisor: is told.
    """

    def __init__(self, source: ConfigSource, supervisor: pykka.ActorRef[Any]) -> None:
        self._source = source
        self._supervisor = supervisor
        self._told = False
        self._seen = source.accepted

    def look(self) -> bool:
        """Look once; True when the files have contents that were never seen before and are new.

        A file is written in pieces: contents are new when they were there at the look before, too.
        """
        digest = self._source.digest()
        differ = digest != self._source.accepted
        if differ is not self._told:
            self._told = differ
            tell(self._supervisor, ConfigFilesSeen(differ))
        has_settled, self._seen = digest == self._seen, digest
        return differ and has_settled


class ReloadLoop:
    """A thread that reloads: on request, and with `watches` when the files differ.

    It is a daemon: files on a network disk that hangs must not keep the program from ending.

    Args:
        source: the files.
        supervisor: takes them over.
        watches: reload by itself when the files differ; else they are only said to.
        look_s: between two looks at the files.
        around: entered for each reload, whoever asked for it.
    """

    def __init__(
        self,
        source: ConfigSource,
        supervisor: pykka.ActorRef[Any],
        *,
        watches: bool = False,
        look_s: float = LOOK_S,
        around: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._source = source
        self._supervisor = supervisor
        self._watches = watches
        self._look_s = look_s
        self._around = around
        self._watch = FileWatch(source, supervisor)
        self._tried = ""
        self._requests: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="edge-video-reload", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def request(self, origin: str) -> None:
        """Ask for a reload and return at once; signal handlers may call it."""
        self._requests.put(origin)

    def stop(self, timeout_s: float = 1.0) -> None:
        """End the thread, once what it does is done."""
        self._requests.put(None)
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        look_at_s = time.monotonic() + self._look_s
        while True:
            try:
                origin = self._requests.get(timeout=max(0.0, look_at_s - time.monotonic()))
            except queue.Empty:
                look_at_s = time.monotonic() + self._look_s
                self._guarded(self._look)
                continue
            if origin is None:
                return
            self._guarded(lambda origin=origin: self._reload(origin))

    def _guarded(self, step: Any) -> None:
        try:
            step()
        except Exception:  # noqa: BLE001 - the next look, or the next request, may do better
            _log.exception("the configuration could not be looked at")

    def _look(self) -> None:
        """Reload what differs, once: what was refused is not tried again until it changes."""
        is_new = self._watch.look()
        digest = self._source.digest() if is_new and self._watches else self._tried
        if digest != self._tried:
            self._reload(WATCHED)
            self._tried = digest

    def _reload(self, origin: str) -> None:
        with self._around():
            reload_files(self._source, self._supervisor, origin=origin)
