"""edge-video inside a larger pykka program, as the examples show it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pykka
import pytest

from edge_video import (
    CameraActor,
    CameraConfig,
    CameraEnded,
    CameraFailed,
    CameraStats,
    CameraStreaming,
    Cause,
    Config,
    DirectorySinkConfig,
    FramesReady,
    start_system,
)
from edge_video.actors.frame_messages import GetFrameCounts, PublishFrame, PublishResult
from edge_video.actors.messages import Drain
from edge_video.actors.publisher import PublisherActor
from edge_video.config import AmqpConfig
from edge_video.delivery.ledger import FrameCounts
from edge_video.frames import CameraId
from edge_video.testing import eventually
from edge_video.testing.consumer import consume
from edge_video.wiring.sinks import sink_for
from tests.support.program import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.testing.rabbit import RabbitNode

pytestmark = pytest.mark.ffmpeg


class Host(pykka.ThreadingActor):
    """An embedding program's own actor: receives frames and facts."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[int] = []
        self.facts: list[object] = []
        self.enough = threading.Event()
        self.ended = threading.Event()

    def on_receive(self, message: object) -> object:
        match message:
            case FramesReady(outbox=outbox):
                while frames := outbox.deliver():
                    self.seen += [frame.seq for frame in frames]
                if len(self.seen) >= 20:
                    self.enough.set()
            case "seen":
                return list(self.seen)
            case "facts":
                return list(self.facts)
            case CameraEnded():
                self.facts.append(message)
                self.ended.set()
            case _:
                self.facts.append(message)
        return None


@pytest.fixture
def host() -> Any:
    enough, ended = threading.Event(), threading.Event()
    ref = Host.start()
    actor = ref._actor_weakref()
    assert actor is not None
    actor.enough, actor.ended = enough, ended
    yield ref, enough, ended
    assert ref.is_alive()
    ref.stop(timeout=5)


def test_a_host_receives_one_camera_s_frames_and_outlives_the_tree(
    host: Any, tmp_path: Any
) -> None:
    ref, enough, _ = host
    config = Config(
        cameras=[
            CameraConfig(id="mine", url="lavfi:testsrc2=size=160x120:rate=15"),
            CameraConfig(id="sink", url="lavfi:testsrc2=size=160x120:rate=15"),
        ],
        sink=DirectorySinkConfig(path=str(tmp_path), keep=5),
    )
    system = start_system(config, frames={"mine": ref})
    assert enough.wait(20)
    stopped = system.stop()
    seen = ref.ask("seen", timeout=5)
    assert seen == list(range(1, len(seen) + 1))
    by_id = {camera.camera_id: camera.frames for camera in stopped.status.cameras}
    assert all(counts.imbalance() is None for counts in by_id.values())
    mine = next(counts for camera_id, counts in by_id.items() if camera_id == "mine")
    assert mine.confirmed == len(seen)
    assert list((tmp_path / "sink").glob("*.jpg"))
    assert not (tmp_path / "mine").exists() or not list((tmp_path / "mine").glob("*.jpg"))
    assert pykka.ActorRegistry.get_all() == [ref]


def test_a_single_camera_actor_streams_to_a_host_s_actor(host: Any) -> None:
    ref, enough, ended = host
    config = CameraConfig(id="mine", url="lavfi:testsrc2=size=160x120:rate=15:duration=3")
    CameraActor.start(config, frames=ref, events=ref)
    assert enough.wait(20)
    assert ended.wait(20)
    facts = ref.ask("facts", timeout=5)
    # A figure a second comes from an FFmpeg that takes its time, too.
    facts = [fact for fact in facts if not isinstance(fact, CameraStats)]
    assert isinstance(facts[0], CameraStreaming)
    assert isinstance(facts[-1], CameraEnded)
    failed = [fact for fact in facts if isinstance(fact, CameraFailed)]
    assert [fact.failure.cause for fact in failed] == [Cause.END_OF_STREAM]
    assert failed[0].breaker.failures == 1


def test_a_single_camera_actor_can_be_stopped_by_its_host(host: Any) -> None:
    ref, enough, ended = host
    config = CameraConfig(id="mine", url="lavfi:testsrc2=size=160x120:rate=15")
    camera = CameraActor.start(config, frames=ref, events=ref)
    assert enough.wait(20)
    camera.stop(timeout=10)
    assert ended.wait(10)
    assert not [fact for fact in ref.ask("facts", timeout=5) if isinstance(fact, CameraFailed)]


@pytest.mark.parametrize(
    ("example", "promise"),
    [
        ("embed_the_tree.py", "the host's own actor lives on: it saw"),
        ("embed_one_camera.py", "end_of_stream"),
        ("compose_by_hand.py", "do the program's own actors live on? yes"),
    ],
)
def test_the_examples_run_as_they_stand(example: str, promise: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / example)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert promise in done.stdout


def test_cameras_publisher_and_a_foreign_producer_are_composed_by_hand(
    host: Any, tmp_path: Path
) -> None:
    ref, _, ended = host
    picture = one_picture(tmp_path / "picture.jpg")
    publisher = PublisherActor.start(sink=sink_for(DirectorySinkConfig(path=str(tmp_path), keep=5)))
    cameras = [
        CameraActor.start(
            CameraConfig(id=name, url="lavfi:testsrc2=size=160x120:rate=15"),
            frames=publisher,
            events=ref,
        )
        for name in ("door", "yard")
    ]
    drone = PublishFrame(CameraId("drone"), picture, time.time_ns())
    answers = [publisher.ask(drone, block=True, timeout=5) for _ in range(20)]
    assert {answer.result for answer in answers} == {PublishResult.ACCEPTED}
    eventually(lambda: all(each.confirmed >= 15 for each in counts_of(publisher, "door", "yard")))
    for camera in cameras:
        camera.stop(timeout=10)
    assert ended.wait(10)
    drained: pykka.Future[bool] = pykka.ThreadingFuture()
    publisher.tell(Drain(drained))
    assert drained.get(timeout=10)
    for counts in counts_of(publisher, "door", "yard", "drone"):
        assert counts.imbalance() is None
        assert (counts.held, counts.in_flight, counts.errors) == (0, 0, 0)
        assert counts.received == counts.confirmed + counts.dropped
    publisher.stop(timeout=10)
    assert (tmp_path / "drone" / "latest.jpg").read_bytes() == picture
    assert all(list((tmp_path / each).glob("*Z-*.jpg")) for each in ("door", "yard"))
    eventually(lambda: pykka.ActorRegistry.get_all() == [ref])  # the host's own actor lives on


@pytest.mark.rabbitmq
def test_a_composition_by_hand_reaches_a_broker(broker: RabbitNode, exchange: str) -> None:
    with consume(broker, exchange) as consumer:
        section = AmqpConfig(url=broker.url(), exchange=exchange, routing_key_prefix="shop.")
        publisher = PublisherActor.start(sink=sink_for(section))
        url = "lavfi:testsrc2=size=160x120:rate=15"
        camera = CameraActor.start(CameraConfig(id="door", url=url), frames=publisher)
        picture = consumer.wait_for(1)[0].body
        publisher.tell(PublishFrame(CameraId("drone"), picture, time.time_ns()))
        keys = {"shop.door", "shop.drone"}
        consumer.wait_until(lambda all_: {each.routing_key for each in all_} == keys)
        camera.stop(timeout=10)
        publisher.stop(timeout=10)


def counts_of(publisher: pykka.ActorRef[Any], *camera_ids: str) -> list[FrameCounts]:
    counts = publisher.ask(GetFrameCounts(), block=True, timeout=5)
    return [counts.get(each, FrameCounts()) for each in camera_ids]


def one_picture(path: Path) -> bytes:
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2", "-frames:v", "1"]
    subprocess.run([*command, str(path)], check=True, timeout=30)
    return path.read_bytes()
