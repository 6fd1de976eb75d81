"""Frames carry the epoch that held when they were whole; those of another node's camera go."""

from __future__ import annotations

import pytest

from edge_video.delivery.ledger import FrameCounts, Outcome
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId
from edge_video.testing import FakeClock

A, B = CameraId("a"), CameraId("b")


class Scene:
    """An outbox of two cameras that stream."""

    def __init__(self) -> None:
        self.outbox = Outbox(FakeClock(), max_age_s=60.0)
        for camera_id in (A, B):
            self.outbox.add_camera(camera_id)
            self.outbox.open(camera_id, 1, "s")

    def put(self, *cameras: CameraId, generation: int = 1) -> None:
        for camera_id in cameras:
            self.outbox.put(camera_id, generation, bytes(10))

    def taken(self) -> list[tuple[str, int | None]]:
        found = []
        while (frame := self.outbox.take()) is not None:
            found.append((f"{frame.camera_id}{frame.seq}", frame.epoch))
        return found

    def counts(self, camera_id: CameraId = A) -> FrameCounts:
        counts = self.outbox.counts()[camera_id]
        assert counts.imbalance() is None
        return counts


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_without_a_cluster_frames_have_no_epoch(scene: Scene) -> None:
    scene.put(A)
    assert scene.taken() == [("a1", None)]


def test_a_frame_has_the_epoch_that_held_when_it_was_whole(scene: Scene) -> None:
    scene.outbox.epochs.begin(A, 7)
    scene.put(A, B)
    scene.outbox.epochs.begin(A, 9)
    scene.put(A)
    assert scene.taken() == [("a1", 7), ("b1", None), ("a2", 9)]


def test_what_waits_of_another_node_s_camera_is_dropped_for_that(scene: Scene) -> None:
    scene.outbox.epochs.begin(A, 7)
    scene.put(A, B, A)
    assert scene.outbox.epochs.supersede(A) == 2
    assert (scene.outbox.held, scene.outbox.held_bytes) == (1, 10)
    assert scene.taken() == [("b1", None)]
    assert (scene.counts().received, scene.counts().dropped_superseded) == (2, 2)
    assert scene.outbox.epochs.supersede(A) == 0


def test_what_still_comes_of_the_attempt_that_ends_is_dropped_for_the_same(scene: Scene) -> None:
    scene.put(A)
    scene.outbox.epochs.supersede(A)
    scene.put(A, A)
    scene.put(A, generation=0)
    scene.outbox.open(A, 2, "an attempt that had just begun")
    scene.put(A, generation=2)
    counts = scene.counts()
    assert (counts.received, counts.dropped_superseded, counts.refused_late) == (4, 4, 1)
    assert scene.taken() == []


def test_what_is_in_flight_settles_as_always(scene: Scene) -> None:
    scene.put(A, A)
    assert scene.outbox.take() is not None
    scene.outbox.epochs.supersede(A)
    assert scene.outbox.settle(A, 1, Outcome.CONFIRMED)
    assert (scene.counts().confirmed, scene.counts().dropped_superseded) == (1, 1)


def test_an_attempt_after_the_next_grant_is_let_in_again(scene: Scene) -> None:
    scene.outbox.epochs.supersede(A)
    scene.outbox.epochs.begin(A, 12)
    scene.outbox.open(A, 2, "t")
    scene.put(A, generation=2)
    assert scene.taken() == [("a1", 12)]


def test_frames_that_nobody_misses_are_no_drops_that_an_operator_hears_of(scene: Scene) -> None:
    scene.put(A, A)
    scene.outbox.epochs.supersede(A)
    scene.put(A)
    assert scene.outbox.health.recent_drops()[A] == (0, False)
    assert (scene.counts().dropped, scene.counts().lost) == (3, 0)
    assert scene.outbox.unchanged.losses(A) == 0
