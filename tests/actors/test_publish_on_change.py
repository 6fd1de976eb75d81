"""A camera of which only changes are published: its actor, and the whole with a real FFmpeg."""

from __future__ import annotations

import io
import threading
import time
from typing import TYPE_CHECKING, Any

import pykka
import pytest
from PIL import Image

from edge_video import CameraConfig, Config, FramesReady, start_system
from edge_video.actors.base import join
from edge_video.actors.camera import CameraActor
from edge_video.actors.camera_runtime import CameraRuntime
from edge_video.actors.reload_messages import UseConfig
from edge_video.capture.resizing import PictureResized
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId
from edge_video.resilience.failures import Cause
from edge_video.testing import eventually
from tests.support.actors import RecordingActor, ScriptedSystem, quiesce
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from edge_video.capture.binary import Binary
    from edge_video.frames import Frame

CAM1 = CameraId("cam1")


def picture(level: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (64, 48), level).save(file, "JPEG")
    return file.getvalue()


DARK, LIGHT = picture(20), picture(200)


def test_a_reload_switches_it_on_and_off_while_the_camera_streams() -> None:
    system = ScriptedSystem("cam1", publish={"when": "changed", "after": "0s"})
    runtime = CameraRuntime(clock=system.clock, timer=system.timer, capture=system.make_capture)
    outbox = Outbox(system.clock, buffer_frames=100)
    outbox.add_camera(CAM1)
    config = system.config.cameras[0]
    recorder = RecordingActor.start()
    camera = CameraActor.start(config, frames=outbox, events=recorder, runtime=runtime)
    quiesce()
    capture = system.capture_of("cam1")

    def published(*images: bytes) -> int:
        for image in images:
            capture.frame(image)
        return len(outbox.deliver(100))

    assert published(DARK, DARK, LIGHT, LIGHT) == 2
    always = config.model_copy(update={"publish": type(config.publish)()})
    camera.tell(UseConfig(always))
    quiesce()
    assert published(LIGHT, LIGHT) == 2
    camera.tell(UseConfig(config))
    quiesce()
    assert published(LIGHT, LIGHT, DARK) == 2
    assert system.captures == [capture], "FFmpeg goes on"
    camera.stop(timeout=5)
    join([camera], time.monotonic() + 5)
    recorder.stop(timeout=5)
    counts = outbox.counts()[CAM1]
    assert (counts.received, counts.dropped_unchanged, counts.lost) == (9, 3, 0)
    assert counts.imbalance() is None


@pytest.mark.parametrize(
    ("keys", "next_within_ms"),
    [
        ({"fps": 5.0}, 10_200),
        ({"keyframes_only": True, "key_frame_timeout": 30.0}, 40_000),
        ({"mode": "snapshot"}, None),
    ],
)
def test_a_frame_announces_the_next_one_only_where_somebody_knows(
    keys: dict[str, Any], next_within_ms: int | None
) -> None:
    system = ScriptedSystem("cam1", publish={"when": "changed"})
    runtime = CameraRuntime(clock=system.clock, timer=system.timer, capture=system.make_capture)
    outbox = Outbox(system.clock)
    outbox.add_camera(CAM1)
    config = system.config.cameras[0].model_copy(update=keys)
    camera = CameraActor.start(config, frames=outbox, runtime=runtime)
    quiesce()
    system.capture_of("cam1").frame(DARK)
    [frame] = outbox.deliver()
    assert frame.note is not None
    assert frame.note.next_within_ms == next_within_ms
    camera.stop(timeout=5)
    join([camera], time.monotonic() + 5)


def test_the_first_frame_of_another_session_is_published_though_it_shows_the_same() -> None:
    system = ScriptedSystem("cam1", publish={"when": "changed"})
    runtime = CameraRuntime(clock=system.clock, timer=system.timer, capture=system.make_capture)
    outbox = Outbox(system.clock)
    outbox.add_camera(CAM1)
    camera = CameraActor.start(system.config.cameras[0], frames=outbox, runtime=runtime)
    quiesce()
    capture = system.capture_of("cam1")
    capture.frame(DARK)
    capture.frame(DARK)
    capture.on_end(PictureResized(Cause.END_OF_STREAM, size=(64, 48)))
    quiesce()
    system.capture_of("cam1").frame(DARK)
    frames = outbox.deliver()
    assert [frame.seq for frame in frames] == [1, 3]
    assert len({frame.session for frame in frames}) == 2
    camera.stop(timeout=5)
    join([camera], time.monotonic() + 5)


class Receiver(pykka.ThreadingActor):
    """Gets the frames of a camera."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[Frame] = []
        self.changed = threading.Event()

    def on_receive(self, message: Any) -> Any:
        if isinstance(message, FramesReady):
            self.frames += message.outbox.deliver()
        return self.frames


@pytest.mark.ffmpeg
@EVERY_FFMPEG
def test_a_real_camera_publishes_its_first_picture_the_change_and_a_sign_of_life(
    any_ffmpeg: Binary,
) -> None:
    lamp = "drawbox=x=100:y=80:w=20:h=40:c=white:t=fill:enable='gte(t,1.4)'"
    receiver = Receiver.start()
    camera = CameraConfig(id="cam1", url=f"lavfi:color=c=gray:s=320x240:r=15,{lamp}")
    publish = {"when": "changed", "after": "0s", "at_least": "1s"}
    config = Config(cameras=[camera], publish=publish, ffmpeg=any_ffmpeg.path)
    system = start_system(config, frames={"cam1": receiver})

    def received() -> Any:
        return receiver.ask("frames", timeout=5)

    def has_seen_all() -> bool:
        _, *others = received() or [None]
        kinds = {frame.note.unchanged_since_ns is None for frame in others}
        return len(kinds) == 2 and others[-1].seq >= 30

    eventually(has_seen_all, timeout_s=30)
    stopped = system.stop()
    first, *others = received()
    receiver.stop(timeout=5)
    assert (first.seq, first.note.unchanged_since_ns) == (1, None)
    # When the lamp is on is FFmpeg's time, and a sign of life is due by ours.
    [change] = [frame for frame in others if frame.note.unchanged_since_ns is None]
    assert change.dropped == change.note.unchanged
    counts = stopped.status.cameras[0].frames
    assert counts.imbalance() is None
    assert counts.lost == 0
    assert counts.dropped_unchanged == counts.received - 1 - len(others) > 0
    assert stopped.status.cameras[0].frames.received >= 30
