"""Secrets stay out of messages, and come from files and variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from tests.support.config_texts import (
    GOOD,
    load,
    problems,
)

if TYPE_CHECKING:
    from pathlib import Path


CANARY = "canary-7391"
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


def test_a_secret_file_with_a_byte_order_mark_is_read_without_it(tmp_path: Path) -> None:
    (tmp_path / "pw").write_bytes(b"\xef\xbb\xbfhunter2\r\n")
    text = GOOD + f"    username: me\n    password: file:{tmp_path}/pw\n"
    assert load(text).cameras[0].credentials[1] == SecretStr("hunter2")


def test_an_unreadable_secret_file_is_reported_and_a_readable_one_is_read(tmp_path: Path) -> None:
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


def test_a_password_from_the_environment_is_never_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("inside")
    loaded = load(GOOD + "    password: ${PW}\n", {"PW": f"file:{tmp_path}/x"})
    assert loaded.cameras[0].password is not None
    assert loaded.cameras[0].password.get_secret_value() == f"file:{tmp_path}/x"


def test_a_certificate_that_is_a_device_is_no_certificate() -> None:
    amqp = "amqp: {url: 'amqps://u:${PW}@h/', tls: {ca: /dev/zero}}\n"
    text = GOOD.replace("sink: directory\n", "") + amqp
    assert "/dev/zero is no regular file" in "\n".join(problems(text, {"PW": "x"}))
