"""The section of profiles: names, and the cameras that are on in each."""

from __future__ import annotations

import pytest

from edge_video.config import Config, ConfigError, parse_config
from edge_video.config.diff import compare
from edge_video.config.effects import Effect

CAMERAS = "sink: directory\ncameras: [{id: door, url: 'lavfi:testsrc2'}]\n"


def parsed(text: str) -> Config:
    return parse_config(f"{CAMERAS}{text}\n", "f.yaml", {})


def test_a_profile_has_its_cameras_by_id_or_by_how_ids_begin() -> None:
    open_ = parsed("profiles: {open: {cameras: [door, 'centro.*']}}").profiles.by_name["open"]
    assert [each for each in ("door", "door2", "centro.till", "centro") if open_.has(each)] == [
        "door",
        "centro.till",
    ]
    given: dict[str, dict[str, list[str]]] = {"closed": {"cameras": []}}
    cameras = [{"id": "door", "url": "lavfi:testsrc2"}]
    config = Config(sink={"type": "directory"}, cameras=cameras, profiles=given)
    assert not config.profiles.by_name["closed"].has("door")
    assert config.masked()["profiles"] == given


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ("profile: nope", "profile", "there is no such profile; known: none"),
        ("profiles: {'a b': {}}", "profiles.a b", "letters, digits, _ and -"),
        ("profiles: {none: {}}", "profiles.none", "none stands for no profile"),
        ("profiles: {a: {camera: []}}", "profiles.a.camera", 'did you mean "cameras"?'),
        ("profiles: {a: {cameras: ['*x']}}", "profiles.a.cameras[0]", "the id of a camera"),
        ("profiles: {a: {cameras: door}}", "profiles.a.cameras", "this must be a list"),
        ("profiles: [a]", "profiles", "this must be a mapping"),
    ],
)
def test_what_is_wrong_is_said_with_its_key(text: str, key: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parsed(text)
    [problem] = raised.value.problems
    assert (problem.line, problem.key) == (3, key)
    assert message in problem.message


def test_a_name_that_fits_no_camera_is_noted() -> None:
    config = parsed("profiles: {a: {cameras: [dor, door]}}")
    assert "profiles.a: no camera is called dor" in config.warnings


def test_other_profiles_interrupt_nothing() -> None:
    before = parsed("profiles: {a: {cameras: [door]}}")
    plan = compare(before, parsed("profiles: {a: {cameras: []}}\nprofile: a"))
    assert plan.names(Effect.LIVE) == ("profiles", "profile")
    assert plan.restarted == ()
