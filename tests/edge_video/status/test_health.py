"""What a camera and the system are judged by, in every report alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edge_video.delivery.ledger import FrameCounts
from edge_video.resilience.breaker import BreakerState
from edge_video.status.health import (
    CameraHealth,
    Delivery,
    camera_health,
    delivery_of,
    verdict,
)
from edge_video.status.model import (
    CameraPhase,
    CameraStatus,
    Outage,
    PublisherState,
    PublisherStatus,
)
from tests.edge_video.report.examples import breaker, camera, system

GOOD = replace(camera(last_frame_ago_s=0.1), received_fps=15.0)
WAITING = breaker(BreakerState.OPEN, failures=5, retry_in_s=9.0)
HELD = breaker(BreakerState.OPEN, retry_in_s=None, forced_open=True)
STARTING = CameraPhase.STARTING


@pytest.mark.parametrize(
    ("judged", "health"),
    [
        (GOOD, CameraHealth.HEALTHY),
        (replace(GOOD, frames=FrameCounts(received=9, dropped_not_connected=9)), "healthy"),
        (replace(GOOD, received_fps=None), CameraHealth.HEALTHY),
        (replace(GOOD, received_fps=11.0), CameraHealth.SLOW),
        (replace(GOOD, received_fps=10.0, usual_fps=10.0), CameraHealth.HEALTHY),
        (replace(GOOD, received_fps=0.4, usual_fps=0.5), CameraHealth.HEALTHY),
        (replace(GOOD, received_fps=0.1, usual_fps=0.5), CameraHealth.SLOW),
        (replace(GOOD, last_frame_ago_s=5.0), CameraHealth.TROUBLE),
        (replace(GOOD, last_frame_ago_s=11.0, key_frame_interval_s=8.0), CameraHealth.HEALTHY),
        (replace(GOOD, last_frame_ago_s=40.0, interval_s=30.0), CameraHealth.HEALTHY),
        (replace(GOOD, last_frame_ago_s=46.0, interval_s=30.0), CameraHealth.TROUBLE),
        (replace(GOOD, received_fps=0.1, usual_fps=0.1, interval_s=10.0), CameraHealth.HEALTHY),
        (replace(GOOD, last_frame_ago_s=900.0, unchanged_s=900.0), CameraHealth.HEALTHY),
        (replace(GOOD, key_frame_wait_s=3.0), CameraHealth.TROUBLE),
        (camera(phase=STARTING), CameraHealth.STARTING),
        (camera(phase=STARTING, state=breaker(failures=1)), CameraHealth.TROUBLE),
        (camera(phase=CameraPhase.WAITING, state=WAITING), CameraHealth.TROUBLE),
        (camera(state=breaker(BreakerState.HALF_OPEN)), CameraHealth.TROUBLE),
        (camera(phase=CameraPhase.WAITING, state=HELD), CameraHealth.PAUSED),
        (camera(phase=CameraPhase.STOPPED, state=HELD), CameraHealth.STOPPED),
        (camera(phase=CameraPhase.DISABLED), CameraHealth.DISABLED),
    ],
)
def test_a_camera_is_judged_by_what_it_sends(judged: CameraStatus, health: CameraHealth) -> None:
    assert camera_health(judged) is CameraHealth(health)


OUT = (Outage(1, None, "refused", 3),)
OVER = (Outage(1, 2, "refused", 3),)


@pytest.mark.parametrize(
    ("state", "facts", "delivery"),
    [
        (PublisherState.CONNECTING, {}, Delivery.STARTING),
        (PublisherState.CONNECTING, {"failed_attempts": 1, "outages": OUT}, Delivery.LOST),
        (PublisherState.CONNECTING, {"connections": 1, "connections_lost": 1}, Delivery.LOST),
        (PublisherState.WAITING, {"failed_attempts": 1, "outages": OUT}, Delivery.LOST),
        (PublisherState.CONNECTED, {"connections": 2, "outages": OVER}, Delivery.OK),
        (PublisherState.BLOCKED, {"connections": 1}, Delivery.BLOCKED),
        (PublisherState.STOPPED, {"connections": 1, "outages": OVER}, Delivery.OK),
        (PublisherState.STOPPED, {"connections": 1, "outages": OUT}, Delivery.LOST),
        (PublisherState.STOPPED, {"connections": 1, "down_for_s": 2.0}, Delivery.BLOCKED),
        (PublisherState.STOPPED, {"down_for_s": 2.0}, Delivery.STARTING),
    ],
)
def test_delivery_is_judged_by_the_connection(
    state: PublisherState, facts: dict[str, Any], delivery: Delivery
) -> None:
    publisher = replace(PublisherStatus(state, "broker"), **facts)
    assert delivery_of(publisher) is delivery
    assert verdict(system(GOOD, publisher=publisher)).is_good is (
        delivery in {Delivery.OK, Delivery.STARTING}
    )


def test_the_verdict_counts_cameras_and_an_operator_s_wish_is_no_trouble() -> None:
    paused = camera("c", CameraPhase.WAITING, state=HELD)
    stopped = camera("d", CameraPhase.STOPPED)
    good = verdict(system(GOOD, paused, stopped))
    assert (good.is_good, good.wanted) == (True, 1)
    assert (good.cameras[CameraHealth.PAUSED], good.cameras[CameraHealth.SLOW]) == (1, 0)
    ill = verdict(system(GOOD, camera("b", CameraPhase.WAITING, state=WAITING)))
    assert (ill.is_good, ill.wanted) == (False, 2)
