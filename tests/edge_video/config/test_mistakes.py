"""What an operator reads of mistaken keys and values: everything at once, in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.config_texts import (
    CAMERA,
    GOOD,
    check_run_reports,
    problems,
)

CONFIGS = Path(__file__).parent / "configs"
ONE_VALUE = "this must be one value; text that begins with { or [ must be in quotes"
NO_BROKER = (
    "c.yaml:1: amqp.url: it is required, because frames go to the broker;"
    " for a trial without one, write sink: directory"
)


def cameras_with_arguments(items: str) -> str:
    return f"{GOOD.replace('lavfi:testsrc2', 'rtsp://h/s')}    input_args: [{items}]\n"


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
    "an option and its value in one item": (
        cameras_with_arguments('"-headers X-Key: pw-canary"'),
        [
            (
                "c.yaml:5: cameras[0].input_args: an option and its value are two items of the"
                " list, as in [-rtsp_flags, prefer_tcp]"
            )
        ],
    ),
    "an option and its value with an equals sign": (
        cameras_with_arguments('-re, "-cookies=pw-canary"'),
        [
            (
                "c.yaml:5: cameras[0].input_args: an option and its value are two items of the"
                " list, as in [-rtsp_flags, prefer_tcp]"
            )
        ],
    ),
    "an option without its dash": (
        cameras_with_arguments("rtsp_transport, tcp"),
        [
            (
                "c.yaml:5: cameras[0].input_args: a word in it follows no option: FFmpeg would"
                " write a file of that name; options begin with -"
            )
        ],
    ),
    "a choice that is empty": (
        GOOD + '    enabled: ""\n',
        ["c.yaml:5: cameras[0].enabled: it is empty; write a value, or leave the key out"],
    ),
    "a value that begins with a dash and a space": (
        GOOD + "    password: - x\n",
        ['c.yaml:5: YAML: a value that begins with "- " or "? " must be in quotes'],
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
                "c.yaml:5: cameras[0].mode: passthru is not one of transcode, passthrough,"
                ' snapshot; did you mean "passthrough"?'
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
    "a snapshot that is no picture over HTTP": (
        GOOD + "    mode: snapshot\n    width: 640\n    input_args: [-re]\n",
        [
            "c.yaml:4: cameras[0].url: with mode: snapshot the url begins with http:// or https://",
            (
                "c.yaml:6: cameras[0].width: with mode: snapshot the camera's own picture is"
                " published as it is"
            ),
            (
                "c.yaml:7: cameras[0].input_args: with mode: snapshot no FFmpeg runs that would"
                " read them"
            ),
        ],
    ),
    "an interval of pictures from a stream": (
        GOOD + "    snapshot_interval: 30s\n",
        ["c.yaml:5: cameras[0].snapshot_interval: only with mode: snapshot"],
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
    "an option in the place of a device": (
        GOOD + "    hwaccel_device: '-version'\n",
        [
            (
                "c.yaml:5: cameras[0].hwaccel_device: it begins with a -, as an option does;"
                " further options go to input_args"
            )
        ],
    ),
    "hardware that is none": (
        GOOD + "    hwaccel: gpu\n",
        [
            (
                "c.yaml:5: cameras[0].hwaccel: gpu is not one of none, auto, cuda, vaapi, qsv,"
                " v4l2m2m, drm, vdpau, vulkan, videotoolbox, d3d11va"
            )
        ],
    ),
    "hardware for images that are passed on": (
        GOOD + "    mode: passthrough\n    hwaccel: cuda\n",
        ["c.yaml:6: cameras[0].hwaccel: with mode: passthrough nothing is decoded or scaled"],
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
    "a certificate that is not there": (
        GOOD + "amqp:\n  url: amqps://h\n  tls:\n    ca: /nowhere/ca.pem\n",
        ["c.yaml:8: amqp.tls.ca: there is no file /nowhere/ca.pem"],
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


def test_everything_is_reported_at_once_in_the_order_of_the_lines() -> None:
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
