from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.capture.binary import Binary
from edge_video.capture.colour import stated_colours
from edge_video.capture.command import capture_command, encode_command, probe_command
from edge_video.capture.hardware import Acceleration
from edge_video.capture.limiter import limit_bitstream, limit_filter
from edge_video.capture.source import SourceKind, source_kind
from edge_video.config import CameraConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

FFMPEG_4 = Binary("/usr/bin/ffmpeg", (4, 4, 1))
FFMPEG_5_0 = Binary("/usr/bin/ffmpeg", (5, 0))
FFMPEG_5 = Binary("/usr/bin/ffmpeg", (5, 1, 9))
FFMPEG_9 = Binary("/usr/bin/ffmpeg", (9, 0, 2))


def camera(url: str, **keys: Any) -> CameraConfig:
    return CameraConfig(id="cam1", url=url, **keys)


def option(command: Sequence[str], name: str) -> str:
    """The value of an option that must stand there exactly once."""
    assert command.count(name) == 1, (name, command)
    return command[command.index(name) + 1]


# --- sources ---


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("rtsp://10.0.0.5:554/stream", SourceKind.RTSP),
        ("RTSPS://10.0.0.5/stream", SourceKind.RTSP),
        ("rtmp://host/live/x", SourceKind.RTMP),
        ("rtmps://host/live/x", SourceKind.RTMP),
        ("http://host/video.mjpg", SourceKind.HTTP),
        ("https://host/live.m3u8", SourceKind.HTTP),
        ("/clips/a.mkv", SourceKind.FILE),
        ("-nasty.mkv", SourceKind.FILE),
        ("clips/a b.mkv", SourceKind.FILE),
        ("file:///clips/a.mkv", SourceKind.FILE),
        ("lavfi:testsrc2=rate=25", SourceKind.LAVFI),
    ],
)
def test_a_source_is_known_by_its_scheme(url: str, kind: SourceKind) -> None:
    assert source_kind(url) is kind


@pytest.mark.parametrize(
    "url", ["concat:/etc/passwd|x", "pipe:0", "data:video/x,aa", "subfile,,start,0:x", "udp://x"]
)
def test_no_other_protocol_of_ffmpeg_can_be_reached(url: str) -> None:
    if url.startswith("subfile"):
        command = capture_command(FFMPEG_5, camera("file:" + url))
        assert option(command, "-i") == "file:" + url
    else:
        with pytest.raises(ValueError, match="is no source"):
            source_kind(url)


# --- command lines ---


def test_rtsp_is_read_over_tcp_with_a_socket_timeout_in_microseconds() -> None:
    command = capture_command(FFMPEG_5, camera("rtsp://10.0.0.5/s", stall_timeout="7s"))
    before_input = command[: command.index("-i")]
    assert option(before_input, "-rtsp_transport") == "tcp"
    assert option(before_input, "-timeout") == "7000000"
    assert option(before_input, "-threads") == "1"
    assert "-stimeout" not in command


def test_rtsp_over_udp_is_asked_for_by_the_camera() -> None:
    command = capture_command(FFMPEG_5, camera("rtsp://10.0.0.5/s", transport="udp"))
    assert option(command, "-rtsp_transport") == "udp"


@pytest.mark.parametrize(
    ("binary", "timeout", "mode"),
    [
        (FFMPEG_4, "-stimeout", "-vsync"),
        (FFMPEG_5_0, "-timeout", "-vsync"),
        (FFMPEG_5, "-timeout", "-fps_mode"),
        (FFMPEG_9, "-timeout", "-fps_mode"),
    ],
)
def test_options_that_were_renamed_follow_the_version(
    binary: Binary, timeout: str, mode: str
) -> None:
    command = capture_command(binary, camera("rtsp://10.0.0.5/s"))
    assert option(command, timeout) == "10000000"
    assert option(command, mode) == "passthrough"


@pytest.mark.parametrize(
    ("url", "has", "has_not"),
    [
        ("rtmp://host/live", ["-rw_timeout"], ["-re", "-timeout"]),
        ("http://host/live.m3u8?token=1", ["-rw_timeout", "-re"], ["-timeout"]),
        ("http://host/video.mjpg", ["-rw_timeout"], ["-re", "-use_wallclock_as_timestamps"]),
        ("/clips/a.mkv", ["-re"], ["-rw_timeout", "-timeout"]),
        ("lavfi:testsrc2", ["-re", "-f"], ["-rw_timeout", "-protocol_whitelist"]),
    ],
)
def test_each_kind_has_its_own_input_options(url: str, has: list[str], has_not: list[str]) -> None:
    command = capture_command(FFMPEG_5, camera(url))
    before_input = command[: command.index("-i")]
    assert all(name in before_input for name in has)
    assert not any(name in before_input for name in has_not)


@pytest.mark.parametrize("url", ["rtsp://h/s", "rtmp://h/s", "http://h/s"])
def test_a_network_source_may_not_open_files(url: str) -> None:
    allowed = option(capture_command(FFMPEG_5, camera(url)), "-protocol_whitelist").split(",")
    assert "file" not in allowed
    assert "pipe" not in allowed


def test_a_file_may_not_open_the_network() -> None:
    assert option(capture_command(FFMPEG_5, camera("/a.mkv")), "-protocol_whitelist") == "file"


def test_a_files_name_cannot_be_taken_for_an_option_or_a_protocol() -> None:
    assert option(capture_command(FFMPEG_5, camera("file:-y.mkv")), "-i") == "file:-y.mkv"
    assert option(capture_command(FFMPEG_5, camera("file:a:b.mkv")), "-i") == "file:a:b.mkv"
    assert option(capture_command(FFMPEG_5, camera("file:///a.mkv")), "-i") == "file:/a.mkv"


def test_every_command_is_silent_about_itself_and_takes_no_input() -> None:
    for command in (
        capture_command(FFMPEG_5, camera("rtsp://h/s")),
        probe_command(FFMPEG_5, camera("rtsp://h/s")),
    ):
        assert command[0] == "/usr/bin/ffmpeg"
        assert "-nostdin" in command
        assert "-nostats" in command
        assert option(command, "-loglevel").startswith("level+")
        assert command[-1] == "pipe:1"


def test_quality_and_frame_rate_reach_ffmpeg() -> None:
    command = capture_command(FFMPEG_5, camera("rtsp://h/s", fps=7, quality=9))
    assert option(command, "-q:v") == "9"
    assert option(command, "-vf").startswith(limit_filter(7))


@pytest.mark.parametrize(
    ("huffman", "of_ffmpeg"), [("standard", "default"), ("optimal", "optimal")]
)
def test_every_command_that_encodes_does_so_with_the_tables_asked_for(
    huffman: str, of_ffmpeg: str
) -> None:
    for make in (capture_command, probe_command, encode_command):
        command = make(FFMPEG_5, camera("http://h/s", huffman=huffman))
        assert option(command, "-huffman") == of_ffmpeg
        assert command.index("-huffman") > command.index("mjpeg")


@pytest.mark.parametrize("mode", ["passthrough", "transcode"])
def test_images_that_ffmpeg_does_not_encode_are_not_asked_for_tables(mode: str) -> None:
    device = Acceleration("vaapi", converts=True, encodes=True) if mode == "transcode" else None
    command = capture_command(FFMPEG_5, camera("rtsp://h/s", mode=mode, huffman="optimal"), device)
    assert "-huffman" not in command


@pytest.mark.parametrize(
    ("keys", "scale"),
    [
        ({}, "+iw':h=ih"),
        ({"width": 640}, "+640':h=-2"),
        ({"height": 360}, "+-2':h=360"),
        (
            {"width": 640, "height": 480},
            "+640':h=480:force_original_aspect_ratio=decrease,pad=640:480:-1:-1",
        ),
    ],
)
def test_pictures_that_are_scaled_keep_their_shape(keys: dict[str, int], scale: str) -> None:
    command = capture_command(FFMPEG_5, camera("rtsp://h/s", **keys))
    filters = option(command, "-vf")
    assert filters.startswith(f"{limit_filter(15)},{stated_colours()},scale=w='0*print(")
    assert filters.endswith(scale)


def test_the_range_is_converted_by_zscale_where_that_is_at_hand() -> None:
    with_zscale = dataclasses.replace(FFMPEG_5, zscale=True)

    def filters(binary: Binary, url: str, **keys: Any) -> str:
        return option(capture_command(binary, camera(url, **keys)), "-vf")

    every_colour = ",zscale=matrix=170m:transfer=601:primaries=170m:range=full"
    assert filters(with_zscale, "rtsp://h/s").endswith(every_colour)
    assert filters(with_zscale, "rtsp://h/s", width=640).endswith(every_colour)
    for command in (
        filters(FFMPEG_5, "rtsp://h/s"),
        filters(with_zscale, "lavfi:testsrc2"),
    ):
        assert "zscale" not in command


def test_what_is_passed_through_is_neither_decoded_nor_encoded() -> None:
    command = capture_command(FFMPEG_5, camera("rtsp://h/s", mode="passthrough", fps=7))
    assert option(command, "-c:v") == "copy"
    assert option(command, "-codec_whitelist") == "mjpeg"
    assert option(command, "-bsf:v") == f"{limit_bitstream(7)},setts=ts=N"
    assert "-vf" not in command


def test_key_frames_are_asked_for_before_the_input() -> None:
    command = capture_command(FFMPEG_5, camera("rtsp://h/s", keyframes_only=True))
    assert option(command, "-skip_frame") == "nokey"
    assert command.index("-skip_frame") < command.index("-i")


def test_the_operators_own_arguments_come_right_before_the_input() -> None:
    command = capture_command(FFMPEG_5, camera("rtsp://h/s", input_args=["-rtsp_flags", "x"]))
    at = command.index("-i")
    assert command[at - 2 : at] == ["-rtsp_flags", "x"]


# --- credentials ---


def test_credentials_are_encoded_into_the_url() -> None:
    command = capture_command(
        FFMPEG_5, camera("rtsp://10.0.0.5:554/s?a=b", username="u@x", password="p:/?#@% é")
    )
    expected = "rtsp://u%40x:p%3A%2F%3F%23%40%25%20%C3%A9@10.0.0.5:554/s?a=b"
    assert option(command, "-i") == expected


def test_the_keys_win_over_the_credentials_in_the_url() -> None:
    command = capture_command(FFMPEG_5, camera("rtsp://a:b@h/s", username="c", password="d"))
    assert option(command, "-i") == "rtsp://c:d@h/s"


def test_a_user_with_an_empty_password_keeps_the_colon_that_ffmpeg_needs() -> None:
    command = capture_command(FFMPEG_5, camera("rtsp://h/s", username="admin", password=""))
    assert option(command, "-i") == "rtsp://admin:@h/s"


def test_no_credentials_leave_the_url_alone() -> None:
    command = capture_command(FFMPEG_5, camera("rtsp://[fe80::1]:554/s"))
    assert option(command, "-i") == "rtsp://[fe80::1]:554/s"


def test_credentials_too_long_for_ffmpegs_rtsp_client_are_encoded_as_little_as_possible() -> None:
    command = capture_command(
        FFMPEG_5, camera("rtsp://h/s", username="admin", password="é" * 30 + "@")
    )
    assert option(command, "-i") == f"rtsp://admin:{'é' * 30}%40@h/s"


def test_rtmp_credentials_are_not_encoded_as_its_client_decodes_nothing() -> None:
    command = capture_command(FFMPEG_5, camera("rtmp://h/s", username="u", password="a%b"))
    assert option(command, "-i") == "rtmp://u:a%b@h/s"
