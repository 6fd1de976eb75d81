"""What one process uses."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from edge_video.metrics.usage import MemoryShares, cpu_wait, memory_shares, usage_of

if TYPE_CHECKING:
    from pathlib import Path

ROLLUP = """\
55d0c0c00000-7ffd0a3f4000 ---p 00000000 00:00 0                          [rollup]
Rss:               77312 kB
Pss:               46080 kB
Pss_Anon:          33000 kB
Shared_Clean:      43000 kB
Shared_Dirty:       1000 kB
Private_Clean:       312 kB
Private_Dirty:     33000 kB
"""


def test_memory_is_told_apart_by_who_shares_it(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7/smaps_rollup").write_text(ROLLUP)
    kib = 1024
    assert memory_shares(7, tmp_path) == MemoryShares(46080 * kib, 33312 * kib, 44000 * kib)


@pytest.mark.parametrize("content", [None, "", "Rss: 12 kB\n", "Pss:\n"])
def test_where_the_kernel_does_not_tell_nothing_is_guessed(
    tmp_path: Path, content: str | None
) -> None:
    (tmp_path / "7").mkdir()
    if content is not None:
        (tmp_path / "7/smaps_rollup").write_text(content)
    assert memory_shares(7, tmp_path) is None


def test_the_waits_of_all_threads_are_added_up(tmp_path: Path) -> None:
    for thread, waited_ns in (("7", 1_500_000_000), ("9", 500_000_000)):
        (tmp_path / "7/task" / thread).mkdir(parents=True)
        (tmp_path / "7/task" / thread / "schedstat").write_text(f"99 {waited_ns} 12\n")
    assert cpu_wait(7, tmp_path) == 2.0
    (tmp_path / "7/task/9/schedstat").write_text("")
    assert cpu_wait(7, tmp_path) is None
    assert cpu_wait(8, tmp_path) is None


def test_a_process_that_is_gone_uses_nothing_that_is_known() -> None:
    assert usage_of(2**22 + 1) is None
    assert memory_shares(2**22 + 1) is None


@pytest.mark.skipif(sys.platform != "linux", reason="no smaps_rollup")
def test_this_process_is_measured() -> None:
    shares, usage = memory_shares(os.getpid()), usage_of(os.getpid())
    assert shares is not None
    assert usage is not None
    assert shares.private_bytes <= shares.pss_bytes
    assert usage.cpu_s > 0
