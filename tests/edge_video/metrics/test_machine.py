"""What there is for cameras on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil

from edge_video.metrics.machine import CpuSeconds, CpuUseMeter, RoomMeter, Worked, cpu_seconds

if TYPE_CHECKING:
    import pytest


def test_seconds_between_two_measurements_are_never_negative() -> None:
    earlier = CpuSeconds(10.0, 1.0, 0.5, 100.0)
    assert CpuSeconds(12.0, 1.0, 0.25, 108.0).since(earlier) == CpuSeconds(2.0, 0.0, 0.0, 8.0)


def test_this_machine_s_cores_are_measured() -> None:
    seconds = cpu_seconds()
    assert 0 < seconds.busy_s < seconds.total_s


def test_room_is_what_is_there() -> None:
    times = iter([0.0, 1.0])
    room = RoomMeter(lambda: next(times)).room(5.0)
    assert room.cores > 0
    assert 0 <= room.others_cores <= room.cores
    assert room.free_bytes is not None
    assert room.uplink_bytes_per_s == 5.0


def test_others_take_what_is_free_elsewhere_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten of 64 cores are used by others; this process is bound to two of them."""
    busy = iter([CpuSeconds(0.0, 0.0, 0.0, 0.0), CpuSeconds(10.0, 0.0, 0.0, 64.0)])
    monkeypatch.setattr("edge_video.metrics.machine.cpu_seconds", lambda: next(busy))
    monkeypatch.setattr("edge_video.metrics.machine.usable_cores", lambda: 2.0)
    monkeypatch.setattr(psutil, "cpu_count", lambda: 64)
    assert RoomMeter(iter([0.0, 1.0]).__next__).room(None).others_cores == 0.0


def test_a_machine_that_does_not_tell_has_unknown_room(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise PermissionError("/proc/stat")

    monkeypatch.setattr(psutil, "cpu_times", refused)
    monkeypatch.setattr(psutil, "virtual_memory", refused)
    room = RoomMeter(iter([0.0, 1.0]).__next__).room(None)
    assert (room.others_cores, room.free_bytes) == (0.0, None)


def test_the_use_of_cpu_is_known_from_the_second_look_on() -> None:
    meter = CpuUseMeter()
    assert meter.measure(0.0, Worked(0.0, None), None) is None
    use = meter.measure(0.1, Worked(0.3, 0.1), 1.0)
    assert use is not None
    assert use.used_percent > 0
    assert use.cores > 0
    assert use.ffmpegs_waiting_percent == 25
    assert Worked(0.0, 0.0).waiting_percent is None
