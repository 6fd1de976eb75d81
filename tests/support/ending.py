"""A camera's attempt that is held up while it ends."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from edge_video.actors.messages import CommandAnswer
from tests.support.actors import quiesce

if TYPE_CHECKING:
    from edge_video.actors.messages import CameraCommand, CommandResult
    from tests.support.actors import ScriptedSystem


class Ending:
    """Holds a camera in its cleanup until `over`."""

    def __init__(self, system: ScriptedSystem) -> None:
        self.begun = threading.Event()
        self._over = threading.Event()
        self._system = system
        system.before_stop = self._hold

    def _hold(self, _: str) -> None:
        self.begun.set()
        assert self._over.wait(10)

    def wait(self) -> None:
        assert self.begun.wait(5)
        quiesce()

    def begins_with(self, command: CameraCommand) -> CommandResult:
        """Not by `ScriptedSystem.ask`, which would wait for the camera that is held."""
        answer = self._system.system.supervisor.ask(command, block=True, timeout=5)
        self.wait()
        assert isinstance(answer, CommandAnswer)
        return answer.result

    def over(self) -> None:
        self._over.set()
