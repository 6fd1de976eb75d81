"""The judge of a stream's silence, by arithmetic: no stream, no process, no clock."""

from __future__ import annotations

from edge_video.capture.frame_watch import FrameWatch, KeyFrameNotes, SilenceLimits
from edge_video.resilience.failures import Cause


class WatchScenario:
    """A second at a time: frames come, data come, or nothing does."""

    def __init__(
        self,
        *,
        keyframes_only: bool = False,
        notes: KeyFrameNotes | None = None,
        udp: bool = False,
    ) -> None:
        self.notes = notes or KeyFrameNotes()
        limits = SilenceLimits(20.0, 10.0, 120.0, keyframes_only, packets_only=udp)
        self.watch = FrameWatch(limits, self.notes, 100.0)
        self.now_s = 100.0
        self.frames = 0
        self.taken: int | None = None if udp else 0

    def second(self, *, frames: int = 0, data: int = 0, lasts_s: float = 1.0) -> None:
        self.now_s += lasts_s
        self.frames += frames
        if self.taken is not None:
            self.taken += data
        self.watch.look(self.now_s, self.frames, self.taken)

    def until_failure(self, most: int = 1000, *, data: int = 0) -> int:
        """Seconds until the verdict."""
        for passed in range(1, most + 1):
            self.second(data=data)
            if self.watch.verdict() is not None:
                return passed
        raise AssertionError(f"no verdict in {most} s")

    def cause(self) -> Cause | None:
        failure = self.watch.verdict()
        return None if failure is None else failure.cause


def test_without_data_the_first_frame_has_its_own_limit() -> None:
    story = WatchScenario()
    assert story.until_failure() == 20
    assert story.cause() is Cause.STALLED
    assert story.watch.waiting_s is None


def test_data_without_a_picture_are_a_wait_for_a_key_frame() -> None:
    story = WatchScenario()
    for _ in range(34):
        story.second(data=5_000)
    assert story.watch.verdict() is None
    assert story.watch.waiting_s == 34
    assert story.until_failure(data=5_000) == 120 - 34
    assert story.cause() is Cause.NO_KEY_FRAME


def test_over_udp_an_ffmpeg_that_outlives_its_own_time_out_gets_packets() -> None:
    story = WatchScenario(udp=True)
    waits: list[float | None] = []
    for _ in range(16):
        story.second()
        waits.append(story.watch.waiting_s)
    assert waits == [None] * 15 + [16]
    assert story.until_failure() == 120 - 16
    assert story.cause() is Cause.NO_KEY_FRAME


def test_over_udp_a_stream_that_ran_stalls_after_its_limit() -> None:
    story = WatchScenario(udp=True)
    story.second(frames=5)
    assert story.until_failure() == 10
    assert story.cause() is Cause.STALLED


def test_a_few_bytes_of_reports_are_no_data() -> None:
    story = WatchScenario()
    assert story.until_failure(data=20) == 20
    assert story.cause() is Cause.STALLED


def test_data_that_cease_are_a_stall_soon_after() -> None:
    story = WatchScenario()
    for _ in range(60):
        story.second(data=5_000)
    assert 20 <= story.until_failure() <= 26
    assert story.cause() is Cause.STALLED


def test_what_nobody_counts_is_judged_as_before() -> None:
    story = WatchScenario()
    story.taken = None
    assert story.until_failure() == 20


def test_a_stream_that_ran_stalls_after_its_limit_whatever_arrives() -> None:
    story = WatchScenario()
    story.second(frames=15)
    assert story.until_failure(data=5_000) == 10
    failure = story.watch.verdict()
    assert failure is not None
    assert failure.cause is Cause.STALLED
    assert "though data arrive" in failure.detail


def key_frame_each(story: WatchScenario, seconds: int, times: int) -> None:
    for _ in range(times):
        for _ in range(seconds - 1):
            story.second(data=5_000)
            assert story.watch.verdict() is None
        story.second(frames=1, data=5_000)


def test_key_frames_twelve_seconds_apart_are_no_stall() -> None:
    story = WatchScenario(keyframes_only=True)
    key_frame_each(story, 12, 10)
    assert story.notes.interval_s == 12
    assert story.watch.waiting_s is None


def test_the_limit_between_key_frames_is_taken_from_their_interval() -> None:
    story = WatchScenario(keyframes_only=True)
    key_frame_each(story, 12, 4)
    assert story.until_failure(data=5_000) == 30
    assert story.cause() is Cause.NO_KEY_FRAME
    failure = story.watch.verdict()
    assert failure is not None
    assert "every 12 s" in failure.detail


def test_a_late_key_frame_is_shown_as_a_wait_with_the_usual_interval() -> None:
    story = WatchScenario(keyframes_only=True)
    key_frame_each(story, 12, 4)
    for _ in range(17):
        story.second(data=5_000)
    assert story.watch.waiting_s is None
    story.second(data=5_000)
    assert story.watch.waiting_s == 18


def test_an_interval_that_grows_at_night_is_waited_for() -> None:
    story = WatchScenario(keyframes_only=True)
    key_frame_each(story, 2, 10)
    key_frame_each(story, 15, 3)


def test_without_data_a_camera_of_key_frames_stalls_as_any_other() -> None:
    story = WatchScenario(keyframes_only=True)
    key_frame_each(story, 12, 4)
    assert 10 <= story.until_failure() <= 16
    assert story.cause() is Cause.STALLED


def test_what_one_attempt_has_learned_the_next_one_knows() -> None:
    story = WatchScenario(keyframes_only=True)
    key_frame_each(story, 12, 4)
    later = WatchScenario(keyframes_only=True, notes=story.notes)
    later.taken = None
    later.second(frames=1)
    assert later.until_failure() == 30


# --- a judge that was late himself ---


def test_a_pause_of_the_program_is_no_silence_of_the_camera() -> None:
    story = WatchScenario()
    story.second(frames=15)
    story.second(lasts_s=3600.0)
    assert story.watch.verdict() is None
    story.second(frames=15)
    assert story.watch.verdict() is None


def test_a_camera_that_stays_silent_after_a_pause_still_stalls() -> None:
    story = WatchScenario()
    story.second(frames=15)
    story.second(lasts_s=30.0)
    assert story.until_failure() == 10


def test_looks_that_are_always_late_still_see_a_stall() -> None:
    story = WatchScenario()
    story.second(frames=15)
    for _ in range(11):
        story.second(lasts_s=5.0)
    assert story.cause() is Cause.STALLED


def test_many_pauses_do_not_add_up_to_a_stall() -> None:
    story = WatchScenario()
    for _ in range(50):
        story.second(frames=1)
        story.second(lasts_s=40.0)
        assert story.watch.verdict() is None


def test_frames_that_wait_to_be_read_excuse_a_camera_once() -> None:
    story = WatchScenario()
    story.second(frames=15)
    story.until_failure()
    assert story.watch.excuse()
    assert story.watch.verdict() is None
    story.until_failure()
    assert not story.watch.excuse()
    story.second(frames=1)
    story.until_failure()
    assert story.watch.excuse()
