"""What a frame costs by each of its ways to the sink, side by side.

The short cut (the outbox wakes the sink), the same wake-up by a message, a camera with an outbox of
its own whose notice the publisher gets, and a message for each frame.

Run it: python -m bench.frame_messages [frames a second] [seconds]

Frames are put at a steady pace by a thread that is also the sink's, as the reactor is both in a
running system; every way ends in the same sink, which settles each frame as confirmed.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Final

from edge_video.actors.base import join, tell, void
from edge_video.actors.frame_messages import GetFrameCounts, PublishFrame
from edge_video.actors.messages import FramesReady
from edge_video.actors.publisher import PublisherActor, SinkPlace
from edge_video.delivery.ledger import Outcome
from edge_video.delivery.no_sink import NoSink
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId
from edge_video.runtime.reactor import Reactor
from edge_video.runtime.timer import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

    import pykka

    from edge_video.delivery.sink import SinkListener
    from edge_video.runtime.reactor import Member

CAMERA: Final = CameraId("cam1")
HEAD: Final = b"\xff\xd8\xff\xc0\x00\x0b\x08\x01\x68\x02\x80\x01\x01\x11\x00"
IMAGE: Final = HEAD + bytes(25_000) + b"\xff\xd9"
ROUNDS: Final = 5


class ReactorSink(NoSink):
    """A sink that works on a reactor's thread as the AMQP sink does, and writes nowhere."""

    def __init__(self, outbox: Outbox, member: Member, listener: SinkListener) -> None:
        super().__init__(listener)
        self._outbox = outbox
        self._member = member
        self._take_due = False

    def frames_ready(self) -> None:
        """Take in this round, or wake the reactor."""
        if self._take_due:
            return
        self._take_due = True
        if self._member.in_thread:
            self._member.at_end_of_round(self._take)
        else:
            self._member.call_soon(self._take)

    def _take(self) -> None:
        self._take_due = False
        while (frame := self._outbox.take()) is not None:
            self._outbox.settle(frame.camera_id, frame.seq, Outcome.CONFIRMED)


class Way:
    """A publisher with its sink, and how a frame gets there."""

    def __init__(self, reactor: Reactor) -> None:
        self.outbox = Outbox(SystemClock(), buffer_frames=100)
        self.outbox.add_camera(CAMERA)
        self.outbox.open(CAMERA, 1, "bench")
        self.other = Outbox(SystemClock(), buffer_frames=100)
        self.other.add_camera(CAMERA)
        self.other.open(CAMERA, 1, "bench")
        self.member = reactor.enter(print)
        self.publisher: pykka.ActorRef[PublisherActor] = PublisherActor.start(
            self.outbox,
            sink=SinkPlace(
                "nowhere",
                lambda outbox: lambda listener: ReactorSink(outbox, self.member, listener),
            ),
        )
        self.other.attach(lambda: void(tell(self.publisher, FramesReady(self.other))))
        self.publisher.ask(GetFrameCounts(), timeout=5)  # it has begun, and listens to its outbox

    def wake_by_message(self) -> None:
        """Let the outbox tell the publisher, and the publisher wake the sink."""
        self.outbox.attach(lambda: void(tell(self.publisher, FramesReady(self.outbox))))

    def short_cut(self) -> None:
        """Straight into the publisher's outbox, which wakes the sink."""
        self.outbox.put(CAMERA, 1, IMAGE)

    def notice(self) -> None:
        """Into an outbox of the camera's own, whose notice the publisher gets."""
        self.other.put(CAMERA, 1, IMAGE)

    def frame_message(self) -> None:
        """In a message."""
        self.publisher.tell(PublishFrame(CAMERA, IMAGE, time.time_ns()))

    def cost_us(self, put: Callable[[], None], rate: float, seconds: float) -> float:
        """CPU of the whole process per call, in microseconds; the pacing's own included."""
        calls = int(rate * seconds)
        begin_s, cpu_s = time.monotonic(), time.process_time()
        for number in range(calls):
            wait_s = begin_s + number / rate - time.monotonic()
            if wait_s > 0:
                time.sleep(wait_s)
            self.member.call_soon(put)
        time.sleep(0.1)
        return (time.process_time() - cpu_s) / calls * 1e6

    def close(self) -> None:
        """End the publisher and its reactor."""
        self.publisher.stop()
        join([self.publisher], time.monotonic() + 5)
        self.member.leave()


WAYS: Final[dict[str, Callable[[Way], None]]] = {
    "pacing alone": void,
    "short cut": Way.short_cut,
    "wake by message": Way.short_cut,
    "own outbox": Way.notice,
    "frame message": Way.frame_message,
}


def main(rate: float = 300.0, seconds: float = 5.0) -> None:
    """Print a line per way, a column per round; the ways take turns."""
    print(f"{rate:g} frames a second, {len(IMAGE) // 1000} kB each; CPU per frame in µs")
    costs: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(ROUNDS):
        for name, put in WAYS.items():
            way = Way(Reactor(round_s=0.0))
            if name == "wake by message":
                way.wake_by_message()
            costs[name].append(way.cost_us(partial(put, way), rate, seconds))
            counts = way.outbox.counts()[CAMERA]
            way.close()
            if name != "pacing alone" and counts.confirmed < rate * seconds * 0.99:
                print(f"{name}: only {counts.confirmed} frames; {counts}")
    for name, each in costs.items():
        print(f"{name:16}", "".join(f"{cost:8.1f}" for cost in each))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
