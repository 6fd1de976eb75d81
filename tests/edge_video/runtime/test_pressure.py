"""How long processes wait for CPU, in the kernel's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.runtime.pressure import cpu_waiting_percent

if TYPE_CHECKING:
    from pathlib import Path

PRESSURE = """\
some avg10=72.13 avg60=48.73 avg300=25.35 total=25041427329
full avg10=0.00 avg60=1.00 avg300=0.00 total=0
"""


def test_the_last_minute_is_read(tmp_path: Path) -> None:
    path = tmp_path / "cpu"
    path.write_text(PRESSURE)
    assert cpu_waiting_percent(path) == 48.73


@pytest.mark.parametrize("content", [None, "", "full avg60=1.00\n", "some avg60=\n", "some\xe9"])
def test_a_kernel_that_does_not_tell_is_no_trouble(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "cpu"
    if content is not None:
        path.write_text(content, encoding="latin-1")
    assert cpu_waiting_percent(path) is None
