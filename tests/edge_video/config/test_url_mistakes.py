"""What an operator reads of mistaken URLs and credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from edge_video.config.url_spelling import ENCODE, KEYS
from tests.support.config_texts import (
    GOOD,
    cameras_with,
    check_run_reports,
    problems,
)

if TYPE_CHECKING:
    from pathlib import Path


TABLE: dict[str, tuple[str, list[str]]] = {
    "no scheme": (
        "sink: directory\ncameras:\n  - id: a\n    url: 10.0.0.5:554/s\n",
        [
            (
                "c.yaml:4: cameras[0].url: it must begin with one of rtsp:// rtsps:// rtmp://"
                " rtmps://"
                " http:// https://, file: or a path, or lavfi:GRAPH; for a camera at this address"
                " put rtsp:// (or http://) in front"
            )
        ],
    ),
    "a URL in quotes within quotes": (
        cameras_with("url: \"'rtsp://10.0.0.1/s'\""),
        [
            (
                "c.yaml:4: cameras[0].url: it stands in quotes within the quotes, or in typographic"
                " ones; leave them out"
            )
        ],
    ),
    "a URL behind a space": (
        cameras_with("url: ' rtsp://viewer:pw-canary@10.0.0.1/s'"),
        ["c.yaml:4: cameras[0].url: it begins with a space; remove it"],
    ),
    "a URL with something unseen": (
        cameras_with("url: 'rtsp://10.0.0.1\u200b/s'"),
        [
            (
                "c.yaml:4: cameras[0].url: its character 16 cannot be seen (U+200B, zero width"
                " space);"
                " it came in by copying: type that place anew"
            )
        ],
    ),
    "a scheme without its colon": (
        cameras_with("url: rtsp//10.0.0.1/s"),
        ["c.yaml:4: cameras[0].url: rtsp is followed by :// here; write rtsp://host/…"],
    ),
    "a scheme with a letter missing": (
        cameras_with("url: htp://10.0.0.1/s"),
        ["c.yaml:4: cameras[0].url: there is no htp://; did you mean http://?"],
    ),
    "a URL without its scheme": (
        cameras_with("url: //10.0.0.1/s"),
        ["c.yaml:4: cameras[0].url: it has no scheme; write rtsp:// in front of the host"],
    ),
    "a host and a path": (
        cameras_with("url: camera/stream"),
        [
            (
                "c.yaml:4: cameras[0].url: it is no URL, and there is no file of this name; for a"
                " camera write rtsp://host/path, for a file that will come file:PATH or ./PATH"
            )
        ],
    ),
    "an option in the place of a URL": (
        cameras_with("url: '-version'"),
        [
            (
                "c.yaml:4: cameras[0].url: it begins with a -, as an option does; for a file of"
                " that"
                " name write ./ in front"
            )
        ],
    ),
    "an address with a typing error": (
        cameras_with("url: rtsp://10.0.0.555/s"),
        [
            (
                "c.yaml:4: cameras[0].url: 10.0.0.555 is no IP address; it has four numbers from"
                " 0 to"
                " 255, like 10.0.0.5"
            )
        ],
    ),
    "a raw at sign in a password": (
        cameras_with("url: rtsp://admin:p@ss@10.0.0.1/s"),
        [f"c.yaml:4: cameras[0].url: its password has a raw @: {ENCODE}, {KEYS}"],
    ),
    "a raw number sign in a password": (
        cameras_with("url: rtsp://admin:p@ss#1@127.0.0.1:9/stream"),
        [
            (
                "c.yaml:4: cameras[0].url: an @ follows a #, so the password seems to have a raw"
                " # in"
                f" it: {ENCODE}, {KEYS}"
            )
        ],
    ),
    "a raw at sign in the broker's password": (
        GOOD + "amqp:\n  url: amqp://user:p@ss/word@broker:5672/\n",
        [f"c.yaml:6: amqp.url: it cannot be told where the password ends: {ENCODE}, {KEYS}"],
    ),
    "a broker's URL with its letters exchanged": (
        GOOD + "amqp:\n  url: ampq://broker\n",
        ["c.yaml:6: amqp.url: there is no ampq://; did you mean amqp://?"],
    ),
    "a camera's user without a password": (
        GOOD.replace("lavfi:testsrc2", "rtsp://h/s") + "    username: admin\n",
        [
            (
                "c.yaml:5: cameras[0].username: there is a user name without a password;"
                ' set password as well (an empty one is "")'
            )
        ],
    ),
    "a NUL in the password of a URL": (
        cameras_with("url: rtmp://viewer:pw-canary%00x@10.0.0.1/s"),
        [
            (
                "c.yaml:4: cameras[0].url: its user name or its password has a NUL in it (%00 in a"
                " URL), with which FFmpeg cannot log in; write it anew"
            )
        ],
    ),
    "a NUL in a password": (
        cameras_with("url: rtsp://10.0.0.1/s")
        + '    username: viewer\n    password: "pw-canary\\0x"\n',
        [
            (
                "c.yaml:6: cameras[0].password: its user name or its password has a NUL in it (%00"
                " in a URL), with which FFmpeg cannot log in; write it anew"
            )
        ],
    ),
    "a user in the URL without a password": (
        cameras_with("url: rtsp://admin@h/s"),
        [
            (
                "c.yaml:4: cameras[0].url: there is a user name without a password;"
                ' set password as well (an empty one is "")'
            )
        ],
    ),
    "a password that is a comment": (
        GOOD + "    username: admin\n    password: #pw-canary\n",
        [
            (
                "c.yaml:6: cameras[0].password: a value that begins with # must be in quotes:"
                " YAML reads it as a comment"
            )
        ],
    ),
    "a token that is a comment": (
        GOOD + "http:\n  token: #pw-canary-1\n",
        [
            (
                "c.yaml:6: http.token: a value that begins with # must be in quotes:"
                " YAML reads it as a comment"
            )
        ],
    ),
    "a password that is an anchor": (
        GOOD + "    username: admin\n    password: &pw-canary\n",
        [
            (
                "c.yaml:6: cameras[0].password: a value that begins with & must be in quotes:"
                " YAML reads the word as an anchor"
            )
        ],
    ),
    "a password of which a word is an anchor": (
        GOOD + "    username: admin\n    password: &pw-canary two\n",
        [
            (
                "c.yaml:6: cameras[0].password: a value that begins with & must be in quotes:"
                " YAML reads the word as an anchor"
            )
        ],
    ),
    "a password that is a tilde": (
        GOOD + "    username: admin\n    password: ~\n",
        [
            (
                "c.yaml:6: cameras[0].password: ~ is YAML's word for no value; put it in quotes or"
                " leave the key out"
            )
        ],
    ),
    "a password over two lines": (
        GOOD + "    username: admin\n    password: pw-\n      canary\n",
        [
            (
                "c.yaml:6: cameras[0].password: it goes over several lines, which YAML joins with"
                " spaces; put it in quotes"
            )
        ],
    ),
    "a password with YAML's line break": (
        GOOD + "    username: admin\n    password: |\n      pw-canary\n",
        ["c.yaml:6: cameras[0].password: it ends in a line break; write |- instead of |"],
    ),
    "a password with a comma within braces": (
        (
            "sink: directory\ncameras:\n"
            "  - {id: a, url: 'rtsp://h/', username: u, password: pw,canary}\n"
        ),
        [
            (
                "c.yaml:3: cameras[0]: within { } a comma ends a value, and a word alone is none:"
                " is a quote missing?"
            )
        ],
    ),
    "TLS without its scheme": (
        GOOD + "amqp:\n  url: amqp://h\n  tls: {verify: false}\n",
        [
            "c.yaml:7: amqp.tls: it takes effect only with a URL that begins with amqps://",
        ],
    ),
    "parameters of a broker URL": (
        GOOD + "amqp:\n  url: amqp://h/?heartbeat=5\n",
        [
            (
                "c.yaml:6: amqp.url: parameters after ? are not supported; use the keys of amqp"
                " instead (heartbeat, confirm_timeout, tls)"
            )
        ],
    ),
}
HOST_MISTAKES = {
    "rtsp://": "it names no host; behind the // comes the camera's address",
    "rtsp://user:canary@/s": "it names no host; behind the // comes the camera's address",
    **dict.fromkeys(
        [
            *("rtsp://http://h/s", "rtsp://rtsp//h/s", "rtsp://udp://h/s"),
            *("rtsp://u:canary@rtsp://h/s", "http://u:canary@http://u:canary@h/s"),
        ],
        "it has two schemes; leave one of them out",
    ),
    **dict.fromkeys(
        ["rtsp://cam..local/s", "rtsp://u:canary@.local/s"],
        "its host has two dots in a row, or begins with one",
    ),
    f"http://u:canary@{'x' * 64}.local/s": (
        "a part of its host between dots is longer than the 63 characters allowed"
    ),
    "file:": "nothing follows the scheme; name a file or a graph",
    "rtsp://2001:db8::1/s": "an IPv6 address stands in brackets: [address]:port",
    "rtsp://u:canary@2001:db8::1/s": "an IPv6 address stands in brackets: [address]:port",
    "rtsp://[2001:db8::1/s": "an IPv6 address stands in brackets: [address]:port",
    **dict.fromkeys(
        [
            *("rtsp://$HOST/s", "rtsp://$HOST:$PORT/s", "rtsp://%CAM_HOST%:554/s"),
            *("rtsp://u:canary@<ip>:554/s", "rtsp://{{ host }}/s", "rtsp://{ip}/s"),
        ],
        "in place of the host stands a placeholder; an environment variable is written ${NAME}",
    ),
}


@pytest.mark.parametrize("url", HOST_MISTAKES)
def test_a_host_that_is_none_is_reported_with_what_belongs_there(url: str) -> None:
    assert problems(cameras_with(f'url: "{url}"')) == [
        f"c.yaml:4: cameras[0].url: {HOST_MISTAKES[url]}"
    ]


@pytest.mark.parametrize("name", TABLE)
def test_each_mistake_is_reported_with_its_line_and_its_remedy(name: str) -> None:
    text, expected = TABLE[name]
    assert problems(text) == expected


@pytest.mark.parametrize("name", TABLE)
def test_each_mistake_ends_the_command_with_exit_code_2(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    check_run_reports(*TABLE[name], tmp_path, capsys)
