"""Describes the endpoints about the nodes that share cameras, for the API's description."""

from __future__ import annotations

from typing import Any, Final

CLUSTER_SCHEMAS: Final[dict[str, Any]] = {
    "Cluster": {
        "type": "object",
        "properties": {
            "cluster": {
                "anyOf": [{"type": "object"}, {"type": "null"}],
                "description": "As `edge-video cluster status --json` prints it; null where this"
                " system shares no cameras.",
            }
        },
        "required": ["cluster"],
    }
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
