"""The operator's page with a running system: what she sees, and what her clicks do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest
from selenium.webdriver.common.keys import Keys

from edge_video.delivery.sink import SinkLost
from edge_video.http import page as page_module
from edge_video.http.hub import Hub
from edge_video.testing import eventually
from tests.support.browser import browser, look_like, required
from tests.support.page import Page
from tests.support.painted_system import PASSWORD, TOKEN, ConfirmingSink, PaintedSystem
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DEMO: dict[str, Any] = {
    "sink": {"type": "directory", "path": "frames", "keep": 5},
    "http": {"listen": "127.0.0.1:0", "token": TOKEN},
    "node": "shop-7",
    "language": "en",
    "circuit_breaker": {
        "max_failures": 3,
        "reset_timeout": "60s",
        "initial_backoff": "10s",
        "jitter": 0,
    },
    "cameras": [
        {"id": "pattern", "url": "lavfi:testsrc2=size=640x360:rate=15"},
        {"id": "bars", "url": "lavfi:smptehdbars=size=640x360:rate=15,scroll=horizontal=0.005"},
        {"id": "life", "url": "lavfi:life=size=160x90:rate=15:mold=10:ratio=0.1:seed=7,"
         "scale=640:360:flags=neighbor"},
        {"id": "broken", "url": f"rtsp://demo:{PASSWORD}@127.0.0.1:9/stream"},
    ],
}  # fmt: skip


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[Program, str]]:
    required("chromium", "chromedriver")
    with Program(tmp_path, DEMO, "--report-file", "final.json") as program:
        line = program.wait_for_log("Page, probes, metrics and API at")
        program.wait_for_log("CLOSED → OPEN")
        yield program, line.rpartition(" ")[2]


@pytest.mark.ffmpeg
def test_she_sees_which_camera_is_wrong_since_when_and_why_and_retries_it(
    demo: tuple[Program, str],
) -> None:
    program, url = demo
    with browser() as driver:
        page = Page(driver)
        driver.get(url)
        which_camera_is_wrong(page)
        pictures_are_live(page)
        retry_needs_the_token_and_tells_its_outcome(page, url)
        a_paused_camera_is_resumed(page)
        assert page.complaints() == []
        assert PASSWORD not in driver.page_source
        assert TOKEN not in driver.page_source
        program.stop()
        page.shows(lambda: page.text("#verdict") == "No connection to edge-video")
    report = program.report()
    assert report["accounting"] == {"balanced": True, "problems": []}
    assert PASSWORD not in program.output


def which_camera_is_wrong(page: Page) -> None:
    # On a busy machine those that stream may be slow for a while.
    page.shows(lambda: "1 in trouble" in page.text("#verdict"), 30)
    assert page.rows() == ["broken"]
    row = page.row("broken")
    assert page.text(f"{row} .state") == "failed, waiting"
    assert page.text(f"{row} .why") == "connection refused"
    evidence = page.find(f"{row} .evidence").get_attribute("title")
    assert "Connection refused" in str(evidence)
    assert page.text(f"{row} .since").startswith("for ")
    first_s = countdown_s(page)
    page.shows(lambda: countdown_s(page) <= first_s - 2)
    page.shows(lambda: "Stopped trying: connection refused" in page.text("#timeline-entries"))
    assert "Storing in a folder" in page.text("#delivery")
    page.shows(lambda: "3× FFmpeg" in page.text("#machine"))


def countdown_s(page: Page) -> int:
    found = re.search(r"(?:(\d+)m)?(?:(\d+)s)?$", page.text(f"{page.row('broken')} .next"))
    assert found
    return 60 * int(found[1] or 0) + int(found[2] or 0)


def pictures_are_live(page: Page) -> None:
    page.shows(lambda: {"pattern", "bars"} <= set(page.pictures()))
    before = page.pictures()["pattern"]
    page.shows(lambda: page.pictures()["pattern"] != before)
    assert "broken" not in page.pictures()
    line = f"{page.tile('pattern')} .line"
    page.shows(lambda: re.fullmatch(r"1[0-9]\.\d of 15 fps", page.text(line)), 30)


def retry_needs_the_token_and_tells_its_outcome(page: Page, url: str) -> None:
    def attempts() -> int:
        count: int = httpx.get(f"{url}api/cameras/broken", trust_env=False).json()["attempts"]
        return count

    before = attempts()
    page.click(f"{page.row('broken')} [data-action=retry]")
    page.shows(lambda: page.sees("#login-dialog"))
    token = page.find("#dialog-token")
    token.send_keys("not-the-token", Keys.ENTER)
    page.shows(lambda: page.text("#dialog-wrong") == "Wrong token.")
    assert attempts() == before
    token.clear()
    token.send_keys(TOKEN, Keys.ENTER)
    page.shows(
        lambda: re.fullmatch(
            r"broken: still connection refused, next try in 1m\d+s", page.text("#toast")
        )
    )
    assert attempts() == before + 1
    page.shows(lambda: "Still failing: connection refused" in page.text("#timeline-entries"))
    page.shows(lambda: countdown_s(page) > 60)  # the wait grew
    assert page.text("#login") == "Log out"


def a_paused_camera_is_resumed(page: Page) -> None:
    page.click(f"{page.tile('life')} .open")
    page.shows(lambda: page.sees("#camera-screen img"))
    assert "lavfi:life" in page.text("#camera-details")
    page.click("#camera-buttons [data-action=pause]")
    page.click("#sure-yes")
    page.shows(lambda: page.text("#camera-word") == "paused")
    page.press(Keys.ESCAPE)
    page.shows(lambda: page.text("#verdict") == "2 of 4 stream · 1 in trouble · 1 paused")
    page.click(f"{page.tile('life')} [data-action=resume]")
    page.shows(lambda: page.text("#verdict") == "3 of 4 stream · 1 in trouble")
    page.click(f"{page.tile('life')} .open")
    page.shows(lambda: "A pause was asked for" in page.text("#camera-entries"))
    page.press(Keys.ESCAPE)


def test_sixty_cameras_are_still_a_page_and_only_what_is_in_view_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("edge_video.http.status_store.PICTURE_LEASE_S", 4.0)
    monkeypatch.setattr("edge_video.http.camera_history.PICTURE_LEASE_S", 4.0)
    hubs = recorded_hubs(monkeypatch)
    names = [f"cam-{number:02}" for number in range(56)]
    names[9:9] = ["broken-gate", "locked-office"]
    names[30:30] = ["gone-yard", "broken-till"]
    with PaintedSystem(*names, fps=3).start() as painted, browser() as driver:
        page = Page(driver)
        look_like(driver, 1500, 900)
        driver.get(painted.url)
        page.shows(lambda: len(page.tiles()) == 60, 40)
        page.shows(lambda: page.text("#verdict") == "56 of 60 stream · 4 in trouble", 40)
        broken = {"broken-gate", "locked-office", "gone-yard", "broken-till"}
        page.shows(lambda: set(page.rows()) == broken)
        page.shows(lambda: len(page.pictures()) >= 4, 40)
        assert len(page.pictures()) < 45
        assert 0 < painted.outbox.pictures.forget_unwatched() < 45
        assert page.complaints() == []
        assert hubs[0].viewers == 1
        # The tab is killed: nobody looks any more, and soon no picture is kept.
        for child in psutil.Process(driver.service.process.pid).children(recursive=True):
            child.kill()
        eventually(lambda: hubs[0].viewers == 0, 30)
        eventually(lambda: painted.outbox.pictures.forget_unwatched() == 0, 40)
        status = painted.system.status()
        assert status.totals.imbalance() is None
        assert status.totals.dropped == 0


def test_a_stranger_sees_a_form_for_the_token_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hubs = recorded_hubs(monkeypatch)
    http = {"listen": "0.0.0.0:0", "token": TOKEN}
    with (
        PaintedSystem("cam1", "gone-yard", "silent1", http=http).start() as painted,
        browser("pt-BR") as driver,
    ):
        page = Page(driver)
        driver.get(painted.url.replace("0.0.0.0", "127.0.0.1"))
        # The browser's own language.
        page.shows(lambda: page.text("#verdict") == "Entre para ver as câmeras")
        assert page.tiles() == []
        token = page.find("#welcome-token")
        token.send_keys("not-the-token", Keys.ENTER)
        page.shows(lambda: "Token incorreto." in page.text("#welcome-wrong"))
        assert hubs[0].viewers == 0
        token.clear()
        token.send_keys(TOKEN, Keys.ENTER)
        # A stream that runs and gives nothing is trouble, too, after five seconds.
        page.shows(lambda: set(page.rows()) == {"gone-yard", "silent1"})
        why = f"{page.row('silent1')} .why"
        page.shows(lambda: page.text(why).startswith("nenhum frame há "))
        page.shows(lambda: "cam1" in page.pictures())
        driver.refresh()
        page.shows(lambda: page.tiles() == ["cam1", "gone-yard", "silent1"])  # the cookie opens
        page.click("#login")
        page.shows(lambda: page.sees("#welcome"))
        page.shows(lambda: hubs[0].viewers == 0)
        assert page.complaints() == []


def test_a_broker_that_keeps_the_publisher_waiting_for_an_answer_is_said_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attempts: list[ConfirmingSink] = []

    def open_(sink: ConfirmingSink) -> None:
        attempts.append(sink)
        if len(attempts) == 1:
            sink.listener(SinkLost("the broker did not answer in time"))

    monkeypatch.setattr(ConfirmingSink, "open", open_)
    with PaintedSystem("cam1", "cam2").start() as painted, browser() as driver:
        painted.wait_for(
            lambda status: (
                status["publisher"]["state"] == "connecting"
                and status["publisher"]["failed_attempts"]
            )
        )
        page = Page(driver)
        driver.get(painted.url)
        page.shows(
            lambda: page.text("#verdict") == "Nothing reaches RabbitMQ · All 2 cameras stream"
        )
        assert "the broker did not answer in time" in page.text("#delivery")
        assert page.find("#delivery").get_attribute("data-tone") == "bad"


def recorded_hubs(monkeypatch: pytest.MonkeyPatch) -> list[Hub]:
    """The hubs that are made from now on; each knows how many tabs get updates."""
    made: list[Hub] = []

    class RecordedHub(Hub):
        def __init__(self, render: Callable[[], bytes], max_viewers: int) -> None:
            super().__init__(render, max_viewers)
            made.append(self)

    monkeypatch.setattr(page_module, "Hub", RecordedHub)
    return made
