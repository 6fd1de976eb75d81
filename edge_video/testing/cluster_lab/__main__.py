"""Runs the lab: `python -m edge_video.testing.cluster_lab`; see the package."""

from __future__ import annotations

import signal
import sys

from edge_video.testing.cluster_lab.command import run

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whatever runs is ended
    sys.exit(run(sys.argv[1:]))
