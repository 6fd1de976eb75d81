"""What a node knows of its cluster is told in values that another program can use."""

from __future__ import annotations

from edge_video.frames import CameraId
from edge_video.http.openapi_cluster import CLUSTER_SCHEMAS
from edge_video.status.cluster import ClusterFacts, LeaseFacts, NodeFacts, cluster_as_json

FACTS = ClusterFacts(
    node="edge-a",
    nodes=(NodeFacts("edge-b\x1b[2J", 2.0, 1),),
    leases={CameraId("door"): LeaseFacts("CLAIMING", 7, 1, captures=True)},
    down_since_s=1000.0,
    reason="no heartbeat",
)


def test_how_long_the_connection_is_gone_is_told_in_place_of_a_moment_of_this_process() -> None:
    told = cluster_as_json(FACTS, 1012.34)
    assert (told["down_for_s"], "down_since_s" in told) == (12.3, False)
    assert cluster_as_json(ClusterFacts(node="edge-a"), 5.0)["down_for_s"] is None


def test_what_others_call_themselves_cannot_steer_a_terminal() -> None:
    assert "\x1b" not in str(cluster_as_json(FACTS, 0.0)["nodes"])


def test_the_api_describes_each_value() -> None:
    known, _ = CLUSTER_SCHEMAS["Cluster"]["properties"]["cluster"]["anyOf"]
    told = cluster_as_json(FACTS, 0.0)
    assert set(known["properties"]) == set(told)
    of_node = known["properties"]["nodes"]["items"]["properties"]
    of_lease = known["properties"]["leases"]["additionalProperties"]["properties"]
    nodes, leases = told["nodes"], told["leases"]
    assert isinstance(nodes, list)
    assert isinstance(leases, dict)
    assert set(of_node) == set(nodes[0])
    assert set(of_lease) == set(leases["door"])
