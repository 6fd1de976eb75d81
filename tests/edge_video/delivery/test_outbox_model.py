"""Random events against a plain model of the outbox."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from edge_video.delivery.ledger import DropReason, FrameCounts, Outcome
from tests.edge_video.delivery.outbox_scenario import (
    CAM,
    IMAGE,
    OTHER,
    THIRD,
    OutboxScenario,
)

if TYPE_CHECKING:
    from edge_video.frames import CameraId

CAMERAS = st.sampled_from([CAM, OTHER, THIRD])
MAX_BYTES = 130


class OutboxModel(RuleBasedStateMachine):
    """Random events against a plain model: a list of what each camera holds."""

    def __init__(self) -> None:
        super().__init__()
        self.configured = {CAM: 3, OTHER: 3, THIRD: 1}
        self.scenario = OutboxScenario(
            CAM, OTHER, buffer_frames=3, max_age_s=2.0, max_bytes=MAX_BYTES
        )
        self.outbox = self.scenario.outbox
        self.outbox.add_camera(THIRD, buffer_frames=1)
        self.generation = {CAM: 1, OTHER: 1, THIRD: 0}
        self.open = {CAM: True, OTHER: True, THIRD: False}
        self.is_superseded = dict.fromkeys(self.configured, False)
        self.connected = True
        self.limit: int | None = None
        self.interval: float | None = None
        self.held: dict[CameraId, deque[tuple[int, float, int]]] = {
            c: deque() for c in self.configured
        }
        self.received_bytes = dict.fromkeys(self.configured, 0)
        self.published_bytes = dict.fromkeys(self.configured, 0)
        self.accepted_s = dict.fromkeys(self.configured, -1e9)
        self.seq = dict.fromkeys(self.configured, 0)
        self.taken_seq = dict.fromkeys(self.configured, 0)
        self.refused = dict.fromkeys(self.configured, 0)
        self.drops: dict[CameraId, dict[DropReason, int]] = {
            c: dict.fromkeys(DropReason, 0) for c in self.configured
        }
        self.outcomes: dict[CameraId, dict[Outcome, int]] = {
            c: dict.fromkeys(Outcome, 0) for c in self.configured
        }
        self.in_flight: list[tuple[CameraId, int]] = []
        self.line: list[CameraId] = []  # whose turn it is
        self.attached = False
        self.is_notified = False
        self.is_paused = False
        self.expected_notices = 0

    def capacity(self, camera: CameraId) -> int:
        configured = self.configured[camera]
        return configured if self.limit is None else min(configured, self.limit)

    def unless_away(self, reason: DropReason) -> DropReason:
        return reason if self.connected else DropReason.NOT_CONNECTED

    def shrink(self, reason: DropReason) -> None:
        for camera, held in self.held.items():
            while len(held) > self.capacity(camera):
                held.popleft()
                self.drops[camera][reason] += 1

    def expect_notice(self) -> None:
        if self.attached and not self.is_notified and any(self.held.values()):
            self.is_notified = True
            self.expected_notices += 1

    def drop_stale(self, camera: CameraId) -> None:
        now = self.scenario.clock.now
        while self.held[camera] and now - self.held[camera][0][1] > 2.0:
            self.held[camera].popleft()
            self.drops[camera][self.unless_away(DropReason.STALE)] += 1

    def expected_next(self) -> tuple[CameraId, int, int] | None:
        while self.line:
            camera = self.line.pop(0)
            self.drop_stale(camera)
            if self.held[camera]:
                seq, _, size = self.held[camera].popleft()
                self.published_bytes[camera] += size
                lost = seq - self.taken_seq[camera] - 1
                self.taken_seq[camera] = seq
                if self.held[camera]:
                    self.line.append(camera)
                return camera, seq, lost
        return None

    def bytes_of(self, camera: CameraId) -> int:
        return sum(size for _, _, size in self.held[camera])

    def make_room(self) -> None:
        while sum(map(self.bytes_of, self.line)) > MAX_BYTES:
            largest = max(self.line, key=self.bytes_of)
            self.held[largest].popleft()
            self.drops[largest][self.unless_away(DropReason.MEMORY)] += 1
            if not self.held[largest]:
                self.line.remove(largest)

    @rule(
        camera=CAMERAS,
        behind=st.sampled_from([0, 0, 0, 0, 1, -1]),
        size=st.sampled_from([len(IMAGE), len(IMAGE), 40, 70, MAX_BYTES, MAX_BYTES + 1]),
    )
    def put(self, camera: CameraId, behind: int, size: int) -> None:
        now = self.scenario.clock.now
        held = self.held[camera]
        expected = False
        if self.is_superseded[camera] and not behind and self.generation[camera]:
            self.seq[camera] += 1
            self.received_bytes[camera] += size
            self.drops[camera][DropReason.SUPERSEDED] += 1
        elif behind or not self.open[camera]:
            self.refused[camera] += 1
        else:
            self.seq[camera] += 1
            self.received_bytes[camera] += size
            if self.interval is not None and now - self.accepted_s[camera] < self.interval:
                self.drops[camera][DropReason.MEMORY] += 1
            else:
                self.accepted_s[camera] = now
                held.append((self.seq[camera], now, size))
                if len(held) > self.capacity(camera):
                    held.popleft()
                    self.drops[camera][self.unless_away(DropReason.OVERFLOW)] += 1
                if camera not in self.line:
                    self.line.append(camera)
                self.make_room()
                expected = bool(held)
                self.expect_notice()
        image = IMAGE.ljust(size, b"x")
        assert self.outbox.put(camera, self.generation[camera] - behind, image) is expected

    @rule()
    def take(self) -> None:
        expected = None if self.is_paused else self.expected_next()
        frame = self.outbox.take()
        if expected is None:
            assert frame is None
            self.is_notified = False
        else:
            assert frame is not None
            assert (frame.camera_id, frame.seq, frame.dropped) == expected
            self.in_flight.append(expected[:2])

    @rule(limit=st.integers(1, 4))
    def deliver(self, limit: int) -> None:
        expected: list[tuple[CameraId, int, int]] = []
        while len(expected) < limit and (one := self.expected_next()) is not None:
            expected.append(one)
            self.outcomes[one[0]][Outcome.CONFIRMED] += 1
        self.is_notified = False
        self.expect_notice()
        frames = self.outbox.deliver(limit)
        assert [(frame.camera_id, frame.seq, frame.dropped) for frame in frames] == expected

    @rule(which=st.integers(0, 9), outcome=st.sampled_from(Outcome), again=st.booleans())
    def settle(self, which: int, outcome: Outcome, again: bool) -> None:
        if which < len(self.in_flight):
            camera, seq = self.in_flight.pop(which)
            self.outcomes[camera][outcome] += 1
            assert self.outbox.settle(camera, seq, outcome)
            if again:
                assert not self.outbox.settle(camera, seq, Outcome.NACKED)
        else:
            assert not self.outbox.settle(CAM, self.seq[CAM] + 1, outcome)

    @rule(outcome=st.sampled_from(Outcome))
    def settle_all(self, outcome: Outcome) -> None:
        assert self.outbox.settle_all(outcome) == len(self.in_flight)
        for camera, _ in self.in_flight:
            self.outcomes[camera][outcome] += 1
        self.in_flight.clear()

    @rule(camera=CAMERAS)
    def open_next(self, camera: CameraId) -> None:
        self.generation[camera] += 1
        self.open[camera] = not self.is_superseded[camera]
        self.outbox.open(camera, self.generation[camera], "next")
        self.outbox.open(camera, self.generation[camera] - 1, "late")

    @rule(camera=CAMERAS, late=st.booleans())
    def end(self, camera: CameraId, late: bool) -> None:
        self.outbox.end(camera, self.generation[camera] - late)
        if not late:
            self.open[camera] = False

    @rule(camera=CAMERAS)
    def supersede(self, camera: CameraId) -> None:
        assert self.outbox.epochs.supersede(camera) == len(self.held[camera])
        self.drops[camera][DropReason.SUPERSEDED] += len(self.held[camera])
        self.held[camera].clear()
        self.line = [each for each in self.line if each != camera]
        self.open[camera], self.is_superseded[camera] = False, True

    @rule(camera=CAMERAS)
    def begin_epoch(self, camera: CameraId) -> None:
        self.outbox.epochs.begin(camera, 1)
        self.is_superseded[camera] = False

    @rule(seconds=st.sampled_from([0.0, 0.1, 0.25, 1.0, 2.5]))
    def time_passes(self, seconds: float) -> None:
        self.scenario.clock.advance(seconds)

    @rule(frames=st.sampled_from([None, 1, 2, 7]))
    def limit_buffers(self, frames: int | None) -> None:
        self.limit = frames
        self.outbox.limits.buffers(frames)
        self.shrink(DropReason.MEMORY)

    @rule(frames=st.integers(1, 4))
    def configure(self, frames: int) -> None:
        self.configured = dict.fromkeys(self.configured, frames)
        self.outbox.limits.configure(frames, 2.0, MAX_BYTES)
        self.shrink(self.unless_away(DropReason.OVERFLOW))

    @rule(connected=st.booleans())
    def sink_connected(self, connected: bool) -> None:
        self.outbox.sink_connected(connected)
        if connected and not self.connected:
            for camera in self.held:
                self.drop_stale(camera)
            self.line = [camera for camera in self.line if self.held[camera]]
        self.connected = connected

    @rule(interval=st.sampled_from([None, 0.2, 1.0]))
    def limit_rate(self, interval: float | None) -> None:
        self.interval = interval
        self.outbox.limits.rate(interval)

    @rule(reason=st.sampled_from(DropReason))
    def drop_held(self, reason: DropReason) -> None:
        assert self.outbox.drop_held(reason) == sum(map(len, self.held.values()))
        for camera, held in self.held.items():
            self.drops[camera][reason] += len(held)
            held.clear()
        self.line.clear()

    @rule()
    def attach(self) -> None:
        self.attached, self.is_notified, self.is_paused = True, False, False
        self.expect_notice()
        self.outbox.attach(self.scenario.on_ready)

    @rule()
    def detach(self) -> None:
        self.attached = self.is_notified = False
        self.outbox.detach()

    @rule()
    def pause(self) -> None:
        self.is_paused = True
        self.outbox.pause()

    @invariant()
    def the_listener_was_told_exactly_when_it_had_to_be(self) -> None:
        assert self.scenario.notifications == self.expected_notices

    @invariant()
    def the_counts_are_those_of_the_model(self) -> None:
        counts = self.outbox.counts()
        assert self.outbox.held == sum(map(len, self.held.values()))
        assert self.outbox.held_bytes == sum(map(self.bytes_of, self.held)) <= MAX_BYTES
        for camera, one in counts.items():
            assert one.imbalance() is None
            outcomes, drops = self.outcomes[camera], self.drops[camera]
            in_flight = sum(1 for each, _ in self.in_flight if each == camera)
            published = in_flight + sum(outcomes.values())
            assert replace(one, confirm_ns=0) == FrameCounts(
                received=self.seq[camera],
                published=published,
                held=len(self.held[camera]),
                in_flight=in_flight,
                refused_late=self.refused[camera],
                received_bytes=self.received_bytes[camera],
                published_bytes=self.published_bytes[camera],
                **{f"dropped_{reason}": number for reason, number in drops.items()},
                **{str(outcome): number for outcome, number in outcomes.items()},
            )
            assert one.held <= self.configured[camera]


TestOutboxModel = OutboxModel.TestCase
TestOutboxModel.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
