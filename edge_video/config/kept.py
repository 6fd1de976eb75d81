"""Keeps the cameras that were added or changed while the program ran, in files of its own.

They lie in `cameras.d` of the state directory, one JSON file a camera, readable by this user only.
The operator's files are never written. What is kept wins, key by key: a key of a kept file stands
over the same key of the operator's camera with this id, `null` takes the key away, a camera that
the operator does not have is added behind the others, and `removed: true` takes one away.

Values are taken as they are: no `${NAME}`, no `file:`. Whoever may change a camera over the network
must not read the program's environment or its files by it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from edge_video.config.camera import CameraConfig
from edge_video.config.files import read_text
from edge_video.config.problems import ConfigError, Origin, Problem
from edge_video.runtime.files import replace_at
from edge_video.runtime.folder import open_directory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edge_video.config.problems import Findings

KeptCameras: TypeAlias = "Mapping[str, Mapping[str, Any]]"
"""Camera id → what is kept of it, as plain values."""

CAMERAS: Final = "cameras.d"
REMOVED: Final = "removed"
"""The key that takes a camera away."""

_SECRETS: Final = {"url", "username", "password", "http_proxy", "input_args"}
_MAX_KEPT: Final = 10_000


def kept_directory(values: Mapping[str, Any]) -> Path | None:
    """The directory of the kept cameras, of values that are not validated yet."""
    state = values.get("state")
    directory = state.get("dir") if isinstance(state, dict) else None
    return Path(directory) / CAMERAS if isinstance(directory, str) and directory else None


def read_kept(directory: Path) -> dict[str, dict[str, Any]]:
    """What is kept, by camera id, in the order of the ids.

    Raises:
        ConfigError: a file cannot be read, or is none of ours.
    """
    if not directory.is_dir():
        return {}
    found = sorted(each for each in directory.iterdir() if each.suffix == ".json")
    return {each.stem: _read(each) for each in found[:_MAX_KEPT]}


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(read_text(path))
    except ValueError:
        values = None
    if not isinstance(values, dict):
        message = "this is no file of a kept camera; put it aside"
        raise ConfigError((Problem(str(path), None, "", message),))
    return values


def write_kept(directory: Path, camera_id: str, values: Mapping[str, Any] | None) -> None:
    """Keep these values of a camera, or nothing; whole or not at all, even if the power fails.

    Raises:
        OSError: it could not be written; the file is as it was.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = directory / f"{camera_id}.json"
    if values is None:
        path.unlink(missing_ok=True)
        return
    text = json.dumps(values, ensure_ascii=False, indent=2) + "\n"
    with open_directory(directory) as descriptor:
        replace_at(descriptor, path.name, text.encode(), temporary=f".{path.name}.tmp", mode=0o600)


def lay_over(values: Mapping[str, Any], kept: KeptCameras, findings: Findings) -> dict[str, Any]:
    """The operator's values with what is kept over them; neither is changed."""
    cameras = [
        dict(each) if isinstance(each, dict) else each for each in values.get("cameras") or ()
    ]
    if "cameras" not in values and not kept:
        return dict(values)
    places = {
        str(each.get("id")): index for index, each in enumerate(cameras) if isinstance(each, dict)
    }
    gone = []
    for camera_id, changes in kept.items():
        index = places.get(camera_id)
        if changes.get(REMOVED):
            gone += [] if index is None else [index]
            continue
        if index is None:
            index = len(cameras)
            cameras.append({"id": camera_id})
        cameras[index] = {**cameras[index], **changes, "id": camera_id}
        _remember(findings, index, camera_id, changes)
    if gone:
        cameras = _without(cameras, gone, findings)
    return {**values, "cameras": cameras}


def _remember(findings: Findings, index: int, camera_id: str, changes: Mapping[str, Any]) -> None:
    """Let problems name the kept file, and quote what is no secret."""
    file = f"{CAMERAS}/{camera_id}.json"
    findings.origins.setdefault(("cameras", index), Origin(1, file=file))
    for key, value in changes.items():
        written = None if key in _SECRETS else str(value)
        field = CameraConfig.model_fields.get(key)
        findings.origins["cameras", index, key] = Origin(1, field, written, file=file)
        if key in _SECRETS and isinstance(value, str):
            findings.secrets.append(value)


def _without(cameras: list[Any], gone: list[int], findings: Findings) -> list[Any]:
    """Leave cameras out; problems of those behind them keep their lines."""
    left = [index for index in range(len(cameras)) if index not in gone]
    places = {old: new for new, old in enumerate(left)}
    moved = {}
    for path, origin in findings.origins.items():
        if path[:1] == ("cameras",) and len(path) > 1:
            if path[1] in places:
                moved["cameras", places[int(path[1])], *path[2:]] = origin
        else:
            moved[path] = origin
    findings.origins.clear()
    findings.origins.update(moved)
    return [cameras[index] for index in left]
