"""Says of each fault what it may lead to, and what is to be reached: a table, in seconds.

What may be is generous, because a lab shares its machine; what is to be reached is measured and
told beside it. A cut-off node cannot know that another one has taken over: what it may do is judged
from the end of the fault on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

OVERLAP_S: Final = 5.0
"""Two nodes may publish a camera for so long while it moves."""
SETTLE_S: Final = 12.0
"""So long after its fault has ended a node may bear a lower epoch: it has to hear the higher."""
QUIET_GAP_S: Final = 4.0
"""No longer without a frame while nothing is broken; a busy machine has its part in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one fault may lead to.

    Attributes:
        what: the fault, in a few words, for the table.
        gap_s: no camera is without a frame for longer, from the last before to the first after.
        goal_s: what the longest gap should stay below; None: it follows from the length of the
            fault alone.
        is_node_cut_off: the nodes it strikes do not run, or reach no broker of the majority, for
            as long as it lasts or until they notice.
        ends_captures: it ends the programs it strikes, and their captures with them.
        has_outage: nothing can be published while it lasts: captures go on, and nothing moves.
        loses_nothing: not one frame may be missing.
    """

    what: str
    gap_s: float
    goal_s: float | None = None
    is_node_cut_off: bool = False
    ends_captures: bool = False
    has_outage: bool = False
    loses_nothing: bool = False


LIMITS: Final[Mapping[str, Limits]] = {
    "kill": Limits(
        what="a program is killed (SIGKILL)",
        gap_s=10.0,
        goal_s=3.0,
        ends_captures=True,
        is_node_cut_off=True,
    ),
    "drain": Limits(
        what="a program ends in order (SIGTERM)",
        gap_s=2.0,
        goal_s=1.0,
        ends_captures=True,
        loses_nothing=True,
    ),
    "freeze": Limits(
        what="a program stands still for 20 s, then goes on",
        gap_s=25.0,
        goal_s=20.0,
        is_node_cut_off=True,
        ends_captures=True,
    ),
    "cut": Limits(what="a node's connections are closed", gap_s=10.0, goal_s=3.0),
    "half-open": Limits(
        what="a node's connections carry nothing for 25 s",
        gap_s=25.0,
        goal_s=20.0,
        is_node_cut_off=True,
    ),
    "power": Limits(
        what="a host and its cable are gone without a word",
        gap_s=25.0,
        goal_s=20.0,
        is_node_cut_off=True,
        ends_captures=True,
    ),
    "far": Limits(what="a node's link has 150 ms of delay and loses 2 %", gap_s=8.0, goal_s=5.0),
    "broker-killed": Limits(what="a broker node is killed", gap_s=20.0, goal_s=10.0),
    "broker-frozen": Limits(
        what="a broker node stands still for 40 s",
        gap_s=40.0,
        goal_s=20.0,
        is_node_cut_off=True,
    ),
    "partition": Limits(
        what="a broker node is cut off from the other two for 20 s",
        gap_s=25.0,
        goal_s=10.0,
        is_node_cut_off=True,
    ),
    "minority": Limits(
        what="two of three broker nodes are stopped for 15 s", gap_s=75.0, has_outage=True
    ),
    "alarm": Limits(what="the brokers block all publishers for 15 s", gap_s=30.0, has_outage=True),
}
"""Each fault by its name."""
