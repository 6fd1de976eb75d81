"""Runs the node's HTTP server: its application on a thread, and the threads that it acts on."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from edge_video.http.application import Application
from edge_video.http.camera_probe import CameraProbeEndpoint
from edge_video.http.onvif_streams import StreamsEndpoint
from edge_video.http.reload import MAX_CHANGES
from edge_video.http.request_log import RequestLog
from edge_video.http.serving import Served, ServingThread

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.http.actions import CommandHandler
    from edge_video.http.camera_probe import CancellableProber
    from edge_video.http.settings import HttpSettings
    from edge_video.http.status_store import StatusStore
    from edge_video.runtime.timer import Clock
    from edge_video.status.config_change import ConfigHandler

_log = logging.getLogger(__name__)


class HttpServer:
    """Serves from `start` until `stop`; one life.

    Args:
        settings: where, and for whom.
        store: where snapshots come from.
        handler: carries actions out; called on two threads of the server's own.
        clock: monotonic and wall time.
        changes: carries changes of the configuration out; called on threads of their own.
        prober: connects to a camera that is not configured; called on a thread of its own.
        on_death: called with the reason, on the dying thread, when the server ends by itself.
        name: of the thread.
    """

    def __init__(
        self,
        settings: HttpSettings,
        store: StatusStore,
        handler: CommandHandler,
        clock: Clock,
        *,
        changes: ConfigHandler,
        prober: CancellableProber,
        on_death: Callable[[str], None],
        name: str,
    ) -> None:
        self._prober = prober
        actions = ThreadPoolExecutor(2, thread_name_prefix=f"{name}-act")
        changing = ThreadPoolExecutor(MAX_CHANGES, thread_name_prefix=f"{name}-change")
        self._executors = (actions, changing)
        request_log = RequestLog(_log, clock)
        application = Application(
            settings,
            store,
            handler,
            actions,
            clock,
            changes=changes,
            change_executor=changing,
            probe=CameraProbeEndpoint(prober, f"{name}-probe"),
            streams=StreamsEndpoint(f"{name}-streams"),
            log=request_log.logger,
        )
        served = Served(
            application.asgi(), application.close, on_death, request_log, settings.max_connections
        )
        self._serving = ServingThread(served, settings.host, settings.port, f"{name}-server")

    def start(self) -> str:
        """Bind, and serve from now on; the address as a URL.

        Raises:
            OSError: the address cannot be had.
        """
        return self._serving.start()

    def stop(self, timeout_s: float) -> bool:
        """End every connection and the thread; False when it does not end in time. Idempotent."""
        self._prober.cancel()  # the end of the process waits for its thread
        has_ended = self._serving.stop(timeout_s)
        for executor in self._executors:
            executor.shutdown(wait=False, cancel_futures=True)
        return has_ended
