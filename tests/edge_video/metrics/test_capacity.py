"""How many cameras a machine takes, by what is scarcest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_video.metrics.capacity import CameraCost, Resource, Room, capacity

MB = 2**20
ROOM = Room(cores=4.0, others_cores=0.0, free_bytes=2000 * MB)
CAMERA = CameraCost(
    cpu_percent=19.25,
    private_bytes=39 * MB,
    shared_bytes=40 * MB,
    frames_per_s=15.0,
    bytes_per_s=1_000_000.0,
)


def test_cpu_is_shared_with_the_program_and_keeps_some_free() -> None:
    # 75 % of 4 cores, and 19.25 % of a core and 0.5 ms for each of 15 frames: 20 %.
    assert capacity([CAMERA], ROOM).by[Resource.CPU] == 15


def test_what_other_programs_use_is_not_there() -> None:
    assert capacity([CAMERA], replace(ROOM, others_cores=1.0)).by[Resource.CPU] == 10
    assert capacity([CAMERA], replace(ROOM, others_cores=4.0)).by[Resource.CPU] == 0


def test_libraries_count_once_and_the_program_too() -> None:
    # 80 % of 2000 MB, less 60 for the program and 40 shared, by 39 and 1 for each.
    assert capacity([CAMERA, CAMERA], ROOM).by[Resource.MEMORY] == 37


def test_the_scarcest_resource_decides() -> None:
    found = capacity([CAMERA], replace(ROOM, uplink_bytes_per_s=5_000_000.0))
    assert found.by[Resource.UPLINK] == 4
    assert (found.cameras, found.scarcest) == (4, Resource.UPLINK)


def test_different_cameras_count_by_their_mean() -> None:
    other = replace(CAMERA, cpu_percent=59.25)
    assert capacity([CAMERA, other], ROOM).by[Resource.CPU] == 7


@pytest.mark.parametrize("costs", [[], [replace(CAMERA, cpu_percent=None, private_bytes=None)]])
def test_what_was_not_measured_is_not_reckoned(costs: list[CameraCost]) -> None:
    found = capacity(costs, ROOM)
    assert found.by == {}
    assert (found.cameras, found.scarcest) == (None, None)
