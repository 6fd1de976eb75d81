"""Why a stream ended, by what FFmpeg said: recorded lines, and those of real FFmpegs."""

from __future__ import annotations

import http.server
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest

from edge_video.capture.classification import classify, clean_line
from edge_video.capture.command import capture_command
from edge_video.config import CameraConfig
from edge_video.resilience.failures import Cause, Failure
from edge_video.testing.clips import numbered_clip
from edge_video.testing.rtsp import RtspAuth, RtspServer
from tests.support.rtsp import EVERY_FFMPEG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edge_video.capture.binary import Binary

METHODS: Final[tuple[Literal["basic", "digest"], ...]] = ("basic", "digest")

# --- recorded lines ---

RECORDED: Final[dict[Cause, tuple[str, ...]]] = {
    Cause.WRONG_PASSWORD: ("[rtsp @ 0x55e1] [error] method DESCRIBE failed: 401 Unauthorized",),
    Cause.FORBIDDEN: ("[in#0 @ 0x55e1] [error] method SETUP failed: 403 (Forbidden)",),
    Cause.NO_SUCH_STREAM: (
        "[in#0 @ 0x55e1] [error] method SETUP failed: 404 (Not Found)",
        "[rtsp @ 0x55e1] [error] method DESCRIBE failed: 404Not Found",
    ),
    Cause.REQUEST_REFUSED: (
        "[rtsp @ 0x55e1] [error] method PLAY failed: 454 Session Not Found",
        "[rtsp @ 0x1] [error] method OPTIONS failed: 551 Option",
    ),
    Cause.BUSY: (
        "[rtsp @ 0x55e1] [error] method SETUP failed: 453 Not Enough Bandwidth",
        "[rtsp @ 0x55e1] [error] method SETUP failed: 503 Service Unavailable",
    ),
    Cause.TRANSPORT_REFUSED: (
        "[rtsp @ 0x55e1] [error] method SETUP failed: 461 Unsupported",
        "[rtsp @ 0x55e1] [error] method SETUP failed: 461Unsupported",
    ),
    Cause.CAMERA_ERROR: (
        "[error] http://h/x: Server returned 5XX Server Error reply",
        "[rtsp @ 0x1] [error] method DESCRIBE failed: 500 Internal Error",
    ),
    Cause.UNREACHABLE: (
        "[tcp @ 0x1] [error] Connection to tcp://h:554?timeout=1 failed: No route to host",
        "[error] rtsp://h/x: Network is unreachable",
    ),
    Cause.NAME_NOT_RESOLVED: (
        "[tcp @ 0x1] [error] Failed to resolve hostname: Temporary failure in name resolution",
    ),
    Cause.TIMEOUT: (
        "[error] rtsp://h/x: Operation timed out",
        "[fatal] Error opening input files: Error number -138 occurred",
        "[fatal] Error opening input files: Error number -110 occurred",
    ),
    Cause.UNSUPPORTED: (
        "[error] Decoder (codec av1) not found for input stream #0:0",
        "[rtsp @ 0x1] [warning] Could not find codec parameters for stream 0 (Video: none)",
    ),
    Cause.REFUSED: ("[tcp @ 0x1] [error] Connection to tcp://h failed: Connection refused",),
    Cause.END_OF_STREAM: ("[warning] Failed reading RTSP data: Connection reset by peer",),
    Cause.UNKNOWN: ("[error] the camera said something new",),
    Cause.PROXY_REFUSED: ("[http @ 0x1] [warning] HTTP error 407 Proxy Authentication Required",),
    Cause.COLOUR_SPACE: (
        "[graph -1 input from stream 0:0 @ 0x7fe3ac002000] [error] Invalid color space",
    ),
    Cause.NOT_MJPEG: ("[mjpeg @ 0x1] [error] Codec (h264) not on whitelist 'mjpeg'",),
    Cause.PROTOCOL_NOT_ALLOWED: ("[error] Protocol 'udp' not on whitelist 'rtsp,tcp'!",),
    Cause.FORMAT_NOT_ALLOWED: ("[hls @ 0x1] [error] Format mpegts not on whitelist 'mov'",),
    Cause.CERTIFICATE_REFUSED: (
        "[tls @ 0x1] [error] error:0A000086:SSL routines::certificate verify failed",
        "[tls @ 0x1] [error] Peer's certificate failed verification",
    ),
    Cause.TLS_FAILED: (
        "[tls @ 0x1] [error] error:0A00042E:SSL routines::tlsv1 alert protocol version",
        "[tls @ 0x1] [error] The TLS connection was non-properly terminated.",
    ),
    Cause.NO_HARDWARE: (
        "[error] No device available for decoder: device type vaapi needed for codec h264.",
    ),
    Cause.NOT_READABLE: ("[error] file:/x.mkv: Permission denied",),
    Cause.NO_VIDEO: ("[fatal] Output file #0 does not contain any stream",),
    Cause.PICTURE_TOO_LARGE: (
        "[error] Picture size 16000x16000 exceeds specified max pixel count 67108864",
    ),
}
"""Lines of FFmpeg's, of several versions."""


@pytest.mark.parametrize(
    ("line", "cause"), [(line, cause) for cause, lines in RECORDED.items() for line in lines]
)
def test_recorded_lines_have_their_cause(line: str, cause: Cause) -> None:
    failure = classify(1, ["[warning] something else", line], any_frames=False)
    assert failure == Failure(cause, clean_line(line), 1)


def test_the_specific_line_wins_over_the_general_one_that_follows() -> None:
    lines = [
        "[tcp @ 0x55e] [error] Failed to resolve hostname cam.lan: Name or service not known",
        "[in#0 @ 0x55e] [error] Error opening input: Input/output error",
        "[error] Error opening input file rtsp://cam.lan/x.",
        "[fatal] Error opening input files: Input/output error",
    ]
    failure = classify(251, lines, any_frames=False)
    assert failure.cause is Cause.NAME_NOT_RESOLVED
    assert failure.detail == "Failed to resolve hostname cam.lan: Name or service not known"


def test_death_by_a_signal_is_killed_whatever_was_said_before() -> None:
    failure = classify(-9, ["[error] rtsp://h/x: Connection refused"], any_frames=True)
    assert failure == Failure(Cause.KILLED, "killed by SIGKILL", -9)


def test_ffmpegs_exit_on_a_signal_it_caught_is_killed() -> None:
    assert classify(255, ["[warning] past duration"], any_frames=True).cause is Cause.KILLED


def test_our_own_kill_says_nothing_about_the_camera() -> None:
    failure = classify(-15, [], any_frames=True, killed_by_us=True)
    assert failure.cause is Cause.END_OF_STREAM


def test_a_clean_exit_is_the_end_of_the_stream() -> None:
    assert classify(0, [], any_frames=True).cause is Cause.END_OF_STREAM
    early = classify(0, [], any_frames=False)
    assert early == Failure(Cause.END_OF_STREAM, "the stream ended before its first frame", 0)


def test_a_closed_output_of_a_process_that_lives_on_is_the_end_of_the_stream() -> None:
    assert classify(None, [], any_frames=True) == Failure(
        Cause.END_OF_STREAM, "the stream ended", None
    )


def test_broken_bytes_in_a_stream_that_ran_are_not_its_reason_to_end() -> None:
    broken = "[error] Error while decoding stream #0:0: Invalid data found when processing input"
    assert classify(0, [broken], any_frames=True).cause is Cause.END_OF_STREAM
    assert classify(1, [broken], any_frames=False).cause is Cause.UNSUPPORTED


def test_a_time_out_is_seen_though_ffmpeg_exits_with_zero() -> None:
    failure = classify(0, ["[error] rtsp://h/x: Connection timed out"], any_frames=True)
    assert failure.cause is Cause.TIMEOUT


@pytest.mark.parametrize(
    ("ran_s", "failure"),
    [
        (10.0, Failure(Cause.TIMEOUT, "rtsp://h/x: no answer", 1)),
        (0.1, Failure(Cause.END_OF_STREAM, "rtsp://h/x: the camera hung up", 1)),
    ],
)
def test_a_camera_that_sends_nothing_is_not_told_to_send_invalid_data(
    ran_s: float, failure: Failure
) -> None:
    line = "[error] rtsp://h/x: Invalid data found when processing input"
    assert classify(1, [line], any_frames=False, ran_s=ran_s) == failure


def test_silence_with_an_error_status_is_unknown() -> None:
    assert classify(1, [], any_frames=False) == Failure(Cause.UNKNOWN, "FFmpeg said nothing", 1)


def test_the_detail_is_one_clean_short_line() -> None:
    line = "\x1b[31m[rtsp @ 0x55aaff] [error] \tbad\x07\r\n\x1b[0mthing\u2028" + "x" * 1000
    detail = classify(1, [line], any_frames=False).detail
    assert detail.startswith("bad thing x")
    assert len(detail) == 200
    assert detail.isprintable()


def test_a_generic_last_line_is_not_the_detail() -> None:
    lines = ["[error] the reason", "[fatal] Conversion failed!"]
    assert classify(1, lines, any_frames=False).detail == "the reason"


# --- what FFmpeg says for real ---


def run_and_classify(
    binary: Binary, url: str, *, during: Callable[[], object] | None = None, **keys: Any
) -> Failure:
    """Run the real command against a source and classify its end.

    `during` is called once FFmpeg has written its first bytes.
    """
    camera = CameraConfig(id="cam1", url=url, **{"stall_timeout": "1s", **keys})
    began = time.monotonic()
    with subprocess.Popen(
        capture_command(binary, camera), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        watchdog = threading.Timer(40, process.kill)
        watchdog.start()
        try:
            frames = bool(process.stdout.read(1))
            if during is not None:
                assert frames
                during()
            _, stderr = process.communicate()
        finally:
            watchdog.cancel()
    return classify(
        process.returncode,
        stderr.decode().splitlines(),
        any_frames=frames,
        ran_s=time.monotonic() - began,
    )


@pytest.fixture(scope="module")
def silent_port() -> Iterator[int]:
    """Connections are accepted by the kernel, and nobody ever answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(scope="module")
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


class _StatusServer(http.server.BaseHTTPRequestHandler):
    """Answers /401 with 401 and so on; /page with a web page, /away with a forbidden redirect."""

    def do_GET(self) -> None:
        name = self.path.strip("/")
        self.send_response({"page": 200, "away": 302}.get(name) or int(name))
        page = b"<html>please log in</html>" * 200
        if name == "away":
            self.send_header("Location", "file:///etc/hostname")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        del format, args


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _StatusServer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.ffmpeg
@EVERY_FFMPEG
@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("/401", Cause.WRONG_PASSWORD),
        ("/403", Cause.FORBIDDEN),
        ("/404", Cause.NO_SUCH_STREAM),
        ("/503", Cause.BUSY),
        ("/page", Cause.UNSUPPORTED),
    ],
)
def test_http_answers_are_understood(any_ffmpeg: Binary, web: str, path: str, cause: Cause) -> None:
    assert run_and_classify(any_ffmpeg, web + path).cause is cause


@pytest.mark.ffmpeg
@EVERY_FFMPEG
def test_a_redirect_to_a_file_of_this_machine_is_not_followed(any_ffmpeg: Binary, web: str) -> None:
    failure = run_and_classify(any_ffmpeg, web + "/away")
    assert failure.exit_status != 0
    assert failure.cause in (Cause.PROTOCOL_NOT_ALLOWED, Cause.UNKNOWN)


@pytest.mark.ffmpeg
@EVERY_FFMPEG
@pytest.mark.parametrize("scheme", ["rtsp", "rtmp", "http"])
def test_a_refused_connection_is_understood(
    any_ffmpeg: Binary, closed_port: int, scheme: str
) -> None:
    failure = run_and_classify(any_ffmpeg, f"{scheme}://127.0.0.1:{closed_port}/live/x")
    assert failure.cause is Cause.REFUSED
    assert "Connection refused" in failure.detail


@pytest.mark.ffmpeg
@EVERY_FFMPEG
@pytest.mark.parametrize("scheme", ["rtsp", "rtmp", "http"])
def test_a_camera_that_never_answers_is_a_timeout(
    any_ffmpeg: Binary, silent_port: int, scheme: str
) -> None:
    failure = run_and_classify(any_ffmpeg, f"{scheme}://127.0.0.1:{silent_port}/live/x")
    assert failure.cause is Cause.TIMEOUT


@pytest.mark.ffmpeg
@EVERY_FFMPEG
def test_a_name_that_does_not_exist_is_understood(any_ffmpeg: Binary) -> None:
    failure = run_and_classify(any_ffmpeg, "rtsp://no-such-camera.invalid/x")
    assert failure.cause is Cause.NAME_NOT_RESOLVED
    assert "no-such-camera.invalid" in failure.detail


@pytest.mark.ffmpeg
@EVERY_FFMPEG
@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("/no/such/clip.mkv", Cause.NO_SUCH_STREAM),
        ("lavfi:testsrc=nonsense=1", Cause.BAD_ARGUMENTS),
        ("lavfi:nosuchsource", Cause.BAD_ARGUMENTS),
        ("lavfi:anullsrc=duration=1", Cause.NO_VIDEO),
        ("lavfi:testsrc=duration=0.3", Cause.END_OF_STREAM),
    ],
)
def test_local_sources_are_understood(any_ffmpeg: Binary, url: str, cause: Cause) -> None:
    assert run_and_classify(any_ffmpeg, url).cause is cause


@pytest.mark.ffmpeg
@EVERY_FFMPEG
def test_a_file_that_is_no_video_is_unsupported(any_ffmpeg: Binary, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mkv"
    clip.write_bytes(bytes(range(256)) * 100)
    assert run_and_classify(any_ffmpeg, str(clip)).cause is Cause.UNSUPPORTED


@pytest.mark.ffmpeg
@EVERY_FFMPEG
@pytest.mark.parametrize("arguments", [["-nonsense", "1"], ["-rtbufsize", "many"]])
def test_arguments_that_ffmpeg_refuses_are_understood(
    any_ffmpeg: Binary, arguments: list[str]
) -> None:
    failure = run_and_classify(any_ffmpeg, "lavfi:testsrc", input_args=arguments)
    assert failure.cause is Cause.BAD_ARGUMENTS


@pytest.mark.rtsp
@EVERY_FFMPEG
def test_a_wrong_path_is_no_such_stream(any_ffmpeg: Binary, rtsp_server: RtspServer) -> None:
    failure = run_and_classify(any_ffmpeg, rtsp_server.url("/nope"))
    assert failure.cause is Cause.NO_SUCH_STREAM
    assert "404" in failure.detail


@pytest.mark.rtsp
@EVERY_FFMPEG
@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_camera_at_its_end_is_the_end_of_the_stream(
    any_ffmpeg: Binary, rtsp_server: RtspServer, transport: str
) -> None:
    failure = run_and_classify(any_ffmpeg, rtsp_server.url("/short"), transport=transport)
    assert failure.cause is Cause.END_OF_STREAM


@pytest.mark.rtsp
@EVERY_FFMPEG
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("password", [None, "not it"])
def test_a_wrong_password_is_understood(
    any_ffmpeg: Binary,
    make_rtsp_server: Callable[..., RtspServer],
    method: Literal["basic", "digest"],
    password: str | None,
) -> None:
    server = make_rtsp_server({"/cam": _clip()}, RtspAuth(method))
    username = "admin" if password else None
    failure = run_and_classify(any_ffmpeg, server.url("/cam"), username=username, password=password)
    assert failure.cause is Cause.WRONG_PASSWORD


@pytest.mark.rtsp
@EVERY_FFMPEG
@pytest.mark.parametrize(
    "auth",
    [
        RtspAuth("basic", "user@site", password='quo"te\\'),
        *(
            RtspAuth(method, "user@site", password)
            for method in METHODS
            for password in ("p@:%/#?é ç日!+$&", "50%25 off", "é" * 35 + "@/%41", "plain-123")
        ),
    ],
    ids=lambda auth: f"{auth.method}-{auth.password}",
)
def test_odd_passwords_arrive_as_they_are(
    any_ffmpeg: Binary, make_rtsp_server: Callable[..., RtspServer], auth: RtspAuth
) -> None:
    server = make_rtsp_server({"/cam": _clip()}, auth)
    failure = run_and_classify(
        any_ffmpeg, server.url("/cam"), username=auth.user, password=auth.password
    )
    assert failure.cause is Cause.END_OF_STREAM


@pytest.mark.rtsp
@EVERY_FFMPEG
@pytest.mark.parametrize(
    ("break_it", "cause"),
    [(RtspServer.kill, Cause.END_OF_STREAM), (RtspServer.freeze, Cause.TIMEOUT)],
    ids=["hangs_up", "freezes"],
)
def test_what_a_camera_does_in_mid_stream_is_understood(
    any_ffmpeg: Binary,
    make_rtsp_server: Callable[..., RtspServer],
    break_it: Callable[[RtspServer], object],
    cause: Cause,
) -> None:
    server = make_rtsp_server({"/cam": numbered_clip(1)})
    failure = run_and_classify(any_ffmpeg, server.url("/cam"), during=lambda: break_it(server))
    assert failure.cause is cause


def _clip() -> Path:
    return numbered_clip(4, size=(320, 180), seconds=1)


def test_an_http_stream_without_a_length_that_ends_is_said_to_be_closed() -> None:
    line = "[http @ 0x1] [error] Stream ends prematurely at 1416, should be 18446744073709551615"
    failure = classify(0, [line], any_frames=True)
    assert failure.cause is Cause.END_OF_STREAM
    assert failure.detail == "the camera closed the connection"
