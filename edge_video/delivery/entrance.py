"""Lets the frames of a camera into its outbox: all of them, or those that show a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.frames.change_gate import ChangeGate
from edge_video.frames.difference import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_video.delivery.outbox import Outbox
    from edge_video.frames import CameraId
    from edge_video.frames.change_gate import ChangePolicy, LookShare
    from edge_video.runtime.timer import Clock


class Entrance:
    """Where the frames of one attempt of a camera go in. Its owner's thread, `put` aside.

    Where every frame is published `put` is the outbox's own, and Pillow is not loaded.

    Args:
        outbox: has this camera.
        camera_id: the camera.
        clock: of the outbox.
        share: bounds the time in which pictures are looked at.
        changes: when a frame is published; None: all are.

    Attributes:
        outbox: as given.
        put: takes camera, generation and image, as `Outbox.put`. The thread that reads the camera
            calls it, and looks it up for each frame: `use` replaces it.
    """

    def __init__(
        self,
        outbox: Outbox,
        camera_id: CameraId,
        clock: Clock,
        share: LookShare,
        changes: ChangePolicy | None,
    ) -> None:
        self.outbox = outbox
        self.put: Callable[[CameraId, int, bytes], object] = outbox.put
        self._camera_id = camera_id
        self._clock = clock
        self._share = share
        self._changes: ChangePolicy | None = None
        self._gate: ChangeGate | None = None
        self.use(changes)

    def use(self, changes: ChangePolicy | None) -> None:
        """Publish by this policy from now on; the next frame is published.

        Raises:
            ModuleNotFoundError: the extra `pictures` is not installed.
        """
        if changes == self._changes:
            return
        self._changes = changes
        if changes is None:
            self.close()
            self._gate = None
            self.put = self.outbox.put
            return
        load()  # now, and not when the first frame waits for it
        self._share.join(self._camera_id)
        self._gate = ChangeGate(changes, self._share, self._clock.monotonic)
        self.put = _through(self._gate, self.outbox, self._clock)

    def begin_anew(self) -> None:
        """Publish the next frame, whatever it shows: another stream begins. Nobody puts one now."""
        if self._gate is not None:
            self._gate.forget()

    def close(self) -> None:
        """Look at no more pictures; whoever still puts one is no harm."""
        self._share.leave(self._camera_id)


def _through(
    gate: ChangeGate, outbox: Outbox, clock: Clock
) -> Callable[[CameraId, int, bytes], object]:
    """A `put` that leaves out what the gate finds unchanged. The pictures are looked at in it."""

    def put(camera_id: CameraId, generation: int, image: bytes) -> None:
        losses = outbox.unchanged.losses(camera_id)
        note = gate.judge(image, clock.monotonic(), clock.wall_ns(), losses)
        if note is None:
            outbox.unchanged.leave_out(camera_id, generation, image)
            return
        if not outbox.put(camera_id, generation, image, note):
            gate.forget()

    return put
