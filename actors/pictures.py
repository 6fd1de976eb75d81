"""Takes in what is told of the cameras' pictures, and does what is to be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from edge_video.actors.base import tell
from edge_video.actors.liveness_messages import AcceptPicture, PictureFrozen, PictureJudged
from edge_video.actors.messages import CameraCommand, CommandAnswer, CommandResult, StartCamera

if TYPE_CHECKING:
    from edge_video.actors.cameras import CameraFleet
    from edge_video.actors.children import Children
    from edge_video.runtime.timer import Clock

LIVENESS = "liveness"


class Pictures:
    """Part of the supervisor: used in its thread only, never blocks.

    Args:
        fleet: the cameras.
        children: the other actors; the one that looks at pictures is among them, if there is any.
        clock: says when pictures changed.
    """

    def __init__(self, fleet: CameraFleet, children: Children, clock: Clock) -> None:
        self._fleet = fleet
        self._clock = clock
        self._children = children

    def handle(self, message: PictureJudged | PictureFrozen) -> None:
        """Note what the pictures are, or have FFmpeg started anew."""
        match message:
            case PictureJudged():
                self._judged(message)
            case PictureFrozen():
                # To an attempt that is over meanwhile it is told in vain: a new one has begun.
                tell(self._fleet.refs.get(message.camera_id), message)
            case _:
                assert_never(message)

    def _judged(self, judged: PictureJudged) -> None:
        """Note what a camera's pictures are, from now on unless that was known."""
        camera = self._fleet.state(judged.camera_id)
        if camera is not None and camera.record.picture is not judged.state:
            camera.update(picture=judged.state, picture_since_ns=self._clock.wall_ns())

    def commanded(self, command: CameraCommand, answer: CommandAnswer) -> None:
        """Learn anew what a camera shows that an operator has started again."""
        if isinstance(command, StartCamera) and answer.result is CommandResult.DONE:
            tell(self._children.ref(LIVENESS), AcceptPicture(command.camera_id))

    def accept(self, command: AcceptPicture) -> CommandAnswer:
        """Have what a camera shows now learned anew."""
        record = next((r for r in self._fleet.records if r.camera_id == command.camera_id), None)
        if record is None:
            return CommandAnswer(CommandResult.UNKNOWN_TARGET)
        if record.picture is None or not tell(self._children.ref(LIVENESS), command):
            return CommandAnswer(CommandResult.NOT_RUNNING)
        return CommandAnswer(CommandResult.DONE)
