"""Writes config/grafana/edge-video.json; a test fails when it is out of date.

A dashboard's JSON is three quarters layout: here is what is on it. Run it as
`python scripts/write_dashboard.py` after a change.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "config" / "grafana" / "edge-video.json"

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
NODE = 'instance=~"$instance"'
CAMERA = f'{NODE}, camera=~"$camera"'
RATE = "[$__rate_interval]"

# title, unit, width of 24, kind, [(expression, legend)]
ROWS: list[tuple[str, list[tuple[str, str, int, str, list[tuple[str, str]]]]]] = [
    (
        "What is wrong",
        [
            (
                "Cameras streaming",
                "short",
                4,
                "stat",
                [(f'sum(edge_video_camera_phase{{{CAMERA}, phase="streaming"}})', "")],
            ),
            (
                "Breakers open",
                "short",
                4,
                "stat-bad",
                [(f'sum(edge_video_breaker_state{{{CAMERA}, state="OPEN"}})', "")],
            ),
            (
                "Brokers connected",
                "short",
                4,
                "stat",
                [(f"sum(edge_video_publisher_connected{{{NODE}}})", "")],
            ),
            (
                "Seconds since the last frame",
                "s",
                12,
                "bars",
                [(f"sort_desc(edge_video_last_frame_age_seconds{{{CAMERA}}})", "{{camera}}")],
            ),
        ],
    ),
    (
        "Cameras",
        [
            (
                "Frames per second",
                "short",
                12,
                "lines",
                [(f"rate(edge_video_frames_received_total{{{CAMERA}}}{RATE})", "{{camera}}")],
            ),
            (
                "Breaker (0 closed, 1 half open, 2 open)",
                "short",
                12,
                "steps",
                [
                    (
                        (
                            f'2 * edge_video_breaker_state{{{CAMERA}, state="OPEN"}}'
                            " + ignoring (state)"
                            f' edge_video_breaker_state{{{CAMERA}, state="HALF_OPEN"}}'
                        ),
                        "{{camera}}",
                    )
                ],
            ),
            (
                "Breaker openings, by cause",
                "short",
                12,
                "lines",
                [
                    (
                        (
                            "sum by (camera, cause) (increase("
                            f'edge_video_breaker_transitions_total{{{CAMERA}, to="OPEN"}}{RATE}))'
                        ),
                        "{{camera}} {{cause}}",
                    )
                ],
            ),
            (
                "Failed attempts",
                "short",
                12,
                "lines",
                [(f"increase(edge_video_camera_failures_total{{{CAMERA}}}{RATE})", "{{camera}}")],
            ),
        ],
    ),
    (
        "Frames to the broker",
        [
            (
                "Published and settled, per second",
                "short",
                12,
                "lines",
                [
                    (
                        f"sum(rate(edge_video_frames_published_total{{{CAMERA}}}{RATE}))",
                        "published",
                    ),
                    (
                        (
                            "sum by (outcome)"
                            f" (rate(edge_video_frames_settled_total{{{CAMERA}}}{RATE}))"
                        ),
                        "{{outcome}}",
                    ),
                ],
            ),
            (
                "Dropped per second, by reason",
                "short",
                12,
                "lines",
                [
                    (
                        (
                            "sum by (reason)"
                            f" (rate(edge_video_frames_dropped_total{{{CAMERA}}}{RATE}))"
                        ),
                        "{{reason}}",
                    )
                ],
            ),
            (
                "Latency, whole frame to confirm",
                "s",
                12,
                "lines",
                [
                    (
                        (
                            f"histogram_quantile({share}, sum by (le)"
                            f" (rate(edge_video_frame_latency_seconds_bucket{{{CAMERA}}}{RATE})))"
                        ),
                        name,
                    )
                    for share, name in (("0.5", "p50"), ("0.95", "p95"), ("0.99", "p99"))
                ],
            ),
            (
                "Bytes per second",
                "Bps",
                12,
                "lines",
                [(f"rate(edge_video_published_bytes_total{{{CAMERA}}}{RATE})", "{{camera}}")],
            ),
            (
                "Held and in flight",
                "short",
                12,
                "lines",
                [
                    (f"sum(edge_video_frames_held{{{CAMERA}}})", "held"),
                    (f"sum(edge_video_frames_in_flight{{{CAMERA}}})", "in flight"),
                ],
            ),
            (
                "Connections lost, attempts that failed",
                "short",
                12,
                "lines",
                [
                    (
                        f"increase(edge_video_publisher_connections_lost_total{{{NODE}}}{RATE})",
                        "{{instance}} lost",
                    ),
                    (
                        f"increase(edge_video_publisher_failed_attempts_total{{{NODE}}}{RATE})",
                        "{{instance}} failed attempts",
                    ),
                ],
            ),
        ],
    ),
    (
        "Nodes that share cameras",
        [
            (
                "Cameras captured, by node",
                "short",
                12,
                "lines",
                [
                    (
                        f'sum by (instance) (edge_video_cluster_leases{{{NODE}, state="OWNER"}})',
                        "{{instance}}",
                    ),
                    (f'sum(edge_video_cluster_leases{{{NODE}, state="SUSPECT"}})', "not proven"),
                ],
            ),
            (
                "Seconds for which no node has a camera",
                "s",
                12,
                "lines",
                [
                    (
                        f"max by (camera) (edge_video_cluster_unowned_seconds{{{CAMERA}}})",
                        "{{camera}}",
                    )
                ],
            ),
            (
                "Cameras that moved",
                "short",
                12,
                "lines",
                [
                    (
                        f"increase(edge_video_cluster_taken_total{{{NODE}}}{RATE})",
                        "{{instance}} taken",
                    ),
                    (
                        f"increase(edge_video_cluster_given_total{{{NODE}}}{RATE})",
                        "{{instance}} {{reason}}",
                    ),
                ],
            ),
            (
                "Nodes heard, and leases that can be proven",
                "short",
                12,
                "lines",
                [
                    (f"edge_video_cluster_nodes{{{NODE}}}", "{{instance}} hears"),
                    (f"edge_video_cluster_connected{{{NODE}}}", "{{instance}} connected"),
                ],
            ),
            (
                "Commands over the broker, by what came of them",
                "short",
                12,
                "lines",
                [
                    (
                        f"sum by (result) (increase(edge_video_commands_total{{{NODE}}}{RATE}))",
                        "{{result}}",
                    )
                ],
            ),
        ],
    ),
    (
        "Machine",
        [
            (
                "CPU, cores",
                "short",
                12,
                "lines",
                [
                    (f"rate(process_cpu_seconds_total{{{NODE}}}{RATE})", "edge-video {{instance}}"),
                    (
                        f"rate(edge_video_ffmpeg_cpu_seconds_total{{{CAMERA}}}{RATE})",
                        "FFmpeg {{camera}}",
                    ),
                ],
            ),
            (
                "Memory",
                "bytes",
                12,
                "lines",
                [
                    (f"process_resident_memory_bytes{{{NODE}}}", "edge-video {{instance}}"),
                    (
                        f"edge_video_ffmpeg_resident_memory_bytes{{{CAMERA}}}",
                        "FFmpeg {{camera}}",
                    ),
                ],
            ),
            (
                "The machine's CPU and memory in use",
                "percentunit",
                12,
                "lines",
                [
                    (f"edge_video_machine_cpu_used_ratio{{{NODE}}}", "CPU {{instance}}"),
                    (f"edge_video_machine_memory_used_ratio{{{NODE}}}", "memory {{instance}}"),
                ],
            ),
            (
                "Actors, threads, descriptors",
                "short",
                12,
                "lines",
                [
                    (f"edge_video_actors{{{NODE}}}", "actors {{instance}}"),
                    (f"edge_video_threads{{{NODE}}}", "threads {{instance}}"),
                    (f"process_open_fds{{{NODE}}}", "descriptors {{instance}}"),
                    (
                        f"sum by (actor) (edge_video_actor_restarts_total{{{NODE}}})",
                        "restarts {{actor}}",
                    ),
                ],
            ),
        ],
    ),
]

_WIDTH = 24
_KINDS = {"stat": "stat", "stat-bad": "stat", "bars": "bargauge"}


def _panel(
    number: int, title: str, unit: str, kind: str, queries: list[tuple[str, str]]
) -> dict[str, Any]:
    panel: dict[str, Any] = {
        "id": number,
        "title": title,
        "type": _KINDS.get(kind, "timeseries"),
        "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + at),
                "datasource": SOURCE,
                "expr": expression,
                "legendFormat": legend,
                **({"instant": True} if kind in _KINDS else {}),
            }
            for at, (expression, legend) in enumerate(queries)
        ],
    }
    defaults = panel["fieldConfig"]["defaults"]
    if kind == "stat-bad":
        steps = [{"color": "green", "value": None}, {"color": "red", "value": 1}]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
    if kind == "bars":
        panel["options"] = {"orientation": "horizontal", "displayMode": "basic"}
        steps = [{"color": "green", "value": None}, {"color": "red", "value": 5}]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
    if kind == "steps":
        defaults["custom"] = {"lineInterpolation": "stepAfter"}
        defaults["max"] = 2
    return panel


def _variable(name: str, metric: str, label: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": f"label_values({metric}, {label})", "refId": name},
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
        "sort": 1,
    }


def dashboard() -> dict[str, Any]:
    """The whole dashboard, as Grafana imports it."""
    panels: list[dict[str, Any]] = []
    top = 0
    for heading, row in ROWS:
        row_position = {"x": 0, "y": top, "w": 24, "h": 1}
        panels.append(
            {"id": len(panels) + 1, "type": "row", "title": heading, "gridPos": row_position}
        )
        top, left = top + 1, 0
        height = 4 if row[0][3].startswith("stat") else 8
        for title, unit, width, kind, queries in row:
            if left + width > _WIDTH:
                top, left = top + height, 0
            panel = _panel(len(panels) + 1, title, unit, kind, queries)
            panel["gridPos"] = {"x": left, "y": top, "w": width, "h": height}
            panels.append(panel)
            left += width
        top += height
    return {
        "uid": "edge-video",
        "title": "edge-video",
        "tags": ["edge-video"],
        "schemaVersion": 38,
        "version": 1,
        "editable": True,
        "timezone": "browser",
        "refresh": "10s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {
            "list": [
                {"name": "datasource", "type": "datasource", "query": "prometheus"},
                _variable("instance", "edge_video_build_info", "instance"),
                _variable(
                    "camera", 'edge_video_camera_target_fps{instance=~"$instance"}', "camera"
                ),
            ]
        },
        "panels": panels,
    }


def main() -> None:
    """Write the file and say where."""
    TARGET.write_text(json.dumps(dashboard(), indent=2) + "\n")
    print(TARGET)


if __name__ == "__main__":
    main()
