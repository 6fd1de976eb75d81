"""Any bytes at all, into every part that reads what others wrote."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from edge_video.config import ConfigError, load_config
from tests.support import fuzz

if TYPE_CHECKING:
    from pathlib import Path

CONFIG_PIECES = [
    *(b"cameras:\n", b"  - id: cam1\n", b"    url: lavfi:testsrc2\n", b"sink: directory\n"),
    *(
        b"fps: ",
        b"amqp:\n",
        b"  url: amqp://u:p@h/v\n",
        b"x-a: &a ",
        b"*a",
        b"<<: *a\n",
        b"&b [*b]",
    ),
    *(b"9" * 400, b"0x" + b"f" * 40, b"0o9", b"1e999", b".nan", b"-.inf", b"1_000", b"0b1"),
    *(b"${X}", b"${", b"$${", b"${Y:-z}", b"file:/no/such", b"!!python/object:os.system ", b"!x "),
    *(
        b"[" * 80,
        b"{" * 80,
        b"- " * 80,
        b"? ",
        b": ",
        b"'",
        b'"',
        b"\\",
        b"|\n",
        b">\n",
        b"#",
        b"%",
    ),
    *(
        b"\x00",
        b"\x1b[2J",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\xc2\x85",
        b"\t",
        b"\r",
    ),
    *(b"\n", b" ", b"---\n", b"...\n", b"~", b"null", b"true", b"5s", b"\xe2\x80\xa8"),
]
STREAM_PIECES = [
    *(
        b"\xff\xd8",
        b"\xff\xd9",
        b"\xff",
        b"\xff\xda\x00\x02",
        b"\xff\xe1\xff\xff",
        b"\xff\xc0\x00\x0b",
    ),
    *(b"--ffmpeg\r\n", b"--", b"\r\n", b"\n", b"\r\n\r\n", b"Content-type: image/jpeg\r\n"),
    *(b"Content-length: %d\r\n\r\n" % n for n in (0, 4, 16, 1000, fuzz.LIMIT, fuzz.LIMIT + 1)),
    *(b"Content-length: " + b"9" * 30 + b"\r\n\r\n", b"\xff\xd8\xff\xda\x00\x02", b"\x00" * 900),
    *(fuzz.good_frame(7), fuzz.part(fuzz.good_frame(8)), b"X-A: b\r\n", b"a" * 700),
]
WORD_PIECES = [
    *(
        b"[error] ",
        b"[rtsp @ 0x55] ",
        b"\x1b[31m",
        b"\x1b]0;",
        b"\x07",
        b"\r",
        b"\n",
        b"\x9b",
        b"canary",
    ),
    *(
        b"401 Unauthorized",
        b"rtsp://u:p@h/x",
        b"\xe2\x80\xae",
        b"\xff\xfe",
        b"x" * 900,
        b"%63anary",
    ),
    *(b"Error opening input: ", b"Invalid data found when processing input", b"Connection refused"),
]
URL_PIECES = [
    *(b"rtsp://", b"http://", b"rtmp://", b"file:", b"lavfi:", b"concat:", b"@", b":", b"/", b"-"),
    *(b"[::1]", b"u:p@", b"%00", b"%0d%0a", b"?password=", b"#", b"..", b" -y ", b"h:554"),
]


def mixture(pieces: list[bytes], most: int = 40) -> st.SearchStrategy[bytes]:
    """Pieces that mean something, and bytes that mean nothing, in any order."""
    return st.lists(st.sampled_from(pieces) | st.binary(max_size=30), max_size=most).map(b"".join)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(mixture(STREAM_PIECES) | st.binary(max_size=3000))
@example(b"\xff\xd8\xff\xe1\xff\xff")
@example(b"--ffmpeg\r\nContent-length: 2000\r\n\r\n\xff\xd8")
@example(b"\xff\xd8\xff\xe1\xff\xff" * 300)
def test_any_bytes_are_cut_within_bounds_and_good_frames_are_found_again(stream: bytes) -> None:
    """Within the largest frame and the longest JPEG segment after the garbage: see `fuzz`."""
    fuzz.splitter(stream)


@settings(max_examples=300, deadline=None)
@given(mixture(CONFIG_PIECES, 25) | st.binary(max_size=200))
@example(b"\xff")
@example(b"cameras: \x00")
@example(b"? [a]\n: b\n")
def test_any_file_is_a_configuration_or_problems_in_words(content: bytes) -> None:
    fuzz.config(content)


@settings(max_examples=200, deadline=None)
@given(mixture(WORD_PIECES, 60))
def test_any_words_of_ffmpeg_are_bounded_harmless_and_have_a_cause(words: bytes) -> None:
    fuzz.stderr(words)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300) | mixture([b"[SSL: X]", b"refused", b"EOF", b"not found", b"'"], 6))
def test_any_refusal_of_a_broker_becomes_words(reply: bytes) -> None:
    fuzz.broker(reply)


@settings(max_examples=300, deadline=None)
@given(mixture([b"\xff\xc0\x00\x0b", b"\xff\xe0\x00\x02", b"\xff", b"\xff\xda", b"\xff\x01"]))
def test_any_bytes_have_a_picture_size_or_none(image: bytes) -> None:
    fuzz.jpeg(image)


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet="0123456789.hmsnuµ+- e", max_size=30).map(str.encode) | st.binary(max_size=120)
)
def test_any_text_is_a_duration_or_an_error_in_words(text: bytes) -> None:
    fuzz.duration(text)


@settings(max_examples=300, deadline=None)
@given(mixture(URL_PIECES, 8))
@example(b"rtmp+:0//a")
def test_any_url_is_refused_or_is_one_argument(url: bytes) -> None:
    fuzz.url(url)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40).map(lambda text: text.encode(errors="replace")))
@example(b"\\\\\x1b%%25@://")
@example(b"***")
@example(b"\0")
@example(b"\n\r\t")
@example(b"x" * 200)
def test_no_password_survives_whatever_its_characters(secret: bytes) -> None:
    fuzz.password(secret)


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_every_target_holds_for_its_seeds_cut_anywhere(name: str) -> None:
    for seed in fuzz.seeds(name):
        for end in range(0, len(seed) + 1, max(1, len(seed) // 20)):
            fuzz.TARGETS[name](seed[:end])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"#" * 10_000_000, "it is larger than 512 KiB; is it the right file?"),
        (b"a: \xe9\n", "this is not UTF-8 text"),
        (b"a: " + b"[" * 400_000, "it is nested too deeply"),
        (b"a: " + b"{a: " * 100_000, "it is nested too deeply"),
        (b"cameras: &c [*c]\n", "cameras[0]: this must be a mapping"),
        (b"fps: " + b"9" * 4_000 + b"\n", "is not between 1 and 60"),
        (b"fps: " + b"9" * 100_000 + b"\n", "is not a whole number"),
        (b"fps: 1e99999\ncameras: []\n", "fps: 1e99999 is not a"),
        (b"fps: 5\nfps: 6\n", "fps: this key is given twice, first in line 1"),
        (b"a: \x1b[2J\n", "there is a control character; was a binary file named?"),
        (b"k%d: 1\n" * 40_000, "there is no such key"),
    ],
    ids=lambda value: value[:20].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_bombs_are_told_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "c.yaml"
    if b"%d" in content:
        content = b"".join(b"k%d: 1\n" % n for n in range(40_000))
    path.write_bytes(content)
    with pytest.raises(ConfigError) as error:
        load_config(path, {})
    assert any(words in str(problem) for problem in error.value.problems), str(error.value)[:500]


def test_a_configuration_that_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a directory"):
        load_config(tmp_path, {})
    with contextlib.suppress(ConfigError):
        load_config(tmp_path / ("x" * 5000), {})
