"""The table of `probe`: columns that line up, reasons in words."""

from __future__ import annotations

from dataclasses import replace

from edge_video.capture.probe import KeyFrames, ProbeResult
from edge_video.frames import CameraId
from edge_video.report.probe_table import render_probes
from edge_video.resilience.failures import Cause, Failure
from edge_video.text.catalog import Language

GOOD = ProbeResult(CameraId("gate"), True, "h264", 1920, 1080, 25.0, 1.23, KeyFrames(2.04))
SPARSE = ProbeResult(CameraId("a-very-long-name"), True, "mjpeg", 640, 480, None, 0.0124)
WRONG = ProbeResult(
    CameraId("hall"), False, failure=Failure(Cause.WRONG_PASSWORD, "401 Unauthorized")
)


def test_columns_line_up_and_the_last_line_counts() -> None:
    assert render_probes([GOOD, SPARSE], Language.EN).split("\n") == [
        "CAMERA            RESULT  CODEC  SIZE       FPS  FIRST FRAME  KEY FRAMES",
        "gate              ✓ ok    h264   1920x1080  25   1.2s         every 2s",
        "a-very-long-name  ✓ ok    mjpeg  640x480    n/a  12ms         n/a",
        "2 of 2 cameras reached",
    ]


def test_a_camera_that_failed_has_its_reason_in_place_of_what_it_sends() -> None:
    lines = render_probes([GOOD, WRONG], Language.EN).split("\n")
    assert lines[2] == "hall    ✗ failed  wrong password (401 Unauthorized)"
    assert lines[-1] == "1 of 2 cameras reached"
    # A long reason is no reason to move the columns of the others.
    assert lines[1] == "gate    ✓ ok      h264   1920x1080  25   1.2s         every 2s"
    assert lines[3].startswith("  → Check user and password in the configuration")


def test_key_frames_that_are_far_apart_are_told_with_what_it_means() -> None:
    far = replace(GOOD, key_frames=KeyFrames(15.0, at_least=True))
    lines = render_probes([far, GOOD], Language.EN).split("\n")
    assert lines[1].endswith("more than 15s apart")
    assert "keyframes_only" in lines[2]
    assert len(lines) == 5


def test_the_table_speaks_the_operator_s_language() -> None:
    lines = render_probes([WRONG], Language.PT_BR).split("\n")
    assert lines[0].split()[:2] == ["CÂMERA", "RESULTADO"]
    assert lines[1].startswith("hall    ✗ falhou")
    assert lines[-1] == "0 de 1 câmeras alcançadas"


def test_a_hostile_reason_stays_on_its_line() -> None:
    hostile = ProbeResult(CameraId("x"), False, failure=Failure(Cause.UNKNOWN, "a\nb\x1b[31m"))
    text = render_probes([hostile], Language.EN)
    assert len(text.split("\n")) == 4
    assert "\x1b" not in text


def test_without_cameras_there_is_only_the_header_and_the_count() -> None:
    assert render_probes([], Language.EN).split("\n")[1:] == ["0 of 0 cameras reached"]
