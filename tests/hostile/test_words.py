"""Foreign words (a camera's, FFmpeg's, a broker's) reach no terminal and no file as they are."""

from __future__ import annotations

import io
import json
import logging
import sys
import textwrap
import threading
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

import pika.exceptions
import pytest

from edge_video.capture import Capture, CaptureCounters, ProcessTable
from edge_video.delivery.amqp.errors import describe_loss, describe_refusal
from edge_video.delivery.amqp.settings import AmqpSettings
from edge_video.frames import CameraId
from edge_video.log.events import LogEvent, log_event
from edge_video.log.settings import LogSettings
from edge_video.log.setup import print_block, setup_log, teardown_log
from edge_video.report.final import render_final
from edge_video.report.monitor import render_monitor
from edge_video.status.json import status_as_json
from edge_video.status.model import CameraPhase, PublisherState
from edge_video.text.catalog import Language
from edge_video.text.escaping import UNSAFE_RANGES, one_line
from edge_video.text.redact import Redactor
from tests.edge_video.report.examples import camera, connected, system

if TYPE_CHECKING:
    from pathlib import Path

    from edge_video.resilience.failures import Failure

OWN = logging.getLogger("edge_video.test_words")
ESCAPES = {
    "clear the screen": "\x1b[2J\x1b[H",
    "colour": "\x1b[31;1m",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJmIC8=\x07",
    "device control": "\x1bP$q\x1b\\",
    "C1 sequence": "\x9b31m\x9d0;owned\x9c",
    "carriage return": "harmless\rrm -rf",
    "line": "one\n2026-01-01 00:00:00.000 | INFO | forged",
    "other line ends": "a\x0bb\x0cc\x85d\u2028e\u2029f",
    "backspace": "a\x08\x08b\x7f",
    "bell": "\x07\x00",
    "bidi": "user\u202etxt.exe\u202c \u2066x\u2069 \u200f\u061c",
    "zero width": "pa\u200bss\u200c\u200d\ufeffword\u2060\u00ad",
    "tags": "a\U000e0001\U000e0041\U000e007f",
    "half": "a\ud83db",
    "markup": "<red>{0} {extra} %s %(x)s</red>",
    "half a sequence": "\x1b[",
}
UNSAFE = {code for first, last in UNSAFE_RANGES for code in range(first, last + 1)}


def assert_harmless(text: str) -> None:
    """Only line feeds, and nothing else of what a terminal obeys or does not show."""
    assert not [hex(ord(each)) for each in text if ord(each) in UNSAFE and each != "\n"]
    text.encode()


def test_the_ranges_are_all_of_the_invisible_characters_and_keep_those_of_languages() -> None:
    invisible = {
        code
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }
    assert invisible <= UNSAFE
    beyond = {
        code
        for code in UNSAFE - invisible
        if unicodedata.category(chr(code)) not in ("Cn", "Mn", "Lo")
    }
    assert beyond == set()
    for text in ("câmera nº 3 ñ ß", "门口摄像头", "камера", "🎥 ⚠ →"):
        assert one_line(text) == Redactor()(text) == text


@pytest.mark.parametrize("name", ESCAPES)
@pytest.mark.parametrize("form", ["text", "json"])
def test_whatever_a_camera_says_the_log_and_the_report_show_it_harmless(
    tmp_path: Path, name: str, form: str
) -> None:
    """From the bytes on FFmpeg's stderr to the line in the log, through every real part."""
    foreign = ESCAPES[name]
    ended = threading.Event()
    failures: list[Failure] = []
    raw = f"[rtsp @ 0x55] [error] method DESCRIBE failed: 404 {foreign} end\n".encode(
        errors="surrogatepass"
    )
    program = tmp_path / "camera.py"
    program.write_text(
        textwrap.dedent(f"""
        import sys
        sys.stderr.buffer.write({raw!r})
        sys.exit(1)
        """)
    )

    def end(failure: Failure) -> None:
        failures.append(failure)
        ended.set()

    stream = io.StringIO()
    settings = LogSettings(level="DEBUG", format="json" if form == "json" else "text")
    setup_log(settings, Language.EN, Redactor(["pw-5c1e"]), stream)
    capture = Capture(
        [sys.executable, "-S", "-E", str(program)],
        camera_id=CameraId("cam1"),
        on_frame=lambda _: None,
        on_end=end,
        counters=CaptureCounters(),
        processes=ProcessTable(),
        redact=Redactor(["pw-5c1e"]),
    )
    try:
        capture.start()
        assert ended.wait(20)
        log_event(OWN, LogEvent.CAMERA_FAILED, camera_id="cam1", failure=failures[0])
        OWN.error("raw: %s", foreign)
    finally:
        capture.stop()
        teardown_log()
    lines = stream.getvalue().splitlines()
    assert_harmless(stream.getvalue())
    if form == "json":
        assert all(json.loads(line) for line in lines)
    else:
        assert all(" | " in line or line.startswith("    | ") for line in lines)
    assert not any(line.startswith("2026-01-01") for line in lines)
    assert any("DESCRIBE failed: 404" in line for line in lines)
    state = system(camera(failure=failures[0], phase=CameraPhase.WAITING))
    assert_harmless(render_monitor(state, Language.EN))
    assert_harmless(render_final(state, Language.EN))


@pytest.mark.parametrize("name", ESCAPES)
def test_whatever_a_broker_says_is_shown_harmless_in_log_reports_and_json(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = ESCAPES[name]
    reasons = [
        describe_loss(error, AmqpSettings("h", 1, "/", "u", "p")).reason
        for error in (
            pika.exceptions.ConnectionClosedByBroker(320, foreign),
            pika.exceptions.ProbableAccessDeniedError(foreign),
            pika.exceptions.StreamLostError(foreign),
            pika.exceptions.ConnectionClosed(1, foreign),
            OSError(foreign),
        )
    ]
    reasons += [describe_refusal(foreign, code, foreign) for code in (403, 404, 406, 500)]
    stream = io.StringIO()
    setup_log(LogSettings(), Language.EN, Redactor(), stream)
    try:
        for reason in reasons:
            log_event(OWN, LogEvent.PUBLISHER_LOST, reason=reason, retry_in_s=1.0)
            log_event(OWN, LogEvent.ROUTE_REFUSED, route=foreign, reason=reason, retry_in_s=1.0)
            print_block(f"a report: {reason}")
    finally:
        teardown_log()
    assert_harmless(stream.getvalue())
    assert len(stream.getvalue().splitlines()) == 2 * len(reasons)
    for reason in reasons:
        lost = replace(connected(), state=PublisherState.WAITING, reason=reason)
        state = system(camera(), publisher=lost)
        assert_harmless(render_monitor(state, Language.EN))
        assert_harmless(render_final(state, Language.PT_BR))
        assert_harmless(json.dumps(status_as_json(state), ensure_ascii=False))
    assert_harmless(capsys.readouterr().out)
