from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from edge_video.capture import CaptureTotals
from edge_video.delivery.ledger import FrameCounts
from edge_video.report.final import camera_rows, efficiency, is_healthy, render_final
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.model import CameraPhase, CameraStatus
from edge_video.text.catalog import Language
from tests.edge_video.report.examples import (
    assert_golden,
    breaker,
    busy_system,
    camera,
    good_counts,
    quoted_camera,
    sample,
    system,
)

BRASILIA = timezone(timedelta(hours=-3))

QUOTED = """\
📹 CÂMERAS
   ⚠ [cam6]
      Frames da Câmera:   0 (0.00 FPS real)
      Frames Publicados:  0 (0.00 FPS)
      Frames Descartados: 0 (0.0%)
      FPS Target:         15
      Eficiência:         0.0%
      Volume:             0.00 MB
      Último da Câmera:   nunca
      Circuit Breaker:    OPEN | Calls: 5 (✓0 ✗5 🚫0) | Changes: 1

"""


def test_the_users_own_example_comes_out_to_the_letter() -> None:
    assert QUOTED in render_final(system(quoted_camera()), Language.PT_BR)


@pytest.mark.parametrize("language", list(Language))
def test_a_busy_system_matches_its_golden_file(language: Language) -> None:
    text = render_final(busy_system(), language, zone=BRASILIA)
    assert_golden(f"final.{language.value}.txt", text)


@pytest.mark.parametrize("language", list(Language))
def test_a_system_that_did_nothing_matches_its_golden_file(language: Language) -> None:
    text = render_final(system(camera(), uptime_s=0.0), language, zone=BRASILIA)
    assert_golden(f"final-empty.{language.value}.txt", text)


def test_the_performance_profile_has_the_users_lines() -> None:
    lines = render_final(system(process=sample()), Language.PT_BR).split("\n")
    profile = lines[lines.index("⏱️  PERFIL DE DESEMPENHO") + 1 : -1]
    begins = [
        "🎥 FFmpeg Read:     ",
        "🔧 Frame Decode:    ",
        "📤 Publishing:      ",
        "💾 Memory (Python runtime): ",
        "🖥️  Sistema (Processo): CPU Usage 12,3%, RAM Usage 61,5 MB",
        "🎞️  FFmpeg (3): ",
        "🌐 Sistema (Total): RAM Total 7982 MB, RAM Used 41,2%",
        "🔀 Threads: 17 (atores vivos: 9)",
        "🔴 Circuit Breakers OPEN: 0",
    ]
    assert len(profile) == len(begins)
    for line, begin in zip(profile, begins, strict=True):
        assert line.startswith(begin)


def test_the_profile_adds_cameras_up_and_divides_by_what_was_counted() -> None:
    one = replace(
        camera("a", frames=good_counts(10)),
        capture=CaptureTotals(reads=10, read_ns=1_000_000, splits=4, split_ns=8_000_000),
    )
    two = replace(
        camera("b"), capture=CaptureTotals(reads=30, read_ns=1_000_000, splits=0, split_ns=0)
    )
    text = render_final(system(one, two), Language.EN)
    assert "🎥 FFmpeg Read:     avg 50.0 µs, count 40" in text
    assert "🔧 Frame Decode:    avg 2.00 ms, count 4" in text
    assert "📤 Publishing:      avg 4.20 ms, count 10" in text


def test_rates_are_measured_over_the_uptime() -> None:
    counts = FrameCounts(
        received=900,
        published=750,
        confirmed=750,
        dropped_overflow=150,
        received_bytes=9 * 1024 * 1024,
        published_bytes=7 * 1024 * 1024 + 512 * 1024,
    )
    text = render_final(system(camera(frames=counts), uptime_s=60.0), Language.EN)
    assert "      Camera Frames:      900 (15.00 FPS real)\n" in text
    assert "      Frames Published:   750 (12.50 FPS)\n" in text
    assert "      Frames Dropped:     150 (16.7%) - buffer full 150\n" in text
    assert "      Efficiency:         100.0%\n" in text
    assert "      Volume:             7.50 MB\n" in text


def test_a_camera_that_sends_fewer_frames_than_it_may_is_healthy() -> None:
    ten = replace(camera(frames=good_counts(200)), usual_fps=10.0)
    assert efficiency(ten, 20.0) == 100.0
    assert is_healthy(ten, 20.0)
    rows = dict(camera_rows(ten, 20.0, Language.EN))
    assert rows["final.fps_target"] == "10 (what the camera sends; fps is 15)"
    fallen = replace(ten, frames=good_counts(100))
    assert not is_healthy(fallen, 20.0)


def test_efficiency_is_unknown_before_time_has_passed() -> None:
    assert efficiency(camera(), 0.0) is None
    assert efficiency(camera(frames=good_counts(300)), 20.0) == 100.0


@pytest.mark.parametrize(
    ("status", "mark"),
    [
        (camera(frames=good_counts(815)), "✓"),
        (camera(frames=good_counts(640)), "⚠"),  # 78 % of 15 FPS over 54.4 s
        (camera(), "⚠"),
        (camera(frames=good_counts(815), state=breaker(BreakerState.OPEN)), "⚠"),
        (camera(frames=good_counts(815), state=breaker(BreakerState.HALF_OPEN)), "⚠"),
        (camera(phase=CameraPhase.STOPPED, frames=good_counts(815)), "✓"),
    ],
)
def test_the_mark_tells_whether_a_camera_needs_a_look(status: CameraStatus, mark: str) -> None:
    assert f"   {mark} [cam1]\n" in render_final(system(status), Language.EN)


def test_the_last_failure_comes_in_words_with_its_age_and_count() -> None:
    failed = camera(
        state=breaker(failures=7), failure=Failure(Cause.WRONG_PASSWORD, "401 Unauthorized")
    )
    text = render_final(system(failed), Language.PT_BR)
    row = "      Última Falha:       senha incorreta (401 Unauthorized) | 12s atrás | falhas: 7\n"
    assert row in text


def test_a_disabled_camera_is_listed_as_such_and_has_no_figures() -> None:
    text = render_final(system(camera("cam5", CameraPhase.DISABLED)), Language.PT_BR)
    assert "   – [cam5] desativada na configuração\n" in text
    assert "Frames da Câmera" not in text


def test_counts_that_do_not_add_up_are_named() -> None:
    wrong = camera("cam2", frames=FrameCounts(received=3, published=1, confirmed=1))
    text = render_final(system(camera("cam1"), wrong), Language.EN)
    assert "⚠ THEY DO NOT BALANCE (a bug): cam2, totals\n" in text
    assert "✓ balanced" not in text


def test_counts_of_two_cameras_whose_errors_cancel_are_still_wrong() -> None:
    low = camera("low", frames=FrameCounts(received=0, published=1, confirmed=1))
    high = camera("high", frames=FrameCounts(received=2, published=1, confirmed=1))
    assert "(a bug): low, high\n" in render_final(system(low, high), Language.EN)


def test_without_a_zone_the_machines_own_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC+3")
    time.tzset()
    try:
        text = render_final(system(), Language.EN)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "   Start:              2026-01-31 12:00:00-03:00\n" in text
    assert "   End:                2026-01-31 12:00:54-03:00\n" in text


def test_nothing_measured_is_not_available() -> None:
    assert "🖥️  System (Process): n/a" in render_final(system(), Language.EN)


def test_foreign_text_cannot_forge_a_line() -> None:
    plain = camera("a", failure=Failure(Cause.UNKNOWN, "x"))
    forged = camera("a\nb", failure=Failure(Cause.UNKNOWN, "x\ny\x1b[2J"))
    lines = render_final(system(forged), Language.EN).split("\n")
    assert len(lines) == len(render_final(system(plain), Language.EN).split("\n"))
    assert not any("\x1b" in line for line in lines)
