"""Wraps what the program needs of the machine: clock and timer, reactor, signals, files."""

from edge_video.runtime.reactor import Reactor
from edge_video.runtime.timer import Clock, SystemClock, SystemTimer, Timer

__all__ = ["Clock", "Reactor", "SystemClock", "SystemTimer", "Timer"]
