"""What a camera's id, a routing key or a URL may never bring into a path, a route or a command."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from edge_video.capture.binary import Binary
from edge_video.capture.command import capture_command
from edge_video.config import CameraConfig, ConfigError, parse_config
from edge_video.delivery.directory import DirectorySink
from edge_video.delivery.outbox import Outbox
from edge_video.frames import CameraId
from edge_video.runtime.timer import SystemClock

if TYPE_CHECKING:
    from pathlib import Path

ID_RULE = "it must be 1 to 64 of the characters A-Z a-z 0-9 . _ - and begin with"
WILDCARD = "* and # are wildcards of bindings; a frame's own routing key has none"
CONTROL = "it contains a line break or another control character"


def problem(camera: dict[str, str], above: str = "sink: directory\n") -> str:
    """The one problem of a configuration with this camera."""
    keys = "".join(f"    {name}: {json.dumps(value)}\n" for name, value in camera.items())
    with pytest.raises(ConfigError) as error:
        parse_config(f"{above}cameras:\n  -\n{keys}", "c.yaml", {})
    (only,) = error.value.problems
    assert str(only).isprintable()
    return str(only)


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".",
        ".hidden",
        "../up",
        "a/b",
        "/etc",
        "a\\b",
        "a\0b",
        "a\nb",
        "a b",
        "-rf",
        "--help",
        "cam*",
        "cam#",
        "#",
        "*",
        "a:b",
        "x" * 65,
        "x" * 300,
        "caf\u00e9",
        "cafe\u0301",
        "\u0430dmin",  # a Cyrillic letter that looks like a Latin one
        "cam\u200b1",
        "cam\u202e1",
        "cam1\x1b[2J",
        "\uff0e\uff0e",
        "%2e%2e",
        "~root",
        "$(id)",
        "",
        "cam1\n",
    ],
)
def test_an_id_is_a_plain_word_and_the_error_names_line_and_key(name: str) -> None:
    text = problem({"id": name, "url": "lavfi:testsrc2"})
    assert text.startswith(f"c.yaml:4: cameras[0].id: {ID_RULE}")


def test_ids_that_a_file_system_without_case_would_take_for_one_are_refused() -> None:
    lines = "".join(f"  - {{id: {name}, url: 'lavfi:x'}}\n" for name in ("Door", "dOOR"))
    with pytest.raises(ConfigError) as error:
        parse_config(f"sink: directory\ncameras:\n{lines}", "c.yaml", {})
    assert str(error.value) == "c.yaml:4: cameras[1].id: dOOR is already the id of cameras[0]"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("cam.*", WILDCARD),
        ("#", WILDCARD),
        ("a.#.b", WILDCARD),
        ("a b", "it contains a space"),
        ("a\nb", CONTROL),
        ("a\0b", CONTROL),
        ("a\u202eb", CONTROL),
        ("x" * 256, "it has 256 bytes; AMQP allows 255"),
        ("é" * 128, "it has 256 bytes; AMQP allows 255"),
    ],
)
def test_a_routing_key_is_no_pattern_and_fits_its_octet(key: str, words: str) -> None:
    camera = {"id": "cam1", "url": "lavfi:x", "routing_key": key}
    assert problem(camera) == f"c.yaml:6: cameras[0].routing_key: {words}"
    above = f"sink: directory\namqp:\n  routing_key_prefix: {json.dumps(key)}\n"
    prefixed = problem({"id": "cam1", "url": "lavfi:x"}, above)
    assert prefixed == f"c.yaml:3: amqp.routing_key_prefix: {words}"


def test_a_prefix_that_fits_alone_but_not_with_the_id_is_refused() -> None:
    above = f"sink: directory\namqp:\n  routing_key_prefix: {'x' * 255}\n"
    assert problem({"id": "cam1", "url": "lavfi:x"}, above) == (
        "c.yaml:3: amqp.routing_key_prefix: with the id of cameras[0] it has 259 bytes;"
        " AMQP allows 255"
    )


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://h/a b",
        "rtsp://h/a\nb",
        "rtsp://h/a\r\nHost: other",
        "rtsp://h/a\0b",
        "rtsp://h/\u2028",
        "rtsp://h o/a",
        "rtsp://h;id/a",
        "rtsp://$(id)/a",
        "rtsp://h|id/a",
        "file:a\nb",
        "file:a\0b",
        "lavfi:color\0",
        "concat:/etc/passwd",
        "crypto+file:/etc/passwd",
        "data:video/mp2t;base64,R0",
        "pipe:0",
        "fd:",
        "tcp://127.0.0.1:5672",
        "unix:/run/x.sock",
        "gopher://h/x",
        "ftp://h/x",
        "async:file:/etc/passwd",
        "cache:file:/etc/passwd",
        "tee:a|b",
        "udp://h:1",
        "srt://h:1",
        "rtmp+:0//a",
    ],
)
def test_a_url_of_another_kind_or_with_what_no_url_has_is_refused(url: str) -> None:
    text = problem({"id": "cam1", "url": url})
    assert text.startswith("c.yaml:5: cameras[0].url: ")
    assert "passwd" not in text  # what is refused may hold a password, so it is never quoted


def test_a_header_cannot_be_smuggled_in_by_user_name_or_password() -> None:
    odd = "a\r\nX-Evil: 1"
    camera = CameraConfig(id="cam1", url="http://h/x", username="u", password=odd)
    command = capture_command(Binary("ffmpeg", (5, 1)), camera)
    url = command[command.index("-i") + 1]
    assert url.isprintable()
    assert " " not in url
    with pytest.raises(ValueError, match="control character"):
        CameraConfig(id="cam1", url="http://h/x", username=odd, password="p")


NAMES_THAT_COULD_BE_MORE = [
    "-i", "-y", "--", "-filter_complex", "-f", "subfile,,start,0,end,0,,:/etc/passwd",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES_THAT_COULD_BE_MORE)
def test_a_name_that_ffmpeg_could_take_for_more_is_refused(name: str) -> None:
    text = problem({"id": "cam1", "url": name})
    assert text.startswith("c.yaml:5: cameras[0].url: ")
    assert "passwd" not in text


@pytest.mark.parametrize("name", NAMES_THAT_COULD_BE_MORE)
def test_what_is_said_to_be_a_file_name_gets_its_scheme(name: str) -> None:
    camera = CameraConfig(id="cam1", url=f"file:{name}")
    command = capture_command(Binary("ffmpeg", (5, 1)), camera)
    assert command[command.index(f"file:{name}") - 1] == "-i"
    assert command.count("-i") == 1
    assert "-y" not in command


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "/etc", "a\0b", "../../x"])
def test_the_directory_sink_itself_refuses_an_id_that_leaves_its_folder(
    tmp_path: Path, name: str
) -> None:
    """A host can hand it ids that no configuration has checked."""
    with pytest.raises(ValueError, match="usable as a directory name"):
        DirectorySink(
            tmp_path,
            outbox=Outbox(SystemClock()),
            cameras=[CameraId(name)],
            keep=1,
            listener=lambda _: None,
            clock=SystemClock(),
        )
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - names only
