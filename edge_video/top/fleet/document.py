"""Renders what is known of all nodes as JSON, for programs and for the page. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from edge_video.text.json import json_ready, moment
from edge_video.top.fleet.judging import (
    cameras_by_trouble,
    clock_off_s,
    ill_cameras,
)

if TYPE_CHECKING:
    from edge_video.top.fleet.judging import JudgedNode, Remark
    from edge_video.top.fleet.model import KnownCamera, KnownNode
    from edge_video.top.fleet.session import FleetView

_WORST: Final = 3
"""Cameras that a row names."""


def fleet_line(view: FleetView, at_ns: int) -> str:
    """Everything that is known, as one line; `at_ns` is the wall clock."""
    document = {
        "ts": moment(at_ns),
        "kind": "fleet",
        **summary(view),
        "nodes": [node_detail(each, view.now_s) for each in view.nodes],
    }
    return json.dumps(json_ready(document), ensure_ascii=False)


def rows_document(view: FleetView) -> dict[str, Any]:
    """What the page's table shows: a row for each node, the worst first."""
    nodes = [
        {**node_row(each, view.now_s), "camera_ids": list(each.node.cameras)} for each in view.nodes
    ]
    return {**summary(view), "nodes": nodes}


def summary(view: FleetView) -> dict[str, Any]:
    """The connection to the broker, and what all nodes amount to."""
    totals = view.totals
    return {
        "broker": {
            "target": view.target,
            "connected": view.lost is None,
            "lost_for_s": None if view.lost is None else round(view.lost.for_s, 1),
            "reason": "" if view.lost is None else view.lost.reason,
            "unheard": list(view.unheard),
        },
        "is_good": totals.is_good and view.lost is None,
        "states": {state.value: count for state, count in totals.states.items()},
        "cameras": {"wanted": totals.wanted, "good": totals.good},
        "fps": round(totals.fps, 1),
        "foreign": view.foreign,
        "left_out": view.left_out,
    }


def node_row(judged: JudgedNode, now_s: float) -> dict[str, Any]:
    """One node in short."""
    node = judged.node
    status, shared = node.status, node.shared
    process = None if status is None else status.process
    return {
        "name": node.name,
        "state": judged.state.value,
        "group": None if shared is None else shared.group,
        "heard_ago_s": round(judged.heard_ago_s, 1),
        "version": None if status is None else status.version,
        "cameras": {"wanted": judged.wanted, "good": judged.good},
        "health": dict(judged.health),
        "fps": None if judged.fps is None else round(judged.fps, 1),
        "cpu_percent": None if process is None else process.system_cpu_percent,
        "ram_percent": None if process is None else process.system_ram_used_percent,
        "remarks": [_remark(each) for each in judged.remarks],
        "worst": [_camera(each, now_s) for each in ill_cameras(node)[:_WORST]],
    }


def node_detail(judged: JudgedNode, now_s: float) -> dict[str, Any]:
    """One node with all that is known of it."""
    node = judged.node
    status = node.status
    return {
        **node_row(judged, now_s),
        "uptime_s": None if status is None else _uptime_s(node, now_s),
        "status_ago_s": None if status is None else round(node.status_age_s(now_s), 1),
        "clock_off_s": clock_off_s(node),
        "delivery": None if status is None else status.delivery,
        "process": None if status is None else status.process,
        "config": None if status is None else status.config,
        "restarts": {} if status is None else status.restarts,
        "cluster": _cluster(node),
        "cameras_left_out": node.left_out,
        "camera_list": [_camera(each, now_s, node) for each in cameras_by_trouble(node)],
        "happened": [
            {
                "ago_s": round(now_s - each.at_s, 1),
                "event": each.event,
                "camera_id": each.camera_id,
                "state": each.state,
                "text": each.text,
            }
            for each in reversed(node.happened)
        ],
    }


def _remark(remark: Remark) -> dict[str, object]:
    return {"key": remark.key, **remark.facts}


def _camera(camera: KnownCamera, now_s: float, node: KnownNode | None = None) -> dict[str, object]:
    shown: dict[str, object] = {
        "id": camera.camera_id,
        "health": camera.health,
        "for_s": None if camera.since_s is None else round(max(0.0, now_s - camera.since_s), 1),
        "fps": camera.fps,
        "expected_fps": camera.expected_fps,
        "cause": camera.cause,
        "text": camera.text,
        "picture": camera.picture,
    }
    if node is not None and node.shared is not None:
        shown["epoch"] = node.shared.owned.get(camera.camera_id)
    return shown


def _cluster(node: KnownNode) -> dict[str, object] | None:
    shared = node.shared
    if shared is None:
        return None
    return {
        "group": shared.group,
        "cameras": shared.cameras,
        "owned": dict(shared.owned),
        "owned_left_out": shared.owned_left_out,
        "unreachable": shared.unreachable,
        "is_leaving": shared.is_leaving,
        "is_last": shared.is_last,
    }


def _uptime_s(node: KnownNode, now_s: float) -> float | None:
    status = node.status
    return None if status is None else round(status.uptime_s + node.status_age_s(now_s), 1)
