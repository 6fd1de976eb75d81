"""Tries the leases of a cluster against a model of the broker, under random faults.

Time is simulated. `python -m edge_video.testing.lease_model --schedules 10000` runs as many; a
violation names its seed, and `--seed` runs that one again with all that happened. What is modelled
of RabbitMQ stands in `queue`, what is broken in `faults`, what must hold in `oracle`.
"""

from edge_video.testing.lease_model.oracle import Violation
from edge_video.testing.lease_model.schedule import Outcome, run_schedule

__all__ = ["Outcome", "Violation", "run_schedule"]
