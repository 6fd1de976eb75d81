"""Slow, distant and changing ways to the broker, for real: a namespace, a link, the whole program.

`python -m bench.uplink` runs the same for minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.testing.uplink import distant, thin, why_no_uplink
from tests.support.rtsp import require
from tests.support.uplink import FarBroker, far_broker, frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.rabbitmq, pytest.mark.slow]


@pytest.fixture(scope="module")
def far() -> Iterator[FarBroker]:
    missing = why_no_uplink()
    require(not missing, missing)
    with far_broker() as made:
        yield made


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_pictures_over_one_megabit_are_fresh_and_the_connection_stays(
    far: FarBroker, tmp_path: Path, *, tls: bool
) -> None:
    """Five cameras offer twenty times what the uplink carries; one has small frames."""
    far.uplink.shape(thin(1e6))
    result = frames(far, tmp_path, 14, [50_000] * 4 + [5_000], tls=tls)
    assert result.median_age_s(5) < 3
    assert result.megabit_per_s(5, 14) > 0.75
    assert not result.losses
    assert not result.imbalances()
    counts = result.per_camera(5)
    assert min(counts.values()) >= 0.6 * max(counts.values()), f"they take turns: {counts}"


def test_an_uplink_that_becomes_slow_and_fast_again_recovers_at_once(
    far: FarBroker, tmp_path: Path
) -> None:
    far.uplink.shape(thin(4e6))
    changes = [
        (5, lambda: far.uplink.shape(thin(0.5e6))),
        (12, lambda: far.uplink.shape(thin(4e6))),
    ]
    result = frames(far, tmp_path, 17, [20_000] * 5, fps=20, changes=changes)
    assert result.median_age_s(9, 12) < 3
    assert result.median_age_s(14, 17) < 1.5
    assert result.megabit_per_s(14, 17) > 2.5
    assert not result.losses
    assert not result.imbalances()


def test_a_distant_broker_is_connected_after_the_time_for_it_has_grown(
    far: FarBroker, tmp_path: Path
) -> None:
    """A handshake takes four round trips of 1.2 s, and has three seconds at first."""
    far.uplink.shape(distant(0.6), distant(0.6))
    amqp = {"handshake_timeout": "3s"}
    result = frames(far, tmp_path, 30, [20_000] * 2, fps=2, amqp=amqp)
    assert 1 <= len(result.losses) <= 2
    assert result.median_age_s(26) < 2
    assert not result.imbalances()
