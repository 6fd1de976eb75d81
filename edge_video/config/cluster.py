"""Declares the sections of a cluster: nodes that share cameras, each captured by one of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, Field

from edge_video.config.section import Accepts, Conflict, Section, default, invalid
from edge_video.config.types import Duration, InSchema, Number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_GROUP: Final = "[A-Za-z0-9_-]{1,64}"
_GROUP_OF_NAMES: Final = re.compile(_GROUP)


def _group(text: str) -> str:
    if _GROUP_OF_NAMES.fullmatch(text) is None:
        raise invalid("a group is 1 to 64 letters, digits, - and _")
    return text


HandoverKey: TypeAlias = Literal["make-before-break", "break-before-make"]
UncertainKey: TypeAlias = Literal["keep", "stop"]
Renewal: TypeAlias = Annotated[Accepts[float, float | str], Duration(5.0, 60.0)]
Uncertainty: TypeAlias = Annotated[Accepts[float, float | str], Duration(5.0, 3600.0)]


class ClusterConfig(Section):
    """Nodes of one group share their cameras. Needs RabbitMQ, and a `node` name for each."""

    group: Annotated[
        str, AfterValidator(_group), InSchema(pattern=f"^{_GROUP}$", min_length=1, max_length=64)
    ] = "default"
    """Nodes with the same group, on one virtual host, share their cameras."""
    capacity: Annotated[Number, Field(ge=0.1, le=1000.0)] = 1.0
    """The node's weight: one of 2 gets twice the cameras of one of 1."""
    handover: HandoverKey = "make-before-break"
    """How a camera moves. make-before-break: the new node streams before the old one ends, so no
    frame is missing; break-before-make: for cameras that allow a single session."""
    uncertain: UncertainKey = "keep"
    """What a node does while it cannot prove that a camera is its own, as without the broker. keep:
    it goes on; stop: it ends after `uncertain_stop`, for cameras that allow a single session."""
    uncertain_stop: Uncertainty = default(30.0)
    """How long a node goes on with `uncertain: stop`."""
    renew: Renewal = default(10.0)
    """How often a node proves that a camera is its own."""


class CameraClusterConfig(Section):
    """How a single camera moves between nodes."""

    handover: HandoverKey | None = None
    """Absent: the `handover` of the `cluster` above the cameras."""
    uncertain: UncertainKey | None = None
    """Absent: the `uncertain` of the `cluster` above the cameras."""


def cluster_conflicts(
    cluster: ClusterConfig | None, cameras: Iterable[str], *, is_broker: bool
) -> Iterator[Conflict]:
    """Yield what stands in the way of a cluster.

    Args:
        cluster: its section, if there is one.
        cameras: the ids of the cameras.
        is_broker: frames go to a broker.
    """
    if cluster is None:
        return
    if not is_broker:
        message = "nodes share cameras by way of the broker; they need sink: amqp"
        yield "cluster", ("cluster", "sink"), message
    # Here and not above: most systems belong to no cluster.
    from edge_video.resilience.cluster.names import is_too_long  # noqa: PLC0415

    for index, camera in enumerate(cameras):
        if is_too_long(cluster.group, camera):
            message = "with the group of the cluster it makes a queue's name of over 255 bytes"
            key = f"cameras.{index}.id"
            yield key, (key, "cluster.group"), message
