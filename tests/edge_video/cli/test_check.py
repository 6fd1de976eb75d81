"""`check` and `probe`, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from edge_video.cli.main import main
from tests.support.config_files import SECRET, TWINS, write_config

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_check_prints_notes_and_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--config", str(write_config(tmp_path, **TWINS))]) == 0
    printed = capsys.readouterr().out
    assert "# note: cameras a and b share the routing key" in printed
    assert "2 of 2 cameras enabled" in printed
    assert SECRET not in printed
    assert yaml.safe_load(printed)["cameras"][0]["id"] == "a"


def test_a_configuration_that_does_not_exist_is_bad_input(tmp_path: Path) -> None:
    assert main(["check", "--config", str(tmp_path / "nowhere.yaml")]) == 2


def test_probe_refuses_a_camera_that_is_not_configured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", "--config", str(write_config(tmp_path)), "cam9"]) == 2
    assert "no camera cam9" in capsys.readouterr().err
