"""The key `expected` of a camera."""

from __future__ import annotations

import pytest

from edge_video.config import ConfigError, parse_config
from edge_video.config.camera_changes import CHANGEABLE, problems_of
from edge_video.config.diff import compare
from edge_video.config.effects import Effect

CAMERA = "sink: {type: directory, path: frames}\ncameras:\n- id: van\n  url: rtsp://10.0.0.5/s\n"


def test_a_camera_has_to_be_there_unless_it_says_otherwise() -> None:
    assert not parse_config(CAMERA, "f.yaml", {}).cameras[0].is_intermittent
    with_key = parse_config(f"{CAMERA}  expected: intermittent\n", "f.yaml", {})
    assert with_key.cameras[0].is_intermittent


def test_another_word_is_refused_with_its_line() -> None:
    with pytest.raises(ConfigError) as raised:
        parse_config(f"{CAMERA}  expected: sometimes\n", "f.yaml", {})
    [problem] = raised.value.problems
    assert (problem.line, problem.key) == (5, "cameras[0].expected")
    assert "intermittent" in problem.message


def test_a_reload_takes_it_over_without_interrupting_the_camera() -> None:
    before = parse_config(CAMERA, "f.yaml", {})
    plan = compare(before, parse_config(f"{CAMERA}  expected: intermittent\n", "f.yaml", {}))
    assert plan.names(Effect.LIVE) == ("cameras[van].expected",)
    assert plan.restarted == ()


def test_it_may_be_set_over_the_network() -> None:
    assert "expected" in CHANGEABLE
    assert problems_of({"expected": "intermittent"}) == ()
