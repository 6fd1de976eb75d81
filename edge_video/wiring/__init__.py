"""Makes the parts of a system from its configuration, and what starts its actors with them."""

from edge_video.wiring.frame_routes import require_sink
from edge_video.wiring.parts import Parts, make_launcher, make_parts, make_spec, timer_starter
from edge_video.wiring.reconfiguration import PartsReconfiguration

__all__ = [
    "Parts",
    "PartsReconfiguration",
    "make_launcher",
    "make_parts",
    "make_spec",
    "require_sink",
    "timer_starter",
]
