"""What `probe --measure` prints."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge_video.capture.hardware import Decoding
from edge_video.capture.measurement import CameraMeasure, Figures
from edge_video.capture.probe import ProbeResult
from edge_video.capture.substream import SubstreamHint
from edge_video.frames import CameraId
from edge_video.metrics.capacity import Capacity, Resource, Room
from edge_video.report.measure_json import measurement_as_json
from edge_video.report.measure_table import MeasuredCamera, Measurement, MeasureTable
from edge_video.resilience.failures import Cause, Failure
from edge_video.text.catalog import Language

DOOR = CameraId("door")
FIGURES = Figures(
    measured_s=10.0,
    cpu_percent=12.34,
    frames=150,
    bytes_out=7_500_000,
    bytes_in=5_100_000,
    pss_bytes=41 * 2**20,
    private_bytes=30 * 2**20,
    shared_bytes=40 * 2**20,
    published=(1280, 720),
)
SENT = ProbeResult(DOOR, True, "h264", 1280, 720, 25.0, wanted_fps=15)
CAMERA = MeasuredCamera(CameraMeasure(DOOR, FIGURES), SENT)
ROOM = Room(cores=2.0, others_cores=0.12, free_bytes=1000 * 2**20, uplink_bytes_per_s=2e6)
CAPACITY = Capacity({Resource.CPU: 11, Resource.MEMORY: 24, Resource.UPLINK: 3})
MEASUREMENT = Measurement([CAMERA], False, ROOM, CAPACITY)


def table(language: Language = Language.EN) -> MeasureTable:
    return MeasureTable(["door"], language)


def test_a_row_has_what_the_camera_costs() -> None:
    assert [table().header(), table().row(CAMERA)] == [
        "CAMERA  CPU OF A CORE  FRAMES/S  IN MB/S  OUT MB/S  MEMORY MB",
        "door    12.3%          15.0      0.51     0.75      41",
    ]


def test_what_nobody_knows_is_not_guessed() -> None:
    unknown = replace(FIGURES, cpu_percent=None, bytes_in=None, pss_bytes=None)
    row = table().row(replace(CAMERA, measure=CameraMeasure(DOOR, unknown)))
    assert row.split() == ["door", "n/a", "15.0", "n/a", "0.75", "n/a"]


@pytest.mark.parametrize(
    ("decoding", "text"),
    [
        (Decoding("auto", "cuda"), "cuda decodes its pictures."),
        (Decoding("cuda", "software", "no card"), "The CPU decodes its pictures: cuda does not"),
        (Decoding("auto", "software"), "The CPU decodes its pictures: no hardware here does."),
    ],
)
def test_what_decoded_is_told_where_hardware_is_configured(decoding: Decoding, text: str) -> None:
    measured = replace(CAMERA, measure=CameraMeasure(DOOR, FIGURES, decoding=decoding))
    assert table().row(measured).split("\n")[1].startswith(f"  → {text}")
    shown = measurement_as_json(replace(MEASUREMENT, cameras=[measured]), Language.EN)
    assert shown["cameras"][0]["decoder"]["used"] == decoding.used


def test_a_stream_that_is_larger_than_its_frames_has_a_substream() -> None:
    large = replace(CAMERA, sent=replace(SENT, width=3840, height=2160))
    row = table().row(large).split("\n")[1]
    assert row.startswith("  → It sends 3840x2160, and 1280x720 is published: 9 times as many")
    assert row.endswith("edge-video discover lists a camera's streams.")
    hinted = replace(large, hint=SubstreamHint("subtype=0", "subtype=1"))
    assert "with subtype=1 instead of subtype=0;" in table().row(hinted)
    assert table().row(replace(large, is_device=False)).endswith("Its substream would do.")


def test_pixels_that_are_cut_away_are_no_reason_for_a_substream() -> None:
    large = replace(CAMERA, sent=replace(SENT, width=3840, height=2160))
    assert "→" not in table().row(replace(large, part=(0.4, 0.4)))
    assert "It sends 3840x2160, and 1280x720" in table().row(replace(large, part=(0.5, 0.5)))


def test_a_stream_that_is_much_faster_than_its_frames_is_told() -> None:
    slow = replace(FIGURES, frames=50)
    fast = replace(CAMERA, measure=CameraMeasure(DOOR, slow), sent=replace(SENT, wanted_fps=5))
    assert "sends 25 frames per second, and 5 are published" in table().row(fast)


def test_missing_frames_and_an_early_end_are_told() -> None:
    failure = Failure(Cause.STALLED, "")
    short = CameraMeasure(DOOR, replace(FIGURES, frames=90), failure)
    ended, missing = table().row(replace(CAMERA, measure=short)).split("\n")[1:]
    assert ended.startswith("  → It ended after 10s: ")
    assert missing.startswith("  → Only 9.0 of 15 frames per second came")


def test_a_camera_that_never_ran_has_its_reason() -> None:
    failed = CameraMeasure(DOOR, failure=Failure(Cause.WRONG_PASSWORD, "401 Unauthorized"))
    lines = table().row(replace(CAMERA, measure=failed)).split("\n")
    assert lines[0] == "door    wrong password (401 Unauthorized)"
    assert len(lines) == 2


def test_the_end_says_how_many_cameras_the_machine_takes_and_why() -> None:
    assert table().summary(MEASUREMENT).split("\n") == [
        "This machine takes about 3 such cameras: uplink is used up first.",
        "  CPU     enough for 11 (75% of 2 cores, less the 0.1 that other programs use now)",
        "  memory  enough for 24 (80% of 1000 MB that are free)",
        "  uplink  enough for 3 (80% of 2.00 MB/s)",
    ]
    uplink = replace(MEASUREMENT, capacity=Capacity({Resource.UPLINK: 3}))
    assert table().summary(uplink).split("\n")[1:3] == [
        "  CPU     not known: not all cameras could be measured",
        "  memory  not known: not all cameras could be measured",
    ]
    together = replace(MEASUREMENT, together=True, capacity=Capacity({Resource.CPU: 0}))
    assert table().summary(together).split("\n")[:2] == [
        "Together the FFmpegs used 12.3% of a core, of 2 cores.",
        "This machine takes no such camera: CPU is not enough.",
    ]
    nothing = replace(MEASUREMENT, cameras=[], capacity=Capacity({}))
    assert "cannot be told" in table().summary(nothing)


def test_it_is_said_in_portuguese() -> None:
    printed = table(Language.PT_BR).summary(MEASUREMENT).partition("\n")[0]
    assert printed.startswith(
        "Esta máquina aguenta cerca de 3 câmeras assim: uplink acaba primeiro."
    )
    assert "12,3%" in table(Language.PT_BR).row(CAMERA)
    large = replace(CAMERA, sent=replace(SENT, width=3840, height=2160))
    assert "decodificados 9 vezes mais pixels" in table(Language.PT_BR).row(large)
    fast = replace(CAMERA, sent=replace(SENT, fps=62.5))
    assert "envia 62,5 frames por segundo" in table(Language.PT_BR).row(fast)


def test_json_has_everything_and_null_for_what_nobody_knows() -> None:
    shown = measurement_as_json(MEASUREMENT, Language.EN)
    assert (shown["takes_cameras"], shown["used_up_first"]) == (3, "uplink")
    (camera,) = shown["cameras"]
    assert (camera["fps"], camera["cpu_percent"], camera["in_bytes_per_s"]) == (15, 12.3, 510000)
    failed = MeasuredCamera(CameraMeasure(DOOR, failure=Failure(Cause.TIMEOUT, "")), SENT)
    shown = measurement_as_json(replace(MEASUREMENT, cameras=[failed]), Language.EN)
    assert not shown["ok"]
    assert "cpu_percent" not in shown["cameras"][0]
