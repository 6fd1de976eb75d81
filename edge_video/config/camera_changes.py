"""Works out what is kept of a camera when somebody changes it over the network. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from edge_video.config.camera import CameraConfig
from edge_video.config.kept import REMOVED
from edge_video.config.url_checks import scheme_of
from edge_video.text.redact import MASK
from edge_video.text.urls import HTTP_SCHEMES, NETWORK_SCHEMES, split_url

if TYPE_CHECKING:
    from collections.abc import Mapping

_AUTHORITY: Final = "://"

CHANGEABLE: Final = frozenset(CameraConfig.model_fields) - {
    *("id", "input_args", "schedule", "device", "liveness", "publish", "masks", "crop", "cluster"),
}
"""Keys that may be set over the network. FFmpeg's arguments may name files, so they may not. A
schedule is a section of its own, which only the operator's file has; so are liveness, what is
published, and the device, which stays the same when its address changes. What nobody may see,
whoever may change a camera must not uncover."""


def problems_of(values: Mapping[str, Any]) -> tuple[str, ...]:
    """What nobody may set over the network, a line each; the rest is the validation's."""
    found = []
    for key, value in values.items():
        if key not in CHANGEABLE:
            known = ", ".join(sorted(CHANGEABLE))
            found.append(f"{key[:60]}: it cannot be set here; known are {known}")
        elif not isinstance(value, str | int | float | bool | None):
            found.append(f"{key}: it must be a single value")
        elif isinstance(value, str) and MASK in value:
            found.append(f"{key}: it holds {MASK}, which only stands for a secret")
    url = values.get("url")
    if isinstance(url, str) and scheme_of(url) not in NETWORK_SCHEMES:
        found.append(f"url: it must begin with one of {', '.join(sorted(NETWORK_SCHEMES))}://")
    return tuple(found)


def replaced(values: Mapping[str, Any], in_file: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is kept when these are all the keys of a camera, whatever its file says."""
    hidden = {key: None for key in (in_file or {}) if key in CHANGEABLE}
    return {**hidden, **values}


def patched(
    values: Mapping[str, Any], kept: Mapping[str, Any] | None, now: CameraConfig | None
) -> dict[str, Any]:
    """What is kept when these keys change and all others stay, of a camera that is `now` so."""
    before = {} if kept is None else {k: v for k, v in kept.items() if k != REMOVED}
    return {**before, **_left_with_its_address(values, now), **values}


def _left_with_its_address(values: Mapping[str, Any], now: CameraConfig | None) -> dict[str, None]:
    """The keys of still pictures, which come over HTTP alone: a camera's new address is none."""
    url = values.get("url")
    if now is None or now.mode != "snapshot" or not isinstance(url, str):
        return {}
    return {} if scheme_of(url) in HTTP_SCHEMES else {"mode": None, "snapshot_interval": None}


def removed(in_file: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What is kept when a camera is removed: nothing, unless its file still has it."""
    return None if in_file is None else {REMOVED: True}


def secret_for_another(
    values: Mapping[str, Any], before: CameraConfig | None, after: CameraConfig | None
) -> str | None:
    """What is wrong when a stored secret would go to another machine; None: it would not.

    Whoever may change a camera may not read its secrets, and would by naming a host of their own.
    """
    if before is None or after is None or _goes_to(before) == _goes_to(after):
        return None
    key = None
    if after.password is not None and "password" not in values:
        key = "password"
    elif "url" not in values and _may_hold_a_secret(after):
        key = "url"
    elif after.input_args:
        return "input_args: they may hold secrets, so only the file gives them another address"
    if key is None:
        return None
    return f"{key}: another address needs it anew; it goes to nobody whom it was not meant for"


def _may_hold_a_secret(camera: CameraConfig) -> bool:
    """Whether the URL itself has credentials, or a query, where cameras take them too."""
    url = camera.url.get_secret_value()
    if _AUTHORITY not in url:
        return False
    split = split_url(url)
    return split.username is not None or split.password is not None or "?" in split.rest


def _goes_to(camera: CameraConfig) -> tuple[object, ...]:
    """All that decides which machines see a camera's secrets."""
    url = camera.url.get_secret_value()
    proxy = camera.http_proxy
    through = None if proxy is None else proxy.get_secret_value()
    if _AUTHORITY not in url:  # a device, or what FFmpeg makes itself
        return url, through
    parts = urlsplit(split_url(url).without_credentials)
    return parts.scheme.lower(), parts.hostname, parts.netloc, through


def camera_in(values: Mapping[str, Any], camera_id: str) -> Mapping[str, Any] | None:
    """The keys of a camera in the operator's files; None when it is not there."""
    for camera in values.get("cameras") or ():
        if isinstance(camera, dict) and str(camera.get("id")) == camera_id:
            return camera
    return None
