"""The full screen: a line a camera, trouble first, and what is hidden is counted."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.model import CameraPhase, SystemStatus
from edge_video.text.catalog import Language
from edge_video.top.browsing import Browsing
from edge_video.top.page import Page, Shown, full_page, long_page
from edge_video.top.rates import Rates
from edge_video.top.screen import Lost
from tests.edge_video.report.examples import (
    breaker,
    busy_system,
    camera,
    good_counts,
    sample,
    system,
)

REFUSED = Failure(Cause.REFUSED, "rtsp://u:***@10.0.0.9/s: " + "Connection refused, again " * 20)
GOOD = tuple(
    camera(f"cam{number:02}", frames=good_counts(100), last_frame_ago_s=0.1) for number in range(38)
)
BROKEN = tuple(
    camera(
        name,
        CameraPhase.WAITING,
        state=breaker(BreakerState.OPEN, failures=5, retry_in_s=12.3),
        failure=REFUSED,
    )
    for name in ("yard", "gate")
)
FORTY = system(*GOOD, *BROKEN, process=sample())


def shown(
    status: SystemStatus | None, language: Language = Language.EN, lost: Lost | None = None
) -> Shown:
    rates = Rates()
    if status is not None:
        rates.take(replace(status, uptime_s=status.uptime_s - 2))
        rates.take(status)
    return Shown(status, rates, language, "http://h", lost)


def text_of(page: Page, width: int) -> list[str]:
    """As a terminal has it; printed without cutting, so that too long a line would wrap."""
    console = Console(width=width, record=True, file=io.StringIO())
    for line in page.lines:
        console.print(line)
    return console.export_text().splitlines()


def screen(
    status: SystemStatus | None,
    browsing: Browsing | None = None,
    *,
    width: int = 80,
    height: int = 24,
    language: Language = Language.EN,
) -> list[str]:
    page = full_page(shown(status, language), browsing or Browsing(), width, height)
    lines = text_of(page, width)
    assert len(lines) == len(page.lines) <= height
    return lines


def test_forty_cameras_on_a_usual_terminal_are_a_line_each_and_the_rest_is_counted() -> None:
    lines = screen(FORTY)
    assert lines[0].startswith("38 of 40 cameras OK, 2 in trouble | edge-video 0.1.0 on shop-17")
    assert lines[1].startswith("Delivery: ✓ CONNECTED amqp://shop:***@broker")
    assert lines[2] == "Dropped: none | published 3800, errors 0"
    assert lines[3].startswith("memory WARNING | CPU 12.3%")
    assert lines[5].split()[:5] == ["yard", "✗", "CB_OPEN", "0.0/15", "never"]
    assert "13s  connection refused, rtsp://u:***@10" in lines[5]
    assert lines[5].endswith("…")
    assert [line.split()[0] for line in lines[6:9]] == ["gate", "cam00", "cam01"]
    assert lines[-1] == "22 more below" + "q quit  ↑↓ PgUp PgDn  / filter".rjust(67)


def test_what_is_scrolled_away_is_counted_and_trouble_among_it_is_named() -> None:
    lines = screen(FORTY, Browsing(offset=3))
    assert lines[5].startswith("cam01")
    assert lines[-1].startswith("19 more below, 3 above; 2 in trouble hidden")
    page = full_page(shown(FORTY), Browsing(offset=1000), 80, 24)
    assert page.browsing.offset == 22
    assert text_of(page, 80)[-1].startswith("22 above; 2 in trouble hidden")


def test_a_filter_shows_what_it_names_and_counts_trouble_that_it_hides() -> None:
    lines = screen(FORTY, Browsing(filter_text="CAM1"))
    assert [line.split()[0] for line in lines[5:15]] == [f"cam1{number}" for number in range(10)]
    assert lines[-1].startswith('"CAM1": 10 of 40  2 in trouble hidden')
    by_state = screen(FORTY, Browsing(filter_text="open", is_typing=True))
    assert [line.split()[0] for line in by_state[5:7]] == ["yard", "gate"]
    assert by_state[-1].startswith("filter: open▏")
    assert "Esc clear" in by_state[-1]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("width", "height"), [(132, 50), (100, 30), (80, 24), (60, 12), (40, 6), (10, 2), (1, 1)]
)
def test_every_size_is_filled_and_no_line_wraps(
    width: int, height: int, language: Language
) -> None:
    cameras = (*busy_system().cameras, *GOOD, camera("名" * 40), camera("x" * 64))
    lines = screen(
        replace(busy_system(), cameras=cameras), width=width, height=height, language=language
    )
    assert len(lines) == height


def test_an_outage_has_its_length_its_countdown_and_its_reason_and_drops_are_now() -> None:
    lines = screen(busy_system(), width=132)
    assert lines[1] == (
        "Delivery: ✗ DISCONNECTED for 44s, retry in 8s, connection refused by broker:5672 |"
        " amqp://shop:***@broker:5672/video"
    )
    assert lines[2].startswith("DROPPING NOW: 640 in 5m, 995 in all (buffer full 160, not conn")
    portuguese = screen(busy_system(), width=132, language=Language.PT_BR)
    assert "há 44s, nova tentativa em 8s" in portuguese[1]
    assert portuguese[2].startswith("DESCARTANDO AGORA: 640 em 5m, 995 ao todo (")


def test_the_verdict_names_what_is_not_meant_to_send_and_has_its_singular() -> None:
    [first, *_] = screen(busy_system(), width=132)
    assert first.startswith("1 of 5 cameras OK, 4 in trouble, 1 paused, 1 stopped, 1 disabled |")
    assert screen(system(GOOD[0]))[0].startswith("1 of 1 camera OK |")
    assert screen(system(GOOD[0]), language=Language.PT_BR)[0].startswith("1 de 1 câmera OK |")


def test_what_is_old_says_so_above_all_and_before_the_first_answer_it_is_asked_for() -> None:
    lost = Lost("http://h", 12.4, "connection refused")
    page = full_page(shown(FORTY, lost=lost), Browsing(), 80, 24)
    lines = text_of(page, 80)
    assert lines[0].startswith("NO CONNECTION to http://h for 12s: connection refused.")
    assert len(lines) == 24
    assert screen(None)[0] == "Asking http://h …"


def test_printed_once_every_camera_has_its_line() -> None:
    lines = long_page(shown(FORTY), 80)
    assert (
        sum(line.plain.startswith(("cam", "yard", "gate")) for line in lines) == 41
    )  # with the title of the column
    assert all(line.cell_len <= 80 for line in lines)
