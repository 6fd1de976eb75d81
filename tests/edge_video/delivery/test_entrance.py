"""What becomes of frames where only changes are published: counted, numbered and noted."""

from __future__ import annotations

import io
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from PIL import Image

from edge_video.delivery.entrance import Entrance
from edge_video.delivery.ledger import DropReason, Outcome
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId, ChangeNote
from edge_video.frames.change_gate import ChangePolicy, LookShare
from edge_video.testing import FakeClock

CAM = CameraId("cam1")
POLICY = ChangePolicy(after_s=0.0)


def picture(level: int, size: tuple[int, int] = (64, 48)) -> bytes:
    file = io.BytesIO()
    Image.new("L", size, level).save(file, "JPEG")
    return file.getvalue()


DARK, LIGHT, SMALL = picture(20), picture(200), picture(20, (32, 24))
TORN: Final = DARK[:-20]


class Gated:
    """A camera's entrance, its outbox and a clock."""

    def __init__(self, policy: ChangePolicy | None = POLICY) -> None:
        self.clock = FakeClock()
        self.outbox = Outbox(self.clock, buffer_frames=2)
        self.outbox.add_camera(CAM)
        self.outbox.open(CAM, 1, "s")
        self.entrance = Entrance(self.outbox, CAM, self.clock, LookShare(), policy)

    def put(self, *images: bytes, generation: int = 1) -> None:
        for image in images:
            self.clock.advance(0.1)
            self.entrance.put(CAM, generation, image)

    def published(self) -> list[tuple[int, int, int]]:
        """Number, left out before it, and how many of those for no change."""
        return [
            (frame.seq, frame.dropped, frame.note.unchanged if frame.note else 0)
            for frame in self.outbox.deliver()
        ]


def test_where_all_frames_are_published_nothing_stands_before_the_outbox() -> None:
    gated = Gated(None)
    assert gated.entrance.put == gated.outbox.put


def test_frames_without_a_change_are_received_dropped_for_that_and_no_loss() -> None:
    gated = Gated()
    gated.put(DARK, DARK, DARK, LIGHT, LIGHT)
    counts = gated.outbox.counts()[CAM]
    assert (counts.received, counts.held, counts.dropped_unchanged) == (5, 2, 3)
    assert (counts.dropped, counts.lost, counts.imbalance()) == (3, 0, None)
    assert gated.outbox.health.recent_drops()[CAM] == (0, False)
    assert gated.outbox.last_frame_s(CAM) == gated.clock.now
    assert gated.published() == [(1, 0, 0), (4, 2, 2)]


def test_what_was_lost_beside_them_is_told_apart() -> None:
    gated = Gated()
    gated.put(DARK, DARK, LIGHT, DARK)  # two are held, the newest
    assert gated.published() == [(3, 2, 1), (4, 0, 0)]
    gated.put(DARK, DARK, LIGHT)  # the next one after a loss is published, whatever it shows
    assert gated.published() == [(5, 0, 0), (7, 1, 1)]


def test_who_only_looks_sees_frames_that_are_not_published() -> None:
    gated = Gated()
    gated.outbox.pictures.watch(CAM, 5.0)
    gated.put(DARK, DARK)
    watched = gated.outbox.pictures.watch(CAM, 5.0)
    assert watched is not None
    assert watched.seq == 2


def test_another_size_is_published_and_known() -> None:
    gated = Gated()
    gated.put(DARK, SMALL, SMALL)
    assert gated.outbox.last_size(CAM) == (32, 24)
    assert gated.published() == [(1, 0, 0), (2, 0, 0)]


def test_frames_of_an_attempt_that_is_over_are_refused_late() -> None:
    gated = Gated()
    gated.put(DARK)
    gated.outbox.end(CAM, 1)
    gated.put(DARK, LIGHT)
    counts = gated.outbox.counts()[CAM]
    assert (counts.received, counts.refused_late, counts.dropped_unchanged) == (1, 2, 0)


def test_a_policy_comes_and_goes_while_frames_come() -> None:
    gated = Gated(None)
    gated.put(DARK, DARK)
    assert gated.published() == [(1, 0, 0), (2, 0, 0)]
    gated.entrance.use(POLICY)
    gated.put(DARK, DARK)
    assert gated.published() == [(3, 0, 0)]
    gated.entrance.use(POLICY)  # the same: the reference is kept
    gated.put(DARK)
    gated.entrance.use(None)
    gated.put(DARK, DARK)
    assert gated.published() == [(6, 2, 2), (7, 0, 0)]
    gated.put(DARK, DARK)
    gated.entrance.use(POLICY)
    gated.put(DARK, DARK)  # only two are held: the others are lost
    assert gated.published() == [(10, 2, 0), (11, 0, 0)]


def test_frames_left_out_before_a_reload_are_told_after_it_and_announce_no_next_one() -> None:
    gated = Gated()
    gated.put(DARK)
    assert gated.published() == [(1, 0, 0)]
    gated.put(DARK)
    gated.entrance.use(None)
    gated.put(DARK, DARK)
    assert [frame.note for frame in gated.outbox.deliver()] == [ChangeNote(None, 1), None]


def test_the_first_frame_of_another_stream_is_published() -> None:
    gated = Gated()
    gated.put(DARK, DARK)
    gated.entrance.begin_anew()
    gated.put(DARK, DARK)
    assert gated.published() == [(1, 0, 0), (3, 1, 1)]
    gated.entrance.use(None)
    gated.entrance.begin_anew()  # where all are published, nothing is to be done


def test_after_an_outage_the_first_frame_is_published() -> None:
    gated = Gated()
    gated.put(DARK, DARK)
    gated.outbox.sink_connected(connected=False)
    gated.clock.advance(60)
    gated.outbox.sink_connected(connected=True)  # what was held is too old now
    gated.put(DARK, DARK)
    assert gated.published() == [(3, 2, 1)]


def test_what_a_connection_took_with_it_is_followed_by_the_next_frame() -> None:
    gated = Gated()
    gated.put(DARK)
    assert gated.outbox.take() is not None
    gated.put(DARK)
    assert gated.outbox.settle_all(Outcome.UNKNOWN) == 1
    gated.put(DARK, DARK)
    assert gated.published() == [(3, 1, 1)]


class AnyFault(RuleBasedStateMachine):
    """Random frames and faults: the sums hold, and nothing goes missing without a name."""

    def __init__(self) -> None:
        super().__init__()
        self.gated = Gated()
        self.outbox = self.gated.outbox
        self.sent = 0
        self.late = 0
        self.left_out: list[int] = []
        self.last = 0
        self.losses = 0
        self.taken: list[int] = []
        self.generation = 1

    @rule(
        image=st.sampled_from([DARK, DARK, DARK, LIGHT, SMALL, TORN]),
        late=st.sampled_from([False, False, False, True]),
    )
    def put(self, image: bytes, late: bool) -> None:
        losses = self.outbox.unchanged.losses(CAM)
        before = self.outbox.counts()[CAM].dropped_unchanged
        self.gated.put(image, generation=self.generation - late)
        self.sent += 1
        self.late += late
        if losses != self.losses:
            assert self.outbox.counts()[CAM].dropped_unchanged == before
        self.losses = losses
        counts = self.outbox.counts()[CAM]
        if counts.dropped_unchanged > before:
            self.left_out.append(counts.received)

    @rule()
    def take(self) -> None:
        frame = self.outbox.take()
        if frame is not None:
            self.taken.append(frame.seq)
            unchanged = frame.note.unchanged if frame.note else 0
            assert unchanged == sum(self.last < seq < frame.seq for seq in self.left_out)
            assert frame.dropped == frame.seq - self.last - 1
            self.last = frame.seq

    @rule(outcome=st.sampled_from(Outcome))
    def settle(self, outcome: Outcome) -> None:
        if self.taken:
            assert self.outbox.settle(CAM, self.taken.pop(0), outcome)

    @rule(outcome=st.sampled_from(Outcome))
    def sink_dies(self, outcome: Outcome) -> None:
        self.outbox.settle_all(outcome)
        self.taken.clear()

    @rule(connected=st.booleans())
    def connection(self, connected: bool) -> None:
        self.outbox.sink_connected(connected)

    @rule(reason=st.sampled_from([DropReason.SHUTDOWN, DropReason.MEMORY]))
    def drop_held(self, reason: DropReason) -> None:
        self.outbox.drop_held(reason)

    @rule(seconds=st.sampled_from([0.5, 3.0, 11.0]))
    def time_passes(self, seconds: float) -> None:
        self.gated.clock.advance(seconds)

    @rule(on=st.booleans())
    def reload(self, on: bool) -> None:
        self.gated.entrance.use(POLICY if on else None)

    @rule(interval=st.sampled_from([None, 1.0]))
    def memory(self, interval: float | None) -> None:
        self.outbox.limits.rate(interval)

    @rule()
    def another_attempt(self) -> None:
        self.generation += 1
        self.outbox.open(CAM, self.generation, "next")

    @invariant()
    def the_sums_hold(self) -> None:
        counts = self.outbox.counts()[CAM]
        assert counts.imbalance() is None
        assert counts.received + counts.refused_late == self.sent
        assert counts.refused_late == self.late
        assert len(self.left_out) == counts.dropped_unchanged


TestAnyFault = AnyFault.TestCase
TestAnyFault.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
