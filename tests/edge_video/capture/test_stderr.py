from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from edge_video.capture.stderr import StderrTail
from edge_video.resilience.failures import Cause
from edge_video.text.redact import Redactor
from tests.support.captures import (
    CAM,
    PASSWORD,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.support.captures import StartCapture, WriteScript


def test_ten_thousand_lines_a_second_hurt_nobody(
    start: StartCapture,
    script: WriteScript,
    caplog: pytest.LogCaptureFixture,
) -> None:
    code = """
    for number in range(20_000):
        os.write(2, b"[h264 @ 0x55] [error] broken macroblock %d\\n" % number)
        if number % 200 == 0:
            os.write(1, FRAME)
    os.write(2, b"[error] rtsp://h/x: Connection timed out\\n")
    """
    with caplog.at_level(logging.DEBUG, logger="edge_video.capture.stderr"):
        run = start(script(code))
        failure = run.wait_for_failure(60)
    assert len(run.images) == 100
    assert failure.cause is Cause.TIMEOUT
    assert len(run.capture.stderr_tail()) == 50
    lines = [r.getMessage() for r in caplog.records if "FFmpeg" in r.getMessage()]
    # A second of writing, or a few on a busy machine: ten lines of each, not twenty thousand.
    assert 10 <= len(lines) < 500
    assert any(line.endswith("more lines") for line in lines)


def tail_of(*chunks: bytes, redact: Callable[[str], str] = str) -> tuple[str, ...]:
    tail = StderrTail(CAM, redact)
    for chunk in chunks:
        tail.take(chunk)
    return tail.lines()


def test_lines_may_be_cut_anywhere() -> None:
    whole = b"one\ntwo\rthree\r\n\n"
    assert tail_of(*(whole[at : at + 1] for at in range(len(whole)))) == ("one", "two", "three")
    assert tail_of(whole) == ("one", "two", "three")


def test_repeated_lines_are_one_line_with_a_number() -> None:
    assert tail_of(b"a\n" * 1000 + b"b\n") == ("a (×1000)", "b")


def test_the_tail_is_bounded_in_lines_and_in_their_length() -> None:
    lines = tail_of(*(b"%d" % number + b"x" * 3000 + b"\n" for number in range(200)), b"y" * 10**6)
    assert len(lines) == 50
    assert max(map(len, lines)) <= 500
    assert lines[-1].startswith("199x")


def test_escapes_and_control_characters_do_not_survive() -> None:
    lines = tail_of(b"\x1b[1;31mred\x1b[0m\x07\tand \x9b2J\xff\n")
    assert all(line.isprintable() for line in lines)
    assert lines[0].startswith("red and")


def test_a_secret_across_the_cut_of_a_long_line_is_masked() -> None:
    redact = Redactor([PASSWORD])
    for pad in range(480, 501):
        (line,) = tail_of(b"x" * pad + PASSWORD.encode() + b"\n", redact=redact)
        assert "canary" not in line
