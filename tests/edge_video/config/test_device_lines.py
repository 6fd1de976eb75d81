"""A line is added to cameras in the text of a configuration, and nothing else changes."""

from __future__ import annotations

import pytest

from edge_video.config.device_lines import add_devices

LINE = 'device: {mac: "00:11:22:aa:bb:cc"}'
BEFORE = """\
# mine
cameras:
  - id: door   # the front
    # where it is
    url: rtsp://10.0.0.5/s

  -   url: rtsp://10.0.0.6/s
      id: yard
"""


def test_comments_and_all_other_lines_stay() -> None:
    text, written = add_devices(BEFORE, {"yard": LINE, "door": LINE})
    assert set(written) == {"door", "yard"}
    lines = text.splitlines()
    assert [lines.pop(at) for at in (8, 3)] == [f"      {LINE}", f"    {LINE}"]
    assert lines == BEFORE.splitlines()


def test_line_ends_are_those_of_the_file() -> None:
    text, _ = add_devices(BEFORE.replace("\n", "\r\n"), {"door": LINE})
    assert f"    {LINE}\r\n" in text
    assert text.count("\n") == text.count("\r\n")


@pytest.mark.parametrize(
    "text",
    [
        "cameras: [{id: door, url: x.mp4}]\n",
        "cameras:\n  - {id: door,\n     url: x.mp4}\n",
        "x-a: &a\n  id: door\n  url: x.mp4\ncameras:\n  - <<: *a\n    fps: 1\n",
        "cameras:\n  - id: door\n    device: {mac: x}\n    url: x.mp4\n",
        "cameras:\n  - id: >-\n      door\n    url: x.mp4\n",
        "cameras:\n  - id: other\n    url: x.mp4\n",
        "cameras: 7\n",
        "cameras:\r  - id: door\r    url: x.mp4\r",
        "cameras:\n  - id: door\r    url: x.mp4\n  - id: yard\n    url: y.mp4\n",
    ],
)
def test_what_is_written_in_another_way_is_left_alone(text: str) -> None:
    assert add_devices(text, {"door": LINE}) == (text, ())


@pytest.mark.parametrize(
    "text",
    [
        "x-a: &a\n  id: door\n  url: x.mp4\ncameras:\n  - *a\n",
        "cameras:\n  - &a\n    id: door\n    url: x.mp4\n  - <<: *a\n    id: yard\n",
    ],
)
def test_what_an_alias_repeats_is_left_alone(text: str) -> None:
    assert add_devices(text, {"door": LINE}) == (text, ())


def test_a_line_end_that_only_yaml_knows_does_not_shift_the_place() -> None:
    text = "# one\r# two\n" + BEFORE
    assert add_devices(text, {"door": LINE, "yard": LINE})[0] == (
        "# one\r# two\n" + add_devices(BEFORE, {"door": LINE, "yard": LINE})[0]
    )
