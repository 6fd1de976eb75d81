"""How a running system is asked: what is no token never leaves, and no answer takes for ever."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from edge_video.cli import running_system
from edge_video.cli.main import main
from edge_video.top.asking import NoAnswerError, Question, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

STALLED = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100\r\n\r\n"


@contextmanager
def saying(head: bytes, piece: bytes = b"") -> Iterator[str]:
    """Somebody who says this and then nothing, or piece after piece, for ever; the URL."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as connection:
                connection.sendall(head)
                try:
                    while not over.wait(0.01):
                        connection.sendall(piece)
                except OSError:
                    over.wait(10)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        over.set()
        thread.join(10)


def question(url: str, max_error_bytes: int = 100) -> Question:
    return Question(
        url, {}, step_s=0.2, whole_s=0.2, max_bytes=100, max_error_bytes=max_error_bytes
    )


@pytest.mark.parametrize("token", ["canary\r\n7391", "canary 7391", "canary\u00e97391"])
@pytest.mark.parametrize("command", ["reload", "top --once", "health"])
def test_what_is_no_token_is_bad_input_and_is_not_repeated(
    command: str,
    token: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("EDGE_VIDEO_LANG", "en")
    monkeypatch.setenv("EDGE_VIDEO_TOKEN", token)
    assert main([*command.split(), "--url", "http://127.0.0.1:9"]) == 2
    printed = capsys.readouterr()
    assert "the token is made of ASCII letters, digits and signs" in printed.err
    assert "canary" not in printed.out + printed.err


def test_an_error_whose_body_does_not_come_is_told_by_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(running_system, "_TIMEOUT_S", 0.2)
    with saying(STALLED) as url:
        assert main(["reload", "--url", url]) == 1
        assert capsys.readouterr().err == f"edge-video: {url}: HTTP 502\n"


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_reload_whose_answer_drips_for_ever_is_given_up(
    head: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(running_system, "_WHOLE_S", 0.2)
    with saying(head, b"x") as url:
        assert main(["reload", "--url", url]) == 1
        assert "no whole answer within 0.2 s" in capsys.readouterr().err


def test_an_answer_ends_at_its_limit_of_time_and_of_size() -> None:
    with (
        saying(b"HTTP/1.1 200 OK\r\n\r\n", b"x") as url,
        pytest.raises(NoAnswerError, match=r"no whole answer within 0\.2 s") as error,
    ):
        ask(question(url))
    assert error.value.timed_out
    with saying(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000) as url:
        assert len(ask(question(url)).body) == 101
    with saying(b"HTTP/1.1 401 No\r\n\r\n" + b"x" * 1000) as url:
        assert ask(question(url, max_error_bytes=0)).body == b""
