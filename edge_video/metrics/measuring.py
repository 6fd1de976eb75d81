"""Explains why a machine cannot be measured. Pure."""

from __future__ import annotations


class NotMeasurableError(Exception):
    """A figure that is wanted is not to be had here: no `/proc`, no permission, a sandbox."""


def why_not_measurable(error: Exception) -> str:
    """The reason for an operator, one line."""
    name = getattr(error, "filename", None)
    if isinstance(name, str):
        return f"{name}: {getattr(error, 'strerror', None) or type(error).__name__}"
    # psutil says "process PID not found" of this very process where /proc is empty.
    kind = type(error).__name__
    if kind == "NoSuchProcess":
        return "this process is not in /proc; is it mounted?"
    if kind == "AccessDenied":
        return "this user may not read /proc"
    return f"{kind}: {error}".strip(": ")
