"""Declares the settings of the HTTP server."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge_video.text.catalog import Language


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """What the configuration's `http` section amounts to."""

    host: str
    port: int
    token: str | None = field(default=None, repr=False)
    only_this_machine: bool = True
    """Whether `host` is a loopback address; else reading needs the token, too."""
    names: tuple[str, ...] = ()
    """Host names under which browsers may ask, lower case."""
    needs_publisher: bool = True
    needs_cameras: int = 1
    max_connections: int = 256
    """At once; a few more are kept for probes. Half of them may be viewers of updates."""
    language: Language = Language.EN
