"""What an operator reads when a configuration file is wrong: everything at once, in words."""

from __future__ import annotations

import os
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from edge_video.cli.common import EXIT_BAD_INPUT
from edge_video.cli.main import main
from edge_video.config import ConfigError, Problem, json_schema, load_config, parse_config
from edge_video.config.url_spelling import ENCODE, KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.config import Config

CONFIGS = Path(__file__).parent / "configs"
GOOD = "sink: directory\ncameras:\n  - id: cam1\n    url: lavfi:testsrc2\n"
CANARY = "canary-7391"
JARGON = re.compile(r"pydantic|input should|validation error|type=|https?://errors|field required")


def problems(text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as error:
        parse_config(text, "c.yaml", environ or {})
    lines = str(error.value).splitlines()
    assert lines == [str(problem) for problem in error.value.problems]
    assert not JARGON.search(str(error.value).lower())
    return lines


def load(text: str, environ: dict[str, str] | None = None) -> Config:
    return parse_config(text, "c.yaml", environ or {})


def cameras_with(line: str) -> str:
    """A file with one camera, one line of which is at stake."""
    return f"sink: directory\ncameras:\n  - id: a\n    {line}\n"


CAMERA = "  - id: cam1\n    url: lavfi:testsrc2\n"
ONE_VALUE = "this must be one value; text that begins with { or [ must be in quotes"
NO_BROKER = (
    "c.yaml:1: amqp.url: it is required, because frames go to the broker;"
    " for a trial without one, write sink: directory"
)

TABLE: dict[str, tuple[str, list[str]]] = {
    "empty file": ("", ["c.yaml: the file is empty; it needs at least cameras:"]),
    "only comments": ("# x\n", ["c.yaml: the file is empty; it needs at least cameras:"]),
    "a list": ("- a\n", ['c.yaml:1: this must be a mapping of keys, like "cameras:" and its list']),
    "a word": (
        "\nhi\n",
        ['c.yaml:2: this must be a mapping of keys, like "cameras:" and its list'],
    ),
    "no cameras": (
        "sink: directory\n",
        ["c.yaml:1: cameras: it is required: a list of at least one camera"],
    ),
    "cameras without an item": (
        "sink: directory\ncameras: []\n",
        ["c.yaml:2: cameras: there must be at least one camera"],
    ),
    "events without a broker": (
        GOOD + "events: {exchange: e}\n",
        ["c.yaml:5: events: events travel on the connection of the frames; they need sink: amqp"],
    ),
    "events without an exchange": (
        "amqp: {url: 'amqp://h'}\nevents: {stable_for: 1s}\ncameras:\n" + CAMERA,
        ["c.yaml:2: events.exchange: it is required: set it"],
    ),
    "events among the frames": (
        "amqp: {url: 'amqp://h', exchange: x}\nevents:\n  exchange: x\ncameras:\n" + CAMERA,
        [
            (
                "c.yaml:3: events.exchange: x carries the frames of cameras[0]; events need an"
                " exchange of their own, or whoever is bound with # would get them as frames"
            )
        ],
    ),
    "events that never settle": (
        "amqp: {url: 'amqp://h'}\nevents:\n  exchange: x\n  stable_for: 2m\ncameras:\n" + CAMERA,
        ["c.yaml:2: events.flap_window: 1m is less than stable_for (2m)"],
    ),
    "a key by its former name": (
        "amqp: {url: 'amqp://h'}\nevents:\n  exchange: x\n  settle: 2s\ncameras:\n" + CAMERA,
        ['c.yaml:4: events.settle: there is no such key; did you mean "stable_for"?'],
    ),
    "a wildcard in the prefix of events": (
        "amqp: {url: 'amqp://h'}\nevents:\n  exchange: x\n"
        "  routing_key_prefix: 'a.#'\ncameras:\n" + CAMERA,
        [
            (
                "c.yaml:4: events.routing_key_prefix: * and # are wildcards of bindings;"
                " a frame's own routing key has none"
            )
        ],
    ),
    "events whose keys get too long": (
        "amqp: {url: 'amqp://h'}\nevents:\n  exchange: x\n"
        f"  routing_key_prefix: {'p' * 240}\ncameras:\n" + CAMERA,
        [
            (
                "c.yaml:4: events.routing_key_prefix: with the longest id it makes keys of"
                " 261 bytes; AMQP allows 255"
            )
        ],
    ),
    "no broker": ("cameras:\n" + CAMERA, [NO_BROKER]),
    "a buffer smaller than one frame": (
        GOOD + "max_buffered_bytes: 1000\n",
        ["c.yaml:5: max_buffered_bytes: 1000 is not between 16777216 and 1099511627776"],
    ),
    "fps out of range": (GOOD + "fps: 99\n", ["c.yaml:5: fps: 99 is not between 1 and 60"]),
    "a camera's fps": (
        GOOD + "    fps: 0\n",
        ["c.yaml:5: cameras[0].fps: 0 is not between 1 and 60"],
    ),
    "a mode that is none": (
        GOOD + "    mode: passthru\n",
        [
            (
                "c.yaml:5: cameras[0].mode: passthru is not one of transcode, passthrough;"
                ' did you mean "passthrough"?'
            ),
        ],
    ),
    "scaling what is passed through": (
        GOOD + "    mode: passthrough\n    width: 640\n    keyframes_only: true\n",
        [
            "c.yaml:6: cameras[0].width: with mode: passthrough nothing is decoded or scaled",
            (
                "c.yaml:7: cameras[0].keyframes_only: with mode: passthrough nothing is decoded"
                " or scaled"
            ),
        ],
    ),
    "keyframes that are no flag": (
        GOOD + "    keyframes_only: sometimes\n",
        ["c.yaml:5: cameras[0].keyframes_only: sometimes is neither true nor false"],
    ),
    "text for a number": (GOOD + "fps: fast\n", ["c.yaml:5: fps: fast is not a whole number"]),
    "a decimal for a whole number": (
        GOOD + "fps: 12.5\n",
        ["c.yaml:5: fps: 12.5 is not a whole number"],
    ),
    "a number in quotes": (
        GOOD + 'fps: "15"\n',
        ["c.yaml:5: fps: 15 is text because of its quotes; write it without them"],
    ),
    "sexagesimal": (GOOD + "fps: 1:30\n", ["c.yaml:5: fps: 1:30 is not a whole number"]),
    "true for a number": (GOOD + "fps: true\n", ["c.yaml:5: fps: true is not a whole number"]),
    "not a number": (
        GOOD + "circuit_breaker: {jitter: .nan, backoff_multiplier: .inf}\n",
        [
            "c.yaml:5: circuit_breaker.backoff_multiplier: .inf is not a number",
            "c.yaml:5: circuit_breaker.jitter: .nan is not a number",
        ],
    ),
    "five thousand digits": (
        GOOD + "fps: " + "9" * 5000 + "\n",
        ["c.yaml:5: fps: " + "9" * 60 + "… is not a whole number"],
    ),
    "neither true nor false": (
        GOOD + "malloc_tuning: maybe\n",
        ["c.yaml:5: malloc_tuning: maybe is neither true nor false"],
    ),
    "a duration without a unit": (
        GOOD + "max_age: 30\n",
        ["c.yaml:5: max_age: 30 has no unit; write 30s, 30ms or 30m"],
    ),
    "a duration in sexagesimal": (
        GOOD + "max_age: 12:30:00\n",
        [
            (
                "c.yaml:5: max_age: 12:30:00 has an unknown unit :; use ns, us, ms, s, m or h:"
                " write it like 500ms, 30s, 5m or 1m30s"
            )
        ],
    ),
    "a duration out of range": (
        GOOD + "circuit_breaker:\n  reset_timeout: 1000h\n",
        ["c.yaml:6: circuit_breaker.reset_timeout: 1000h is not between 0s and 720h"],
    ),
    "an unknown key": (
        GOOD + "circuit_breaker:\n  reset_timout: 5s\n",
        [
            (
                "c.yaml:6: circuit_breaker.reset_timout: there is no such key;"
                ' did you mean "reset_timeout"?'
            )
        ],
    ),
    "a key of another section": (
        GOOD + "max_failures: 3\n",
        ["c.yaml:5: max_failures: there is no such key here; it belongs under circuit_breaker"],
    ),
    "a required key misspelt": (
        "sink: directory\ncameras:\n  - id: a\n    ulr: lavfi:x\n",
        ['c.yaml:4: cameras[0].ulr: there is no such key; did you mean "url"?'],
    ),
    "a key nothing is like": (
        GOOD + "log: {zzz: 1}\n",
        [
            (
                "c.yaml:5: log.zzz: there is no such key;"
                " known are level, format, file, rotation, retention"
            )
        ],
    ),
    "a key given twice": (
        GOOD + "fps: 5\nquality: 5\nfps: 5\n",
        ["c.yaml:7: fps: this key is given twice, first in line 5"],
    ),
    "a list where a mapping belongs": (
        GOOD + "amqp: [x]\n",
        ['c.yaml:5: amqp: this must be a mapping: keys with values, like "key: value", indented'],
    ),
    "a word where a mapping belongs": (
        GOOD + "log: INFO\n",
        ['c.yaml:5: log: this must be a mapping: keys with values, like "key: value", indented'],
    ),
    "a mapping where a list belongs": (
        "sink: directory\ncameras:\n  cam1:\n    url: x\n",
        ['c.yaml:2: cameras: this must be a list: each item on a line of its own, after "- "'],
    ),
    "a mapping where a value belongs": (
        GOOD + "fps: {a: 1}\nnode: {{ x }}\n",
        [
            f"c.yaml:5: fps: {ONE_VALUE}",
            f"c.yaml:6: node: {ONE_VALUE}",
        ],
    ),
    "an empty item": (
        "sink: directory\ncameras:\n  -\n",
        ["c.yaml:3: cameras[0]: this item of the list is empty"],
    ),
    "an id for no directory": (
        "sink: directory\ncameras:\n  - url: lavfi:x\n    id: ../x\n",
        [
            (
                "c.yaml:4: cameras[0].id: it must be 1 to 64 of the characters A-Z a-z 0-9 . _ -"
                " and begin with a letter, a digit or _, because it becomes the name of"
                " directories and of routing keys"
            )
        ],
    ),
    "ids given twice": (
        GOOD + CAMERA,
        ["c.yaml:5: cameras[1].id: cam1 is already the id of cameras[0]"],
    ),
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
    "an option in the place of hardware": (
        GOOD + "    hwaccel: '-version'\n",
        [
            (
                "c.yaml:5: cameras[0].hwaccel: it begins with a -, as an option does; further"
                " options"
                " go to input_args"
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
    "an odd width": (
        GOOD + "    width: 641\n",
        ["c.yaml:5: cameras[0].width: 641 is odd; most encoders need an even number"],
    ),
    "a wildcard": (
        GOOD + "    routing_key: shop.*\n",
        [
            (
                "c.yaml:5: cameras[0].routing_key: * and # are wildcards of bindings;"
                " a frame's own routing key has none"
            )
        ],
    ),
    "a word that is none of the choices": (
        GOOD + "    transport: tpc\nlog:\n  level: LOUD\n",
        [
            'c.yaml:5: cameras[0].transport: tpc is not one of tcp, udp; did you mean "tcp"?',
            (
                "c.yaml:7: log.level: LOUD is not one of TRACE, DEBUG, INFO, SUCCESS, WARNING,"
                " ERROR, CRITICAL"
            ),
        ],
    ),
    "an unknown sink": (
        "sink: direktory\ncameras:\n" + CAMERA,
        ['c.yaml:1: sink: direktory is not one of amqp, directory; did you mean "directory"?'],
    ),
    "an unknown type of sink": (
        "sink:\n  type: kafka\n  keep: 3\ncameras:\n" + CAMERA,
        ["c.yaml:1: sink: kafka is not one of amqp, directory"],
    ),
    "a sink without a type": (
        "sink: {path: x}\ncameras:\n" + CAMERA,
        ["c.yaml:1: sink: it needs the key type: amqp or directory"],
    ),
    "a bad key of a sink": (
        "sink:\n  type: directory\n  keep: 0\n  kep: 1\ncameras:\n" + CAMERA,
        [
            "c.yaml:3: sink.keep: 0 is not between 1 and 1000000",
            'c.yaml:4: sink.kep: there is no such key; did you mean "keep"?',
        ],
    ),
    "an unset variable": (
        GOOD + "fps: ${FPS}\n",
        [
            (
                "c.yaml:5: fps: the environment variable FPS is not set;"
                " set it, or give a default: ${FPS:-…}"
            )
        ],
    ),
    "a malformed variable": (
        GOOD + "    password: ${1}\n",
        [
            (
                "c.yaml:5: cameras[0].password: after ${ comes NAME} or NAME:-default};"
                " for a literal ${ write $${"
            )
        ],
    ),
    "a variable's default of the wrong type": (
        GOOD + "fps: ${FPS:-fast}\n",
        ["c.yaml:5: fps: ${FPS:-fast} is not a whole number"],
    ),
    "a secret file that is not there": (
        GOOD + "    password: file:/nowhere/at/all\n",
        ["c.yaml:5: cameras[0].password: the secret file /nowhere/at/all: there is no such file"],
    ),
    "a umask that is none": (
        GOOD + "umask: rw-r-----\n",
        [
            (
                "c.yaml:5: umask: a umask is three octal digits: 027 keeps others out,"
                " 077 the group as well"
            )
        ],
    ),
    "backoffs in disorder": (
        GOOD + "circuit_breaker:\n  initial_backoff: 10s\n  max_backoff: 5s\n",
        ["c.yaml:7: circuit_breaker.max_backoff: 5s is less than initial_backoff (10s)"],
    ),
    "thresholds in disorder": (
        GOOD + "memory_controller:\n  warning_percent: 90\n  critical_percent: 80\n",
        ["c.yaml:7: memory_controller.critical_percent: 80 is not more than warning_percent (90)"],
    ),
    "TLS without its scheme": (
        GOOD + "amqp:\n  url: amqp://h\n  tls: {verify: false}\n",
        [
            "c.yaml:7: amqp.tls: it takes effect only with a URL that begins with amqps://",
        ],
    ),
    "a certificate that is not there": (
        GOOD + "amqp:\n  url: amqps://h\n  tls:\n    ca: /nowhere/ca.pem\n",
        ["c.yaml:8: amqp.tls.ca: there is no file /nowhere/ca.pem"],
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
    "a colon too many": (
        GOOD + "node: a: b\n",
        [
            (
                'c.yaml:5: YAML: a ":" is in the wrong place: is the indentation right?'
                ' A value with ": " needs quotes'
            )
        ],
    ),
    "a tab": (
        GOOD + "log:\n\tlevel: INFO\n",
        ["c.yaml:6: YAML: a tab; YAML is indented with spaces"],
    ),
    "an open quote": (
        GOOD + 'node: "x\nfps: 5\n',
        [
            (
                "c.yaml:5: YAML: a quote is opened here and not closed,"
                " or a \\ in double quotes is wrong"
            )
        ],
    ),
    "an open bracket": (
        GOOD + "amqp: [x\n",
        ["c.yaml:6: YAML: a [ or { is not closed, or a value needs quotes"],
    ),
    "indentation": (
        "cameras:\n  - id: a\n   url: x\n",
        ["c.yaml:3: YAML: the indentation does not fit the lines above"],
    ),
    "two documents": (
        GOOD + "---\nfps: 5\n",
        ["c.yaml:5: YAML: there is a second document (---); only one is allowed"],
    ),
    "a Python object": (
        GOOD + "node: !!python/object/apply:os.getcwd []\n",
        [
            (
                "c.yaml:5: node: a value that begins with ! must be in quotes;"
                " YAML tags are not supported"
            )
        ],
    ),
    "a key that is a list": (
        GOOD + "? [a, b]\n: 1\n",
        ["c.yaml:5: a key must be one word; is a quote missing?"],
    ),
    "a merge of nothing": (
        GOOD + "<<: 5\n",
        ["c.yaml:5: << must name a mapping, or a list of them: <<: *anchor"],
    ),
    "an anchor of a name that is taken": (
        "x-a: &a 1\nx-b: &a 2\n" + GOOD,
        ["c.yaml:2: YAML: an anchor of this name (&name) is defined twice"],
    ),
    "a log file that is a directory": (
        GOOD + "log: {file: /}\n",
        ["c.yaml:5: log.file: it is a directory; name a file in it"],
    ),
}
HOST_MISTAKES = {
    "rtsp://": "it names no host; behind the // comes the camera's address",
    "rtsp://user:canary@/s": "it names no host; behind the // comes the camera's address",
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
def test_a_host_that_is_none_is_told_with_what_belongs_there(url: str) -> None:
    assert problems(cameras_with(f'url: "{url}"')) == [
        f"c.yaml:4: cameras[0].url: {HOST_MISTAKES[url]}"
    ]


def test_what_is_doubtful_in_a_url_is_noted_too() -> None:
    (told,) = load(cameras_with("url: rtsp://u:${P}@h/s"), {"P": '"canary"'}).warnings
    assert "url: of the password in it: its first and last characters are quotes" in told


@pytest.mark.parametrize("url", ["rtsp://:canary@h/s", "http://:canary@h/s"])
def test_a_password_without_a_user_is_noted(url: str) -> None:
    assert any("without a username" in each for each in load(cameras_with(f"url: {url}")).warnings)


@pytest.mark.parametrize("name", TABLE)
def test_each_mistake_is_told_with_its_line_and_its_remedy(name: str) -> None:
    text, expected = TABLE[name]
    assert problems(text) == expected


@pytest.mark.parametrize("name", TABLE)
def test_each_mistake_ends_the_command_with_exit_code_2(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text, expected = TABLE[name]
    monkeypatch.chdir(tmp_path)
    Path("c.yaml").write_text(text, encoding="utf-8")
    assert main(["run", "--config", "c.yaml"]) == EXIT_BAD_INPUT
    printed = capsys.readouterr()
    assert printed.err.splitlines() == expected
    assert printed.out == ""
    assert [each.name for each in tmp_path.iterdir()] == ["c.yaml"]


def test_everything_is_told_at_once_in_the_order_of_the_lines() -> None:
    text = (CONFIGS / "many_mistakes.yaml").read_text()
    assert problems(text) == [
        "c.yaml:1: fps: 99 is not between 1 and 60",
        "c.yaml:3: amqp.url: the port is not between 1 and 65535",
        'c.yaml:4: amqp.exchnge: there is no such key; did you mean "exchange"?',
        (
            "c.yaml:6: circuit_breaker.reset_timout: there is no such key;"
            ' did you mean "reset_timeout"?'
        ),
        "c.yaml:7: circuit_breaker.max_backoff: 1s is less than initial_backoff (5s)",
        "c.yaml:8: circuit_breaker.enabled: maybe is neither true nor false",
        "c.yaml:12: cameras[0].stall_timeout: 30 has no unit; write 30s, 30ms or 30m",
        "c.yaml:13: cameras[1].id: 007 is already the id of cameras[0]",
        "c.yaml:15: cameras[1].width: 17 is odd; most encoders need an even number",
        (
            "c.yaml:16: cameras[2]: this must be a mapping:"
            ' keys with values, like "key: value", indented'
        ),
    ]


# --- what is taken for something else ----------------------------------------------------------


def test_a_variable_in_quotes_is_judged_by_its_value() -> None:
    text = GOOD + (
        '    enabled: "${CAM}"\nfps: "${FPS}"\nmax_age: "${AGE}"\nmalloc_tuning: "${M}"\n'
        'circuit_breaker: {jitter: "0.${J}"}\n'
    )
    loaded = load(text, {"CAM": "false", "FPS": "10", "AGE": "3s", "M": "no", "J": "25"})
    assert (loaded.fps, loaded.cameras[0].enabled, loaded.malloc_tuning) == (10, False, False)
    assert (loaded.max_age, loaded.circuit_breaker.jitter) == (3.0, 0.25)
    assert problems(GOOD + 'fps: "${FPS}"\n', {"FPS": "many"}) == [
        "c.yaml:5: fps: ${FPS} is not a whole number"
    ]
    assert problems(GOOD + 'fps: "${FPS:-99}"\n') == [
        "c.yaml:5: fps: ${FPS:-99} is not between 1 and 60"
    ]


@pytest.mark.parametrize("line", ["password: ${P}", 'password: "${P}"', "input_args: ['x${P}']"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "is empty; set it, or write ${P:-} if it may be empty"),
        ("pw-canary\r", "ends in a line break (carriage return: a file from Windows?)"),
        ("pw-canary\n", "ends in a line break (line feed)"),
        ("pw-canary\r\n", "ends in a line break (line feed)"),
    ],
)
def test_an_empty_variable_and_one_with_a_line_break_are_told(
    line: str, value: str, words: str
) -> None:
    (told,) = problems(GOOD + f"    {line}\n", {"P": value})
    assert told.startswith("c.yaml:5: cameras[0].")
    assert f"the environment variable P {words}" in told
    assert "canary" not in told


def test_a_variable_that_may_be_empty_says_so() -> None:
    assert load(GOOD + 'log: {file: "a${P:-}"}\n', {"P": ""}).log.file == "a"


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("abc #def", 'what follows " #" is a comment to YAML'),
        ("' abc'", "it begins or ends with a space or a line break"),
        ('"abc\\n"', "it begins or ends with a space or a line break"),
        ("'\"abc\"'", "its first and last characters are quotes"),
        ("“abc”", "its first and last characters are quotes"),
        ("abc\u200bdef", "it contains a character that cannot be seen (U+200B, zero width space)"),
        ("abc\u00a0def", "it contains a character that cannot be seen (U+00A0, no-break space)"),
        ('"a\\tb"', "it contains a character that cannot be seen (U+0009, a control character)"),
        ("$CAMERA_PASSWORD", "a variable of the environment is written ${NAME}"),
        ('"{{ password }}"', "was a template not filled in?"),
        ("/run/secrets/door", "a file that holds the value is named as file:/…"),
    ],
)
def test_a_password_that_is_probably_not_meant_so_is_noted(written: str, words: str) -> None:
    loaded = load(GOOD + f"    username: me\n    password: {written}\n")
    (note,) = loaded.warnings
    assert note.startswith("c.yaml:6: cameras[0].password: ")
    assert words in note
    assert "abc" not in note
    assert load(GOOD + "    username: me\n    password: hunter2  # his own\n").warnings == ()


def test_a_value_that_is_a_comment_is_noted_where_it_is_no_secret() -> None:
    (note,) = load(GOOD + "node: #edge-7\n").warnings
    assert note.startswith("c.yaml:5: node: a value that begins with # must be in quotes")
    assert load(GOOD + "node:   # absent\nlog: {file: }\n").warnings == ()


def test_an_anchor_that_is_used_is_no_password() -> None:
    text = GOOD + "    username: me\n    password: &pw secret\n" + CAMERA.replace("cam1", "cam2")
    loaded = load(text + "    username: me\n    password: *pw\n")
    assert [each.credentials[1] for each in loaded.cameras] == [SecretStr("secret")] * 2


def test_a_secret_file_with_a_byte_order_mark_is_read_without_it(tmp_path: Path) -> None:
    (tmp_path / "pw").write_bytes(b"\xef\xbb\xbfhunter2\r\n")
    text = GOOD + f"    username: me\n    password: file:{tmp_path}/pw\n"
    assert load(text).cameras[0].credentials[1] == SecretStr("hunter2")


def test_limits_that_can_never_be_met_are_noted() -> None:
    def notes(max_memory_mb: int) -> str:
        limits = f"memory_controller: {{enabled: true, max_memory_mb: {max_memory_mb}}}\n"
        return "\n".join(load(GOOD + limits).warnings)

    assert "frames would be dropped for ever: set max_memory_mb to 71 or more" in notes(40)
    assert "CRITICAL for ever" in notes(75)
    assert "WARNING for ever: set max_memory_mb to 100 or more" in notes(99)
    assert notes(100) == ""


def test_the_schema_gives_defaults_that_a_file_may_have() -> None:
    schema = json_schema()
    assert schema["properties"]["max_age"]["default"] == "2s"
    camera = schema["$defs"]["CameraConfig"]["properties"]
    assert camera["stall_timeout"]["default"] == "10s"
    assert "default" not in camera["exchange"]
    assert "default" not in camera["routing_key"]


# --- secrets ---------------------------------------------------------------------------------

SECRET_PLACES = {
    "a URL with a bad port": "    url: rtsp://u:{canary}@h:99999\n",
    "a URL with a bad host": "    url: rtsp://u:{canary}@h h/\n",
    "a URL of an unknown scheme": "    url: ftp://u:{canary}@h/\n",
    "a bad broker URL": "amqp:\n  url: amqp://u:{canary}@h/a/b\n",
    "a broker URL's query": "amqp:\n  url: amqp://h/?password={canary}\n",
    "a password and another mistake": "    password: {canary}\n    fps: 99\n",
    "a password that stands elsewhere too": "    password: {canary}\n    transport: {canary}\n",
    "a password that is a list": "    password: [{canary}]\n",
    "a password that is a mapping": "    password: {{{canary}: 1}}\n",
    "a password that is an alias": "    password: *{canary}\n",
    "a password that is a tag": "    password: !{canary}\n",
    "a password that is a tag with a word": "    password: !{canary} x\n",
    "a password with an unknown handle": "    password: !a!{canary} x\n",
    "a password with an at sign": "    password: @{canary}\n",
    "a password with a percent sign": "    password: %{canary}\n",
    "a password with a bar": "    password: |{canary}\n",
    "a password with a colon": "    password: {canary}: x\n",
    "a password with an open quote": '    password: "{canary}\n',
    "a password with a bad escape": '    password: "\\z{canary}"\n',
    "a password given twice": "    password: {canary}\n    password: {canary}2\n",
    "a password with a bad variable": "    password: {canary}${{\n",
    "a misspelt password": "    pasword: {canary}\n",
    "a password in the wrong section": "password: {canary}\n",
    "a URL as a key": "rtsp://u:{canary}@h/: 1\n",
    "a URL as a number": "fps: rtsp://u:{canary}@h/\n",
    "a URL as a choice": "language: rtsp://u:{canary}@h/{long}\n",
    "a variable as a number": "fps: ${{SECRET}}\n",
    "a variable as a duration": "max_age: ${{SECRET}}\n",
    "a variable as a file": "amqp:\n  url: amqps://h\n  tls: {{ca: $SECRET}}\n".replace(
        "$SECRET", "'${{SECRET}}'"
    ),
    "a variable as a choice": "log: {{level: '${{SECRET}}'}}\n",
}


@pytest.mark.parametrize("place", SECRET_PLACES)
def test_no_message_shows_a_secret(place: str) -> None:
    wrong = SECRET_PLACES[place].format(canary=CANARY, long="x" * 80)
    text = GOOD + "fps: 0\n" + wrong if not wrong.startswith(" ") else GOOD + wrong + "fps: 0\n"
    lines = problems(text, {"SECRET": CANARY})
    assert lines
    assert CANARY not in "\n".join(lines)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A directory that every user may look into, which pytest's own are not."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        if not all(each.stat().st_mode & 0o001 for each in folder.parents):
            pytest.skip(f"{name} cannot be opened to all")
        yield folder


def test_a_secret_file_that_every_user_may_read_is_told(open_folder: Path) -> None:
    secret = open_folder / "pw"
    secret.write_text("hunter2")
    text = GOOD + f"    username: me\n    password: file:{secret}\n"
    secret.chmod(0o644)
    (told,) = load(text).warnings
    assert told == (
        "c.yaml:6: cameras[0].password: every user of this machine may read"
        f" the secret file {secret}: chmod o-r {secret}"
    )
    secret.chmod(0o640)
    assert load(text).warnings == ()


def test_a_configuration_with_passwords_that_every_user_may_read_is_told(open_folder: Path) -> None:
    path = open_folder / "c.yaml"

    def notes(password: str, mode: int = 0o644) -> tuple[str, ...]:
        path.write_text(GOOD + f"    username: me\n    password: {password}\n")
        path.chmod(mode)
        return load_config(path, {"PW": "hunter2"}).warnings

    (told,) = notes("hunter2")
    assert told == f"{path}:1: it holds passwords, and every user may read it: chmod o-r {path}"
    assert notes("hunter2", 0o640) == ()
    assert notes("${PW}") == ()


def test_a_umask_is_octal_with_or_without_quotes() -> None:
    assert [load(GOOD + f"umask: {each}\n").umask for each in ("027", '"077"', "0o022")] == [
        "027",
        "077",
        "0o022",
    ]


def test_an_unreadable_secret_file_is_told_and_a_readable_one_is_read(tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes("p@ss: é\r\n".encode())
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    def with_secret(name: str) -> str:
        return GOOD + f"    username: me\n    password: file:{tmp_path / name}\n"

    username, password = load(with_secret("good")).cameras[0].credentials
    assert username == "me"
    assert password is not None
    assert password.get_secret_value() == "p@ss: é"
    assert problems(with_secret("empty")) == [
        f"c.yaml:6: cameras[0].password: the secret file {tmp_path}/empty: it is empty"
    ]
    assert problems(with_secret("binary")) == [
        f"c.yaml:6: cameras[0].password: the secret file {tmp_path}/binary: it is not UTF-8 text"
    ]
    assert "this is a directory" in problems(with_secret("."))[0]


# --- what loads ------------------------------------------------------------------------------


def test_text_is_taken_as_it_is_written() -> None:
    def password(written: str) -> str | None:
        secret = load(GOOD + f"    password: {written}\n").cameras[0].password
        return None if secret is None else secret.get_secret_value()

    for written in ("007", "1e3", "12:30:00", "yes", "0x1F", "1_000", "2024-01-01", "true", ".5"):
        assert password(written) == written
        assert load(GOOD.replace("cam1", written.replace(":", "-").lstrip("."))).cameras
    assert password("'~'") == "~"
    assert password("''") == ""
    assert password("") is None
    assert password("pa$$word$x") == "pa$$word$x"
    assert password("a$${b}") == "a${b}"


@pytest.mark.parametrize("name", ["007", "yes", "on", "no", "1e3", "0x1F", "null-1"])
def test_an_id_is_text_whatever_it_looks_like(name: str) -> None:
    assert load(GOOD.replace("cam1", name)).cameras[0].id == name


def test_variables_are_filled_in_and_never_read_as_yaml() -> None:
    text = GOOD.replace("cam1", "${ID}") + "    password: ${PW}\nfps: ${FPS:-15}\nbuffer: ${B}\n"
    loaded = load(text, {"ID": "007", "PW": "a: [b] #c\n- ${X} *d", "B": "9"})
    assert loaded.cameras[0].id == "007"
    assert loaded.cameras[0].password is not None
    assert loaded.cameras[0].password.get_secret_value() == "a: [b] #c\n- ${X} *d"
    assert (loaded.fps, loaded.buffer) == (15, 9)
    assert load(GOOD + "fps: ${FPS:-15}\n", {"FPS": "7"}).fps == 7
    assert load(GOOD + "max_age: ${AGE:-3s}\n", {"AGE": ""}).max_age == 3.0
    assert load(GOOD + "malloc_tuning: ${M}\n", {"M": "no"}).malloc_tuning is False


def test_a_password_from_the_environment_is_never_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("inside")
    loaded = load(GOOD + "    password: ${PW}\n", {"PW": f"file:{tmp_path}/x"})
    assert loaded.cameras[0].password is not None
    assert loaded.cameras[0].password.get_secret_value() == f"file:{tmp_path}/x"


def test_anchors_and_merge_keys_work() -> None:
    loaded = load(
        "x-all: &all {fps: 3, quality: 9, url: 'lavfi:x'}\n"
        "x-more: &more {<<: *all, quality: 4}\n"
        "sink: directory\n"
        "cameras:\n"
        "  - {<<: *all, id: a}\n"
        "  - {id: b, fps: 5, <<: *more}\n"
        "  - {id: c, <<: [*more, *all]}\n"
    )
    assert [(one.fps, one.quality) for one in loaded.cameras] == [(3, 9), (5, 4), (3, 4)]


def test_keys_without_a_value_are_absent() -> None:
    loaded = load(GOOD + "    fps:\ncircuit_breaker:\n  # max_failures: 9\namqp:\nlog: ~\n")
    assert loaded.circuit_breaker.max_failures == 5
    assert loaded.amqp is None


def test_zero_needs_no_unit_and_yes_is_true() -> None:
    loaded = load(GOOD + "circuit_breaker: {reset_timeout: 0, enabled: no}\nmalloc_tuning: Yes\n")
    assert loaded.circuit_breaker.reset_timeout == 0.0
    assert not loaded.circuit_breaker.enabled
    assert loaded.malloc_tuning


# --- files and hostile input -----------------------------------------------------------------


def test_the_file_itself_may_be_the_problem(tmp_path: Path) -> None:
    def message(path: Path) -> str:
        with pytest.raises(ConfigError) as error:
            load_config(path, {})
        (problem,) = error.value.problems
        assert problem.file == str(path)
        return f"{problem.line}: {problem.message}"

    assert message(tmp_path / "no.yaml") == "None: there is no such file"
    assert message(tmp_path) == "None: this is a directory, not a file"
    assert message(Path("a\0b")) == "None: it cannot be read"
    path = tmp_path / "c.yaml"
    path.write_bytes(b"fps: 5\nnode: \xff\n")
    assert message(path) == "2: this is not UTF-8 text"
    path.write_bytes(b"fps: 5\nnode: \x01\n")
    assert message(path) == "2: there is a control character; was a binary file named?"
    path.write_bytes(b"#" * 600_000)
    assert "larger than 512 KiB" in message(path)
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_config(path, {}).cameras[0].id == "cam1"
    if os.getuid() != 0:
        path.chmod(0)
        assert message(path) == "None: this user may not read it"


def test_an_alias_bomb_is_refused_quickly() -> None:
    layers = ["x-0: &a0 {" + ", ".join(f"k{i}: 1" for i in range(9)) + "}"]
    for n in range(1, 12):
        merged = ", ".join([f"*a{n - 1}"] * 9)
        layers.append(f"x-{n}: &a{n} {{<<: [{merged}]}}")
    bomb = (
        "\n".join(layers) + "\nsink: directory\ncameras:\n  - {<<: *a11, id: a, url: 'lavfi:x'}\n"
    )
    begin = time.process_time()
    assert problems(bomb) == ["c.yaml: it expands to more than 100000 values"]
    assert time.process_time() - begin < 10


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [*a]\ncameras: *a\n",
        "a: &a {<<: *a}\n<<: *a\n",
        "cameras: &c\n  - &d {<<: *d, id: x}\n",
        "[" * 3000,
        "a: " * 3000,
        "? " * 3000,
        "- " * 3000 + "x",
        "a: !!int x\n" + GOOD,
        GOOD + "fps: !!int x\nbuffer: !!float x\nmalloc_tuning: !!bool x\nnode: !!null x\n",
        GOOD + 'node: "\\UFFFFFFFF"\n',
        GOOD + "fps: !<tag:yaml.org,2002:merge> 5\n",
        "%YAML 9.9\n---\n" + GOOD,
        "cameras: {<<: [1]}\n",
    ],
)
def test_strange_files_are_refused_and_nothing_else_is_raised(text: str) -> None:
    assert problems(text)


def test_a_problem_without_a_key_or_a_line_reads_well() -> None:
    assert str(Problem("c.yaml", None, "", "it is wrong")) == "c.yaml: it is wrong"


PIECES = st.sampled_from(
    ["", " ", "\n", "  ", ":", ": ", "- ", "-", "#", "&a ", "*a", "<<: ", "!x ", "!!int ", "'", '"',
     "{", "}", "[", "]", ",", "|", ">", "%", "@", "\t", "${X}", "${", "$${", "~", "null", "yes",
     "9" * 30, "-1", "0", "1e999", ".nan", "5s", "\x00", "\ufeff", "é", "\ud800", "---", "...", "?"]
)  # fmt: skip
GO_FILE = (CONFIGS / "go.yaml").read_text()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(GO_FILE)), st.integers(0, 40), st.one_of(PIECES, st.text(max_size=5))
        ),
        min_size=1,
        max_size=4,
    )
)
@example([(0, 10_000, "cameras: 5")])
def test_a_mutated_file_loads_or_raises_a_config_error(edits: list[tuple[int, int, str]]) -> None:
    text = GO_FILE
    for start, length, piece in edits:
        text = text[:start] + piece + text[start + length :]
    found: tuple[Problem, ...] = ()
    try:
        assert load(text, {"X": "9"}).cameras
    except ConfigError as error:
        found = error.problems
        lines = str(error)
        said_nothing = not found
    else:
        lines, said_nothing = "", False
    assert not said_nothing
    assert len(lines.splitlines()) == len(found)
    assert ":pass@" not in lines
    assert not JARGON.search(lines.lower())
    last_line = text.count("\n") + 2
    assert all(problem.line is None or 1 <= problem.line <= last_line for problem in found)


def test_a_certificate_that_is_a_device_is_no_certificate() -> None:
    amqp = "amqp: {url: 'amqps://u:${PW}@h/', tls: {ca: /dev/zero}}\n"
    text = GOOD.replace("sink: directory\n", "") + amqp
    assert "/dev/zero is no regular file" in "\n".join(problems(text, {"PW": "x"}))
