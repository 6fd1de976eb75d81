"""`probe --measure`, in this process, with programs in FFmpeg's place."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from edge_video.cli.main import main
from edge_video.testing.scripted_camera import CameraScript, install_scripted_ffmpeg
from tests.support.config_files import write_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD = CameraScript(fps=20, size=(64, 48))
GONE = CameraScript(refuse="No route to host")


@pytest.fixture
def probe(tmp_path: Path) -> Callable[..., int]:
    ffmpeg = install_scripted_ffmpeg(tmp_path)

    def run(*options: str, **cameras: CameraScript) -> int:
        config = write_config(
            tmp_path,
            ffmpeg=str(ffmpeg),
            sink="directory",
            language="en",
            cameras=[
                {"id": name, "url": f"rtsp://127.0.0.1/{name}?{script.query()}", "fps": 15}
                for name, script in cameras.items()
            ],
        )
        return main(["probe", "--config", str(config), *options])

    return run


def test_cameras_that_answer_are_measured_and_the_machine_is_judged(
    probe: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--measure", "--seconds", "1", "--together", "--uplink", "12.5")
    assert probe(*options, a=GOOD, b=GOOD) == 0
    printed = capsys.readouterr().out
    assert "2 of 2 cameras reached" in printed
    assert "Measuring 2 cameras for 1s, all together …" in printed
    assert "\nThis machine takes " in printed
    assert "  uplink  enough for " in printed


def test_a_camera_that_does_not_answer_is_not_measured(
    probe: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert probe("--measure", "--seconds", "1", "--json", a=GOOD, gone=GONE) == 1
    shown = json.loads(capsys.readouterr().out)
    assert not shown["ok"]
    assert [each["id"] for each in shown["cameras"]] == ["a", "gone"]
    assert [each["id"] for each in shown["measured"]["cameras"]] == ["a"]
    assert shown["measured"]["machine"]["cores"] > 0


@pytest.mark.parametrize(
    "options",
    [
        ("--together",),
        ("--seconds", "5"),
        ("--measure", "--seconds", "0.5"),
        ("--measure", "--uplink", "fast"),
        ("--measure", "--uplink", "0"),
        ("--measure", "--uplink", "1.2.3"),
    ],
)
def test_options_that_cannot_be_are_refused_before_anybody_is_asked(
    probe: Callable[..., int], options: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        probe(*options, a=GOOD)
    assert ended.value.code == 2


def test_too_many_cameras_together_are_refused(
    probe: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        probe("--measure", "--together", **{f"c{number}": GOOD for number in range(65)})
    assert ended.value.code == 2
    assert "at most 64 cameras, and there are 65" in capsys.readouterr().err
