"""Five real streams, a reload in between: four of them do not notice it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
import yaml

from edge_video.app import start_system
from edge_video.config.source import ConfigSource
from edge_video.status.configuration import ReloadResult
from edge_video.testing import eventually
from tests.support.frames import FrameKeeper

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.ffmpeg


def write(path: Path, *names: str, rate: int = 5) -> None:
    cameras = [
        {"id": name, "url": f"lavfi:testsrc2=size=64x48:rate={rate if name == 'c1' else 5}"}
        for name in names
    ]
    sink = {"type": "directory", "path": str(path.parent / "frames"), "keep": 2}
    path.write_text(yaml.safe_dump({"sink": sink, "fps": 5, "cameras": cameras}))


def test_cameras_that_are_the_same_have_one_session_and_no_gap(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    names = ["c1", "c2", "c3", "c4", "c5"]
    write(path, *names)
    source = ConfigSource(path)
    reading = source.read()
    source.accept(reading)
    keeper = FrameKeeper.start()
    system = start_system(reading.config, source=source, frames=dict.fromkeys(names, keeper))
    try:
        frames = keeper.proxy().frames
        eventually(lambda: len({each.camera_id for each in frames.get()}) == 5, 20)
        write(path, *names, "c6", rate=4)
        answer = system.reload(origin="test")
        assert answer.result is ReloadResult.DONE
        assert (answer.plan.added, answer.plan.restarted) == (("c6",), ("c1",))
        eventually(lambda: system.status().cameras[5].frames.published > 0, 20)
        eventually(lambda: len({f.session for f in frames.get() if f.camera_id == "c1"}) == 2, 20)
        seen = len(frames.get())
        eventually(lambda: len(frames.get()) > seen + 10, 20)
        kept = frames.get()
    finally:
        stopped = system.stop(20)
        keeper.stop(timeout=5)
    assert stopped.status.totals.imbalance() is None
    sessions = defaultdict(set)
    numbers = defaultdict(list)
    for frame in kept:
        sessions[frame.camera_id].add(frame.session)
        numbers[frame.camera_id].append(frame.seq)
    for name in names[1:]:
        assert len(sessions[name]) == 1
        assert numbers[name] == list(range(1, len(numbers[name]) + 1))
    assert len(sessions["c1"]) == 2
    assert numbers["c1"] == sorted(set(numbers["c1"]))
