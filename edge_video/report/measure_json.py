"""Puts what `probe --measure` found into the form of its JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_video.report.measure_table import measure_advice
from edge_video.text.formatting import format_failure

if TYPE_CHECKING:
    from edge_video.capture.hardware import Decoding
    from edge_video.report.measure_table import MeasuredCamera, Measurement
    from edge_video.text.catalog import Language


def measurement_as_json(measurement: Measurement, language: Language) -> dict[str, Any]:
    """Everything that was measured, ready for `json.dumps`; null is what nobody knows."""
    room, capacity = measurement.room, measurement.capacity
    return {
        "ok": measurement.ok,
        "together": measurement.together,
        "cameras": [_camera(each, language) for each in measurement.cameras],
        "machine": {
            "cores": round(room.cores, 2),
            "other_programs_cores": round(room.others_cores, 2),
            "free_memory_bytes": room.free_bytes,
            "uplink_bytes_per_s": room.uplink_bytes_per_s,
        },
        "takes_cameras": capacity.cameras,
        "used_up_first": capacity.scarcest,
        "enough_for": {resource.value: cameras for resource, cameras in capacity.by.items()},
    }


def _camera(camera: MeasuredCamera, language: Language) -> dict[str, Any]:
    figures, failure = camera.measure.figures, camera.measure.failure
    shown: dict[str, Any] = {
        "id": camera.measure.camera_id,
        "ok": camera.measure.ok,
        "cause": None if failure is None else failure.cause.value,
        "reason": None if failure is None else format_failure(failure, language),
        "advice": measure_advice(camera, language),
        "decoder": _decoder(camera.measure.decoding),
    }
    if figures is None:
        return shown
    return shown | {
        "measured_s": round(figures.measured_s, 2),
        "cpu_percent": _rounded(figures.cpu_percent),
        "fps": round(figures.fps, 2),
        "in_bytes_per_s": _rounded(figures.in_per_s),
        "out_bytes_per_s": _rounded(figures.out_per_s),
        "pss_bytes": figures.pss_bytes,
        "private_bytes": figures.private_bytes,
        "published_width": figures.published[0] or None,
        "published_height": figures.published[1] or None,
    }


def _decoder(decoding: Decoding | None) -> dict[str, str] | None:
    """What decoded; null where no hardware is configured."""
    if decoding is None:
        return None
    return {"wanted": decoding.wanted, "used": decoding.used, "reason": decoding.reason}


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 1)
