"""An actor of an embedding program that keeps every frame it is given, without its picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pykka

from edge_video.actors.messages import FramesReady

if TYPE_CHECKING:
    from edge_video.frames import Frame


class FrameKeeper(pykka.ThreadingActor):
    """Keeps the frames of the outboxes that it is told of, in the order of their arrival."""

    use_daemon_thread = True

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[Frame] = []

    def on_receive(self, message: object) -> None:
        if isinstance(message, FramesReady):
            while frames := message.outbox.deliver():
                self.frames += [replace(each, image=b"") for each in frames]
