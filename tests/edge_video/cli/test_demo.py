"""`demo`: what is printed before it begins, and the page that it links to."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Any

import pytest

from edge_video.cli import demo
from edge_video.cli.main import main
from edge_video.config import Config, DirectorySinkConfig
from edge_video.config.http import HttpConfig

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """The configuration of what would be started."""
    configs: list[Config] = []

    def run_system(config: Config, *_: Any, **__: Any) -> int:
        print("the log begins")
        configs.append(config)
        return 0

    monkeypatch.setattr(demo, "run_system", run_system)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "EDGE_VIDEO_LANG"):
        monkeypatch.delenv(name, raising=False)
    return configs


def listening_on(listen: str) -> Callable[..., Config]:
    return lambda *_: Config(
        sink=DirectorySinkConfig(),
        http=HttpConfig(listen=listen),
        cameras=[{"id": "a", "url": "lavfi:testsrc2"}],
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [([], "Ctrl+C ends the demo."), (["--seconds", "90"], "The demo ends after 1m30s;")],
)
def test_it_says_how_it_ends(
    arguments: list[str], line: str, started: list[Config], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", *arguments]) == 0
    assert started
    assert line in capsys.readouterr().out


def test_the_last_line_before_the_log_is_a_link_that_is_logged_in(
    started: list[Config], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["demo"])
    before, _, _ = capsys.readouterr().out.partition("the log begins")
    link = re.search(r"(http://127\.0\.0\.1:\d+/)#token=(\S+)$", before.splitlines()[-1])
    assert link is not None
    (config,) = started
    assert config.http is not None
    assert config.http.token is not None
    assert link[1] == f"http://{config.http.listen}/"
    assert link[2] == config.http.token.get_secret_value()


def test_where_the_port_is_taken_it_takes_another_and_says_so(
    started: list[Config], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(demo, "load_config", listening_on(f"127.0.0.1:{port}"))
        main(["demo"])
    (config,) = started
    assert config.http is not None
    assert config.http.address.port != port
    taken = f"Port {port} is taken by another program; the page is on port "
    assert f"{taken}{config.http.address.port}." in capsys.readouterr().out
