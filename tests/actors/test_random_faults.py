"""Random fault sequences: the rules that no order of faults may break.

A sequence is one camera's: eight faults with random pauses. Cameras are struck side by side, 25 to
a system. A failure names its seed; `EDGE_VIDEO_STORM=<seed>` runs that one system alone, with the
same faults at the same (fake) times.
"""

from __future__ import annotations

import logging
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.actors.attempts import AttemptScheduler
from edge_video.actors.cameras import CameraFleet
from edge_video.actors.grants import Grants
from edge_video.actors.messages import CameraEnded, CameraFailed
from edge_video.delivery.outbox import Outbox
from edge_video.resilience.breaker import CircuitBreaker, Permit
from tests.support.random_faults import RandomFaults
from tests.support.random_leases import RandomLeases
from tests.support.settling import Settling

if TYPE_CHECKING:
    from collections.abc import Iterator

CAMERAS = 25
SEQUENCES = int(os.environ.get("EDGE_VIDEO_SEQUENCES", "1000"))
"""They take most of a minute of CPU; `make fuzz` brings 10 000, of which these are the first."""
PARTS = 4


def _delay_s(attempts: int, _draw: float, *, cap_s: float) -> float:
    return min(cap_s, 0.5 * attempts)


@pytest.fixture
def settling(monkeypatch: pytest.MonkeyPatch) -> Iterator[Settling]:
    """Actors are crashed by the thousand here; rendering their tracebacks is not the point."""
    logging.disable(logging.CRITICAL)
    # Its jitter would be drawn in an order that the threads decide.
    monkeypatch.setattr("edge_video.actors.reconnection.reconnect_delay_s", _delay_s)
    yield Settling.install(monkeypatch)
    logging.disable(logging.NOTSET)


def violations(seed: int, settling: Settling, cameras: int = CAMERAS) -> list[str]:
    storm = RandomFaults(seed, cameras, settling)
    storm.rage()
    return storm.violations


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_order_of_faults_breaks_a_rule(part: int, settling: Settling) -> None:
    one = os.environ.get("EDGE_VIDEO_STORM")
    systems = SEQUENCES // CAMERAS
    seeds = [int(one)] if one else range(part, systems, PARTS)
    for seed in seeds:
        assert not (found := violations(seed, settling)), "\n".join(found[:3])


@pytest.mark.slow
def test_no_order_of_grants_and_faults_breaks_a_rule(settling: Settling) -> None:
    """The frames that a lost lease costs are in both sums of the frame accounting."""
    one = os.environ.get("EDGE_VIDEO_STORM")
    superseded = moves = 0
    for seed in [int(one)] if one else range(max(1, SEQUENCES // 500)):
        storm = RandomLeases(seed, CAMERAS, settling)
        storm.rage()
        assert not storm.violations, "\n".join(storm.violations[:3])
        moves += storm.moves
        superseded += storm.superseded
    assert moves > CAMERAS
    assert superseded or one


def test_the_same_seed_brings_the_same_faults(settling: Settling) -> None:
    first, second = (RandomFaults(7, 5, settling) for _ in range(2))
    for storm in (first, second):
        storm.rage()
        assert storm.violations == []
    assert [list(notes.history) for notes in first.notes.values()] == [
        list(notes.history) for notes in second.notes.values()
    ]
    assert first.recorder.counts


# --- the checks can fail: each rule is broken on purpose, and that is noticed ---


def found_by_any_of(seeds: range, settling: Settling, stop_takes_s: float = 0.0) -> str:
    for seed in seeds:
        storm = RandomFaults(seed, 8, settling)
        if stop_takes_s:
            storm.before_stop = lambda _: time.sleep(stop_takes_s)
        storm.rage()
        if storm.violations:
            return "\n".join(storm.violations)
    return ""


def test_a_breaker_that_permits_while_open_is_caught(
    settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It grants whatever it is asked for, and the supervisor asks after half the wait."""

    def permit(breaker: CircuitBreaker, now: float) -> tuple[CircuitBreaker, Permit]:
        begun = breaker._begun(now)
        return begun, Permit(granted=True, generation=begun.generation)

    def attempt(attempts: AttemptScheduler, camera: Any) -> None:
        if camera.wanted and camera.ref is None:
            attempts._start_attempt(camera, attempts._now())

    wake_later = AttemptScheduler._wake_later
    monkeypatch.setattr(CircuitBreaker, "permit", permit)
    monkeypatch.setattr(AttemptScheduler, "attempt", attempt)
    monkeypatch.setattr(
        AttemptScheduler,
        "_wake_later",
        lambda attempts, camera, delay_s: wake_later(attempts, camera, delay_s / 2),
    )
    assert "an attempt while OPEN" in found_by_any_of(range(5), settling)


def test_a_camera_that_runs_without_a_grant_is_caught(
    settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Grants, "has", lambda _grants, _camera_id: True)
    storm = RandomLeases(0, 8, settling)
    storm.rage()
    assert "an attempt without a grant" in "\n".join(storm.violations)


def test_a_breaker_that_stays_open_while_it_runs_is_caught(
    settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = CircuitBreaker._begun

    def stays(breaker: CircuitBreaker, now: float) -> CircuitBreaker:
        return replace(begun(breaker, now), state=breaker.state)

    monkeypatch.setattr(CircuitBreaker, "_begun", stays)
    assert "an attempt runs while OPEN" in found_by_any_of(range(5), settling)


@pytest.mark.parametrize("by", [-1, +1])
def test_a_breaker_that_miscounts_its_successes_is_caught(
    by: int, settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    success = CircuitBreaker.success

    def miscounted(breaker: CircuitBreaker, now: float, generation: int) -> CircuitBreaker:
        policy = breaker.policy
        other = replace(policy, half_open_successes=max(1, policy.half_open_successes + by))
        after = success(replace(breaker, policy=other), now, generation)
        return replace(after, policy=policy)

    monkeypatch.setattr(CircuitBreaker, "success", miscounted)
    words = "closed after" if by < 0 else "still HALF_OPEN"
    assert words in found_by_any_of(range(10), settling)


def test_a_supervisor_that_restarts_too_early_is_caught(
    settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On `CameraFailed`, while the old attempt still has its FFmpeg, instead of `CameraEnded`."""
    on_event = CameraFleet.on_event

    def too_early(fleet: CameraFleet, event: Any) -> None:
        on_event(fleet, event)
        if isinstance(event, CameraFailed):
            ended = CameraEnded(event.camera_id, event.generation, event.breaker, event.failure)
            on_event(fleet, ended)

    monkeypatch.setattr(CameraFleet, "on_event", too_early)
    found = found_by_any_of(range(20), settling, stop_takes_s=0.005)
    assert "two attempts at a time" in found


def test_a_frame_lost_from_the_books_is_caught(
    settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = Outbox.counts

    def cooked(outbox: Outbox) -> Any:
        return {
            camera_id: replace(each, received=each.received + (each.received > 3))
            for camera_id, each in counts(outbox).items()
        }

    monkeypatch.setattr(Outbox, "counts", cooked)
    assert "received" in found_by_any_of(range(3), settling)


def test_what_runs_after_the_stop_is_caught(
    settling: Settling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CameraFleet, "stop_restarting", lambda _fleet: None)
    monkeypatch.setattr(Outbox, "drop_held", lambda _outbox, _reason: 0)
    found = found_by_any_of(range(10), settling)
    assert "still asked to call" in found or "frames are left over" in found
