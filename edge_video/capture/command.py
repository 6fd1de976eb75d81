"""Builds the command lines with which a camera's FFmpeg is run. Everything here is pure.

The behaviour relied on was seen with FFmpeg 5.1 and 9.0.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, assert_never
from urllib.parse import quote

from edge_video.capture.colour import full_range, stated_colours
from edge_video.capture.limiter import limit_bitstream, limit_filter
from edge_video.capture.picture import changed_picture, picture_filters
from edge_video.capture.source import SourceKind, has_scheme, source_kind
from edge_video.config import CameraConfig
from edge_video.text.urls import split_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.capture.binary import Binary
    from edge_video.capture.hardware import Acceleration

_FPS_MODE_SINCE: Final = (5, 1)
_RTSP_TIMEOUT_SINCE: Final = (5,)


_PROTOCOLS: Final = {
    # What the kind needs and nothing else: a camera's redirect or playlist must not make FFmpeg
    # open files of this machine.
    SourceKind.RTSP: "rtsp,rtsps,tcp,tls",
    SourceKind.RTMP: "rtmp,rtmps,tcp,tls",
    SourceKind.HTTP: "http,https,tcp,tls,crypto",
    SourceKind.FILE: "file",
}

_RTSP_OVER_UDP: Final = "udp,rtp,srtp"
_THROUGH_A_PROXY: Final = "httpproxy"

_FILE_FORMATS: Final = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,h264,hevc,m4v,obu,ivf,mjpeg,mjpeg_2000,"
    "mpjpeg,image2,jpeg_pipe,png_pipe,bmp_pipe,webp_pipe,gif,apng,nut,mxf,dhav,dv,rm,yuv4mpegpipe"
)
_FORMATS: Final = {
    # FFmpeg goes by a stream's first bytes, whatever its name says. Without this list, bytes that
    # spell a playlist, a script or a session description make it open what they name, and a name
    # that ends in .avs loads a library.
    SourceKind.RTSP: "rtsp,mpegts,asf",
    SourceKind.RTMP: "flv,live_flv",
    # HLS and DASH are what some cameras serve; their audio renditions are probed too.
    SourceKind.HTTP: f"{_FILE_FORMATS},hls,dash,aac,mp3,ac3,eac3,webvtt",
    SourceKind.FILE: _FILE_FORMATS,
}

_MAX_PIXELS: Final = 8192 * 8192
"""Twice 8K. A megabyte can announce a picture of 16000x16000, which took FFmpeg a gigabyte."""

_PACED_SUFFIXES: Final = (".m3u8", ".m3u", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts")
_PACE: Final = ("-re", "-dts_delta_threshold", "1")
"""Read no faster than the stream's own clock goes, and take a leap of it for no more than a second.

FFmpeg by itself would wait for ten seconds, and do so at each leap.
"""
_OTHER_SUFFIXES: Final = (*_PACED_SUFFIXES, ".mpd", ".flv", ".mpg", ".mpeg", ".h264", ".h265")
"""Never Motion JPEG."""
_HTTP_OPTIONS: Final = frozenset(
    f"-{name}"
    for name in (
        *("headers", "user_agent", "referer", "cookies", "auth_type", "content_type"),
        *("multiple_requests", "seekable", "http_proxy", "location", "method", "post_data"),
        *("rw_timeout", "timeout", "reconnect", "reconnect_streamed", "reconnect_delay_max"),
        *("ca_file", "cafile", "cert_file", "key_file", "tls_verify", "verifyhost"),
    )
)
"""Input arguments that concern the connection and not what comes over it."""
_BURST_SINCE: Final = (6, 1)
_NO_BURST: Final = ("-readrate_initial_burst", "0.001")
"""Newer FFmpegs read the first half second at once, of which the rate limit loses a part."""
_PROBE_FILTERS: Final = ("select='eq(n,0)+key'", "showinfo=checksum=0", stated_colours())
_MULTIPART: Final = ("-f", "mpjpeg", "-flush_packets", "1", "pipe:1")
_RTSP_AUTH_BYTES: Final = 127
"""FFmpeg's RTSP client cuts user name and password, as they stand in the URL, at this length."""


def capture_command(
    binary: Binary, camera: CameraConfig, acceleration: Acceleration | None = None
) -> list[str]:
    """Build the command line that streams a camera's JPEG frames, each with its length, to stdout.

    It contains the camera's password: never log it. No `acceleration`: the CPU decodes.
    """
    return [
        *_global_args(binary, "level+warning"),
        *_input(binary, camera, acceleration),
        *("-an", "-sn", "-dn"),
        *(
            _passthrough_args(camera)
            if camera.mode == "passthrough"
            else _transcoded(binary, camera, acceleration)
        ),
        *_MULTIPART,
    ]


def trial_command(binary: Binary, acceleration: Acceleration) -> list[str]:
    """Build the command line that makes one JPEG image of H.264 on stdin, as a camera's would."""
    camera = CameraConfig(id="trial", url="rtsp://trial/")
    return [
        *(binary.path, "-hide_banner", "-nostats", "-loglevel", "error", "-filter_threads", "1"),
        *(*acceleration.input_arguments(), "-threads", "1", "-f", "h264", "-i", "pipe:0"),
        *_transcoded(binary, camera, acceleration),
        *("-frames:v", "1", *_MULTIPART),
    ]


def _transcoded(
    binary: Binary, camera: CameraConfig, acceleration: Acceleration | None
) -> list[str]:
    if acceleration is not None and camera.is_picture_changed:
        acceleration = replace(acceleration, encodes=False)  # the device would cover nothing
    filters = _filters(binary, camera, acceleration)
    if acceleration is None or not acceleration.encodes:
        return _encoded(binary, camera, filters)
    return [
        *("-vf", ",".join(filters)),
        *_vsync_args(binary),
        *acceleration.encoder_arguments(camera.quality),
    ]


def _filters(binary: Binary, camera: CameraConfig, acceleration: Acceleration | None) -> list[str]:
    # What is dropped costs no more than its decoding; what is scaled down, less afterwards.
    limit = limit_filter(camera.fps)
    if acceleration is not None and acceleration.encodes:
        return [limit, stated_colours(), acceleration.scaling(camera.width, camera.height)]
    fetched = [] if acceleration is None else acceleration.fetching()
    shown = picture_filters(binary, camera)
    colours = full_range(binary, camera, acceleration)
    return [limit, *fetched, stated_colours(), *shown, *colours]


def _encoded(binary: Binary, camera: CameraConfig, filters: Sequence[str]) -> list[str]:
    return [
        *("-vf", ",".join(filters)),
        *_vsync_args(binary),
        *_encoder_args(camera),
    ]


def _encoder_args(camera: CameraConfig) -> list[str]:
    # FFmpeg's own choice is optimal: an encoder that keeps all symbols of a picture to count them.
    tables = "default" if camera.huffman == "standard" else camera.huffman
    return [
        *("-c:v", "mjpeg", "-threads", "1"),
        *("-huffman", tables, "-q:v", str(camera.quality)),
    ]


def _passthrough_args(camera: CameraConfig) -> list[str]:
    """Copy the camera's own images; those over its rate are dropped before they reach the pipe.

    Numbers take the place of their times, of which two equal ones, or one step back, would end
    FFmpeg; and an image stamped before the first would not be copied.
    """
    numbered = f"{limit_bitstream(camera.fps)},setts=ts=N"
    return ["-c:v", "copy", "-copypriorss", "1", "-bsf:v", numbered]


def probe_command(binary: Binary, camera: CameraConfig) -> list[str]:
    """Build the command line that says what a camera sends, on stderr, and prints its key frames.

    The first frame is printed whether it is one or not: some cameras send none, ever. On stderr
    there is a line with the time stamp of each. What no frame shows, these do not show either.
    """
    filters = [*_PROBE_FILTERS, *changed_picture(binary, camera), "setpts=N"]
    return [
        *_global_args(binary, "level+info"),
        *_input(binary, camera, probing=True),
        *("-an", "-sn", "-dn", "-vf", ",".join(filters)),
        *(*_vsync_args(binary), "-enc_time_base", "1/90000"),
        *_encoder_args(camera),
        *_MULTIPART,
    ]


# --- Motion JPEG over HTTP, which this system cuts by itself --------------------------------


def may_be_motion_jpeg(camera: CameraConfig) -> bool:
    """Whether a camera's bytes are fetched, and looked at here, before FFmpeg decodes them.

    Not where its URL names another format, nor where the operator's own arguments tell FFmpeg how
    to read it.
    """
    url = camera.url.get_secret_value()
    if source_kind(url) is not SourceKind.HTTP or _path_of(url).endswith(_OTHER_SUFFIXES):
        return False
    return all(name in _HTTP_OPTIONS for name in camera.input_args[::2])


def fetch_command(binary: Binary, camera: CameraConfig) -> list[str]:
    """Build the command line that writes what an HTTP camera sends to stdout, just as it comes.

    FFmpeg is the HTTP client here and no more. It contains the camera's password: never log it.
    """
    return [
        *_global_args(binary, "level+warning"),
        *_http_options(camera),
        *("-protocol_whitelist", _protocols(camera, SourceKind.HTTP), "-format_whitelist", "data"),
        *camera.input_args,
        *("-f", "data", "-raw_packet_size", "65536"),
        *("-i", _input_url(camera, SourceKind.HTTP, camera.url.get_secret_value())),
        *("-map", "0", "-c", "copy", "-f", "data", "-flush_packets", "1", "pipe:1"),
    ]


def encode_command(binary: Binary, camera: CameraConfig) -> list[str]:
    """Build the command line that turns JPEG images fed to its stdin into those to publish.

    They come as FFmpeg's own multipart, each with its length, and no more of them than are wanted:
    nothing is dropped here, and what their times are does not matter.
    """
    return [
        *_global_args(binary, "level+warning"),
        *("-protocol_whitelist", "pipe", "-fpsprobesize", "0", *_decoding(camera)),
        *("-threads", "1", "-max_pixels", str(_MAX_PIXELS), "-f", "mpjpeg", "-i", "pipe:0"),
        *_encoded(binary, camera, picture_filters(binary, camera)),
        *_MULTIPART,
    ]


def _global_args(binary: Binary, log_level: str) -> list[str]:
    # One filter thread: scaling a 720p frame does not need a pool per camera.
    return [
        *(binary.path, "-nostdin", "-hide_banner", "-nostats"),
        *("-loglevel", log_level, "-filter_threads", "1"),
    ]


def _input(
    binary: Binary,
    camera: CameraConfig,
    acceleration: Acceleration | None = None,
    *,
    probing: bool = False,
) -> list[str]:
    url = camera.url.get_secret_value()
    kind = source_kind(url)
    options: list[str] = []
    if not probing:
        # Nothing goes by the frame rate, so FFmpeg need not watch twenty frames to guess it: the
        # first frame comes 0.8 s sooner; from a clock that stands still the guess never ends.
        options += ["-fpsprobesize", "0"]
    options += _kind_options(binary, camera, kind, url)
    if kind in _PROTOCOLS:
        protocols = _protocols(camera, kind)
        options += ["-protocol_whitelist", protocols, "-format_whitelist", _FORMATS[kind]]
    if not probing:
        options += _decoding(camera)
    if acceleration is not None:
        options += acceleration.input_arguments()
    # One decoder thread: threads per camera cost 15 % more CPU and several frames of delay.
    options += ["-threads", "1", "-max_pixels", str(_MAX_PIXELS)]
    return [*options, *camera.input_args, "-i", _input_url(camera, kind, url)]


def _protocols(camera: CameraConfig, kind: SourceKind) -> str:
    protocols = _PROTOCOLS[kind]
    if kind is SourceKind.RTSP and camera.transport == "udp":
        protocols = f"{protocols},{_RTSP_OVER_UDP}"
    if camera.http_proxy is not None:
        protocols = f"{protocols},{_THROUGH_A_PROXY}"
    return protocols


def _decoding(camera: CameraConfig) -> list[str]:
    options: list[str] = []
    if camera.mode == "transcode":
        # Pictures are numbered as they leave the decoder, in the place of their times: two equal
        # ones, or one step back, would end FFmpeg. Whatever number: nothing goes by this rate.
        options += ["-r", "25"]
    if camera.mode == "passthrough":
        # Anything else in the place of JPEG images is reported as unsupported.
        options += ["-codec_whitelist", "mjpeg"]
    if camera.keyframes_only:
        options += ["-skip_frame", "nokey"]
    return options


def _kind_options(binary: Binary, camera: CameraConfig, kind: SourceKind, url: str) -> list[str]:
    timeout_us = str(round(camera.stall_timeout * 1_000_000))
    match kind:
        case SourceKind.RTSP:
            timeout = "-timeout" if binary.version >= _RTSP_TIMEOUT_SINCE else "-stimeout"
            # No audio, no metadata: neither fetched nor probed, and nothing to synchronise with.
            video_only = ("-allowed_media_types", "video")
            return ["-rtsp_transport", camera.transport, timeout, timeout_us, *video_only]
        case SourceKind.RTMP:
            return ["-rw_timeout", timeout_us]
        case SourceKind.HTTP:
            # Segments and files come as fast as the network is, and are shown in real time.
            pace = _PACE if _path_of(url).endswith(_PACED_SUFFIXES) else ()
            return [*_http_options(camera), *pace]
        case SourceKind.FILE:
            return [*_PACE, *_evenly(binary)]
        case SourceKind.LAVFI:
            return [*_PACE, *_evenly(binary), "-f", "lavfi"]
        case _:
            assert_never(kind)


def _http_options(camera: CameraConfig) -> list[str]:
    return ["-rw_timeout", str(round(camera.stall_timeout * 1_000_000))]


def _path_of(url: str) -> str:
    return url.partition("?")[0].partition("#")[0].lower()


def _evenly(binary: Binary) -> tuple[str, ...]:
    """Pace from the first picture on; 0 itself would mean FFmpeg's own half second."""
    return _NO_BURST if binary.version >= _BURST_SINCE else ()


def _vsync_args(binary: Binary) -> list[str]:
    """Write what the filter lets through as it is, nothing doubled, nothing dropped."""
    name = "-fps_mode" if binary.version >= _FPS_MODE_SINCE else "-vsync"
    return [name, "passthrough"]


def _input_url(camera: CameraConfig, kind: SourceKind, url: str) -> str:
    match kind:
        case SourceKind.RTSP | SourceKind.RTMP | SourceKind.HTTP:
            return _with_credentials(camera, kind, url)
        case SourceKind.FILE:
            # With the scheme, no name can be taken for an option or another protocol.
            name = url.partition(":")[2] if has_scheme(url) else url
            return f"file:{name.removeprefix('//')}"
        case SourceKind.LAVFI:
            return url.partition(":")[2].removeprefix("//")
        case _:
            assert_never(kind)


def _with_credentials(camera: CameraConfig, kind: SourceKind, url: str) -> str:
    bare = split_url(url).without_credentials
    username, secret = camera.credentials
    if username is None and secret is None:
        return bare
    password = secret.get_secret_value() if secret is not None else ""
    scheme, _, rest = bare.partition("://")
    # The colon is needed even without a password: FFmpeg ignores a user name alone.
    return f"{scheme}://{_userinfo(kind, username or '', password)}@{rest}"


def _userinfo(kind: SourceKind, username: str, password: str) -> str:
    """Encode user name and password as FFmpeg's client of that kind decodes them."""
    if kind is SourceKind.RTMP:
        return f"{username}:{password}"  # its RTMP client decodes nothing
    safe = "!$&'()*,;=-._~"
    encoded = f"{quote(username, safe=safe)}:{quote(password, safe=safe)}"
    if kind is SourceKind.RTSP and len(encoded) > _RTSP_AUTH_BYTES:
        # Too long for FFmpeg: encode only what would be misread, as it takes the rest as it is.
        return f"{_encode_least(username, ':')}:{_encode_least(password)}"
    return encoded


def _encode_least(text: str, also: str = "") -> str:
    return "".join(
        quote(each, safe="") if each in f"%/?#@ {also}" or not each.isprintable() else each
        for each in text
    )
