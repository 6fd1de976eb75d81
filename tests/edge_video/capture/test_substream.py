"""Where the substream of a camera usually is."""

from __future__ import annotations

import pytest

from edge_video.capture.substream import SubstreamHint, substream_hint


@pytest.mark.parametrize(
    ("url", "main", "sub"),
    [
        ("rtsp://10.0.0.5:554/Streaming/Channels/101", "101", "102"),
        ("rtsp://10.0.0.5/Streaming/Channels/1601?transportmode=unicast", "1601", "1602"),
        ("rtsp://10.0.0.5/h264/ch1/main/av_stream", "main", "sub"),
        (
            "rtsp://u:p@10.0.0.5/cam/realmonitor?channel=1&subtype=0&unicast=true",
            "subtype=0",
            "subtype=1",
        ),
        ("rtsp://10.0.0.5/h264Preview_01_main", "h264Preview_01_main", "h264Preview_01_sub"),
        ("rtmp://10.0.0.5/bcs/channel0_main.bcs?token=x", "channel0_main", "channel0_sub"),
        ("rtsp://10.0.0.5/stream1", "stream1", "stream2"),
        ("rtsp://10.0.0.5/media/video1", "video1", "video2"),
        ("rtsp://10.0.0.5/unicast/c3/s0/live", "3/s0", "3/s1"),
        ("rtsp://10.0.0.5:88/videoMain", "videoMain", "videoSub"),
        ("rtsp://10.0.0.5/profile1/media.smp", "profile1", "profile2"),
        ("rtsp://10.0.0.5/profile1", "profile1", "profile2"),
        ("rtsp://10.0.0.5/live.sdp", "live.sdp", "live2.sdp"),
        (
            "rtsp://10.0.0.5/user=admin&password=secret&channel=1&stream=0.sdp",
            "stream=0",
            "stream=1",
        ),
        ("rtsp://10.0.0.5/video/livemedia?Ch=1&Streamtype=0", "Streamtype=0", "streamtype=1"),
        ("rtsp://10.0.0.5/live/ch00_0", "00_0", "00_1"),
        ("rtsp://10.0.0.5/main", "main", "sub"),
    ],
)
def test_a_maker_s_pattern_is_known(url: str, main: str, sub: str) -> None:
    assert substream_hint(url) == SubstreamHint(main, sub)


@pytest.mark.parametrize(
    "url",
    [
        "rtsp://10.0.0.5/Streaming/Channels/102",
        "rtsp://10.0.0.5/cam/realmonitor?channel=1&subtype=1",
        "rtsp://stream1:main@10.0.0.5/axis-media/media.amp",
        "rtsp://main/axis-media/media.amp",
        "lavfi:testsrc2",
        "clips/main.mp4",
        "",
    ],
)
def test_an_unknown_or_a_small_stream_has_no_hint(url: str) -> None:
    assert substream_hint(url) is None
