"""Cameras to broker: the pure core and the adapters of edge-video.

This package imports nothing by itself: `import edge_video.resilience.breaker` brings neither an
actor, nor pika, nor a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str

__all__ = ["__version__"]


def __getattr__(name: str) -> str:
    """Looked up when it is asked for (PEP 562)."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import metadata  # noqa: PLC0415 - not needed to import the package

    try:
        return metadata.version("edge-video")
    except metadata.PackageNotFoundError:
        return "0+unknown"
