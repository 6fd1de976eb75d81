"""The live table of `watch` keeps on every terminal what an operator looks for first."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from edge_video.text.catalog import Language
from edge_video.watch.live_table import Room, live_table
from edge_video.watch.tally import CameraView

DOOR = CameraView(
    camera_id="door",
    frames=1234,
    fps=4.98,
    latency_ms=20.1,
    latency_p99_ms=33.4,
    gaps=0,
    dropped=70,
    away=0,
    away_at_least=False,
    repeated=0,
    undecodable=0,
    sessions=1,
    restarts=1,
    size=54_321,
    mean_size=54_000.0,
    width=1280,
    height=720,
    silent_s=0.2,
    last_defect=None,
)
LONG = replace(DOOR, camera_id="centro.stock-room.entrance.north", fps=None, silent_s=72.0)
HEADER = "Watching shop.exchange at amqp://user@broker:5672/vhost; pictures are checked"


def screen(
    *views: CameraView, width: int, height: int = 24, language: Language = Language.EN
) -> list[str]:
    console = Console(width=width, height=height, file=io.StringIO(), record=True)
    console.print(live_table(views, HEADER, language, Room(width, height)))
    return console.export_text().splitlines()


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("width", [40, 60, 80, 100, 132])
def test_name_and_rate_are_there_on_every_width_and_no_line_wraps(
    width: int, language: Language
) -> None:
    lines = screen(DOOR, LONG, replace(DOOR, camera_id="yard"), width=width, language=language)
    assert all(len(line) <= width for line in lines)
    assert lines[-3].split()[:2] == ["door", "5.0" if language is Language.EN else "5,0"]
    assert lines[-2].startswith("centro.stock")
    assert "n/a" in lines[-2]
    assert "1m12s" in lines[-2]
    assert lines[-1].startswith("yard")


def test_a_wide_terminal_has_every_column_and_a_narrow_one_the_gaps() -> None:
    wide = screen(DOOR, width=132)
    assert wide[-1].split() == [
        *("door", "5.0", "0s", "0", "70", "20", "/", "33", "ms"),
        *("53.0", "KB", "1280x720", "0", "1234"),
    ]
    assert screen(DOOR, width=40)[-1].split()[:4] == ["door", "5.0", "0s", "0"]


def test_what_tells_of_trouble_is_kept_before_what_does_not() -> None:
    torn = replace(DOOR, undecodable=2, away=144, away_at_least=True)
    lines = screen(torn, width=80)
    assert "undecodable" in "".join(lines)
    assert "144 or more" in lines[-1]
    assert "1280x720" not in lines[-1]
    assert "undecodable" not in "".join(screen(DOOR, width=60))


def test_cameras_beyond_the_screen_are_counted_and_the_silent_ones_come_first() -> None:
    views = [replace(DOOR, camera_id=f"cam{number}") for number in range(40)]
    views[37] = replace(views[37], silent_s=9.0)
    lines = screen(*views, width=80)
    assert len(lines) <= 24
    assert lines[3].startswith("cam37")
    shown = sum(line.startswith("cam") for line in lines[3:])
    assert lines[-1] == f"{40 - shown} more below"
    assert [line.split()[0] for line in lines[4:6]] == ["cam0", "cam1"]


def test_before_the_first_frame_it_says_so() -> None:
    assert screen(width=80)[-1] == "No frame has come yet"
