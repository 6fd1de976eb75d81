"""Renders the whole system as the one line that a service manager shows. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.status.configuration import ReloadResult
from edge_video.status.health import CameraHealth, Delivery, verdict
from edge_video.text.catalog import Language, lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import shorten

if TYPE_CHECKING:
    from edge_video.status.model import PublisherStatus, SystemStatus

_STREAMING: Final = (CameraHealth.HEALTHY, CameraHealth.SLOW)
_REASON_LIMIT: Final = 80


def render_service_status(status: SystemStatus, language: Language, *, is_broker: bool) -> str:
    """How many cameras stream, whether frames are delivered, and that a reload was refused.

    Args:
        status: of the system.
        language: of the line.
        is_broker: whether frames go to a broker, and not into a directory.
    """
    judged = verdict(status)
    streaming = sum(judged.cameras[health] for health in _STREAMING)
    cameras = lookup("service.cameras", language).format(streaming=streaming, wanted=judged.wanted)
    parts = [cameras, _delivery(status.publisher, judged.delivery, language, is_broker=is_broker)]
    reload = None if status.config is None else status.config.last_reload
    if reload is not None and reload.result is ReloadResult.REFUSED:
        parts.append(lookup("service.reload_refused", language).format(reason=reload.reason.value))
    return ", ".join(parts)


def _delivery(
    publisher: PublisherStatus, delivery: Delivery, language: Language, *, is_broker: bool
) -> str:
    sink = "broker" if is_broker else "files"
    text = lookup(f"service.{sink}.{delivery.value}", language)
    reason = shorten(one_line(publisher.reason), _REASON_LIMIT)
    return f"{text} ({reason})" if reason and delivery is not Delivery.OK else text
