"""A machine that is short of something: told once, waited for, and no crash of ours."""

from __future__ import annotations

import contextlib
import resource
import time
from typing import TYPE_CHECKING

from edge_video.testing import eventually
from tests.attack.test_http_strangers import Site, assert_nothing_was_lost

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def limited(site: Site, which: int, soft: int) -> Iterator[None]:
    """The running program's limit is lowered for a while."""
    before = resource.prlimit(site.process.pid, which)
    resource.prlimit(site.process.pid, which, (soft, before[1]))
    try:
        yield
    finally:
        resource.prlimit(site.process.pid, which, before)


def test_without_descriptors_for_fifteen_seconds_nothing_that_streams_is_lost(
    tmp_path: Path,
) -> None:
    """The metrics actor needs descriptors every five seconds; it used to end the program."""
    with Site(tmp_path) as site:
        eventually(site.streams, 30)
        before = site.status()
        with limited(site, resource.RLIMIT_NOFILE, 3):
            site.wait_for_log("short of something that metrics needs", timeout_s=15)
            time.sleep(10)  # as long as the shortage lasts: pauses grow, and it is told once
        assert_nothing_was_lost(site, before)
        eventually(lambda: site.status()["process"]["cpu_percent"] is not None, 20)
        shortages = [line for line in site.log if "metrics needs" in line]
        assert len(shortages) == 1
        assert not [line for line in site.log if "crashed" in line or "Traceback" in line]
        assert site.status()["restarts"]["metrics"] <= 8
        assert site.stop() == 0


def test_a_camera_that_finds_no_descriptor_for_its_ffmpeg_is_tried_again(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        eventually(site.streams, 30)
        victim = site.ffmpegs()[0]
        with limited(site, resource.RLIMIT_NOFILE, 3):
            victim.kill()
            site.wait_for_log("FFmpeg did not start (Too many open files)", timeout_s=20)
        eventually(site.streams, 60)
        assert site.status()["accounting"]["balanced"]
        assert site.stop() == 0


def test_without_address_space_for_threads_and_memory_the_program_goes_on(tmp_path: Path) -> None:
    with Site(tmp_path) as site:
        eventually(site.streams, 30)
        used = site.psutil.memory_info().vms
        with limited(site, resource.RLIMIT_AS, used):
            for ffmpeg in site.ffmpegs():
                ffmpeg.kill()
            time.sleep(8)  # as long as the shortage lasts
            assert site.process.poll() is None
        eventually(site.streams, 90)
        assert site.status()["accounting"]["balanced"]
        assert site.stop() == 0
