"""What the publisher takes in as messages: single frames, and the frames of other outboxes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pykka
import pytest
from pydantic import ValidationError

from edge_video.actors.frame_messages import (
    GetFrameCounts,
    PublishAnswer,
    PublishFrame,
    PublishResult,
)
from edge_video.actors.intake import FrameIntake
from edge_video.actors.mailbox import FrameMailbox
from edge_video.actors.publisher import PublisherActor, SinkPlace
from edge_video.config import CameraConfig
from edge_video.delivery.outbox import Outbox
from edge_video.faults import MAX_FRAME_BYTES
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent
from edge_video.testing import FakeClock
from tests.support.actors import PICTURE

if TYPE_CHECKING:
    from edge_video.delivery.ledger import FrameCounts

CAM1 = CameraId("cam1")
DRONE = CameraId("drone")
ACCEPTED = PublishAnswer(PublishResult.ACCEPTED)


class Scene:
    """An outbox with one configured camera, its intake, and the outbox of somebody else."""

    def __init__(self, max_foreign: int = 2) -> None:
        self.clock = FakeClock()
        self.outbox = Outbox(self.clock, buffer_frames=2)
        self.outbox.add_camera(CAM1)
        self.intake = self.make_intake(max_foreign)
        self.other = Outbox(self.clock, buffer_frames=2)

    def make_intake(self, max_foreign: int = 2) -> FrameIntake:
        return FrameIntake(self.outbox, self.clock, [CAM1], max_foreign)

    def frame(
        self, camera_id: Any = DRONE, image: Any = PICTURE, age_s: float = 0.0
    ) -> PublishFrame:
        return PublishFrame(camera_id, image, self.clock.wall_ns() - int(age_s * 1e9))

    def counts(self, camera_id: CameraId = DRONE) -> FrameCounts:
        counts = self.outbox.counts()[camera_id]
        assert counts.imbalance() is None
        return counts

    def put_elsewhere(self, camera_id: CameraId = DRONE, times: int = 1) -> None:
        self.other.add_camera(camera_id)
        self.other.open(camera_id, 1, "session")
        for _ in range(times):
            self.other.put(camera_id, 1, PICTURE)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_frame_of_a_camera_that_is_not_configured_is_held_like_any_other(scene: Scene) -> None:
    assert scene.intake.accept(scene.frame()) == ACCEPTED
    assert scene.counts().held == 1
    frame = scene.outbox.take()
    assert frame is not None
    assert (frame.camera_id, frame.seq, frame.image) == (DRONE, 1, PICTURE)
    assert frame.captured_at_ns == scene.clock.wall_ns()


def test_an_epoch_goes_with_the_frame_by_either_way(scene: Scene) -> None:
    own = PublishFrame(DRONE, PICTURE, scene.clock.wall_ns(), epoch=7)
    assert scene.intake.accept(own) == ACCEPTED
    scene.other.add_camera(DRONE)
    scene.other.epochs.begin(DRONE, 9)
    scene.put_elsewhere()
    scene.intake.take_from(scene.other)
    assert [each.epoch for each in scene.outbox.deliver()] == [7, 9]


def test_a_configured_camera_s_id_serves_as_well(scene: Scene) -> None:
    assert scene.intake.accept(scene.frame(CAM1)) == ACCEPTED
    assert scene.counts(CAM1).received == 1


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (PublishFrame(DRONE, b"", 0), PublishResult.NOT_A_JPEG),
        (PublishFrame(DRONE, b"\xff\xd8\xff", 0), PublishResult.NOT_A_JPEG),
        (PublishFrame(DRONE, b"GIF89a", 0), PublishResult.NOT_A_JPEG),
        (PublishFrame(DRONE, bytearray(PICTURE), 0), PublishResult.NOT_A_JPEG),  # type: ignore[arg-type]
        (PublishFrame(DRONE, PICTURE, -1), PublishResult.BAD_TIME),
        (PublishFrame(DRONE, PICTURE, 2**63), PublishResult.BAD_TIME),
        (PublishFrame(DRONE, PICTURE, 1.5), PublishResult.BAD_TIME),  # type: ignore[arg-type]
        (PublishFrame(DRONE, PICTURE, 0, -1), PublishResult.BAD_EPOCH),
        (PublishFrame(DRONE, PICTURE, 0, 2**63), PublishResult.BAD_EPOCH),
        (PublishFrame(DRONE, PICTURE, 0, "7"), PublishResult.BAD_EPOCH),  # type: ignore[arg-type]
        (PublishFrame(CameraId("../etc"), PICTURE, 0), PublishResult.BAD_CAMERA_ID),
        (PublishFrame(CameraId(""), PICTURE, 0), PublishResult.BAD_CAMERA_ID),
        (PublishFrame(CameraId(65 * "x"), PICTURE, 0), PublishResult.BAD_CAMERA_ID),
        (PublishFrame(["x"], PICTURE, 0), PublishResult.BAD_CAMERA_ID),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_frame_is_refused_by_name_and_in_no_ledger(
    scene: Scene, frame: PublishFrame, reason: PublishResult, caplog: pytest.LogCaptureFixture
) -> None:
    assert scene.intake.accept(frame) == PublishAnswer(reason)
    assert set(scene.outbox.counts()) == {CAM1}
    assert reason in caplog.text
    assert [vars(each)["event"] for each in caplog.records] == [LogEvent.FRAME_MESSAGE_REFUSED]


def test_an_image_larger_than_any_of_a_camera_is_refused(scene: Scene) -> None:
    image = b"\xff\xd8" + bytes(MAX_FRAME_BYTES) + b"\xff\xd9"
    answer = scene.intake.accept(scene.frame(image=image))
    assert answer == PublishAnswer(PublishResult.TOO_LARGE)


def test_refusals_do_not_flood_the_log(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(1000):
        scene.intake.accept(scene.frame(image=b"noise"))
    assert len(caplog.records) < 10


@pytest.mark.parametrize(
    "text", ["door", "_a.b-c", "9", ".door", "-door", "a b", "ä", "a\n", "a/b"]
)
def test_an_id_is_judged_as_in_a_configuration(scene: Scene, text: str) -> None:
    try:
        CameraConfig(id=text, url="rtsp://10.0.0.1/")
    except ValidationError:
        expected = PublishResult.BAD_CAMERA_ID
    else:
        expected = PublishResult.ACCEPTED
    assert scene.intake.accept(scene.frame(CameraId(text))).result is expected


def test_only_so_many_cameras_may_come_unannounced(scene: Scene) -> None:
    answers = [scene.intake.accept(scene.frame(CameraId(f"drone{n}"))).result for n in range(4)]
    assert answers == 2 * [PublishResult.ACCEPTED] + 2 * [PublishResult.TOO_MANY_CAMERAS]
    assert scene.intake.accept(scene.frame(CAM1)) == ACCEPTED
    after_a_crash = scene.make_intake()
    answer = after_a_crash.accept(scene.frame(CameraId("drone9")))
    assert answer.result is PublishResult.TOO_MANY_CAMERAS
    assert after_a_crash.accept(scene.frame(CameraId("drone0"))).result is PublishResult.ACCEPTED


def test_a_camera_of_a_reload_takes_no_place_of_one_that_comes_unannounced(scene: Scene) -> None:
    configured = {CAM1}
    intake = FrameIntake(scene.outbox, scene.clock, configured, 2)
    drones = [CameraId(f"drone{n}") for n in range(3)]
    configured.update(added := [CameraId(f"new{n}") for n in range(3)])
    cameras = [*added, *drones]
    answers = [intake.accept(scene.frame(each)).result for each in cameras]
    assert answers == 5 * [PublishResult.ACCEPTED] + [PublishResult.TOO_MANY_CAMERAS]
    after_a_crash = FrameIntake(scene.outbox, scene.clock, configured, 3)
    assert after_a_crash.accept(scene.frame(drones[2])) == ACCEPTED


def test_the_latest_win_and_the_answer_says_so(scene: Scene) -> None:
    answers = [scene.intake.accept(scene.frame()) for _ in range(3)]
    assert [each.displaced for each in answers] == [False, False, True]
    assert (scene.counts().held, scene.counts().dropped_overflow) == (2, 1)


def test_a_frame_that_comes_too_soon_while_memory_is_short_is_refused_and_counted(
    scene: Scene,
) -> None:
    scene.outbox.limits.rate(1.0)
    assert scene.intake.accept(scene.frame()) == ACCEPTED
    assert scene.intake.accept(scene.frame()) == PublishAnswer(PublishResult.MEMORY)
    assert (scene.counts().received, scene.counts().dropped_memory) == (2, 1)


def test_a_frame_s_age_counts_from_its_capture(scene: Scene) -> None:
    scene.intake.accept(scene.frame(age_s=3600))
    scene.intake.accept(scene.frame(age_s=-3600))
    frame = scene.outbox.take()
    assert frame is not None
    assert (frame.seq, frame.captured_at_s) == (2, scene.clock.monotonic())
    assert scene.counts().dropped_stale == 1


def test_a_closed_intake_refuses_single_frames(scene: Scene) -> None:
    scene.intake.close()
    assert scene.intake.accept(scene.frame()) == PublishAnswer(PublishResult.STOPPING)


# --- the frames of other outboxes ---------------------------------------------------------------


def test_frames_move_from_another_outbox_with_their_session_and_time(scene: Scene) -> None:
    scene.put_elsewhere(times=2)
    assert scene.intake.take_from(scene.other) is False
    assert scene.other.counts()[DRONE].confirmed == 2
    frame = scene.outbox.take()
    assert frame is not None
    assert (frame.seq, frame.session) == (1, "session")
    assert scene.counts().received == 2


def test_what_was_lost_before_is_seen_by_the_consumer_and_in_the_ledger(scene: Scene) -> None:
    scene.put_elsewhere(times=5)
    scene.intake.take_from(scene.other)
    frame = scene.outbox.take()
    assert frame is not None
    assert (frame.seq, frame.dropped) == (4, 3)
    assert (scene.counts().received, scene.counts().dropped_overflow) == (5, 3)


def test_numbers_go_on_over_the_attempts_of_a_camera(scene: Scene) -> None:
    for _ in range(2):
        scene.other = Outbox(scene.clock)
        scene.put_elsewhere(times=1)
        scene.intake.take_from(scene.other)
    assert [frame.seq for frame in scene.outbox.deliver()] == [1, 2]


def test_a_camera_for_which_there_is_no_room_is_refused_in_its_own_ledger(scene: Scene) -> None:
    for name in ("a", "b", "c"):
        scene.put_elsewhere(CameraId(name))
    scene.intake.take_from(scene.other)
    refused = [counts.dropped_refused for counts in scene.other.counts().values()]
    assert refused == [0, 0, 1]
    assert all(counts.imbalance() is None for counts in scene.other.counts().values())


# --- the mailbox --------------------------------------------------------------------------------


def sized(size: int) -> PublishFrame:
    return PublishFrame(DRONE, bytes(size), 0)


class Envelope:
    """What pykka puts into a mailbox."""

    def __init__(self, message: object, reply_to: Any = None) -> None:
        self.message = message
        self.reply_to = reply_to


@pytest.mark.parametrize("limits", [(3, 1000), (1000, 35)])
def test_a_mailbox_holds_so_many_frames_and_every_other_message(limits: tuple[int, int]) -> None:
    mailbox = FrameMailbox(*limits)
    refused: list[PublishFrame] = []
    mailbox.on_refused = refused.append
    for _ in range(5):
        mailbox.put(Envelope(sized(10)))
        mailbox.put(Envelope(GetFrameCounts()))
    assert (mailbox.qsize(), len(refused)) == (8, 2)
    mailbox.get()
    mailbox.put(Envelope(sized(10)))
    assert len(refused) == 2


def test_who_asks_a_full_mailbox_hears_why_at_once() -> None:
    mailbox = FrameMailbox(0)
    answer: pykka.Future[PublishAnswer] = pykka.ThreadingFuture()
    mailbox.put(Envelope(sized(10), answer))
    assert answer.get(timeout=0) == PublishAnswer(PublishResult.MEMORY)


def test_a_frame_that_found_no_room_is_counted_where_its_camera_is_known(scene: Scene) -> None:
    scene.intake.count_refused(scene.frame())
    scene.intake.accept(scene.frame())
    scene.intake.count_refused(scene.frame())
    counts = scene.counts()
    assert (counts.received, counts.dropped_memory, counts.held) == (2, 1, 1)


def test_pykka_still_makes_the_mailbox_where_we_replace_it() -> None:
    publisher = PublisherActor.start(sink=SinkPlace("nowhere", lambda _: never_opened))
    try:
        assert isinstance(publisher.actor_inbox, FrameMailbox)
    finally:
        publisher.stop(timeout=5)


def never_opened(listener: Any) -> Any:
    """A sink that is never connected."""
    del listener

    class Silent:
        def __getattr__(self, name: str) -> Any:
            assert re.fullmatch("open|close|frames_ready", name)
            return lambda *_: True

    return Silent()
