"""One test per row of docs/reliability.md, "Actors": our own parts, crashed and delayed by message.

In all of them two real FFmpegs stream; the accounting is read ten times a second and balances each
time, before the fault, while it acts and after it; and nothing is left behind (see `conftest.py`).
"""

from __future__ import annotations

import textwrap
import threading
from typing import TYPE_CHECKING, Any

import pykka
import pytest

import edge_video.app
import edge_video.wiring.parts
from edge_video.actors.messages import CommandAnswer, CommandResult, Escalated, InjectFault
from edge_video.actors.system_spec import SystemSpec
from edge_video.config import MemoryControllerConfig, SupervisionConfig
from edge_video.faults import (
    AfterFrames,
    AtNextStart,
    CrashActor,
    CrashInStart,
    DelayActor,
    DropConnection,
    KillFfmpeg,
)
from edge_video.log.events import LogEvent
from edge_video.testing import eventually
from tests.support.actors import RecordingActor
from tests.support.program import Program, living
from tests.support.reliability import (
    BROKEN,
    CONTROL,
    GENEROUS_S,
    PICTURE,
    broken,
    now_s,
    two_cameras,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.reliability import Broken


pytestmark = [pytest.mark.ffmpeg]

SERVANTS = ["publisher", "reporter", "metrics", "timer"]


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Broken]:
    with broken(tmp_path) as running:
        yield running
        for camera_id in (BROKEN, CONTROL):
            assert running.camera(camera_id).attempts == 1  # no camera is hurt by an actor's death
        running.wait_until_streaming()


@pytest.fixture
def host() -> Iterator[pykka.ActorRef[RecordingActor]]:
    recorder = RecordingActor.start()
    yield recorder
    recorder.stop(timeout=5)


def heard(host: pykka.ActorRef[RecordingActor]) -> list[Any]:
    return list(host.proxy().heard.get(timeout=5))


def recovered_s(system: Broken, actor: str, restarts: int, *, since_s: float) -> None:
    restarted = system.story.wait_for(LogEvent.ACTOR_RESTARTED, actor=actor, restarts=restarts)
    assert system.system.status().restarts[actor] == restarts
    system.measured(restarted.at_s - since_s)
    system.wait_until_streaming()  # so frames flow, and the timer ticks


@pytest.mark.parametrize("actor", SERVANTS)
def test_a_crashed_servant_is_replaced(system: Broken, actor: str) -> None:
    broken_at_s = now_s()
    system.inject(actor, CrashActor("torn apart"))
    recovered_s(system, actor, 1, since_s=broken_at_s)
    assert "torn apart" in system.story.of(LogEvent.ACTOR_CRASHED)[0].fields["error"]
    seconds = system.camera(BROKEN).breaker.successes
    eventually(lambda: system.camera(BROKEN).breaker.successes > seconds, 5, "time goes on")


@pytest.mark.parametrize("actor", SERVANTS)
def test_a_servant_that_crashes_in_start_is_replaced(system: Broken, actor: str) -> None:
    system.inject(actor, CrashInStart("stillborn"), times=2)
    assert system.system.status().restarts[actor] == 0
    broken_at_s = now_s()
    system.inject(actor, CrashActor())
    recovered_s(system, actor, 3, since_s=broken_at_s)
    assert system.system.status().faults_injected == 3


@pytest.mark.parametrize("actor", SERVANTS)
def test_a_delayed_servant_is_released_by_clear_faults(system: Broken, actor: str) -> None:
    system.inject(actor, DelayActor(for_s=60.0))
    received = system.camera(BROKEN).frames.received
    eventually(lambda: system.camera(BROKEN).frames.received > received + 5, 10, "frames go on")
    cleared_at_s = now_s()
    system.clear(actor)
    # It reads its messages again: this one ends it, and it is replaced.
    system.inject(actor, CrashActor())
    recovered_s(system, actor, 1, since_s=cleared_at_s)


def test_a_delayed_supervisor_holds_up_no_frame_and_is_reached_without_its_mailbox(
    system: Broken,
) -> None:
    before = system.system.status().totals
    system.inject("supervisor", DelayActor(for_s=60.0))
    with pytest.raises(pykka.Timeout):
        system.system.status(timeout_s=1.0)
    cleared_at_s = now_s()
    system.system.clear_faults()
    after = system.system.status(timeout_s=5.0).totals
    system.measured(now_s() - cleared_at_s)
    assert after.confirmed > before.confirmed + 5
    assert after.imbalance() is None


def test_a_crashed_supervisor_stops_everything_in_order_and_its_host_is_told(
    tmp_path: Path, host: pykka.ActorRef[RecordingActor]
) -> None:
    blocks: list[str] = []
    with broken(tmp_path, ends=True, host=host, print_block=blocks.append) as system:
        broken_at_s = now_s()
        assert system.system.supervisor.ask(
            InjectFault("supervisor", CrashActor("boom")), timeout=5
        ) == CommandAnswer(CommandResult.DONE)
        stopped = system.ended()
        print(f"stopped after {now_s() - broken_at_s:.2f} s")
    assert stopped.error == "RequestedCrashError: boom"
    assert stopped.escalated == Escalated("supervisor", 0, 60.0)
    assert heard(host) == [stopped.escalated]
    assert system.system.processes() == {}
    assert system.story.of(LogEvent.SUPERVISOR_CRASHED, error="RequestedCrashError: boom")
    assert system.story.of(LogEvent.SURVIVOR) == []
    assert stopped.status.totals.held == stopped.status.totals.in_flight == 0
    assert "FINAL" in blocks[-1] or "RELATÓRIO" in blocks[-1]


@pytest.mark.parametrize("actor", ["metrics", "reporter"])
def test_an_actor_that_keeps_crashing_escalates_to_a_clean_stop_with_a_report(
    tmp_path: Path, host: pykka.ActorRef[RecordingActor], actor: str
) -> None:
    blocks: list[str] = []
    config = two_cameras(tmp_path, supervision=SupervisionConfig(max_restarts=2, period=30.0))
    with broken(
        tmp_path,
        ends=True,
        config=config,
        host=host,
        print_block=blocks.append,
    ) as system:
        system.inject(actor, CrashInStart(), times=2)
        system.inject(actor, CrashActor())
        stopped = system.ended()
    assert stopped.error is None
    assert stopped.escalated == Escalated(actor, 2, 30.0)
    assert heard(host) == [stopped.escalated]
    assert system.story.of(LogEvent.ESCALATED, actor=actor, restarts=2)
    assert stopped.status.restarts[actor] == 2
    assert stopped.status.totals.held == 0
    assert "FINAL" in blocks[-1] or "RELATÓRIO" in blocks[-1]


@pytest.mark.parametrize("actor", ["metrics", BROKEN, "timer"])
def test_an_actor_that_does_not_stop_in_time_is_named_as_a_bug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, actor: str
) -> None:
    def impatient(**parts: Any) -> SystemSpec:
        return SystemSpec(**parts, child_stop_deadline_s=1.0, camera_stop_deadline_s=1.0)

    monkeypatch.setattr(edge_video.wiring.parts, "SystemSpec", impatient)
    monkeypatch.setattr(edge_video.app, "_TIMER_STOP_S", 1.0)
    with broken(tmp_path, ends=True) as system:
        system.inject(actor, DelayActor(for_s=60.0))
        system.system.begin_stop()
        began_s = now_s()
        stopped = system.ended()
        assert now_s() - began_s < GENEROUS_S
        named = f"camera:{actor}" if actor == BROKEN else actor
        assert [each.fields["actor"] for each in system.story.of(LogEvent.SURVIVOR)] == [named]
        assert system.system.processes() == {} or actor == BROKEN
        assert stopped.status.totals.held == 0
        system.system.clear_faults()
    eventually(lambda: not [t for t in threading.enumerate() if t.name.startswith(actor)])


def test_counters_survive_the_restart_of_every_actor(tmp_path: Path) -> None:
    memory = MemoryControllerConfig(enabled=True, max_memory_mb=100_000)
    config = two_cameras(tmp_path, memory_controller=memory, report_interval=0.5)
    blocks: list[str] = []
    with broken(tmp_path, config=config, print_block=blocks.append) as system:
        system.inject(BROKEN, KillFfmpeg(), AtNextStart(), times=1)
        system.inject(BROKEN, KillFfmpeg())
        system.story.wait_for(LogEvent.CAMERA_STREAMING, camera_id=BROKEN, count=2)
        system.inject("publisher", DropConnection())
        eventually(lambda: system.system.status().publisher.connections == 2, 10, "it reconnects")
        before = system.system.status()
        for actor in SERVANTS:
            system.inject(actor, CrashActor())
            system.story.wait_for(LogEvent.ACTOR_RESTARTED, actor=actor)
        printed = len(blocks)
        eventually(lambda: len(blocks) > printed, 5, "the new reporter prints")
        last = system.stop()
    assert last.restarts == dict.fromkeys(SERVANTS, 1)
    assert last.faults_injected == 3 + len(SERVANTS)
    assert last.publisher.connections_lost == before.publisher.connections_lost == 1
    assert last.publisher.connections == before.publisher.connections + 1 == 3
    for then, now in zip(before.cameras, last.cameras, strict=True):
        assert now.attempts >= then.attempts
        assert now.breaker.failures == then.breaker.failures
        assert now.breaker.successes >= then.breaker.successes
        assert now.frames.received > then.frames.received
        assert now.frames.confirmed > then.frames.confirmed
        assert now.capture.splits > then.capture.splits
        assert now.last_failure == then.last_failure
    assert last.process is not None
    assert before.process is not None
    assert last.process.gc_collections >= before.process.gc_collections
    assert (last.process.gc_last_ago_s is None) <= (before.process.gc_last_ago_s is None)


def test_the_publisher_breaks_after_so_many_handed_over_frames(system: Broken) -> None:
    before = system.system.status().totals.published
    system.inject("publisher", CrashActor(), AfterFrames(8), times=2)
    system.story.wait_for(LogEvent.ACTOR_RESTARTED, actor="publisher", restarts=2)
    status = system.system.status()
    assert status.totals.published >= before + 16
    assert (status.faults_injected, status.faults_armed) == (2, 0)


def test_faults_that_make_no_sense_are_refused_and_counted(system: Broken) -> None:
    def answer(request: InjectFault) -> CommandResult:
        given = system.system.supervisor.ask(request, timeout=5)
        assert isinstance(given, CommandAnswer)
        return given.result

    assert answer(InjectFault("nobody", CrashActor())) is CommandResult.UNKNOWN_TARGET
    for request in (
        InjectFault("metrics", KillFfmpeg()),
        InjectFault(BROKEN, DropConnection()),
        InjectFault("reporter", CrashActor(), AfterFrames(3)),
        InjectFault("supervisor", CrashInStart()),
        InjectFault("supervisor", CrashActor(), AtNextStart()),
    ):
        assert answer(request) is CommandResult.NOT_UNDERSTOOD
    status = system.system.status()
    assert (status.faults_injected, status.faults_refused, status.faults_armed) == (0, 5, 0)


# --- the program ----------------------------------------------------------------------------

_ALLOWED = """
import sys, threading, time
import edge_video.app, edge_video.cli.main, edge_video.cli.run
from edge_video.actors.messages import InjectFault
from edge_video.faults import CrashActor, CrashInStart

def start(*args, **more):
    system = edge_video.app.start_system(*args, allow_faults=True, **more)
    def break_it():
        while not all(camera.frames.received > 10 for camera in system.status().cameras):
            time.sleep(0.05)
        {breaking}
    threading.Thread(target=break_it, daemon=True).start()
    return system

edge_video.cli.run.start_system = start
sys.exit(edge_video.cli.main.main(sys.argv[1:]))
"""

_SUPERVISOR = 'system.supervisor.tell(InjectFault("supervisor", CrashActor("boom")))'
_REPORTER = """
        system.supervisor.tell(InjectFault("reporter", CrashInStart(), times=9))
        system.supervisor.tell(InjectFault("reporter", CrashActor("boom")))
"""


@pytest.mark.parametrize(
    ("breaking", "words"),
    [
        (_SUPERVISOR, "The supervisor crashed: RequestedCrashError: boom"),
        (_REPORTER, "Actor reporter keeps crashing"),
    ],
    ids=["supervisor crashed", "reporter escalated"],
)
def test_the_program_exits_70_with_its_report_when_it_gives_itself_up(
    tmp_path: Path, breaking: str, words: str
) -> None:
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(_ALLOWED.format(breaking=breaking.strip())))
    config = {
        "cameras": [{"id": "cam1", "url": PICTURE}, {"id": "cam2", "url": PICTURE}],
        "sink": {"type": "directory", "path": str(tmp_path / "frames")},
        "language": "en",
    }
    program = Program(tmp_path, config, "--report-file", "final.json")
    program._words[1:3] = [str(script)]
    with program:
        program.wait_for_log("[cam1]", "160x120")
        program.wait_for_log("[cam2]", "160x120")
        ffmpegs = program.ffmpegs()
        assert len(ffmpegs) == 2
        assert program.wait(30) == 70
    assert living(ffmpegs) == []
    assert program.report()["accounting"]["balanced"] is True
    assert "FINAL REPORT" in program.output
    assert [line for line in program.log if words in line]
    assert [line for line in program.log if "did not stop in time" in line] == []
