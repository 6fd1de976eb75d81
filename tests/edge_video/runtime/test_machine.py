"""What this machine says of its disks, its limits and its clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_video.runtime.clock_sync import clock_is_synchronized
from edge_video.runtime.disk import disk_space, nearest_existing
from edge_video.runtime.tasks import BASE, PER_CAMERA, needed_tasks, task_room


def test_a_disk_says_what_is_free(tmp_path: Path) -> None:
    space = disk_space(tmp_path)
    assert space.free_bytes > 0
    assert not space.read_only
    with pytest.raises(FileNotFoundError):
        disk_space(tmp_path / "nowhere")


def test_the_nearest_existing_path_is_the_path_or_a_parent(tmp_path: Path) -> None:
    assert nearest_existing(tmp_path) == tmp_path
    assert nearest_existing(tmp_path / "a" / "b") == tmp_path
    assert nearest_existing(Path("a-path-that-is-not-here")) == Path.cwd()


def test_the_kernel_is_asked_and_nothing_is_set() -> None:
    assert clock_is_synchronized() in (True, False, None)
    room = task_room()
    assert room is None or room > 0
    assert needed_tasks(3) == BASE + 3 * PER_CAMERA
