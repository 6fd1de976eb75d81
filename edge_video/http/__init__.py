"""Serves the operator's page, probes, metrics and API over HTTP, all from snapshots.

The names below are imported when they are first asked for: uvicorn and starlette cost memory, which
a program without an `http` section does not spend.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge_video.http.server import HttpServer
    from edge_video.http.settings import HttpSettings

__all__ = ["HttpServer", "HttpSettings"]

_MODULES = {"HttpServer": "server", "HttpSettings": "settings"}


def __getattr__(name: str) -> object:
    """Import one of `__all__`."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
