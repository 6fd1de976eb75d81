"""Knows which profile applies, and which cameras it keeps off."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from edge_video.actors.held_cameras import ChosenProfile
from edge_video.log.events import LogEvent, log_event

if TYPE_CHECKING:
    from edge_video.config import Config
    from edge_video.config.profiles import ProfilesConfig

_log = logging.getLogger(__name__)


class Applied(NamedTuple):
    """Which profile applies, and what an operator has chosen; as in `Profiles`."""

    name: str | None
    chosen: ChosenProfile | None


class Profiles:
    """Part of the supervisor: used in its thread only, never blocks.

    What an operator has chosen counts, over restarts too; else what the first configuration says.

    Args:
        config: has the profiles.
        chosen: what an operator chose in an earlier run; None: nobody has chosen.
    """

    def __init__(self, config: Config, chosen: ChosenProfile | None) -> None:
        self._known: ProfilesConfig = config.profiles
        self.chosen = chosen
        """What an operator chose; None: nobody has."""
        self.name = config.profile if chosen is None else chosen.name
        """The profile that applies; None: all cameras are on."""
        self._end_what_is_gone()

    @property
    def names(self) -> tuple[str, ...]:
        """Those that are configured, in the order of the file."""
        return tuple(self._known.by_name)

    def choose(self, name: str | None) -> bool:
        """Let this one apply from now on; False: there is none of this name."""
        if name is not None and name not in self._known.by_name:
            return False
        self.name, self.chosen = name, ChosenProfile(name)
        return True

    @property
    def applied(self) -> Applied:
        """For `use`, should a reload be taken back."""
        return Applied(self.name, self.chosen)

    def use(self, known: ProfilesConfig, applied: Applied | None = None) -> None:
        """Go by these; if the one that applies is not among them, none does from now on.

        With `applied` that one applies again.
        """
        self._known = known
        if applied is not None:
            self.name, self.chosen = applied
        self._end_what_is_gone()

    def off_by(self, camera_id: str) -> str | None:
        """The profile that keeps a camera off; None: it is on."""
        if self.name is None or self._known.by_name[self.name].has(camera_id):
            return None
        return self.name

    def _end_what_is_gone(self) -> None:
        if self.name is None or self.name in self._known.by_name:
            return
        log_event(_log, LogEvent.PROFILE_GONE, profile=self.name)
        self.name = None
        self.chosen = None if self.chosen is None else ChosenProfile(None)
