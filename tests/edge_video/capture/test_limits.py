"""Limits of an FFmpeg: by control group, by rlimit and by measuring, each judged as what it is."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

from edge_video.capture.limits import (
    FfmpegLimits,
    LimitKeeper,
    LimitWay,
    unconfined,
)
from edge_video.config import CameraConfig
from edge_video.log.events import LogEvent
from edge_video.metrics.usage import Usage, usage_of
from edge_video.resilience.failures import Cause, Failure
from edge_video.runtime.cgroup import DELEGATED, DelegatedCgroup, NoCgroupError, delegated_cgroup
from edge_video.runtime.rlimits import can_limit_data, limit_data
from edge_video.testing.waiting import wait_until
from tests.support.captures import RecordedCapture, lavfi
from tests.support.cgroups import ScriptedCgroup
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_video.capture.binary import Binary
    from tests.support.captures import StartCapture

MB: Final = 2**20
PID: Final = 4711
BOTH: Final = FfmpegLimits(memory_mb=200, cpu_percent=150)


def no_cgroup() -> DelegatedCgroup:
    raise NoCgroupError("this machine has no cgroup v2")


@dataclass
class Stage:
    """A keeper on a machine without control groups; the test says what FFmpeg uses, and when."""

    now_s: float = 100.0
    usage: Usage | None = field(default_factory=lambda: Usage(0.0, 0))
    refused: list[tuple[int, int]] = field(default_factory=list)
    refuses: bool = True

    def keeper(self, *, has_rlimit: bool = True) -> LimitKeeper:
        return LimitKeeper(
            no_cgroup, self.refuse if has_rlimit else None, lambda _: self.usage, lambda: self.now_s
        )

    def refuse(self, pid: int, size: int) -> bool:
        self.refused.append((pid, size))
        return self.refuses


# --- which way ---


def test_without_limits_nothing_is_done(caplog: pytest.LogCaptureFixture) -> None:
    stage = Stage(usage=Usage(1e9, 2**60))
    confinement = stage.keeper().confine("door", FfmpegLimits(), PID)
    assert confinement is unconfined(PID)
    assert (confinement.look(), stage.refused, caplog.records) == (None, [], [])


@pytest.mark.parametrize(("has_rlimit", "way"), [(True, LimitWay.RLIMIT), (False, LimitWay.WATCH)])
def test_the_way_is_the_best_that_there_is_and_is_logged_once(
    has_rlimit: bool, way: LimitWay, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    keeper = Stage().keeper(has_rlimit=has_rlimit)
    assert keeper.way() is way
    assert caplog.records == []
    for pid in (1, 2):
        keeper.confine("door", BOTH, pid)
    told = [vars(each)["fields"] for each in caplog.records]
    assert told == [{"way": way, "reason": "this machine has no cgroup v2"}]


def test_the_limits_are_those_of_the_camera() -> None:
    camera = CameraConfig(
        id="door", url="lavfi:testsrc", ffmpeg_max_memory_mb=200, ffmpeg_max_cpu_percent=150
    )
    assert FfmpegLimits.of(camera) == BOTH
    assert not FfmpegLimits.of(CameraConfig(id="door", url="lavfi:testsrc"))


# --- measured ---


def test_memory_beyond_the_limit_is_a_failure_at_once() -> None:
    stage = Stage()
    confinement = stage.keeper().confine("door", BOTH, PID)
    stage.usage = Usage(0.0, 200 * MB)
    assert confinement.look() is None
    stage.usage = Usage(0.0, 301 * MB)
    assert confinement.look() == Failure(Cause.MEMORY_LIMIT, "301 MB, allowed are 200 MB")


def test_the_kernel_refuses_memory_some_way_above_the_limit() -> None:
    # A thread's stack is counted whole, though hardly any of it is used.
    stage = Stage()
    keeper = stage.keeper()
    keeper.confine("door", BOTH, PID)
    keeper.confine("door", FfmpegLimits(cpu_percent=50), PID)
    assert stage.refused == [(PID, (200 + 512) * MB)]


def looks(
    stage: Stage, cpu_percent: float, seconds: int, look: Callable[[], Failure | None]
) -> Failure | None:
    """Let FFmpeg use so much CPU, looked at each second, until it is over its limit."""
    for _ in range(seconds):
        stage.now_s += 1
        assert stage.usage is not None
        stage.usage = Usage(stage.usage.cpu_s + cpu_percent / 100, 0)
        if (failure := look()) is not None:
            return failure
    return None


def test_cpu_counts_over_ten_seconds() -> None:
    stage = Stage()
    look = stage.keeper().confine("door", BOTH, PID).look
    assert looks(stage, 400, 3, look) is None, "a slow start"
    assert looks(stage, 20, 60, look) is None
    assert looks(stage, 400, 3, look) is None, "a key frame"
    assert looks(stage, 20, 10, look) is None
    assert looks(stage, 150, 60, look) is None, "at its limit"
    assert looks(stage, 160, 60, look) == Failure(
        Cause.CPU_LIMIT, "151% of a core, allowed are 150%"
    )


def test_looks_that_come_late_are_counted_over_all_the_time_between() -> None:
    stage = Stage()
    look = stage.keeper().confine("door", BOTH, PID).look
    stage.now_s, stage.usage = 400.0, Usage(440.0, 0)
    assert look() is None
    stage.now_s, stage.usage = 700.0, Usage(940.0, 0)
    assert look() == Failure(Cause.CPU_LIMIT, "167% of a core, allowed are 150%")


def test_one_that_is_gone_is_not_over_its_limits() -> None:
    stage = Stage(usage=None)
    assert stage.keeper().confine("door", BOTH, PID).look() is None


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("[error] Error while filtering: Cannot allocate memory", 1),
        ("[mjpeg @ 0x55a2] [error] get_buffer() failed (-12 (nil))", 1),
        ("[vost#0:0] [error] pthread_create() failed: Resource temporarily unavailable", 245),
        ("[error] Nothing was written into output file", 244),
    ],
)
def test_what_ends_for_want_of_memory_has_reached_its_limit(line: str, status: int) -> None:
    confinement = Stage().keeper().confine("door", BOTH, PID)
    judged = confinement.judged(Failure(Cause.UNKNOWN, "x", status), [line])
    detail = "FFmpeg was refused memory, allowed are 200 MB"
    assert judged == Failure(Cause.MEMORY_LIMIT, detail, status)


def test_what_was_not_refused_memory_keeps_its_cause() -> None:
    line = "[error] Cannot allocate memory"
    lost = Failure(Cause.UNREACHABLE, "No route to host", 1)
    assert Stage().keeper().confine("door", BOTH, PID).judged(lost, [line]) is None
    unknown = Failure(Cause.UNKNOWN, "Cannot allocate memory", 1)
    own = Stage(refuses=False).keeper().confine("door", BOTH, PID)
    assert own.judged(unknown, [line]) is None, "the machine's memory was short"
    assert unconfined(PID).judged(unknown, [line]) is None
    quiet = Stage().keeper().confine("door", BOTH, PID)
    assert quiet.judged(unknown, ["[error] something else"]) is None


# --- in a control group ---


@pytest.fixture
def scripted(tmp_path: Path) -> ScriptedCgroup:
    return ScriptedCgroup(tmp_path)


def grouping(scripted: ScriptedCgroup) -> LimitKeeper:
    environ = {DELEGATED: "delegated"}
    return LimitKeeper(lambda: delegated_cgroup(environ, scripted.places), None, lambda _: None)


def test_a_control_group_is_made_and_gone_with_its_ffmpeg(
    scripted: ScriptedCgroup, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    keeper = grouping(scripted)
    assert keeper.way() is LimitWay.CGROUP
    confinement = keeper.confine("door", BOTH, PID)
    group = scripted.path / f"ffmpeg-door-{PID}"
    assert {each.name: each.read_text() for each in group.iterdir()} == {
        "memory.max": str(200 * MB),
        "memory.swap.max": "0",
        "memory.oom.group": "1",
        "cpu.max": "150000 100000",
        "cgroup.procs": str(PID),
    }
    assert confinement.look() is None
    confinement.end()
    assert not group.exists()
    lost = Failure(Cause.KILLED, "killed by SIGKILL", -9)
    assert confinement.judged(lost, []) is None
    assert [vars(each)["fields"] for each in caplog.records] == [
        {"way": LimitWay.CGROUP, "reason": ""}
    ]


def test_only_what_is_limited_is_written(scripted: ScriptedCgroup) -> None:
    grouping(scripted).confine("door", FfmpegLimits(cpu_percent=50), PID)
    group = scripted.path / f"ffmpeg-door-{PID}"
    assert {each.name for each in group.iterdir()} == {"cpu.max", "cgroup.procs"}


@pytest.mark.parametrize("ends_first", [True, False])
def test_what_the_kernel_kills_has_reached_its_memory_limit(
    scripted: ScriptedCgroup, ends_first: bool
) -> None:
    confinement = grouping(scripted).confine("door", BOTH, PID)
    group = scripted.path / f"ffmpeg-door-{PID}"
    (group / "memory.events").write_text("low 0\nhigh 0\nmax 31\noom 1\noom_kill 1\n")
    if ends_first:
        confinement.end()
    judged = confinement.judged(Failure(Cause.KILLED, "killed by SIGKILL", -9), [])
    detail = "the kernel ended FFmpeg, allowed are 200 MB"
    assert judged == Failure(Cause.MEMORY_LIMIT, detail, -9)


def test_what_is_killed_for_want_of_the_machines_memory_keeps_its_cause(
    scripted: ScriptedCgroup,
) -> None:
    # The kernel's choice, or all of the service is at its `MemoryMax=`: no limit of this one.
    confinement = grouping(scripted).confine("door", BOTH, PID)
    events = scripted.path / f"ffmpeg-door-{PID}/memory.events"
    events.write_text("low 0\nhigh 0\nmax 0\noom 0\noom_kill 1\n")
    killed = Failure(Cause.KILLED, "killed by SIGKILL", -9)
    assert confinement.judged(killed, []) is None
    confinement.end()
    assert confinement.judged(killed, []) is None


def test_a_stream_that_ends_while_it_is_held_back_has_reached_its_cpu_limit(
    scripted: ScriptedCgroup,
) -> None:
    confinement = grouping(scripted).confine("door", BOTH, PID)
    stat = scripted.path / f"ffmpeg-door-{PID}/cpu.stat"
    stalled = Failure(Cause.STALLED, "no frame for 10s")
    for second in range(30):
        stat.write_text(f"usage_usec 1\nnr_periods {10 * second}\nnr_throttled {second}\n")
        assert confinement.look() is None
    assert confinement.judged(stalled, []) is None
    for second in range(11):
        stat.write_text(f"nr_periods {300 + 10 * second}\nnr_throttled {30 + 8 * second}\n")
        confinement.look()
    assert confinement.judged(Failure(Cause.WRONG_PASSWORD), []) is None
    confinement.end()
    detail = "held back 80% of the time, allowed are 150% of a core"
    assert confinement.judged(stalled, []) == Failure(Cause.CPU_LIMIT, detail)


def test_a_camera_that_falls_silent_is_no_matter_of_the_cpu(scripted: ScriptedCgroup) -> None:
    # The kernel counts no periods while FFmpeg has nothing to do: three of its last work are left.
    confinement = grouping(scripted).confine("door", BOTH, PID)
    stat = scripted.path / f"ffmpeg-door-{PID}/cpu.stat"
    for periods, held in [(300, 60), *[(303, 63)] * 10]:
        stat.write_text(f"nr_periods {periods}\nnr_throttled {held}\n")
        confinement.look()
    assert confinement.judged(Failure(Cause.STALLED, "no frame for 10s"), []) is None


def test_an_ffmpeg_that_the_kernel_takes_into_no_group_is_measured(
    scripted: ScriptedCgroup, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = grouping(scripted)
    keeper.confine("door", BOTH, PID)
    # The same name is there already.
    keeper.confine("door", BOTH, PID)
    (told,) = caplog.records
    assert vars(told)["event"] is LogEvent.FFMPEG_LIMITS_WEAKER
    assert vars(told)["fields"] == {"camera_id": "door", "reason": "File exists"}


# --- real FFmpegs ---

ENDLESS: Final = "testsrc2=size=1280x720:rate=25,loop=loop=-1:size=2000"
"""It keeps each picture: 35 MB more each second, or as fast as FFmpeg can."""


@pytest.mark.ffmpeg
@EVERY_FFMPEG
@pytest.mark.skipif(not can_limit_data(), reason="NOT TESTED: no RLIMIT_DATA of another process")
def test_an_ffmpeg_that_is_refused_memory_has_reached_its_limit(
    any_ffmpeg: Binary, start: StartCapture
) -> None:
    keeper = LimitKeeper(no_cgroup, lambda pid, _: limit_data(pid, 250 * MB), lambda _: None)
    confine = partial(keeper.confine, "cam1", FfmpegLimits(memory_mb=250))
    command = [each for each in lavfi(any_ffmpeg, ENDLESS) if each != "-re"]
    run = start(command, confine=confine)
    failure = run.capture.limit_reached(run.wait_for_failure())
    assert failure is not None, run.capture.stderr_tail()
    assert failure.cause is Cause.MEMORY_LIMIT
    assert failure.detail == "FFmpeg was refused memory, allowed are 250 MB"


@pytest.mark.ffmpeg
def test_an_ffmpeg_that_takes_too_much_memory_is_killed(
    ffmpeg: Binary, start: StartCapture
) -> None:
    confine = partial(LimitKeeper(no_cgroup, None).confine, "cam1", FfmpegLimits(memory_mb=120))
    command = [each for each in lavfi(ffmpeg, ENDLESS) if each != "-re"]
    run = start(command, confine=confine)
    found: list[Failure] = []

    def is_over() -> bool:
        found.extend(filter(None, [run.capture.limit_reached()]))
        return bool(found)

    wait_until(is_over)
    assert found[0].cause is Cause.MEMORY_LIMIT
    wait_until(lambda: run.capture.exit_status == -9)


@pytest.mark.ffmpeg
def test_an_ffmpeg_that_decodes_is_far_below_what_the_example_allows(
    ffmpeg: Binary, start: StartCapture
) -> None:
    run = start(lavfi(ffmpeg, "testsrc2=size=1280x720:rate=25"))
    assert run.first.wait(10)
    assert run.capture.pid is not None
    usage = usage_of(run.capture.pid)
    assert usage is not None
    assert 0 < usage.memory_bytes < 200 * MB
    assert usage.cpu_s > 0


def test_a_capture_that_never_ran_is_not_over_its_limits() -> None:
    capture = RecordedCapture(["ffmpeg"]).capture
    failure = Failure(Cause.SPAWN_FAILED)
    assert (capture.limit_reached(), capture.limit_reached(failure)) == (None, None)
