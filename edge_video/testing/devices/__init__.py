"""Provides cameras made of sockets that do what odd cameras do: any SDP, stamp, pace, refusal.

See docs/testing.md. Importing this starts nothing. `jpegs` needs Pillow, encoded video an FFmpeg.
"""

from edge_video.testing.devices import pacing, stamps
from edge_video.testing.devices.authentication import Asking, Authentication, Basic, Digest, Several
from edge_video.testing.devices.containers import Flv, MpegTs
from edge_video.testing.devices.http import (
    MULTIPART,
    HttpDevice,
    http_answer,
    http_head,
    usual_part,
)
from edge_video.testing.devices.jpeg import jpegs, without_huffman_tables
from edge_video.testing.devices.loopback import Connection, HangUp, LoopbackServer
from edge_video.testing.devices.onvif import OnvifDevice, OnvifStream, probe_match
from edge_video.testing.devices.requests import Request
from edge_video.testing.devices.rtp import Packetizer, RtpPacket
from edge_video.testing.devices.rtsp import RtspDevice
from edge_video.testing.devices.sdp import describe
from edge_video.testing.devices.snapshot import SnapshotDevice
from edge_video.testing.devices.video import Codec, Video

__all__ = [
    "MULTIPART",
    "Asking",
    "Authentication",
    "Basic",
    "Codec",
    "Connection",
    "Digest",
    "Flv",
    "HangUp",
    "HttpDevice",
    "LoopbackServer",
    "MpegTs",
    "OnvifDevice",
    "OnvifStream",
    "Packetizer",
    "Request",
    "RtpPacket",
    "RtspDevice",
    "Several",
    "SnapshotDevice",
    "Video",
    "describe",
    "http_answer",
    "http_head",
    "jpegs",
    "pacing",
    "probe_match",
    "stamps",
    "usual_part",
    "without_huffman_tables",
]
