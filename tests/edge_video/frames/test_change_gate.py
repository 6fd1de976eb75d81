"""Which frames are published where only changes are, on a scripted clock and scripted pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from edge_video.frames.change_gate import (
    MAX_CAMERA_SHARE,
    MAX_PAUSE_S,
    MAX_SHARE,
    ChangeGate,
    ChangePolicy,
    LookShare,
)
from edge_video.frames.difference import CoarsePicture
from edge_video.frames.frame import CameraId

if TYPE_CHECKING:
    from edge_video.frames.frame import ChangeNote

FPS = 15
NS = 10**9


class Scene:
    """A camera at 15 fps whose images are a grey level and a number, and a gate behind it."""

    def __init__(self, policy: ChangePolicy | None = None, *, look_s: float = 0.0) -> None:
        self.now_s = 100.0
        self.look_s = look_s
        self.looks = 0
        self.losses = 0
        self.count = 0
        self._measured_s = 0.0
        self.share = LookShare()
        self.gate = ChangeGate(policy or ChangePolicy(), self.share, self.measure, self.look)

    def measure(self) -> float:
        return self._measured_s

    def look(self, image: bytes) -> CoarsePicture | None:
        self.looks += 1
        self._measured_s += self.look_s
        kind, level, _ = image.split(b" ")
        if kind == b"torn":
            return None
        size = (640, 480) if kind == b"vga" else (1280, 720)
        return CoarsePicture(size, Image.new("L", (4, 4), int(level)), float(level))

    def frame(
        self, level: int, kind: str = "hd", *, number: int | None = None
    ) -> ChangeNote | None:
        """One frame; each is another image unless `number` says which."""
        self.now_s += 1 / FPS
        self.count += 1
        image = f"{kind} {level} {self.count if number is None else number}".encode()
        return self.gate.judge(image, self.now_s, round(self.now_s * NS), self.losses)

    def published(self, level: int, seconds: float, kind: str = "hd") -> int:
        """Frames that are published in so many seconds of the same picture."""
        notes = [self.frame(level, kind) for _ in range(round(seconds * FPS))]
        return sum(note is not None for note in notes)


@pytest.mark.parametrize(
    ("interval_s", "next_within_ms"), [(0.2, 10_200), (120.0, 130_000), (None, None)]
)
def test_the_next_frame_is_announced_for_when_it_is_due_by_the_interval_of_frames(
    interval_s: float | None, next_within_ms: int | None
) -> None:
    note = Scene(ChangePolicy(frame_interval_s=interval_s)).frame(50)
    assert note is not None
    assert note.next_within_ms == next_within_ms


def test_the_first_frame_is_published_and_the_same_picture_is_not() -> None:
    scene = Scene()
    assert scene.frame(50) == (10_000, 0, None)
    assert scene.published(50, 9) == 0
    assert scene.looks > 100


def test_a_frame_that_differs_is_published_itself_and_all_in_the_two_seconds_after_it() -> None:
    scene = Scene()
    scene.published(50, 5)
    assert scene.frame(80) == (10_000, 0, None)
    assert scene.published(80, 1.9) == round(1.9 * FPS)
    scene.published(80, 0.5)
    assert scene.published(80, 5) == 0


def test_a_movement_that_goes_on_is_published_whole() -> None:
    scene = Scene()
    scene.published(50, 5)
    for second in range(6):
        assert scene.published(80 + 20 * (second % 2), 1) == FPS
    looks = scene.looks
    assert scene.published(100, 1) == FPS
    assert scene.looks - looks <= 3


def test_after_no_time_only_frames_that_differ_are_published() -> None:
    scene = Scene(ChangePolicy(after_s=0.0))
    scene.published(50, 2)
    assert [scene.frame(each) is not None for each in (80, 80, 50, 50, 90)] == [1, 0, 1, 0, 1]


def test_a_slow_drift_adds_up_to_a_change() -> None:
    scene = Scene(ChangePolicy(threshold=8.0, at_least_s=1000.0, after_s=0.0))
    scene.frame(50)
    notes = [scene.frame(50 + frame // 3) for frame in range(90)]
    assert [index for index, note in enumerate(notes) if note] == [33, 66]


def test_what_is_due_is_published_with_the_time_of_the_first_frame_that_showed_it() -> None:
    scene = Scene()
    scene.frame(50)
    since_ns = round(scene.now_s * NS)
    notes = [note for _ in range(35 * FPS) if (note := scene.frame(50)) is not None]
    assert notes == [(10_000, 0, since_ns)] * 3
    scene.frame(90)
    changed_ns = round(scene.now_s * NS)
    notes = [note for _ in range(13 * FPS) if (note := scene.frame(90)) is not None]
    assert notes[-1] == (10_000, 0, changed_ns)
    assert all(note.unchanged_since_ns is None for note in notes[:-1])


def test_equal_bytes_are_not_looked_at() -> None:
    scene = Scene()
    assert [scene.frame(50, number=1) is not None for _ in range(4)] == [True, False, False, False]
    assert scene.looks == 0


def test_another_size_is_a_change() -> None:
    scene = Scene()
    scene.published(50, 3)
    assert scene.frame(50, "vga") is not None


@pytest.mark.parametrize("first", [True, False])
def test_what_nobody_can_look_at_is_published(first: bool) -> None:
    scene = Scene()
    if not first:
        scene.published(50, 3)
    assert scene.published(50, 5, "torn") == 5 * FPS
    assert scene.frame(50) is not None


def test_after_a_loss_the_next_frame_is_published() -> None:
    scene = Scene()
    scene.published(50, 3)
    for _ in range(3):  # the broker is away: each one is lost
        scene.losses += 1
        assert scene.frame(50) == (10_000, 0, None)
    assert scene.published(50, 5) == 0


def test_after_a_loss_the_time_of_the_picture_counts_anew() -> None:
    scene = Scene()
    scene.published(50, 3)
    scene.losses += 1
    scene.frame(50)
    since_ns = round(scene.now_s * NS)
    notes = [note for _ in range(11 * FPS) if (note := scene.frame(50)) is not None]
    assert notes == [(10_000, 0, since_ns)]


@pytest.mark.parametrize("cameras", [1, 20])
@pytest.mark.parametrize("look_s", [0.001, 0.01, 0.03])
def test_looking_takes_no_more_than_its_share(cameras: int, look_s: float) -> None:
    scene = Scene(look_s=look_s)
    for number in range(cameras):
        scene.share.join(CameraId(f"cam{number}"))
    scene.frame(50)
    scene.published(50, 20)
    used = scene.looks * look_s / 20
    least = 1.2 * look_s / MAX_PAUSE_S  # however little is left, one look each half second
    assert used <= max(1.1 * min(MAX_CAMERA_SHARE, MAX_SHARE / cameras), least)
    assert scene.looks >= 30
    scene.published(50, MAX_PAUSE_S)
    notes = [scene.frame(120) for _ in range(round(2 * MAX_PAUSE_S * FPS))]
    assert any(notes)


def test_a_camera_that_leaves_makes_room_for_the_others() -> None:
    share = LookShare()
    share.join(CameraId("a"))
    alone_s = share.pause_s(0.01)
    share.join(CameraId("b"))
    share.join(CameraId("c"))
    assert share.pause_s(0.01) > alone_s == pytest.approx(0.09)
    share.leave(CameraId("b"))
    share.leave(CameraId("c"))
    share.leave(CameraId("d"))
    assert share.pause_s(0.01) == alone_s


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=60))
def test_no_picture_differs_by_more_than_the_threshold_and_is_kept_back(
    frames: list[tuple[int, bool]],
) -> None:
    scene = Scene(ChangePolicy(after_s=1.0, at_least_s=2.0))
    last: int | None = None
    since_s = 0.0
    for step, lost in frames:
        scene.losses += lost
        if scene.frame(40 * step) is not None:
            last, since_s = step, scene.now_s
        else:
            assert not lost
            assert step == last
            assert scene.now_s - since_s < 2.0
