"""Says what cannot be configured beside `mode: snapshot`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from edge_video.config.url_checks import scheme_of
from edge_video.text.urls import HTTP_SCHEMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from edge_video.config.section import Conflict

DECODED: Final = (
    *("width", "height", "masks", "crop", "rotate", "mirror"),
    *("hwaccel", "hwaccel_device", "jpeg_encoder", "keyframes_only"),
)
"""Keys of a camera that need a decoded picture."""
MANY_FPS: Final = 5
"""More pictures a second than most cameras make on request."""
_NOT_HTTP: Final = "with mode: snapshot the url begins with http:// or https://"
_AS_IT_IS: Final = "with mode: snapshot the camera's own picture is published as it is"
_NO_READER: Final = "with mode: snapshot no FFmpeg runs that would read them"
_OTHER_MODE: Final = "only with mode: snapshot"
_NO_PACKAGE: Final = (
    "snapshot needs the package httpcore, which is not installed:"
    " pip install 'edge-video[snapshot]'"
)


def snapshot_conflicts(url: str, given: Mapping[str, object]) -> Iterator[Conflict]:
    """Yield what does not go together of a camera with this URL and these other keys."""
    if given["mode"] != "snapshot":
        if given["snapshot_interval"] is not None:
            yield "snapshot_interval", ("snapshot_interval", "mode"), _OTHER_MODE
        return
    if find_spec("httpcore") is None:
        yield "mode", ("mode",), _NO_PACKAGE
    if scheme_of(url) not in HTTP_SCHEMES:
        yield "url", ("url", "mode"), _NOT_HTTP
    for key in DECODED:
        if given[key] not in (None, False, 0, (), "none", "software"):
            yield key, (key, "mode"), _AS_IT_IS
    if given["input_args"]:
        yield "input_args", ("input_args", "mode"), _NO_READER
