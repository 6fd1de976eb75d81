"""Looks at the cameras' pictures in a thread of its own, and tells what is wrong with them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, Unpack, assert_never, get_args

from edge_video.actors.base import ChildActor, ChildOptions, tell
from edge_video.actors.liveness_messages import AcceptPicture, PictureFrozen, PictureJudged
from edge_video.actors.messages import Begin, Tick
from edge_video.delivery.picture_watch import PictureWatch
from edge_video.log.events import LogEvent, log_event
from edge_video.resilience.liveness import PictureState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edge_video.delivery.outbox import Outbox
    from edge_video.frames import CameraId
    from edge_video.resilience.liveness import LivenessPolicy
    from edge_video.runtime.timer import Clock, Timer

_log = logging.getLogger(__name__)

LivenessMessage: TypeAlias = Begin | Tick | AcceptPicture
"""What the actor understands, besides what `base` says of all."""

_LOOK_S: Final = 1.0
"""From one round to the next, in which those are looked at whose time has come."""
_LEASE_S: Final = 3.0
"""For so long after a look the outbox keeps the newest picture of a camera."""


@dataclass(frozen=True, slots=True)
class LivenessRuntime:
    """What a liveness actor needs.

    Attributes:
        clock: says when.
        timer: wakes it.
        policies: of the cameras whose pictures are looked at; asked at each look.
        outbox_of: where the pictures of each camera are.
        allow_faults: obey `InjectFault`.
    """

    clock: Clock
    timer: Timer
    policies: Callable[[], Mapping[CameraId, LivenessPolicy]]
    outbox_of: Mapping[CameraId, Outbox]
    allow_faults: bool = False


class LivenessActor(ChildActor):
    """Judges a picture of each camera now and then; tells its supervisor a `PictureJudged`.

    Up to each second while a verdict is open, and every four seconds else. It takes the newest
    picture from the outbox, which keeps a reference to it: the threads that read and publish frames
    do nothing for it, and a look that takes long makes it look less often. One that had to be
    restarted learns anew what is usual.
    """

    NAME = "liveness"
    UNDERSTOOD = get_args(LivenessMessage)

    def __init__(self, *, runtime: LivenessRuntime, **options: Unpack[ChildOptions]) -> None:
        super().__init__(allow_faults=runtime.allow_faults, **options)
        self._runtime = runtime
        self._watches: dict[CameraId, PictureWatch] = {}
        self._since_s: dict[CameraId, float] = {}
        self._looked_at_s = -_LOOK_S

    def handle(self, message: LivenessMessage) -> object:
        """Dispatch."""
        match message:
            case Tick():
                self._look()
            case AcceptPicture(camera_id=camera_id):
                watch = self._watches.get(camera_id)
                if watch is not None:
                    watch.learn_anew()
            case Begin():
                self.tick_every(self._runtime.timer, _LOOK_S, Tick())
            case _:
                assert_never(message)
        return None

    def _look(self) -> None:
        now_s = self._runtime.clock.monotonic()
        if now_s - self._looked_at_s < _LOOK_S / 2:
            return  # it was late, and this tick waited meanwhile
        policies = self._runtime.policies()
        for camera_id in [each for each in self._watches if each not in policies]:
            del self._watches[camera_id]
            self._since_s.pop(camera_id, None)
            tell(self._supervisor, PictureJudged(camera_id, None))
        for camera_id, policy in policies.items():
            self._look_at(camera_id, policy, now_s)
        self._looked_at_s = self._runtime.clock.monotonic()

    def _look_at(self, camera_id: CameraId, policy: LivenessPolicy, now_s: float) -> None:
        watch = self._watches.get(camera_id)
        is_first = watch is None
        if watch is None:
            watch = self._watches[camera_id] = PictureWatch(policy)
        watch.use(policy)
        if not watch.is_due(now_s):
            return
        before = watch.state
        pictures = self._runtime.outbox_of[camera_id].pictures
        after = watch.look(pictures.watch(camera_id, policy.calm_interval_s + _LEASE_S), now_s)
        if is_first or after is not before:  # a predecessor may have told something else
            self._log_change(camera_id, after, now_s)
            tell(self._supervisor, PictureJudged(camera_id, after))
        lasted_s = watch.frozen_for_s(now_s)
        if lasted_s is not None:
            tell(self._supervisor, PictureFrozen(camera_id, lasted_s))

    def _log_change(self, camera_id: CameraId, after: PictureState | None, now_s: float) -> None:
        """One line when something is wrong, and one when it is right again."""
        if after is None:
            return
        if after is not PictureState.LIVE:
            self._since_s.setdefault(camera_id, now_s)
            log_event(_log, LogEvent.PICTURE_WRONG, camera_id=camera_id, state=after.value)
        elif (since_s := self._since_s.pop(camera_id, None)) is not None:
            log_event(
                _log,
                LogEvent.PICTURE_LIVE,
                camera_id=camera_id,
                lasted_s=float(round(now_s - since_s)),
            )
