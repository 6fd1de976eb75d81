from __future__ import annotations

import threading
import time

import pytest

from edge_video.capture.stream_faults import StreamFaults, garbage, oversized_frame
from edge_video.faults import GarbageBytes, OversizedFrame, SlowFrames, TruncatedFrame
from edge_video.frames.splitter import FrameSplitter
from edge_video.testing import eventually

IMAGE = b"\xff\xd8\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + bytes(900) + b"\xff\xd9"
PART = b"--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: %d\r\n\r\n" % len(IMAGE)
STREAM = PART + IMAGE + b"\r\n"


class FaultyReader:
    """Reads as a capture does, with `StreamFaults` between it and its splitter."""

    def __init__(self) -> None:
        self.images: list[bytes] = []
        self.splitter = FrameSplitter()
        self.faults = StreamFaults(self.images.append)
        self._woken = threading.Event()

    def read(self, chunk: bytes = STREAM) -> None:
        view = self.splitter.get_buffer()
        view[: len(chunk)] = chunk
        self.images += self.faults.updated(self.splitter, view, len(chunk))
        while self.faults.wait_s:
            self._woken.wait(self.faults.wait_s)
            self.faults.go_on(self.splitter)

    def clear(self) -> None:
        self.faults.clear()
        self._woken.set()


@pytest.fixture
def reader() -> FaultyReader:
    return FaultyReader()


def test_without_a_fault_bytes_are_frames_as_ever(reader: FaultyReader) -> None:
    reader.read(3 * STREAM)
    assert reader.images == [IMAGE] * 3
    assert reader.splitter.discarded_bytes == 0


def test_garbage_comes_between_two_reads_and_is_discarded(reader: FaultyReader) -> None:
    reader.read()
    reader.faults.add(GarbageBytes(200_000, seed=3))
    reader.read()
    reader.read()
    assert reader.images == [IMAGE] * 3
    assert reader.splitter.discarded_bytes == pytest.approx(200_000, abs=10)


def test_garbage_is_the_same_for_the_same_seed() -> None:
    once, again, other = (b"".join(garbage(150_000, seed)) for seed in (1, 1, 2))
    assert len(once) == 150_000
    assert once == again != other


def test_a_truncated_frame_costs_no_other_than_those_it_tears(reader: FaultyReader) -> None:
    reader.faults.add(TruncatedFrame())
    for _ in range(4):
        reader.read()
    assert reader.images
    assert set(reader.images) == {IMAGE}
    assert 2 <= len(reader.images) <= 3
    assert reader.splitter.discarded_bytes > 0


def test_an_oversized_frame_is_as_large_as_it_says_and_is_never_kept(reader: FaultyReader) -> None:
    size = 50 * 2**20
    whole = sum(map(len, oversized_frame(size)))
    assert size < whole < size + 100
    assert max(map(len, oversized_frame(size))) <= 64 * 1024
    reader.faults.add(OversizedFrame(size))
    reader.read()
    reader.read()
    assert reader.images == [IMAGE] * 2
    assert reader.splitter.oversized == 1
    assert reader.splitter.capacity <= 512 * 1024


def test_slowed_down_frames_come_one_by_one(reader: FaultyReader) -> None:
    reader.faults.slow_down(SlowFrames(share=0.5), fps=100.0)
    began_s = time.monotonic()
    reader.read(5 * STREAM)
    assert time.monotonic() - began_s >= 5 * 0.02
    assert reader.images == [IMAGE] * 5


def test_a_reader_that_is_held_back_goes_on_when_faults_are_cleared(reader: FaultyReader) -> None:
    reader.faults.slow_down(SlowFrames(share=0.01), fps=0.1)  # one frame in a thousand seconds
    reading = threading.Thread(target=lambda: reader.read(20 * STREAM))
    reading.start()
    try:
        eventually(lambda: reader.images)
    finally:
        reader.clear()
        reading.join(5)
    assert not reading.is_alive()
    assert reader.images == [IMAGE] * 20


def test_a_frame_of_any_size_holds_up_nobody_who_clears_faults(reader: FaultyReader) -> None:
    reader.faults.add(OversizedFrame(2**50))
    reading = threading.Thread(target=reader.read)
    reading.start()
    try:
        eventually(lambda: reader.splitter.discarded_bytes >= 2**20)
    finally:
        reader.clear()
        reading.join(5)
    assert not reading.is_alive()
    reader.read()
    assert set(reader.images) == {IMAGE}


def test_however_much_is_put_in_the_reading_thread_gets_its_turns_for_others(
    reader: FaultyReader,
) -> None:
    reader.faults.add(OversizedFrame(2**50))
    view = reader.splitter.get_buffer()
    assert reader.faults.updated(reader.splitter, view, 0) == []  # returns, that is the point
    assert reader.faults.wait_s > 0
    reader.faults.clear()
    reader.faults.go_on(reader.splitter)
    assert reader.faults.wait_s == 0


def test_slow_frames_end_by_themselves(reader: FaultyReader) -> None:
    reader.faults.slow_down(SlowFrames(share=0.01, for_s=0.05), fps=0.1)
    reader.read(20 * STREAM)  # would take hours
    assert reader.images == [IMAGE] * 20


def test_faults_that_a_silent_stream_keeps_waiting_are_bounded(reader: FaultyReader) -> None:
    for seed in range(1000):
        reader.faults.add(GarbageBytes(1000, seed))
    reader.read()
    assert reader.splitter.discarded_bytes == pytest.approx(100 * 1000, rel=0.01)


def test_faults_that_a_silent_stream_keeps_waiting_can_be_cleared(reader: FaultyReader) -> None:
    for seed in range(10):
        reader.faults.add(GarbageBytes(1000, seed))
    reader.faults.clear()
    reader.read()
    assert reader.splitter.discarded_bytes == 0
