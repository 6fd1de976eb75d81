"""Renders what `top --json` prints: an object a line. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from edge_video.status.health import verdict
from edge_video.status.json import status_as_json
from edge_video.text.json import moment

if TYPE_CHECKING:
    from edge_video.status.model import SystemStatus
    from edge_video.top.screen import Lost


def status_line(status: SystemStatus, at_ns: int) -> str:
    """A status as `/api/status` has it, and the verdict on it; `at_ns` is the wall clock."""
    judged = verdict(status)
    document = {
        "ts": moment(at_ns),
        "kind": "status",
        "verdict": {
            "is_good": judged.is_good,
            "delivery": judged.delivery.value,
            "cameras": {health.value: count for health, count in judged.cameras.items()},
        },
        "status": status_as_json(status),
    }
    return json.dumps(document, ensure_ascii=False)


def lost_line(lost: Lost, at_ns: int) -> str:
    """That there is no status, and why."""
    document = {
        "ts": moment(at_ns),
        "kind": "lost",
        "url": lost.url,
        "since_s": lost.since_s,
        "reason": lost.reason,
    }
    return json.dumps(document, ensure_ascii=False)
