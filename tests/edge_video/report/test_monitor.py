from __future__ import annotations

from dataclasses import replace

import pytest

from edge_video.delivery.ledger import FrameCounts
from edge_video.report.monitor import render_monitor, status_word
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.model import (
    BreakerView,
    CameraPhase,
    PublisherState,
    PublisherStatus,
    Recent,
)
from edge_video.text.catalog import Language
from tests.edge_video.report.examples import (
    assert_golden,
    breaker,
    busy_system,
    camera,
    good_counts,
    quoted_system,
    sample,
    system,
)

QUOTED = """\
============================================================
ESTATÍSTICAS
============================================================
Publisher: ✓ CONECTADO - 815 publicados, 0 erros (0.00%)
[cam1] OK - Frames: 815, último: 0s atrás | CB: CLOSED
[cam6] CB_OPEN - Frames: 0, último: nunca | CB: OPEN
============================================================"""

IN_ENGLISH = """\
============================================================
STATISTICS
============================================================
Publisher: ✓ CONNECTED - 815 published, 0 errors (0.00%)
[cam1] OK - Frames: 815, last: 0s ago | CB: CLOSED
[cam6] CB_OPEN - Frames: 0, last: never | CB: OPEN
============================================================"""

OPEN, HALF_OPEN = breaker(BreakerState.OPEN, retry_in_s=7.2), breaker(BreakerState.HALF_OPEN)
CLOSED = breaker()


def test_the_users_own_example_comes_out_to_the_letter() -> None:
    assert render_monitor(quoted_system(), Language.PT_BR) == QUOTED


def test_the_same_facts_come_out_in_english() -> None:
    assert render_monitor(quoted_system(), Language.EN) == IN_ENGLISH


def test_cpu_is_not_available_before_it_was_measured() -> None:
    started = replace(sample(), cpu_percent=None, ffmpeg_cpu_percent=None, system_cpu_percent=None)
    text = render_monitor(system(camera("door"), process=started), Language.EN)
    assert "FFmpeg: 3 - CPU n/a, RAM" in text
    assert "Process: CPU n/a, RAM" in text


@pytest.mark.parametrize("language", list(Language))
def test_a_busy_system_matches_its_golden_file(language: Language) -> None:
    assert_golden(f"monitor.{language.value}.txt", render_monitor(busy_system(), language))


@pytest.mark.parametrize(
    ("phase", "state", "last_frame_ago_s", "word"),
    [
        (CameraPhase.STREAMING, CLOSED, 0.1, "OK"),
        (CameraPhase.STREAMING, CLOSED, 4.99, "OK"),
        (CameraPhase.STREAMING, CLOSED, 5.0, "WARN"),
        (CameraPhase.STREAMING, HALF_OPEN, 0.1, "HALF_OPEN"),
        (CameraPhase.STREAMING, HALF_OPEN, 6.0, "WARN"),
        (CameraPhase.STREAMING, OPEN, 0.1, "CB_OPEN"),
        (CameraPhase.STARTING, CLOSED, None, "STARTING"),
        (CameraPhase.STARTING, CLOSED, 2.0, "STARTING"),
        (CameraPhase.STARTING, CLOSED, 6.0, "WARN"),
        (CameraPhase.STARTING, HALF_OPEN, 600.0, "HALF_OPEN"),
        (CameraPhase.STARTING, HALF_OPEN, None, "HALF_OPEN"),
        (CameraPhase.WAITING, OPEN, 600.0, "CB_OPEN"),
        (CameraPhase.WAITING, CLOSED, 0.3, "STARTING"),
        (CameraPhase.STOPPED, OPEN, 600.0, "STOPPED"),
        (CameraPhase.STOPPED, CLOSED, 600.0, "STOPPED"),
        (CameraPhase.DISABLED, CLOSED, None, "DISABLED"),
    ],
)
def test_the_status_word(
    phase: CameraPhase, state: BreakerView, last_frame_ago_s: float | None, word: str
) -> None:
    assert status_word(camera("c", phase, state=state, last_frame_ago_s=last_frame_ago_s)) == word


def lines_of(text: str) -> list[str]:
    return text.split("\n")[3:-1]


def test_a_failing_camera_ends_its_line_with_the_failure_and_the_countdown() -> None:
    failing = camera("cam6", CameraPhase.WAITING, state=OPEN, failure=Failure(Cause.END_OF_STREAM))
    shown = lines_of(render_monitor(system(failing), Language.PT_BR))[1]
    assert shown == (
        "[cam6] CB_OPEN - Frames: 0, último: nunca | CB: OPEN | EOF, nova tentativa em 8s"
    )


def test_a_good_camera_does_not_show_a_failure_it_has_overcome() -> None:
    overcome = camera(last_frame_ago_s=0.0, failure=Failure(Cause.TIMEOUT))
    late = camera(last_frame_ago_s=9.0, failure=Failure(Cause.TIMEOUT))
    for status in (overcome, late):
        assert "timed out" not in render_monitor(system(status), Language.EN)


def test_a_camera_held_open_says_so() -> None:
    held = camera(
        phase=CameraPhase.WAITING,
        state=breaker(BreakerState.OPEN, retry_in_s=None, forced_open=True),
    )
    shown = lines_of(render_monitor(system(held), Language.EN))[1]
    assert shown.endswith("| CB: OPEN | paused by the operator")


def test_a_failure_without_words_of_its_own_shows_its_evidence_cut_short() -> None:
    failing = camera(
        phase=CameraPhase.WAITING, state=OPEN, failure=Failure(Cause.UNKNOWN, "x" * 500)
    )
    shown = lines_of(render_monitor(system(failing), Language.EN))[1]
    assert "unknown failure (xxxx" in shown
    assert len(shown) < 160


@pytest.mark.parametrize(
    ("publisher", "words"),
    [
        (PublisherStatus(PublisherState.CONNECTING, "t"), "… CONNECTING - 0 published"),
        (
            PublisherStatus(PublisherState.BLOCKED, "t", reason="memory alarm"),
            "⚠ BLOCKED - 0 published, 0 errors (0.00%) | memory alarm",
        ),
        (
            PublisherStatus(PublisherState.WAITING, "t", reason="refused", retry_in_s=2.5),
            "✗ DISCONNECTED - 0 published, 0 errors (0.00%) | refused, retry in 3s",
        ),
        (PublisherStatus(PublisherState.STOPPED, "t"), "■ STOPPED - 0 published"),
    ],
)
def test_the_publishers_trouble_stands_at_the_end_of_its_line(
    publisher: PublisherStatus, words: str
) -> None:
    shown = lines_of(render_monitor(system(publisher=publisher), Language.EN))[0]
    assert shown.startswith(f"Publisher: {words}")


def test_errors_are_a_share_of_what_was_published() -> None:
    counts = FrameCounts(
        received=1000, published=1000, confirmed=994, nacked=1, returned=2, unknown=3
    )
    shown = lines_of(render_monitor(system(camera(frames=counts)), Language.EN))
    assert shown[0].endswith("1000 published, 6 errors (0.60%)")
    assert shown[2] == "Errors: nacked 1, returned 2, unknown 3"


@pytest.mark.parametrize(
    ("recent", "line"),
    [
        (Recent(0, False), "Descartados: 50 desde o início, 0 nos últimos 5 min - sem conexão 50"),
        (
            Recent(9, True),
            "Descartando agora: 50 desde o início, 9 nos últimos 5 min - sem conexão 50",
        ),
    ],
)
def test_drops_say_whether_they_go_on(recent: Recent, line: str) -> None:
    counts = FrameCounts(received=1000, published=950, confirmed=950, dropped_not_connected=50)
    dropper = replace(camera(frames=counts), recent=recent)
    assert lines_of(render_monitor(system(dropper), Language.PT_BR))[2] == line


def test_the_memory_line_is_there_only_with_the_memory_controller() -> None:
    on = render_monitor(system(process=sample()), Language.EN)
    off = render_monitor(system(process=replace(sample(), memory_limit_bytes=None)), Language.EN)
    assert "Memory: WARNING - 61.5 of 96 MB (64.1%)" in on
    assert "Memory" not in off
    assert "Process: CPU 12.3%, RAM 61.5 MB" in off


def test_foreign_text_cannot_forge_a_line() -> None:
    forged = "x\n[cam1] OK"
    status = system(
        camera(
            "c\nd",
            CameraPhase.WAITING,
            state=OPEN,
            failure=Failure(Cause.UNKNOWN, forged),
            frames=good_counts(1),
        ),
        publisher=PublisherStatus(PublisherState.WAITING, "t", reason=forged),
    )
    assert len(lines_of(render_monitor(status, Language.EN))) == 2


def test_the_common_lines_fit_eighty_columns() -> None:
    for language in Language:
        for line in render_monitor(quoted_system(), language).split("\n"):
            assert len(line) <= 80
