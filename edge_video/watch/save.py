"""Keeps the newest pictures of each camera as files."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from typing import TYPE_CHECKING, Final

from edge_video.runtime.files import replace_at
from edge_video.runtime.folder import open_directory
from edge_video.watch.tally import MAX_CAMERAS

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.watch.tally import Arrival

_PLAIN: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_OURS: Final = re.compile(r"\d{19}-\d+\.jpg")


def folder_name(camera_id: str) -> str:
    """A camera's folder: its id when that is one, else a name made from it.

    What stands in a header is foreign text; it must not lead out of the folder.
    """
    if _PLAIN.fullmatch(camera_id):
        return camera_id
    return "camera-" + hashlib.sha256(camera_id.encode("utf-8", "replace")).hexdigest()[:16]


class Saver:
    """Writes `<folder>/<camera>/<capture time>-<seq>.jpg`; at most `keep` files a camera.

    Files of earlier runs count. A camera's folder that is a symbolic link is refused; a link, pipe
    or device that has a picture's name is replaced, never written into. Raises OSError when the
    disk does not want to.
    """

    def __init__(self, folder: Path, keep: int) -> None:
        self._folder = folder
        self._keep = keep
        self._files: dict[str, deque[Path]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, frame: Arrival, image: bytes) -> None:
        """Keep one picture; the camera's oldest makes room."""
        name = folder_name(frame.camera_id)
        files = self._files.get(name)
        if files is None:
            if len(self._files) >= MAX_CAMERAS:
                return
            files = self._files[name] = self._found(name)
        path = self._folder / name / f"{max(0, frame.captured_at_ns):019d}-{max(0, frame.seq)}.jpg"
        with open_directory(path.parent, follow=False) as directory:
            replace_at(directory, path.name, image, sync=False)
        files.append(path)
        while len(files) > self._keep:
            files.popleft().unlink(missing_ok=True)

    def _found(self, name: str) -> deque[Path]:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        return deque(sorted(each for each in folder.iterdir() if _OURS.fullmatch(each.name)))
