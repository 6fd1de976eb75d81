"""`top` at real HTTP servers: what is wrong comes first, and a lost connection is said."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import socket
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from rich.console import Console

from edge_video.cli.main import main
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.json import NotAStatusError, status_as_json, status_from_json
from edge_video.status.model import (
    CameraPhase,
    CameraStatus,
    PublisherState,
    PublisherStatus,
    SystemStatus,
)
from edge_video.testing import wait_until
from edge_video.testing.rabbit import free_port
from edge_video.text.catalog import Language
from edge_video.top import command
from edge_video.top.browsing import Browsing
from edge_video.top.camera_text import by_trouble
from edge_video.top.client import Client, NoStatusError
from edge_video.top.page import Shown, full_page
from edge_video.top.rates import Rates
from edge_video.top.screen import Lost, aged, render
from edge_video.top.session import TopSession
from tests.edge_video.report.examples import breaker, camera, good_counts, sample, system
from tests.support.program import Program
from tests.support.status_site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TOKEN = "canary-7391"
BROKEN = camera(
    "yard",
    CameraPhase.WAITING,
    state=breaker(BreakerState.OPEN, failures=5, retry_in_s=12.3),
    failure=Failure(Cause.REFUSED, "\x1b[31mrtsp://u:***@10.0.0.9/s [bold]refused[/bold]"),
)
STATUS = system(
    camera("door", frames=good_counts(100), last_frame_ago_s=0.1),
    camera("attic", CameraPhase.DISABLED),
    BROKEN,
    camera("late", frames=good_counts(50), last_frame_ago_s=9.0),
    process=sample(),
)


def without_escapes(camera: CameraStatus) -> CameraStatus:
    """As JSON has it: what a camera says steers nobody's terminal."""
    failure = camera.last_failure
    if failure is None:
        return camera
    spelled = replace(failure, detail=failure.detail.replace("\x1b", "\\x1b"))
    return replace(camera, last_failure=spelled)


def text_of(status: SystemStatus | None, language: Language, lost: Lost | None = None) -> str:
    rates = Rates()
    if status is not None:
        rates.take(replace(status, uptime_s=status.uptime_s - 2, cameras=()))
        rates.take(status)
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(render(status, rates, language, lost))
    console.file.close()
    return console.export_text()


def test_what_is_wrong_comes_first_with_its_reason_and_its_countdown() -> None:
    assert [each.camera_id for each in by_trouble(STATUS.cameras)] == [
        "yard",
        "late",
        "door",
        "attic",
    ]
    english = text_of(STATUS, Language.EN)
    assert "1 of 3 cameras OK" in english
    assert "✗ CB_OPEN" in english
    assert "connection refused (\\x1b[31mrtsp://u:***@10.0.0.9/s [bold]refused[/bold])" in english
    assert "retry in 13s" in english
    portuguese = text_of(STATUS, Language.PT_BR)
    assert "conexão recusada" in portuguese
    assert "nova tentativa em 13s" in portuguese


def test_countdowns_count_on_between_two_answers() -> None:
    later = aged(STATUS, 5.0)
    assert later.cameras[2].breaker.retry_in_s == pytest.approx(7.3)
    assert aged(STATUS, 60.0).cameras[2].breaker.retry_in_s == 0.0
    assert later.cameras[0].last_frame_ago_s == pytest.approx(5.1)
    assert later.cameras[2].last_frame_ago_s is None


def test_the_rate_is_that_of_the_last_seconds_and_a_restart_begins_anew() -> None:
    rates = Rates()
    for second in range(20):
        frames = good_counts(second * 10)
        rates.take(system(camera("door", frames=frames), uptime_s=float(second)))
    assert rates.fps("door") == pytest.approx(10.0)
    assert rates.fps("yard") is None
    rates.take(system(camera("door", frames=good_counts(3)), uptime_s=1.0))
    assert rates.fps("door") is None


def test_a_publisher_that_waits_and_a_lost_connection_are_said() -> None:
    away = PublisherStatus(PublisherState.WAITING, "amqp://b", reason="refused", retry_in_s=3.0)
    assert "✗ DISCONNECTED amqp://b" in text_of(replace(STATUS, publisher=away), Language.EN)
    lost = Lost("http://h", 12.4, "connection refused")
    assert "NO CONNECTION to http://h for 12s" in text_of(STATUS, Language.EN, lost)
    assert "SEM CONEXÃO" in text_of(None, Language.PT_BR, replace(lost, since_s=None))


# --- over HTTP ---


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site(status=STATUS)
    yield made
    made.end()


def test_the_status_comes_back_whole_and_the_token_is_sent(site: Site) -> None:
    whole = replace(STATUS, cameras=tuple(map(without_escapes, STATUS.cameras)))
    assert Client(site.url + "/", TOKEN).status() == whole
    assert Client(site.url.removeprefix("http://")).status() == whole
    assert site.asked == [("/api/status", f"Bearer {TOKEN}"), ("/api/status", None)]


def test_what_is_no_status_is_said(site: Site) -> None:
    for body in (b"<html>", b"[]", b"{}", b"\xff", b"[" * 100_000):
        site.body = body
        with pytest.raises(NoStatusError) as error:
            Client(site.url).status()
        assert error.value.foreign
    site.code = 401
    with pytest.raises(NoStatusError) as error:
        Client(site.url, TOKEN).status()
    assert error.value.refused


def test_a_token_follows_no_redirect(site: Site) -> None:
    elsewhere = Site(status=STATUS)
    try:
        site.code, site.location = 302, elsewhere.url + "/api/status"
        with pytest.raises(NoStatusError):
            Client(site.url, TOKEN).status()
        assert elsewhere.asked == []
    finally:
        elsewhere.end()


def leaves(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value that holds no other."""
    inner = (
        document.items() if isinstance(document, dict)
        else enumerate(document) if isinstance(document, list) else ()
    )  # fmt: skip
    if not inner:
        yield path
    for key, value in inner:
        yield from leaves(value, (*path, key))


ODD_VALUES: list[Any] = [
    None, True, -1, 0, 2**63, -(2**62), 10**400, 1e300, -1e300, 9e18, float("nan"),
    float("inf"), "",
    "\x1b]0;x\x07", "x" * 100_000, "[red]", [], {}, [[]], {"a": 1},
]  # fmt: skip


def places(document: Any, turn: int) -> list[tuple[Any, ...]]:
    """Every place of a status; one that all cameras have is taken of one of them, in turn."""
    found = list(leaves(document))
    cameras = len(document["cameras"])
    common = Counter(path[2:] for path in found if path[0] == "cameras")
    turns = {name: (number + turn) % cameras for number, name in enumerate(common)}
    return [
        path
        for path in found
        if path[0] != "cameras" or common[path[2:]] < cameras or path[1] == turns[path[2:]]
    ]


@pytest.mark.parametrize("turn", range(len(ODD_VALUES)), ids=lambda at: repr(ODD_VALUES[at])[:20])
def test_any_value_in_any_place_is_a_screen_or_no_status(turn: int) -> None:
    whole = json.dumps(status_as_json(STATUS))
    console = Console(width=100, file=io.StringIO())
    for path in places(json.loads(whole), turn):
        document = json.loads(whole)
        parent = document
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = ODD_VALUES[turn]
        try:
            status = status_from_json(json.loads(json.dumps(document)))
        except NotAStatusError:
            continue
        rates = Rates()
        rates.take(status)
        console.print(render(aged(status, 1.0), rates, Language.EN, None))
        page = full_page(Shown(status, rates, Language.EN, "http://h"), Browsing(), 80, 24)
        assert all(line.cell_len <= 80 and "\n" not in line.plain for line in page.lines)


class Dripping:
    """A server that never ends its answer: it says the pieces in turn, for ever."""

    def __init__(self, first: bytes, again: bytes, pause_s: float = 0.05) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._over = threading.Event()
        self._pieces = (first, again, pause_s)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        first, again, pause_s = self._pieces
        with contextlib.suppress(OSError):
            connection, _ = self._socket.accept()
            with connection:
                connection.sendall(first)
                while not self._over.wait(pause_s):
                    connection.sendall(again)

    def end(self) -> None:
        self._over.set()
        self._socket.close()
        self._thread.join(5)


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"H", b""),
    ],
    ids=["a body", "chunks", "a body without a length", "a head", "a promise", "silence"],
)
def test_an_answer_that_never_ends_is_given_up(first: bytes, again: bytes) -> None:
    server = Dripping(first, again)
    try:
        client = Client(server.url, whole_s=0.5)
        begin = time.monotonic()
        for _ in range(2):  # the second look waits for the same answer, and asks nobody anew
            with pytest.raises(NoStatusError, match=r"no whole answer within 0\.5 s"):
                client.status()
        assert time.monotonic() - begin < 5
        assert sum(each.name == "top-ask" for each in threading.enumerate()) <= 1
    finally:
        server.end()
        for each in threading.enumerate():
            if each.name == "top-ask":
                each.join(10)


def test_an_answer_beyond_all_measure_is_given_up() -> None:
    server = Dripping(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 2**20, pause_s=0.0)
    try:
        with pytest.raises(NoStatusError, match="too long"):
            Client(server.url, whole_s=60).status()
    finally:
        server.end()


@pytest.mark.parametrize("url", ["ftp://h", "http://", "http://u:p@h", "file:///etc/passwd"])
def test_a_wrong_address_is_refused_at_once(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["top", "--url", url, "--once"]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("edge-video top: --url: ")
    assert "p@h" not in printed.out + printed.err


Once: TypeAlias = "Callable[..., tuple[int, str]]"


@pytest.fixture
def once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Once:
    """`top --once` in this process: its exit code, and what it printed."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setattr(command, "_RATE_S", 0.01)

    def run(url: str, *options: str) -> tuple[int, str]:
        code = main(["top", "--url", url, "--once", *options])
        printed = capsys.readouterr()
        assert printed.err == ""
        return code, printed.out

    return run


def test_once_prints_a_screen_and_its_exit_code_says_how_things_are(site: Site, once: Once) -> None:
    code, printed = once(site.url, "--token", TOKEN)
    assert code == 1
    assert any("CB_OPEN" in line and "yard" in line for line in printed.splitlines())
    assert TOKEN not in printed
    site.body = json.dumps(status_as_json(replace(STATUS, cameras=STATUS.cameras[:2]))).encode()
    code, printed = once(site.url, "--json")
    document = json.loads(printed)
    assert (code, document["kind"], document["verdict"]["is_good"]) == (0, "status", True)
    assert status_from_json(document["status"]).cameras[0].camera_id == "door"
    assert printed.count("\n") == 1
    site.code = 401
    code, printed = once(site.url)
    assert code == 3
    assert "it wants a token: --token, or the variable" in printed


def test_once_at_nobody_has_an_exit_code_of_its_own(once: Once) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    code, printed = once(nobody, "--json")
    document = json.loads(printed)
    assert (code, document["kind"], document["since_s"]) == (3, "lost", None)
    assert "refused" in document["reason"]
    code, printed = once(nobody)
    assert code == 3
    assert "NO CONNECTION" in printed


def test_trouble_of_the_delivery_is_trouble_though_every_camera_sends() -> None:
    good = replace(STATUS, cameras=STATUS.cameras[:2])
    away = PublisherStatus(PublisherState.WAITING, "amqp://b", reason="refused", down_for_s=3.0)
    session = TopSession(Client("http://h"), Language.EN)
    found = [session.is_good]
    for answer in (good, replace(good, publisher=away), good, NoStatusError("silence")):
        session.take(answer)
        found.append(session.is_good)
    assert found == [False, True, False, True, False]


def test_a_system_that_goes_away_and_comes_back_is_followed(tmp_path: Path) -> None:
    site = Site(status=STATUS)
    port = site.server_port
    words = ("--url", site.url, "--interval", "0.2")
    with Program(tmp_path, None, *words, command="top") as top:
        printed_when(top, "1 of 3 cameras OK", 1)
        site.end()
        printed_when(top, "NO CONNECTION", 1)
        before = sum("1 of 3" in line for line in top.printed)
        site = Site(port, status=STATUS)
        try:
            printed_when(top, "1 of 3 cameras OK", before + 1)
            assert top.stop(signal.SIGINT) == 0
        finally:
            site.end()


def printed_when(top: Program, words: str, count: int) -> None:
    found = wait_until(lambda: sum(words in line for line in list(top.printed)) >= count, 30)
    assert found, top.printed[-20:]


@pytest.mark.ffmpeg
def test_top_at_a_real_running_system(tmp_path: Path) -> None:
    port = free_port()
    config = {
        "sink": {"type": "directory", "path": str(tmp_path / "frames")},
        "http": {"listen": f"127.0.0.1:{port}"},
        "cameras": [{"id": "good", "url": "lavfi:testsrc2=size=160x120:rate=5", "fps": 5}],
    }
    with Program(tmp_path, config) as program:
        program.wait_for_log("Streaming")
        url = f"http://127.0.0.1:{port}"
        with Program(tmp_path, None, "--url", url, "--once", command="top") as top:
            assert top.wait() == 0
        assert program.stop() == 0
    assert any("good" in line and "OK" in line for line in top.printed), top.printed
