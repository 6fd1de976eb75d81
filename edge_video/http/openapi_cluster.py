"""Describes the endpoints about the nodes that share cameras, for the API's description."""

from __future__ import annotations

from typing import Any, Final

from edge_video.resilience.cluster import LeaseState


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _map_of(values: dict[str, Any], description: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": values, "description": description}


_NODE: Final = _object(
    {
        "node": {"type": "string"},
        "capacity": {"type": "number"},
        "cameras": {"type": "integer", "description": "How many it captures."},
        "is_leaving": {"type": "boolean"},
    }
)
_LEASE: Final = _object(
    {
        "state": {"enum": [each.value for each in LeaseState]},
        "epoch": {
            "type": "integer",
            "description": "The highest one with which this node has captured it; 0: none.",
        },
        "rank": {
            "type": ["integer", "null"],
            "description": "Among those who would capture it, 1 the best; null: no candidate.",
        },
        "captures": {"type": "boolean", "description": "Whether this node captures it now."},
    }
)
_KNOWN: Final = _object(
    {
        "node": {"type": "string", "description": "The name of this node."},
        "group": {"type": "string"},
        "nodes": {"type": "array", "items": _NODE, "description": "The others that live."},
        "owners": _map_of(
            {"type": "string"}, "Which other node captures which camera, as was heard last."
        ),
        "leases": _map_of(_LEASE, "What this node is to each of its cameras."),
        "differing": _map_of(
            {"type": "array", "items": {"type": "string"}},
            "Cameras that other nodes define otherwise, with those nodes' names.",
        ),
        "namesakes": {
            "type": "integer",
            "description": "Other programs that bear this node's name.",
        },
        "is_leaving": {
            "type": "boolean",
            "description": "It gives everything away and takes nothing.",
        },
        "counts": {
            **_object(
                {
                    **{
                        each: {"type": "integer"}
                        for each in ("taken", "released", "superseded", "uncertain")
                    },
                    "suspect_s": {"type": "number"},
                }
            ),
            "description": "Cameras that came here and that went, by why, since the program began;"
            " and for how long leases could not be proven, all cameras together.",
        },
        "down_for_s": {
            "type": ["number", "null"],
            "description": "Seconds since the control connection is gone; null: it is there.",
        },
        "reason": {"type": "string", "description": "Why it is gone; empty while it is there."},
    }
)
CLUSTER_SCHEMAS: Final[dict[str, Any]] = {
    "Cluster": _object(
        {
            "cluster": {
                "anyOf": [_KNOWN, {"type": "null"}],
                "description": "As `edge-video cluster status --json` prints it; null where this"
                " system shares no cameras.",
            }
        }
    )
}

_TEXTS: Final = {
    "drain": "Give every camera away that other nodes share, and take none until `rejoin`.",
    "rejoin": "Take part in sharing the cameras again.",
}


def cluster_paths(common: dict[str, Any]) -> dict[str, Any]:
    """Return the paths; `common` are the answers that every path has."""
    paths: dict[str, Any] = {
        "/api/cluster": {
            "get": {
                "summary": "The nodes that share the cameras, and who captures what.",
                "parameters": [],
                "security": [{"token": []}, {}],
                "responses": {**common, "200": _json("Cluster", "What this node knows.")},
            }
        }
    }
    for action, text in _TEXTS.items():
        paths[f"/api/cluster/{action}"] = {
            "post": {
                "operationId": action,
                "summary": text,
                "parameters": [],
                "security": [{"token": []}],
                "responses": {
                    **common,
                    "200": _json("Answer", "It begins, or was so already."),
                    "409": _json("Answer", "This system shares no cameras."),
                    "504": _json("Error", "No answer in time; it may still be done."),
                },
            }
        }
    return paths


def _json(schema: str, description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}
