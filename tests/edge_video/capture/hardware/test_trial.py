"""What works with this FFmpeg: tried with real ones, on a machine without, and with scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.capture.binary import Binary
from edge_video.capture.examination import TrialFailedError, decoders, try_decoder
from edge_video.capture.hardware import Acceleration, HardwareKey
from edge_video.capture.hardware.survey import survey_hardware
from edge_video.capture.hardware.trial import TrialResult, try_hardware
from edge_video.config import CameraConfig
from edge_video.testing.scripted_ffmpeg import picture
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from pathlib import Path


def scripted(folder: Path, cases: str, has: str = "cuda\nvaapi") -> Binary:
    """An FFmpeg that answers a trial by what stands in its command line."""
    (folder / "picture").write_bytes(picture(320, 240))
    script = folder / "ffmpeg"
    script.write_text(
        f'#!/bin/sh\ncase "$*" in\n*-hwaccels*) printf "Hardware:\\n{has}\\n\\n" ;;\n{cases}\n'
        f'*) echo "[x @ 0x1] [error] Device creation failed: -1." >&2; exit 1 ;;\nesac\n'
    )
    script.chmod(0o755)
    return Binary(str(script), (9, 0))


def works(folder: Path, pattern: str) -> str:
    return f'*{pattern}*) exec cat "{folder}/picture" ;;'


@pytest.mark.ffmpeg
@EVERY_FFMPEG
def test_a_machine_without_a_card_is_found_out_with_ffmpegs_own_words(any_ffmpeg: Binary) -> None:
    assert "opencl" not in decoders(any_ffmpeg)
    result = try_hardware(any_ffmpeg, HardwareKey("cuda"))
    if result.acceleration is not None:
        pytest.skip("there is a card")
    assert result.reason == "Cannot load libcuda.so.1"


@pytest.mark.ffmpeg
@EVERY_FFMPEG
def test_decoding_in_software_does_not_pass_for_hardware(any_ffmpeg: Binary) -> None:
    class Silent(Acceleration):
        def input_arguments(self) -> list[str]:
            return []  # as where FFmpeg decodes in software without a word

    assert "-hwaccel" in Acceleration("cuda").input_arguments()
    with pytest.raises(TrialFailedError, match="Impossible to convert between the formats"):
        try_decoder(any_ffmpeg, Silent("cuda"))


def test_the_best_way_that_works_is_taken(tmp_path: Path) -> None:
    binary = scripted(tmp_path, works(tmp_path, "scale_cuda"))
    assert try_hardware(binary, HardwareKey("cuda")) == TrialResult(
        Acceleration("cuda", converts=True)
    )
    binary = scripted(tmp_path, works(tmp_path, "vaapi*hwdownload"))
    assert try_hardware(binary, HardwareKey("auto")).acceleration == Acceleration(
        "vaapi", converts=True
    )
    encodes = HardwareKey("vaapi", None, encodes=True)
    assert try_hardware(binary, encodes).acceleration == Acceleration("vaapi", converts=True)
    binary = scripted(tmp_path, works(tmp_path, "mjpeg_vaapi"))
    way = try_hardware(binary, encodes).acceleration
    assert way is not None
    assert way.encodes


def test_each_hardware_has_its_own_reason_and_numbers_are_none(tmp_path: Path) -> None:
    says = (
        '*"hwaccel vaapi"*) printf "Device creation failed: -22.\\nNo VA display\\n" >&2; exit 1;;'
    )
    result = try_hardware(scripted(tmp_path, says), HardwareKey("auto"))
    assert result.reason == (
        "cuda: Device creation failed: -1.; vaapi: No VA display;"
        " v4l2m2m: Device creation failed: -1."
    )
    result = try_hardware(scripted(tmp_path, says), HardwareKey("qsv"))
    assert result.reason == "this FFmpeg was built without qsv; it has cuda, vaapi"


def test_a_driver_that_hangs_is_tried_once(tmp_path: Path) -> None:
    tried = tmp_path / "tried"
    hangs = f'*hwaccel*) echo x >> "{tried}"; exec sleep 20 ;;'
    result = try_hardware(scripted(tmp_path, hangs), HardwareKey("cuda"), 2.0)
    assert result.reason == "no end within 2 s"
    assert tried.read_text() == "x\n"


def test_an_ffmpeg_that_is_gone_is_a_reason(tmp_path: Path) -> None:
    result = try_hardware(Binary(str(tmp_path / "nowhere"), (6,)), HardwareKey("cuda"))
    assert "No such file" in result.reason


def test_a_survey_counts_the_cameras_of_each_hardware(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho '0, T400, 1200, 1100'\n")
    program.chmod(0o755)
    binary = scripted(tmp_path, works(tmp_path, "hwaccel?cuda"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    cameras = [
        CameraConfig.model_validate({"id": f"cam{number}", "url": "rtsp://h/s", "hwaccel": hwaccel})
        for number, hwaccel in enumerate(("cuda", "cuda", "auto", "vaapi", "none"))
    ]
    survey = survey_hardware(binary, cameras)
    assert {each.subject: each.cameras for each in survey.tried} == {
        "auto": 1,
        "cuda": 2,
        "vaapi": 1,
    }
    assert (survey.on_cards, [card.most_cameras for card in survey.cards]) == (3, [2])
