"""The taker may leave a camera's frames where they are, or have them dropped for a reason."""

from __future__ import annotations

from edge_video.delivery.ledger import DropReason, Outcome
from edge_video.delivery.outbox import Outbox
from edge_video.delivery.round_robin import Admission
from edge_video.frames import CameraId
from edge_video.testing import FakeClock

A, B, C = CameraId("a"), CameraId("b"), CameraId("c")


def outbox(frames: int = 2) -> Outbox:
    made = Outbox(FakeClock(), max_age_s=60.0)
    for camera_id in (A, B, C):
        made.add_camera(camera_id)
        made.open(camera_id, 1, "s")
        for _ in range(frames):
            made.put(camera_id, 1, bytes(10))
    return made


def taken(box: Outbox, verdicts: dict[CameraId, Admission | DropReason]) -> list[str]:
    names = []
    while (frame := box.take(lambda each, _: verdicts.get(each, Admission.TAKE))) is not None:
        names.append(f"{frame.camera_id}{frame.seq}")
        box.settle(frame.camera_id, frame.seq, Outcome.CONFIRMED)
    return names


def test_what_is_left_stays_in_order_and_holds_nobody_up() -> None:
    box = outbox()
    assert taken(box, {A: Admission.LEAVE}) == ["b1", "c1", "b2", "c2"]
    assert (box.held, box.held_bytes) == (2, 20)
    assert taken(box, {}) == ["a1", "a2"]
    assert (box.held, box.held_bytes) == (0, 0)


def test_what_is_not_admitted_is_dropped_for_its_reason_and_was_never_published() -> None:
    box = outbox()
    verdicts: dict[CameraId, Admission | DropReason] = {
        A: DropReason.REFUSED,
        B: DropReason.TOO_LARGE,
    }
    assert taken(box, verdicts) == ["c1", "c2"]
    counts = box.counts()
    assert (counts[A].dropped_refused, counts[A].published) == (2, 0)
    assert (counts[B].dropped_too_large, counts[B].published) == (2, 0)
    assert all(each.imbalance() is None for each in counts.values())
    assert (box.held, box.held_bytes) == (0, 0)


def test_the_size_is_that_of_the_frame_in_question() -> None:
    box = outbox(0)
    for size in (5, 50, 6):
        box.put(A, 1, bytes(size))
    seen = []
    while True:
        frame = box.take(lambda _, size: DropReason.TOO_LARGE if size > 10 else Admission.TAKE)
        if frame is None:
            break
        seen.append((len(frame.image), frame.dropped))
    assert seen == [(5, 0), (6, 1)]
