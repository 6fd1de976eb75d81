"""What control groups leave of CPU and memory, in the words of both of their versions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from edge_video.runtime.allowance import GroupPlaces, cpu_quota, memory_room, usable_cores

if TYPE_CHECKING:
    from pathlib import Path


def places(tmp_path: Path, membership: str, files: dict[str, str]) -> GroupPlaces:
    (tmp_path / "membership").write_text(membership)
    for name, content in files.items():
        path = tmp_path / "groups" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return GroupPlaces(tmp_path / "membership", tmp_path / "groups")


def test_the_least_quota_on_the_way_up_counts(tmp_path: Path) -> None:
    found = places(
        tmp_path,
        "0::/system.slice/edge-video.service\n",
        {
            "system.slice/edge-video.service/cpu.max": "150000 100000\n",
            "system.slice/cpu.max": "50000 100000\n",
        },
    )
    assert cpu_quota(found) == 0.5
    assert usable_cores(found) == 0.5


@pytest.mark.parametrize(
    ("membership", "files"),
    [
        ("0::/\n", {}),
        ("0::/\n", {"cpu.max": "max 100000\n"}),
        ("0::/\n", {"cpu.max": "\n"}),
        ("0::/\n", {"cpu.max": "100000 0\n"}),
        ("4:cpu,cpuacct:/\n", {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000"}),
        ("nonsense\n", {"cpu.max": "1 1\n"}),
        ("", {}),
    ],
)
def test_where_nothing_limits_cpu_every_core_is_usable(
    tmp_path: Path, membership: str, files: dict[str, str]
) -> None:
    found = places(tmp_path, membership, files)
    assert cpu_quota(found) is None
    assert usable_cores(found) >= 1


def test_a_container_that_sees_only_its_own_group_has_its_quota(tmp_path: Path) -> None:
    found = places(
        tmp_path,
        "5:memory:/docker/4711\n4:cpu,cpuacct:/docker/4711\n",
        {
            "cpu/cpu.cfs_quota_us": "25000\n",
            "cpu/cpu.cfs_period_us": "100000\n",
            "memory/memory.limit_in_bytes": "1000\n",
            "memory/memory.usage_in_bytes": "700\n",
            "memory/memory.stat": "cache 300\ntotal_inactive_file 250\n",
        },
    )
    assert cpu_quota(found) == 0.25
    assert memory_room(found) == 550


def test_memory_that_can_be_taken_back_counts_as_free(tmp_path: Path) -> None:
    found = places(
        tmp_path,
        "0::/box\n",
        {
            "box/memory.max": "1000",
            "box/memory.current": "900",
            "box/memory.stat": "anon 500\ninactive_file 300\n",
            "memory.max": "max",
        },
    )
    assert memory_room(found) == 400


@pytest.mark.parametrize("limit", ["max", str(2**63 - 4096), ""])
def test_memory_without_a_limit_is_the_machine_s(tmp_path: Path, limit: str) -> None:
    files = {"memory.max": limit, "memory/memory.limit_in_bytes": limit}
    assert memory_room(places(tmp_path, "0::/\n5:memory:/\n", files)) is None


def test_this_machine_is_read_without_a_word() -> None:
    assert 0 < usable_cores() <= (os.cpu_count() or 1)
    assert memory_room() is None or memory_room() != 0
