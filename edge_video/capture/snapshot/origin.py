"""Says to whom a request goes, and which redirects are followed. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urljoin

from edge_video.capture.presence import PORTS
from edge_video.capture.snapshot.trouble import NoPictureError
from edge_video.resilience.failures import Cause, Failure
from edge_video.text.urls import HTTP_SCHEMES, split_url

if TYPE_CHECKING:
    from edge_video.text.urls import SplitUrl


class Origin(NamedTuple):
    """Names whom a request goes to (RFC 6454): what one of them asks for is no other's matter."""

    scheme: str
    host: str
    port: int

    @property
    def host_header(self) -> str:
        """The value of `Host`, as browsers write it: some devices compare it, and know no `:80`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def origin_of(split: SplitUrl) -> Origin:
    """Return the origin of an HTTP URL."""
    return Origin(split.scheme, split.host, split.port or PORTS[split.scheme])


def followed(url: str, location: str) -> str:
    """Return where a redirect leads, as long as that is the same camera.

    Raises:
        NoPictureError: it leads to another host or port, or out of TLS.
    """
    before = origin_of(split_url(url))
    try:
        split = split_url(urljoin(url, location))
    except ValueError:
        split = None
    if split is None or split.scheme not in HTTP_SCHEMES or split.host != before.host:
        raise NoPictureError(Failure(Cause.REDIRECTED, "it redirects to another host"))
    after = origin_of(split)
    if (before.scheme, after.scheme) == ("https", "http"):
        raise NoPictureError(Failure(Cause.REDIRECTED, "it redirects out of TLS, to http:"))
    if before.port != after.port and not _is_usual_way_to_tls(before, after):
        raise NoPictureError(Failure(Cause.REDIRECTED, "it redirects to another port"))
    return split.without_credentials


def _is_usual_way_to_tls(before: Origin, after: Origin) -> bool:
    ways = (before.scheme, before.port), (after.scheme, after.port)
    return ways == (("http", PORTS["http"]), ("https", PORTS["https"]))
