"""What a camera's pictures show is told to everybody, and FFmpeg is started anew where asked."""

from __future__ import annotations

import io
import itertools
import random
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from edge_video.actors.liveness_messages import AcceptPicture
from edge_video.actors.messages import CommandResult, StartCamera, StopCamera
from edge_video.frames import CameraId
from edge_video.resilience.failures import Cause
from edge_video.resilience.liveness import PictureState
from edge_video.status.configuration import ReloadResult
from tests.actors.test_reload import reload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.support.actors import ScriptedSystem

DOOR = CameraId("cam1")
QUICK = {"frozen_after": 4, "clear_after": 1, "moved_after": 5}
_seeds = itertools.count(3)


@cache
def jpeg(seed: int, scene: int = 0) -> bytes:
    """A scene with noise of its own; the noise of each seed is another one."""
    fields = Image.frombytes("L", (16, 9), random.Random(scene).randbytes(16 * 9))
    picture = fields.resize((256, 144), Image.Resampling.BICUBIC)
    noise = Image.frombytes("L", (32, 18), random.Random(1000 + seed).randbytes(32 * 18))
    out = io.BytesIO()
    Image.blend(picture, noise.resize((256, 144)), 0.1).save(out, "JPEG")
    return out.getvalue()


def show(system: ScriptedSystem, images: Iterable[bytes]) -> None:
    """One picture a second."""
    for image in images:
        system.capture_of("cam1").frame(image)
        system.advance(1.0)


def live(seconds: int, scene: int = 0) -> list[bytes]:
    """Pictures that were never shown before: one that comes again is no live one."""
    return [jpeg(seed, scene) for seed in itertools.islice(_seeds, seconds)]


@pytest.fixture
def watched(
    world_of: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> Callable[..., ScriptedSystem]:
    """Starts a system whose cameras' pictures are looked at, and shows three of the first's."""
    caplog.set_level("INFO")

    def start(*cameras: str, **keys: Any) -> ScriptedSystem:
        system = world_of(*cameras, liveness={**QUICK, **keys})
        system.start()
        show(system, [jpeg(seed) for seed in range(3)])
        return system

    return start


def events_of(caplog: pytest.LogCaptureFixture, *names: str) -> list[str]:
    return [
        f"{record.levelname} {record.getMessage()}"
        for record in caplog.records
        if getattr(record, "event", "") in names
    ]


def test_a_frozen_picture_is_told_once_and_so_is_its_end(
    watched: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    system = watched()
    assert system.camera().picture is PictureState.LIVE
    show(system, [jpeg(2)] * 10)
    door = system.camera()
    assert door.picture is PictureState.FROZEN
    assert door.picture_since_ns == system.clock.wall - 5 * 10**9
    show(system, live(4))
    assert system.camera().picture is PictureState.LIVE
    assert events_of(caplog, "picture_wrong", "picture_live") == [
        "WARNING [cam1] Picture is frozen: each is equal to the one before",
        "INFO [cam1] Picture is right again, after 7s",
    ]
    assert system.camera().attempts == 1, "it is reported, and nothing else"


def test_nobody_looks_unless_it_is_configured(world_of: Callable[..., ScriptedSystem]) -> None:
    system = world_of("cam1")
    system.start()
    show(system, [jpeg(1)] * 10)
    assert system.camera().picture is None
    answer = system.ask(AcceptPicture(DOOR))
    assert answer.result is CommandResult.NOT_RUNNING


def test_a_camera_that_sends_nothing_for_a_minute_shows_nothing(
    watched: Callable[..., ScriptedSystem],
) -> None:
    system = watched("cam1", "cam2")
    assert system.camera("cam2").picture is None
    system.advance(70.0)
    assert system.camera().picture is None


def test_ffmpeg_is_started_anew_for_a_frozen_picture_and_not_again_and_again(
    watched: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    system = watched(on_frozen="restart")
    show(system, [jpeg(2)] * 60)
    failure = system.camera().last_failure
    assert failure is not None
    assert failure.cause is Cause.PICTURE_FROZEN
    assert system.camera().attempts == 2
    failed = events_of(caplog, "camera_failed")
    assert len(failed) == 1
    assert "picture frozen (the same picture for 4s)" in failed[0]


def test_a_camera_that_was_turned_is_told_until_its_new_view_is_accepted(
    watched: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    system = watched()
    show(system, live(70))
    show(system, live(8, scene=1))
    assert system.camera().picture is PictureState.MOVED
    answer = system.ask(AcceptPicture(DOOR, origin="test"))
    assert answer.result is CommandResult.DONE
    show(system, live(10, scene=1))
    assert system.camera().picture is PictureState.LIVE
    assert "INFO [cam1] Command accept_picture: done (by test)" in events_of(
        caplog, "command_executed"
    )


def test_to_stop_and_start_a_camera_accepts_what_it_shows(
    watched: Callable[..., ScriptedSystem],
) -> None:
    system = watched()
    show(system, live(70))
    show(system, live(8, scene=1))
    for command in (StopCamera(DOOR), StartCamera(DOOR)):
        assert system.ask(command).result is CommandResult.DONE
    show(system, live(10, scene=1))
    assert system.camera().picture is PictureState.LIVE


def test_a_camera_that_is_turned_by_a_reload_is_not_told_as_moved(
    watched: Callable[..., ScriptedSystem],
) -> None:
    system = watched()
    show(system, live(70))
    answer = reload(system, cameras=[{"id": "cam1", "url": "rtsp://10.0.0.9/other"}])
    assert (answer.result, answer.plan.restarted) == (ReloadResult.DONE, ("cam1",))
    show(system, live(20, scene=1))
    assert system.camera().picture is PictureState.LIVE


def test_a_command_about_no_camera_is_refused(watched: Callable[..., ScriptedSystem]) -> None:
    answer = watched().ask(AcceptPicture(CameraId("nobody")))
    assert answer.result is CommandResult.UNKNOWN_TARGET


def test_liveness_comes_and_goes_with_a_reload_and_no_camera_starts_anew(
    world_of: Callable[..., ScriptedSystem],
) -> None:
    system = world_of("cam1")
    system.start()
    assert reload(system, liveness=QUICK).result is ReloadResult.DONE
    show(system, [jpeg(2)] * 8)
    assert system.camera().picture is PictureState.FROZEN
    assert reload(system, liveness={"enabled": False}).result is ReloadResult.DONE
    show(system, [jpeg(2)] * 2)
    assert system.camera().picture is None
    assert reload(system, liveness=QUICK).result is ReloadResult.DONE
    show(system, [jpeg(2)] * 8)
    assert system.camera().picture is PictureState.FROZEN
    assert system.camera().attempts == 1


def test_one_that_was_started_anew_tells_of_each_camera_also_what_nobody_can_tell(
    watched: Callable[..., ScriptedSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    system = watched()
    show(system, [jpeg(2)] * 8)
    assert system.camera().picture is PictureState.FROZEN
    monkeypatch.setattr("edge_video.delivery.picture_watch.small_picture", lambda _: 1 / 0)
    show(system, live(1, scene=2))
    monkeypatch.setattr("edge_video.delivery.picture_watch.small_picture", lambda _: None)
    system.advance(3.0)
    assert system.status().restarts["liveness"] == 1
    assert system.camera().picture is None


def test_a_camera_that_is_looked_at_again_has_no_past(
    watched: Callable[..., ScriptedSystem], caplog: pytest.LogCaptureFixture
) -> None:
    system = watched("cam1", "cam2")
    show(system, [jpeg(2)] * 8)
    one = {"id": "cam1", "url": "rtsp://10.0.0.1/s"}
    other = {"id": "cam2", "url": "rtsp://10.0.0.2/s"}
    off = {**one, "liveness": {"enabled": False}}
    assert reload(system, cameras=[off, other]).result is ReloadResult.DONE
    show(system, live(5))
    assert reload(system, cameras=[one, other]).result is ReloadResult.DONE
    show(system, live(5))
    assert system.camera().picture is PictureState.LIVE
    assert len(events_of(caplog, "picture_wrong")) == 1
    assert events_of(caplog, "picture_live") == []


def test_one_that_crashes_is_started_anew_and_goes_on(
    watched: Callable[..., ScriptedSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    system = watched()
    with monkeypatch.context() as patched:
        patched.setattr("edge_video.delivery.picture_watch.small_picture", lambda _: 1 / 0)
        show(system, live(1, scene=2))
    show(system, [jpeg(2)] * 10)
    assert system.status().restarts["liveness"] == 1
    assert system.camera().picture is PictureState.FROZEN
