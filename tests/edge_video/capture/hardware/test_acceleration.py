"""How FFmpeg is told to decode on hardware, and which cameras want it."""

from __future__ import annotations

from typing import Any

import pytest

from edge_video.capture.binary import Binary
from edge_video.capture.colour import stated_colours
from edge_video.capture.command import capture_command, encode_command, probe_command
from edge_video.capture.hardware import Acceleration, HardwareKey, wanted_hardware
from edge_video.capture.hardware.acceleration import accelerations, jpeg_quality
from edge_video.capture.limiter import limit_filter
from edge_video.config import CameraConfig

FFMPEG = Binary("/usr/bin/ffmpeg", (9, 0), zscale=True)
ALL = ("cuda", "vaapi", "qsv", "drm")


def camera(url: str = "rtsp://h/s", **keys: Any) -> CameraConfig:
    return CameraConfig(id="cam1", url=url, **keys)


def option(command: list[str], name: str) -> str:
    return command[command.index(name) + 1]


def command_of(way: Acceleration, **keys: Any) -> list[str]:
    return capture_command(FFMPEG, camera(**keys), way)


def test_pictures_stay_on_the_card_until_the_rate_limit_has_passed_them() -> None:
    command = command_of(Acceleration("cuda", "1", converts=True))
    before = command[: command.index("-i")]
    assert option(before, "-hwaccel") == option(before, "-hwaccel_output_format") == "cuda"
    assert option(before, "-hwaccel_device") == "1"
    filters = option(command, "-vf")
    fetched = "scale_cuda=format=yuv420p,hwdownload,format=yuv420p"
    assert filters.startswith(f"{limit_filter(15)},{fetched},{stated_colours()},scale=")
    assert filters.endswith(",zscale=matrix=170m:transfer=601:primaries=170m:range=full")


@pytest.mark.parametrize(
    ("way", "fetched"),
    [
        (Acceleration("cuda"), "hwdownload,format=nv12"),
        (
            Acceleration("vaapi", converts=True),
            "scale_vaapi=format=nv12,hwdownload,format=nv12",
        ),
        (Acceleration("qsv", converts=True), "vpp_qsv=format=nv12,hwdownload,format=nv12"),
        (Acceleration("drm"), "hwdownload,format=nv12"),
    ],
)
def test_what_is_not_on_the_device_is_refused_by_the_filter_that_fetches(
    way: Acceleration, fetched: str
) -> None:
    filters = option(command_of(way), "-vf")
    assert f",{fetched},{stated_colours()},scale=" in filters
    assert "zscale" not in filters  # it takes no nv12


def test_a_node_of_qsv_is_not_taken_for_its_implementation() -> None:
    node = "/dev/dri/renderD129"
    command = command_of(Acceleration("qsv", node, converts=True))
    before = command[: command.index("-i")]
    assert option(before, "-qsv_device") == node
    assert "-hwaccel_device" not in before
    assert "-qsv_device" not in command_of(Acceleration("qsv", converts=True))
    assert option(command_of(Acceleration("vaapi", node)), "-hwaccel_device") == node


def test_a_decoder_by_name_stands_in_the_place_of_the_hardware() -> None:
    command = command_of(Acceleration("v4l2m2m"))
    assert command.index("-c:v") < command.index("-i")
    assert option(command, "-c:v") == "h264_v4l2m2m"
    assert "-hwaccel" not in command
    assert "hwdownload" not in option(command, "-vf")


def test_images_are_made_on_the_device_without_being_fetched() -> None:
    way = Acceleration("vaapi", converts=True, encodes=True)
    command = command_of(way, width=640, quality=5)
    *_, last = option(command, "-vf").split(f",{stated_colours()},")
    assert last.startswith("scale_vaapi=w='0*print(iw*65536+ih,24)+640':h='2*trunc(640*ih/iw/2)'")
    assert last.endswith(":format=nv12:out_range=full")
    after = command[command.index("-vf") :]
    assert option(after, "-c:v") == "mjpeg_vaapi"
    assert option(after, "-global_quality") == "62"
    assert "h='720'" in option(command_of(way, height=720), "-vf")
    assert "+iw':h='ih'" in option(command_of(way), "-vf")


def test_no_camera_is_probed_on_hardware_and_motion_jpeg_is_decoded_by_the_cpu() -> None:
    for command in (
        probe_command(FFMPEG, camera(hwaccel="cuda")),
        encode_command(FFMPEG, camera("http://h/m", hwaccel="cuda")),
        capture_command(FFMPEG, camera(hwaccel="cuda")),
    ):
        assert "-hwaccel" not in command


def test_the_quality_on_a_device_is_that_of_the_own_encoder() -> None:
    assert [jpeg_quality(qscale) for qscale in (2, 5, 10, 31)] == [85, 62, 33, 11]


@pytest.mark.parametrize(
    ("key", "has", "names"),
    [
        (HardwareKey("auto"), ALL, ["cuda", "cuda", "vaapi", "vaapi", "qsv", "qsv", "v4l2m2m"]),
        (HardwareKey("auto"), (), ["v4l2m2m"]),
        (HardwareKey("vaapi"), ALL, ["vaapi", "vaapi"]),
        (HardwareKey("vaapi", None, encodes=True), ALL, ["vaapi", "vaapi", "vaapi"]),
        (HardwareKey("drm"), ALL, ["drm"]),
        (HardwareKey("vdpau"), ALL, []),
    ],
)
def test_ways_are_tried_best_first(
    key: HardwareKey, has: tuple[str, ...], names: list[str]
) -> None:
    ways = accelerations(key, has)
    assert [way.name for way in ways] == names
    kinds = [(way.encodes, way.converts) for way in ways if way.name == "vaapi"]
    assert kinds == sorted(kinds, reverse=True)


def test_with_auto_a_device_is_for_those_whom_its_name_fits() -> None:
    devices = {way.name: way.device for way in accelerations(HardwareKey("auto", "1"), ALL)}
    assert devices == {"cuda": "1", "vaapi": None, "qsv": None, "v4l2m2m": None}
    node = "/dev/dri/renderD129"
    devices = {way.name: way.device for way in accelerations(HardwareKey("auto", node), ALL)}
    assert (devices["cuda"], devices["vaapi"]) == (None, node)


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({}, None),
        ({"hwaccel": "none"}, None),
        ({"hwaccel": "cuda"}, HardwareKey("cuda")),
        ({"hwaccel": "vaapi", "hwaccel_device": "/dev/dri/x"}, HardwareKey("vaapi", "/dev/dri/x")),
        ({"hwaccel": "cuda", "url": "lavfi:testsrc2"}, None),
        ({"hwaccel": "cuda", "mode": "passthrough"}, None),
        ({"hwaccel": "cuda", "keyframes_only": True}, HardwareKey("cuda")),
        ({"hwaccel": "qsv", "keyframes_only": True}, None),
        ({"hwaccel": "auto", "keyframes_only": True}, None),
        ({"hwaccel": "auto", "jpeg_encoder": "hardware"}, HardwareKey("auto", None, encodes=True)),
        (
            {"hwaccel": "auto", "jpeg_encoder": "hardware", "width": 640, "height": 360},
            HardwareKey("auto"),
        ),
        (
            {"hwaccel": "vaapi", "jpeg_encoder": "hardware", "rotate": 90},
            HardwareKey("vaapi"),
        ),
    ],
)
def test_hardware_is_wanted_where_something_is_decoded(
    keys: dict[str, Any], wanted: HardwareKey | None
) -> None:
    assert wanted_hardware(camera(**keys)) == wanted


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"hwaccel": "cuda", "url": "lavfi:testsrc2"}, "a test source is not decoded"),
        ({"hwaccel": "qsv", "keyframes_only": True}, "in the place of qsv"),
        ({"hwaccel": "cuda", "jpeg_encoder": "hardware"}, "only vaapi and qsv make JPEG"),
        (
            {"hwaccel": "vaapi", "jpeg_encoder": "hardware", "width": 640, "height": 360},
            "draws the bars",
        ),
        (
            {"hwaccel": "vaapi", "jpeg_encoder": "hardware", "mirror": "horizontal"},
            "with masks, crop, rotate or mirror the CPU",
        ),
    ],
)
def test_a_key_about_hardware_that_changes_nothing_is_told(keys: dict[str, Any], why: str) -> None:
    (note,) = camera(**keys).notes()
    assert why in note
