"""Looks up the version of the installed package."""

from __future__ import annotations

from importlib import metadata


def version() -> str:
    """The installed version; `0+unknown` when the package is not installed, but only lies there."""
    try:
        return metadata.version("edge-video")
    except metadata.PackageNotFoundError:
        return "0+unknown"
