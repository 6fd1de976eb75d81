"""Keeps, over a new start of the program, what an operator has stopped, paused, drained, chosen."""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from edge_video.log.events import LogEvent, log_event
from edge_video.runtime.files import read_regular, replace_at
from edge_video.runtime.folder import open_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from edge_video.actors.camera_state import CameraState

_log = logging.getLogger(__name__)

FILE: Final = "operator.json"
_MAX_FILE: Final = 1024 * 1024


class ChosenProfile(NamedTuple):
    """An operator has chosen it."""

    name: str | None
    """None: no profile."""


@dataclass(frozen=True, slots=True)
class HeldCameras:
    """What an operator holds: cameras, by their ids, a profile, this node of a cluster."""

    stopped: frozenset[str] = frozenset()
    paused: frozenset[str] = frozenset()
    profile: ChosenProfile | None = None
    """None: no operator has chosen one."""
    is_drained: bool = False
    """The node takes no camera of its cluster."""

    @classmethod
    def of(
        cls,
        cameras: Iterable[CameraState],
        profile: ChosenProfile | None = None,
        *,
        is_drained: bool = False,
    ) -> HeldCameras:
        """Those of a supervisor that are held now."""
        present = [camera for camera in cameras if not camera.leaving]
        return cls(
            frozenset(
                camera.camera_id
                for camera in present
                if camera.config.enabled and not camera.wanted
            ),
            frozenset(
                camera.camera_id
                for camera in present
                if camera.breaker.forced_open or camera.pending.force_open
            ),
            profile,
            is_drained,
        )


class HeldWatch:
    """Part of the supervisor, used in its thread: tells when other cameras are held than before.

    Args:
        first: those that are held at first.
        on_change: told of the others; must not block. None: nobody wants to know.
    """

    def __init__(self, first: HeldCameras, on_change: Callable[[HeldCameras], None] | None) -> None:
        self._before = first
        self._on_change = on_change

    def look(
        self,
        cameras: Iterable[CameraState],
        profile: ChosenProfile | None = None,
        *,
        is_drained: bool = False,
    ) -> None:
        """Compare, after something that may have changed it."""
        held = HeldCameras.of(cameras, profile, is_drained=is_drained)
        if held != self._before:
            self._before = held
            if self._on_change is not None:
                self._on_change(held)


class HeldFile:
    """The file in which they are kept. It is written by a thread that lives while there is need.

    A disk that is slow, or full, holds up nobody else; what could not be written is logged.

    Args:
        directory: of what the program keeps; made when it is needed.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._changed = threading.Condition()
        self._next: HeldCameras | None = None
        self._is_writing = False

    def read(self) -> HeldCameras:
        """Those that are kept; none when the file is not there, or is none of ours."""
        try:
            kept = json.loads(read_regular(self._directory / FILE, _MAX_FILE))
            chosen = ChosenProfile(_text(kept["profile"])) if "profile" in kept else None
            return HeldCameras(
                frozenset(map(str, kept["stopped"])),
                frozenset(map(str, kept["paused"])),
                chosen,
                kept.get("drained") is True,
            )
        except FileNotFoundError:
            return HeldCameras()
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._report(error)
            return HeldCameras()

    def keep(self, held: HeldCameras) -> None:
        """Keep these from now on; returns at once. Any thread."""
        with self._changed:
            self._next = held
            if self._is_writing:
                return
            writer = threading.Thread(target=self._run, name="edge-video-state", daemon=True)
            self._is_writing = True
            try:
                writer.start()
            except RuntimeError as error:  # no new thread can be had; the next change tries again
                self._is_writing = False
                self._report(error)

    def settle(self, timeout_s: float) -> bool:
        """Wait until what was told is on the disk, for so long at most; whether it is."""
        with self._changed:
            has_ended = self._changed.wait_for(lambda: not self._is_writing, timeout_s)
            return has_ended and self._next is None

    def _run(self) -> None:
        while True:
            with self._changed:
                held, self._next = self._next, None
                if held is None:
                    self._is_writing = False
                    self._changed.notify_all()
                    return
            try:
                self._write(held)
            except OSError as error:
                self._report(error)

    def _write(self, held: HeldCameras) -> None:
        kept: dict[str, object] = {
            "stopped": sorted(held.stopped),
            "paused": sorted(held.paused),
        }
        if held.profile is not None:
            kept["profile"] = held.profile.name
        if held.is_drained:
            kept["drained"] = True
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open_directory(self._directory) as descriptor:
            encoded = (json.dumps(kept, indent=2) + "\n").encode()
            replace_at(descriptor, FILE, encoded, temporary=f".{FILE}.tmp", mode=0o600)

    def _report(self, error: Exception) -> None:
        said = str(error) if isinstance(error, RuntimeError) else ""
        reason = getattr(error, "strerror", None) or said or type(error).__name__
        log_event(_log, LogEvent.STATE_NOT_KEPT, path=self._directory / FILE, reason=reason)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
