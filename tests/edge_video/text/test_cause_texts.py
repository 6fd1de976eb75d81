"""Words and advice of every cause: each its own, and none that does not help against it."""

from __future__ import annotations

from typing import Final

import pytest

from edge_video.config import CameraConfig
from edge_video.resilience.failures import Cause
from edge_video.text.catalog import Language, lookup

SPEAKS_OF: Final[dict[Cause, tuple[str, str]]] = {
    # What an advice must speak of, in English and in Portuguese.
    Cause.WRONG_PASSWORD: ("password", "senha"),
    Cause.NO_PASSWORD: ("username and password", "username e password"),
    Cause.UNKNOWN_AUTHENTICATION: ("MD5", "MD5"),
    Cause.FORBIDDEN: ("IP filter", "filtro de IP"),
    Cause.PROXY_REFUSED: ("http_proxy", "http_proxy"),
    Cause.NO_SUCH_STREAM: ("path", "caminho"),
    Cause.BUSY: ("viewers", "visualizadores"),
    Cause.TRANSPORT_REFUSED: ("transport: udp", "transport: udp"),
    Cause.REQUEST_REFUSED: ("manual", "manual"),
    Cause.CAMERA_ERROR: ("Restart", "Reinicie"),
    Cause.CAMERA_TIMEOUT: ("behind it", "atrás dele"),
    Cause.NO_CONTENT: ("privacy mode", "modo de privacidade"),
    Cause.UNREACHABLE: ("cable", "cabo"),
    Cause.REFUSED: ("port", "porta"),
    Cause.NAME_NOT_RESOLVED: ("name server", "DNS"),
    Cause.TIMEOUT: ("network", "rede"),
    Cause.NOT_RTSP: ("port", "porta"),
    Cause.TLS_FAILED: ("rtsps://", "rtsps://"),
    Cause.CERTIFICATE_REFUSED: ("-ca_file", "-ca_file"),
    Cause.STALLED: ("restart", "reinicie"),
    Cause.NO_KEY_FRAME: ("key_frame_timeout", "key_frame_timeout"),
    Cause.UDP_LOST: ("transport: tcp", "transport: tcp"),
    Cause.END_OF_STREAM: ("log", "log"),
    Cause.PICTURE_FROZEN: ("restart", "reinicie"),
    Cause.STILL_PICTURE: ("mode: snapshot", "mode: snapshot"),
    Cause.NOT_A_PICTURE: ("one JPEG image", "uma imagem JPEG"),
    Cause.REDIRECTED: ("trust that address", "confia nesse endereço"),
    Cause.WEB_PAGE: ("page", "página"),
    Cause.NO_VIDEO: ("video", "vídeo"),
    Cause.UNSUPPORTED: ("H.264", "H.264"),
    Cause.COLOUR_SPACE: ("h264_metadata", "h264_metadata"),
    Cause.NOT_MJPEG: ("mode: passthrough", "mode: passthrough"),
    Cause.NOT_JPEG: ("Motion JPEG path", "caminho Motion JPEG"),
    Cause.TOO_MUCH_WORK: ("mode: transcode", "mode: transcode"),
    Cause.PICTURE_TOO_LARGE: ("resolution", "resolução"),
    Cause.PROTOCOL_NOT_ALLOWED: ("-protocol_whitelist", "-protocol_whitelist"),
    Cause.FORMAT_NOT_ALLOWED: ("-format_whitelist", "-format_whitelist"),
    Cause.NO_HARDWARE: ("hwaccel", "hwaccel"),
    Cause.NOT_READABLE: ("file", "arquivo"),
    Cause.BAD_ARGUMENTS: ("input_args", "input_args"),
    Cause.BINARY_MISSING: ("FFmpeg", "FFmpeg"),
    Cause.SPAWN_FAILED: ("processes", "processos"),
    Cause.KILLED: ("out of memory", "out of memory"),
    Cause.MEMORY_LIMIT: ("ffmpeg_max_memory_mb", "ffmpeg_max_memory_mb"),
    Cause.CPU_LIMIT: ("ffmpeg_max_cpu_percent", "ffmpeg_max_cpu_percent"),
    Cause.CRASHED: ("report", "relate"),
    Cause.UNKNOWN: ("report", "relate"),
}

ONLY_FOR: Final[dict[str, frozenset[Cause]]] = {
    # What only helps against these: anywhere else it sends the operator the wrong way.
    "password": frozenset({Cause.WRONG_PASSWORD, Cause.NO_PASSWORD}),
    "restart": frozenset(
        {Cause.STALLED, Cause.CAMERA_ERROR, Cause.CAMERA_TIMEOUT, Cause.PICTURE_FROZEN}
    ),
    "408": frozenset({Cause.CAMERA_TIMEOUT}),
    "204": frozenset({Cause.NO_CONTENT}),
    "transport:": frozenset({Cause.TRANSPORT_REFUSED, Cause.UDP_LOST}),
    "H.264": frozenset({Cause.UNSUPPORTED}),
    "cable": frozenset({Cause.UNREACHABLE}),
    "key_frame_timeout": frozenset({Cause.NO_KEY_FRAME}),
    "whitelist": frozenset({Cause.PROTOCOL_NOT_ALLOWED, Cause.FORMAT_NOT_ALLOWED}),
    "http_proxy": frozenset({Cause.PROXY_REFUSED}),
    "hwaccel": frozenset({Cause.NO_HARDWARE}),
    "ffmpeg_max_memory_mb": frozenset({Cause.MEMORY_LIMIT}),
    "ffmpeg_max_cpu_percent": frozenset({Cause.CPU_LIMIT}),
    "SIGSEGV": frozenset({Cause.KILLED}),
    "Exec format error": frozenset({Cause.SPAWN_FAILED}),
    "ping": frozenset({Cause.STALLED}),
    "502": frozenset({Cause.CAMERA_ERROR}),
    "Install FFmpeg": frozenset({Cause.BINARY_MISSING}),
}


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_words_and_advice_of_its_own(cause: Cause) -> None:
    for language in Language:
        for kind in ("cause", "advice"):
            own = lookup(f"{kind}.{cause.value}", language)
            assert own
            others = {lookup(f"{kind}.{each.value}", language) for each in Cause if each != cause}
            assert own not in others


@pytest.mark.parametrize("cause", Cause)
def test_an_advice_speaks_of_what_helps(cause: Cause) -> None:
    english, portuguese = SPEAKS_OF[cause]
    assert english in lookup(f"advice.{cause.value}", Language.EN)
    assert portuguese in lookup(f"advice.{cause.value}", Language.PT_BR)


@pytest.mark.parametrize(("remedy", "causes"), ONLY_FOR.items())
def test_a_remedy_is_advised_only_where_it_helps(remedy: str, causes: frozenset[Cause]) -> None:
    advised = {
        cause
        for cause in Cause
        if remedy.lower() in lookup(f"advice.{cause.value}", Language.EN).lower()
    }
    assert advised == causes


@pytest.mark.parametrize(
    "key",
    ["username", "password", "http_proxy", "transport", "key_frame_timeout", "input_args",
     "hwaccel", "mode", "keyframes_only"],
)  # fmt: skip
def test_the_keys_that_advice_names_exist(key: str) -> None:
    assert key in CameraConfig.model_fields
