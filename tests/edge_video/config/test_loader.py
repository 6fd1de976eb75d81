"""What loads, what does not, and what hostile files do."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from edge_video.config import ConfigError, Problem, load_config
from tests.support.config_texts import (
    CAMERA,
    GOOD,
    JARGON,
    load,
    problems,
)

CONFIGS = Path(__file__).parent / "configs"


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


@pytest.mark.parametrize("line", ["password: ${P}", 'password: "${P}"', "input_args: ['-x${P}']"])
@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("", "is empty; set it, or write ${P:-} if it may be empty"),
        ("pw-canary\r", "ends in a line break (carriage return: a file from Windows?)"),
        ("pw-canary\n", "ends in a line break (line feed)"),
        ("pw-canary\r\n", "ends in a line break (line feed)"),
    ],
)
def test_an_empty_variable_and_one_with_a_line_break_are_reported(
    line: str, value: str, words: str
) -> None:
    (problem,) = problems(GOOD + f"    {line}\n", {"P": value})
    assert problem.startswith("c.yaml:5: cameras[0].")
    assert f"the environment variable P {words}" in problem
    assert "canary" not in problem


def test_a_variable_that_may_be_empty_says_so() -> None:
    assert load(GOOD + 'log: {file: "a${P:-}"}\n', {"P": ""}).log.file == "a"


def test_an_anchor_that_is_used_is_no_password() -> None:
    text = GOOD + "    username: me\n    password: &pw secret\n" + CAMERA.replace("cam1", "cam2")
    loaded = load(text + "    username: me\n    password: *pw\n")
    assert [each.credentials[1] for each in loaded.cameras] == [SecretStr("secret")] * 2


def test_a_umask_is_octal_with_or_without_quotes() -> None:
    assert [load(GOOD + f"umask: {each}\n").umask for each in ("027", '"077"', "0o022")] == [
        "027",
        "077",
        "0o022",
    ]


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
    path.write_bytes("fps: 5\n".encode("utf-16"))  # Notepad's "Unicode"
    assert message(path) == (
        "None: this is UTF-16 text (Unicode, as Windows calls it); save it as UTF-8"
    )
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
