"""Puts what `probe` found into the form of its JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_video.report.probe_table import broker_advice, camera_advice
from edge_video.text.formatting import format_failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.capture.probe import ProbeResult
    from edge_video.delivery.amqp.inquiry import BrokerResult
    from edge_video.text.catalog import Language


def probe_as_json(
    cameras: Sequence[ProbeResult], brokers: Sequence[BrokerResult], language: Language
) -> dict[str, Any]:
    """Everything that was found, ready for `json.dumps`; words are in the operator's language."""
    return {
        "ok": all(each.ok for each in cameras) and all(each.ok for each in brokers),
        "broker": _broker(brokers[0], language) if brokers else None,
        "brokers": [_broker(each, language) for each in brokers],
        "cameras": [_camera(each, language) for each in cameras],
    }


def _camera(result: ProbeResult, language: Language) -> dict[str, Any]:
    failure, key_frames = result.failure, result.key_frames
    return {
        "id": result.camera_id,
        "ok": result.ok,
        "codec": result.codec,
        "width": result.width,
        "height": result.height,
        "fps": result.fps,
        "wanted_fps": result.wanted_fps,
        "first_frame_s": _rounded(result.first_frame_s),
        "key_frame_interval_s": None if key_frames is None else _rounded(key_frames.interval_s),
        "key_frame_interval_is_at_least": key_frames is not None and key_frames.at_least,
        "cause": None if failure is None else failure.cause.value,
        "reason": None if failure is None else format_failure(failure, language),
        "advice": camera_advice(result, language),
    }


def _broker(broker: BrokerResult, language: Language) -> dict[str, Any]:
    return {
        "target": broker.target,
        "ok": broker.ok,
        "steps": [
            {
                "step": step.inquiry.value,
                "result": step.verdict.value,
                "subject": step.subject,
                "detail": step.detail,
                "took_s": _rounded(step.took_s),
                "advice": broker_advice(step, language),
            }
            for step in broker.steps
        ],
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
