from __future__ import annotations

import io
import random
import time
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from edge_video.delivery.camera_queue import Picture
from edge_video.delivery.picture_watch import FrozenRestarts, PictureWatch
from edge_video.resilience.liveness import LivenessPolicy, OnFrozen, PictureState

POLICY = LivenessPolicy(frozen_after_s=5.0, on_frozen=OnFrozen.RESTART, clear_after_s=2.0)


def jpeg(seed: int) -> bytes:
    """A picture of noise: each seed has its own."""
    pixels = random.Random(seed).randbytes(20 * 15)
    out = io.BytesIO()
    Image.frombytes("L", (20, 15), pixels).resize((160, 120)).save(out, "JPEG")
    return out.getvalue()


class Camera:
    def __init__(self, policy: LivenessPolicy = POLICY) -> None:
        self.watch = PictureWatch(policy)
        self.now_s, self.seq = 0.0, 0

    def shows(self, image: bytes, seconds: int = 1) -> PictureState | None:
        for _ in range(seconds):
            self.now_s += 1.0
            self.seq += 1
            self.watch.look(Picture(self.seq, 0, image), self.now_s)
        return self.watch.state

    def is_silent(self, seconds: float) -> PictureState | None:
        self.now_s += seconds
        return self.watch.look(Picture(self.seq, 0, b"the last one, kept"), self.now_s)


def test_nobody_can_tell_before_the_first_picture() -> None:
    watch = PictureWatch(POLICY)
    assert watch.look(None, 1.0) is None
    assert watch.is_due(1.0)


def test_equal_images_are_frozen_and_others_are_live() -> None:
    camera = Camera()
    assert [camera.shows(jpeg(n)) for n in range(3)] == [PictureState.LIVE] * 3
    assert camera.shows(jpeg(2), 6) is PictureState.FROZEN
    assert camera.shows(jpeg(3)) is PictureState.FROZEN
    assert [camera.shows(jpeg(n)) for n in (4, 5)][-1] is PictureState.LIVE


def test_an_image_that_was_seen_says_nothing_and_after_a_minute_nobody_can_tell() -> None:
    camera = Camera()
    camera.shows(jpeg(1), 3)
    assert camera.is_silent(50.0) is PictureState.LIVE
    assert camera.is_silent(11.0) is None
    assert camera.shows(jpeg(1)) is PictureState.LIVE


def test_an_image_that_cannot_be_decoded_says_nothing() -> None:
    camera = Camera()
    assert camera.shows(b"\xff\xd8 torn \xff\xd9", 3) is None
    assert camera.shows(jpeg(1)) is PictureState.LIVE


def test_an_image_of_many_scans_takes_no_time_of_the_thread_that_looks_at_all_cameras() -> None:
    """Each scan is a few bytes, and makes a decoder go through every block of the image again."""
    out = io.BytesIO()
    Image.new("L", (3840, 2160), 90).save(out, "JPEG", progressive=True)
    image = out.getvalue()
    last_scan, end = image.rindex(b"\xff\xda"), len(image) - 2
    many_scans = image[:end] + 50 * image[last_scan:end] + image[end:]
    camera, began_s = Camera(), time.thread_time()
    assert camera.shows(many_scans) is None
    assert time.thread_time() - began_s < 0.1
    assert camera.shows(jpeg(1)) is PictureState.LIVE


def test_pictures_are_looked_at_no_more_often_than_configured() -> None:
    camera = Camera(replace(POLICY, interval_s=5.0))
    camera.shows(jpeg(1))
    assert not camera.watch.is_due(camera.now_s + 4.0)
    assert camera.watch.is_due(camera.now_s + 4.99)


def test_a_picture_is_looked_at_seldom_while_no_verdict_is_open() -> None:
    camera = Camera(LivenessPolicy(covered_after_s=0.0, moved_after_s=0.0))
    camera.shows(jpeg(1))
    assert camera.watch.interval_s == 4.0
    camera.shows(jpeg(1))
    assert camera.watch.interval_s == 1.0, "it may be frozen"
    camera.shows(jpeg(1), 120)
    assert (camera.watch.state, camera.watch.interval_s) == (PictureState.FROZEN, 4.0)
    camera.shows(jpeg(2))
    assert camera.watch.interval_s == 1.0, "it may be over"
    for seed in range(3, 13):
        camera.shows(jpeg(seed))
    assert (camera.watch.state, camera.watch.interval_s) == (PictureState.LIVE, 4.0)


def test_what_cannot_be_decoded_is_tried_no_more_often_than_configured() -> None:
    camera = Camera(replace(POLICY, interval_s=5.0))
    camera.shows(b"\xff\xd8 torn \xff\xd9")
    assert not camera.watch.is_due(camera.now_s + 4.0)
    assert camera.watch.is_due(camera.now_s + 5.0)


def test_ffmpeg_is_not_started_anew_while_no_picture_comes() -> None:
    camera = Camera()
    camera.shows(jpeg(1), 8)
    assert camera.watch.state is PictureState.FROZEN
    assert camera.is_silent(1.0) is PictureState.FROZEN
    assert camera.watch.frozen_for_s(camera.now_s) is None
    camera.shows(jpeg(1))
    assert camera.watch.frozen_for_s(camera.now_s) is not None


@pytest.mark.parametrize("key", ["interval_s", "picture_interval_s"])
def test_pictures_that_are_wanted_seldom_are_judged_and_missed_later(key: str) -> None:
    every: dict[str, Any] = {key: 120.0}
    camera = Camera(LivenessPolicy(frozen_after_s=200.0, **every))
    for seed in (0, 1, 2, 2, 2, 2):
        camera.now_s += 119.0
        camera.shows(jpeg(seed))
    assert camera.watch.state is PictureState.FROZEN
    assert camera.is_silent(300.0) is PictureState.FROZEN
    assert camera.is_silent(1.0) is None


def test_another_policy_holds_at_once_and_what_is_usual_stays() -> None:
    camera = Camera()
    camera.shows(jpeg(1), 5)
    camera.watch.use(replace(POLICY, frozen_after_s=0.0))
    assert camera.shows(jpeg(1), 20) is PictureState.LIVE


def test_ffmpeg_is_started_anew_for_frozen_pictures_only_where_that_is_configured() -> None:
    camera, other = Camera(), Camera(replace(POLICY, on_frozen=OnFrozen.REPORT))
    for each in (camera, other):
        each.shows(jpeg(1), 6)
        assert each.watch.frozen_for_s(each.now_s) is None
        each.shows(jpeg(1), 2)
    assert camera.watch.frozen_for_s(camera.now_s) == 6.0
    assert camera.watch.frozen_for_s(camera.now_s) is None, "once"
    assert other.watch.frozen_for_s(other.now_s) is None


def test_restarts_in_vain_become_rare_and_begin_anew_after_a_time_of_live_pictures() -> None:
    restarts, tries = FrozenRestarts(), []
    for minute in range(3 * 24 * 60):
        restarts.see(minute * 60.0, is_frozen=minute % 3 > 0)  # each helps for a minute
        if restarts.due(minute * 60.0) is not None:
            tries.append(minute)
    assert tries[:4] == [1, 11, 31, 71]
    assert len(tries) <= 17, "six in the first hours, then one each six hours"
    live = tries[-1] + 7 * 60
    restarts.see(live * 60.0, is_frozen=False)
    restarts.see(live * 60.0 + 60.0, is_frozen=True)
    assert restarts.due(live * 60.0 + 60.0) is not None
