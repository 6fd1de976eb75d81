"""What is remembered of one camera: its newest picture, for as long as somebody looks."""

from __future__ import annotations

from edge_video.delivery.camera_queue import Picture
from edge_video.frames import CameraId
from edge_video.http.camera_history import PICTURE_AGE_S, PICTURE_LEASE_S, CameraHistory
from edge_video.resilience.breaker import BreakerPolicy, CircuitBreaker
from edge_video.status.model import CameraPhase
from edge_video.status.snapshot import CameraRecord

PICTURE = Picture(1, 2, b"\xff\xd8 a picture \xff\xd9")


def history() -> CameraHistory:
    breaker = CircuitBreaker.new(BreakerPolicy())
    record = CameraRecord(CameraId("door"), "rtsp://10.0.0.5/s", 15, CameraPhase.STREAMING, breaker)
    return CameraHistory(record, 0.0, 0)


def test_a_picture_is_the_same_for_all_who_ask_within_a_second() -> None:
    camera = history()
    camera.keep_picture(PICTURE, 100.0)
    assert camera.fresh_picture(100.8, PICTURE_AGE_S) is PICTURE
    assert camera.fresh_picture(101.0, PICTURE_AGE_S) is None


def test_a_picture_is_forgotten_when_nobody_has_asked_for_a_while() -> None:
    camera = history()
    camera.keep_picture(PICTURE, 100.0)
    camera.drop_unwatched_picture(100.0 + PICTURE_LEASE_S)
    assert camera.fresh_picture(100.5, PICTURE_AGE_S) is PICTURE
    camera.drop_unwatched_picture(100.1 + PICTURE_LEASE_S)
    assert camera.fresh_picture(100.5, PICTURE_AGE_S) is None
