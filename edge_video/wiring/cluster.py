"""Makes what starts the lease actor of a node in a cluster.

Loaded only where the configuration has something that needs it.
"""

from __future__ import annotations

import json
import uuid
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from edge_video.actors.lease import KeptMember, LeaseActor, LeaseRuntime
from edge_video.config.cluster import CameraClusterConfig
from edge_video.delivery.amqp.cluster_link import ClusterLink
from edge_video.resilience.cluster import CameraTerms, Handover, Holder, LeasePolicy, Uncertain

if TYPE_CHECKING:
    import pykka

    from edge_video.actors.system_spec import ChildStarter, HandoverState
    from edge_video.config import CameraConfig, ClusterConfig, Config
    from edge_video.runtime.timer import Clock, Timer
    from edge_video.wiring.shared import Shared

_OF_A_NODE: Final = frozenset(
    {
        *("url", "username", "password", "http_proxy", "input_args", "cluster", "enabled"),
        *("huffman", "hwaccel", "hwaccel_device", "jpeg_encoder"),
        *("ffmpeg_max_memory_mb", "ffmpeg_max_cpu_percent", "liveness"),
    }
)
"""Keys that are secrets, or that may differ from node to node: no part of what a camera is. The URL
is, with its secrets masked."""


def lease_starter(
    config: Config, shared: Shared, clock: Clock, timer: Timer, *, allow_faults: bool
) -> ChildStarter:
    """For the actor that holds the leases; all its lives are one node's."""
    cluster, control = config.cluster, shared.control
    assert cluster is not None
    assert control is not None
    runtime = LeaseRuntime(
        clock=clock,
        timer=timer,
        link=ClusterLink(control, cluster.group, config.node, clock.monotonic),
        holder=Holder(config.node, uuid.uuid4().hex[:12]),
        group=cluster.group,
        terms=lambda: lease_terms(shared.config),
        capacity=lambda: _capacity(shared.config),
        kept=KeptMember(),
        allow_faults=allow_faults,
    )

    def start(
        supervisor: pykka.ActorRef[LeaseActor], incarnation: int, known: HandoverState
    ) -> pykka.ActorRef[LeaseActor]:
        control.start()
        return LeaseActor.start(
            runtime=runtime,
            supervisor=supervisor,
            incarnation=incarnation,
            start_faults=known.start_faults,
        )

    return start


def lease_terms(config: Config) -> dict[str, CameraTerms]:
    """Return what the cluster needs to know of each camera; no secrets.

    One with `enabled: false` is among them: an operator may start it. As long as nobody has, its
    phase keeps this node out of its line.
    """
    cluster = config.cluster
    assert cluster is not None
    return {
        camera.id: CameraTerms(_definition(camera), _policy(cluster, camera))
        for camera in config.cameras
    }


def _capacity(config: Config) -> float:
    assert config.cluster is not None
    return config.cluster.capacity


def _policy(cluster: ClusterConfig, camera: CameraConfig) -> LeasePolicy:
    own = camera.cluster or CameraClusterConfig()
    return LeasePolicy(
        handover=Handover(own.handover or cluster.handover),
        uncertain=Uncertain(own.uncertain or cluster.uncertain),
        uncertain_stop_s=cluster.uncertain_stop,
        renew_s=cluster.renew,
    )


def _definition(camera: CameraConfig) -> str:
    """Return a hash of what the camera is on every node that has it."""
    values = camera.model_dump(mode="json", exclude=set(_OF_A_NODE))
    text = json.dumps([camera.masked_url, values], sort_keys=True)
    return blake2b(text.encode(), digest_size=8).hexdigest()
