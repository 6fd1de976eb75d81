from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_video.actors.messages import InjectFault
from edge_video.faults import (
    AfterFrames,
    AtNextStart,
    DelayActor,
    Fault,
    FreezeFfmpeg,
    GarbageBytes,
    KillFfmpeg,
    NackFrames,
    Now,
    OversizedFrame,
    RefuseSpawn,
    ReturnFrames,
    SlowConfirms,
    SlowFrames,
    When,
)
from edge_video.faults.scheduling import ArmedFault


def armed(when: When, *, fault: Fault | None = None, **options: float) -> ArmedFault:
    return ArmedFault("camera:cam1", "cam1", fault or KillFfmpeg(), when, **options)  # type: ignore[arg-type]


def takes(fault: ArmedFault) -> int:
    taken = 0
    while fault.consume():
        taken += 1
    return taken


def test_now_is_one_trigger_however_often_it_may_act() -> None:
    fault = armed(Now(), times=3)
    fault.trigger()
    assert takes(fault) == 1


def test_frames_bring_a_trigger_each_time_so_many_have_come() -> None:
    fault = armed(AfterFrames(10), times=2)
    fault.count_from(100)
    acts = []
    for frames in range(100, 140):
        fault.frames_are(frames)
        acts.append((frames, takes(fault)))
    assert [frames for frames, taken in acts if taken] == [110, 120]
    assert fault.is_spent


def test_frames_that_come_all_at_once_are_as_many_triggers() -> None:
    fault = armed(AfterFrames(10), times=5)
    fault.frames_are(39)
    assert fault.due == 3
    fault.frames_are(40)
    assert takes(fault) == 4


def test_what_is_due_waits_until_it_is_taken() -> None:
    fault = armed(AfterFrames(1), times=1)
    fault.frames_are(1)
    assert (fault.is_spent, fault.watches_frames) == (False, True)
    assert takes(fault) == 1
    assert (fault.is_spent, fault.watches_frames) == (True, False)


def test_some_faults_act_only_at_a_start_and_now_means_the_next() -> None:
    assert armed(Now(), fault=RefuseSpawn()).waits_for_start
    assert armed(AtNextStart()).waits_for_start
    assert not armed(AfterFrames(1), fault=RefuseSpawn()).waits_for_start
    assert not armed(Now()).waits_for_start


@given(
    seed=st.integers(),
    probability=st.floats(0, 1),
    times=st.integers(1, 20),
    jumps=st.lists(st.integers(0, 30), max_size=30),
)
def test_the_same_seed_breaks_the_same_triggers_however_the_frames_come(
    seed: int, probability: float, times: int, jumps: list[int]
) -> None:
    leaping, stepping = (
        armed(AfterFrames(3), times=times, probability=probability, seed=seed) for _ in range(2)
    )
    total = 0
    for jump in jumps:
        for _ in range(jump):
            total += 1
            stepping.frames_are(total)
        leaping.frames_are(total)
        assert leaping.due == stepping.due <= min(times, total // 3)


def test_probability_is_what_it_says() -> None:
    fault = armed(AfterFrames(1), times=10_000, probability=0.3, seed=1)
    fault.frames_are(10_000)
    assert 2_800 < fault.due < 3_200
    assert takes(armed(Now(), probability=0.0)) == 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: InjectFault("cam1", KillFfmpeg(), times=0),
        lambda: InjectFault("cam1", KillFfmpeg(), probability=1.1),
        lambda: InjectFault("cam1", KillFfmpeg(), probability=float("nan")),
        lambda: AfterFrames(0),
        lambda: FreezeFfmpeg(for_s=0),
        lambda: FreezeFfmpeg(for_s=float("inf")),
        lambda: DelayActor(for_s=-1),
        lambda: SlowFrames(share=0),
        lambda: SlowFrames(share=1.5),
        lambda: SlowFrames(for_s=0),
        lambda: GarbageBytes(size=0),
        lambda: OversizedFrame(size=16 * 2**20),
        lambda: NackFrames(frames=0),
        lambda: ReturnFrames(frames=-1),
        lambda: SlowConfirms(delay_s=0),
    ],
)
def test_a_fault_that_makes_no_sense_cannot_be_made(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=r"must"):
        make()
