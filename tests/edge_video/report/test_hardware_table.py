"""What `probe` prints of the hardware that is to decode, in either language and as JSON."""

from __future__ import annotations

from edge_video.capture.hardware import Acceleration, HardwareKey
from edge_video.capture.hardware.cards import Card
from edge_video.capture.hardware.survey import HardwareSurvey, Tried
from edge_video.capture.hardware.trial import TrialResult
from edge_video.report.hardware_table import hardware_as_json, render_hardware
from edge_video.text.catalog import Language

WORKS = TrialResult(Acceleration("cuda", converts=True))
SURVEY = HardwareSurvey(
    (
        Tried(HardwareKey("auto"), 9, WORKS),
        Tried(HardwareKey("vaapi", "/dev/dri/x"), 1, TrialResult(None, "No VA {display} found")),
    ),
    (Card(0, "T400", 4096, 1200), Card(1, "A2", 15356, 15000)),
)


def test_each_hardware_is_a_line_and_each_card_says_for_how_many_cameras_it_is() -> None:
    assert render_hardware(SURVEY, Language.EN).split("\n") == [
        "hardware that decodes",
        "  ✓ auto: cuda decodes here",
        "  ! vaapi (/dev/dri/x): does not decode here (No VA {display} found), so the CPU does it",
        (
            "  ! cuda (0): T400: 4096 MB are enough for 7 cameras of about 560 MB, and 9 are"
            " configured"
        ),
        (
            "  ✓ cuda (1): A2: 15000 of 15356 MB free, room for 26 more cameras of about 560 MB;"
            " configured: 9, at most 27"
        ),
    ]
    assert "a CPU faz isso" in render_hardware(SURVEY, Language.PT_BR)


def test_nothing_is_said_where_no_hardware_is_configured() -> None:
    assert not render_hardware(HardwareSurvey(), Language.EN)


def test_programs_get_the_same() -> None:
    shown = hardware_as_json(SURVEY)
    assert [each["used"] for each in shown["tried"]] == ["cuda", None]
    assert shown["cards"][0]["most_cameras"] == 7
