"""The table of `check`: a line a camera, in either language."""

from __future__ import annotations

from typing import Any

from edge_video.config import Config
from edge_video.report.check_table import render_check
from edge_video.text.catalog import Language

CAMERAS: list[dict[str, Any]] = [
    {"id": "door", "url": "rtsp://u:canary1@10.0.0.5:554/s?token=canary2"},
    {"id": "yard", "url": "http://[::1]/x", "mode": "passthrough", "enabled": False},
    {"id": "wall", "url": "lavfi:testsrc2", "width": 640, "height": 360, "keyframes_only": True},
    {"id": "gate", "url": "rtsp://h/s", "width": 640, "transport": "udp", "hwaccel": "vaapi"},
]


def render(language: Language = Language.EN, **keys: Any) -> list[str]:
    amqp = {"url": "amqp://u:canary3@broker/", "exchange": "shop", "routing_key_prefix": "s."}
    config = Config.model_validate({"amqp": amqp, "cameras": CAMERAS, "node": "edge-1", **keys})
    return render_check("c.yaml", config, "amqp://broker", ["a note"], language).split("\n")


def test_each_camera_is_a_line_and_the_verdict_comes_last() -> None:
    assert render() == [
        "CAMERA  HOST          PICTURE                      ROUTE        NOTES",
        "door    10.0.0.5:554  15 fps, quality 5            shop s.door",
        "yard    [::1]         15 fps, passed through       shop s.yard  disabled",
        "wall    test source   15 fps, quality 5, 640x360   shop s.wall  key frames only",
        (
            "gate    h             15 fps, quality 5, 640 wide  shop s.gate"
            "  over UDP, decoded by vaapi"
        ),
        "",
        "node edge-1; frames to amqp://broker; no page (http is absent)",
        "note: a note",
        "every key: edge-video check --full",
        "c.yaml: valid; 3 of 4 cameras enabled",
    ]


def test_it_speaks_portuguese_and_shows_no_secret() -> None:
    lines = render(Language.PT_BR, http={"listen": "127.0.0.1:8080"}, events={"exchange": "e"})
    assert lines[-1] == "c.yaml: válido; 3 de 4 câmeras ativadas"
    assert "página em 127.0.0.1:8080" in lines[6]
    assert "eventos para e" in lines[6]
    assert "canary" not in "".join(lines)


def test_a_node_that_shares_its_cameras_is_told_as_one() -> None:
    assert "; cameras shared with the nodes of group yard;" in render(cluster={"group": "yard"})[6]
    assert "grupo yard" in render(Language.PT_BR, cluster={"group": "yard"})[6]


def test_a_node_that_takes_commands_over_the_broker_says_from_where() -> None:
    commands = {"exchange": "orders", "allow": [{"user": "ops", "commands": ["all"]}]}
    assert "; commands from orders;" in render(commands=commands)[6]
    assert "; comandos de orders;" in render(Language.PT_BR, commands=commands)[6]


def test_a_directory_has_a_folder_for_each_camera() -> None:
    cameras = CAMERAS[:1]
    lines = render(sink={"type": "directory", "path": "frames"}, amqp=None, cameras=cameras)
    assert lines[1].endswith("frames/door/")
    assert lines[-1] == "c.yaml: valid; 1 of 1 camera enabled"


def test_limits_of_ffmpegs_are_shown_and_how_they_are_kept() -> None:
    limited = {"id": "lift", "url": "lavfi:testsrc2", "ffmpeg_max_memory_mb": 512}
    camera = {**limited, "ffmpeg_max_cpu_percent": 150}
    config = Config.model_validate({"sink": "directory", "node": "n", "cameras": [camera]})
    for language, remark, way in (
        (Language.EN, "at most 512 MB, at most 150% of a core", "a control group for each"),
        (Language.PT_BR, "no máximo 512 MB, no máximo 150% de um núcleo", "um cgroup para cada"),
    ):
        shown = render_check("c.yaml", config, "frames", [], language, limit_way="cgroup")
        assert remark in shown
        assert way in shown
        assert way not in render_check("c.yaml", config, "frames", [], language)


def test_tables_that_are_not_the_usual_ones_are_named_where_they_are_used() -> None:
    door, yard = render(huffman="optimal")[1:3]
    assert door.endswith("  optimal Huffman tables")
    assert "Huffman" not in yard
    assert not any("Huffman" in line for line in render())
