"""Decides when something that failed is tried again: breaker, backoff and limits."""

from edge_video.resilience.breaker import BreakerPolicy, BreakerState, CircuitBreaker, Permit
from edge_video.resilience.failures import Cause, Failure

__all__ = ["BreakerPolicy", "BreakerState", "Cause", "CircuitBreaker", "Failure", "Permit"]
