"""The operator's page in a real browser: what she sees, and what her clicks do.

`SCREENSHOTS=docs/screenshots pytest tests/end_to_end/test_page.py` keeps the pictures.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from edge_video.delivery.sink import SinkLost
from edge_video.http import page as page_module
from edge_video.http.hub import Hub
from edge_video.testing import eventually
from tests.support.browser import browser, look_like, required, screenshot
from tests.support.painted_system import PASSWORD, TOKEN, ConfirmingSink, PaintedSystem
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

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


class Page:
    """The page as she reads it."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def tile(self, camera_id: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, f'.tile[data-camera="{camera_id}"]')

    def text(self, selector: str, camera_id: str | None = None) -> str:
        within = self.driver if camera_id is None else self.tile(camera_id)
        return within.find_element(By.CSS_SELECTOR, selector).text

    def click(self, selector: str, camera_id: str | None = None) -> None:
        within = self.driver if camera_id is None else self.tile(camera_id)
        element = within.find_element(By.CSS_SELECTOR, selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def shows(self, condition: Callable[[], object], timeout_s: float = 20.0) -> None:
        """Wait until it is so; an element that is being drawn anew is no answer yet."""

        def so() -> object:
            try:
                return condition()
            except StaleElementReferenceException:
                return False

        eventually(so, timeout_s)

    def countdown_s(self, camera_id: str) -> int:
        words = self.text(".doing", camera_id)
        found = re.search(r"(?:(\d+)m)?(\d+)s", words)
        assert found, words
        return 60 * int(found[1] or 0) + int(found[2])

    def visible_tiles(self) -> list[str]:
        tiles = self.driver.find_elements(By.CSS_SELECTOR, ".tile")
        return [str(tile.get_attribute("data-camera")) for tile in tiles if tile.is_displayed()]

    def pictures(self) -> dict[str, str]:
        """Camera → where its picture is, for those that show one."""
        images = self.driver.find_elements(By.CSS_SELECTOR, ".tile img:not([hidden])")
        return {
            str(image.get_attribute("alt")): str(image.get_attribute("src")) for image in images
        }

    def keep(self, name: str, width: int, height: int, scheme: str = "light") -> None:
        """A screenshot, where they are wanted."""
        folder = os.environ.get("SCREENSHOTS")
        if folder is not None:
            look_like(self.driver, width, height, scheme)
            time.sleep(2.5)  # for the eye: pictures of what is in view now
            screenshot(self.driver, Path(folder), name)

    def complaints(self) -> list[str]:
        """What the browser found wrong with the page itself."""
        log: list[dict[str, str]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        severe = [line["message"] for line in log if line["level"] == "SEVERE"]
        # The browser reports each refusal that we provoke, and each attempt to reconnect.
        expected = re.compile(
            r"status of (401|429)|ERR_CONNECTION|ERR_INCOMPLETE_CHUNKED|/api/updates"
        )
        return [message for message in severe if not expected.search(message)]


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
        look_like(driver, 1280, 800)
        driver.get(url)
        which_camera_is_wrong(page)
        pictures_are_live_and_states_have_shapes(page)
        page.keep("desktop", 1280, 800)
        retry_needs_the_token(page, url)
        stopping_asks_first(page)
        filters_and_sorts(page)
        both_languages(page)
        the_keyboard_reaches_everything(page)
        page.keep("phone-dark", 390, 844, "dark")
        look_like(driver, 1280, 800)
        assert page.complaints() == []
        assert PASSWORD not in driver.page_source
        assert TOKEN not in driver.page_source
        program.stop()
        page.shows(lambda: "Connection to edge-video lost" in page.text("#banner"))
        page.keep("lost", 1280, 800)
    report = program.report()
    assert report["accounting"] == {"balanced": True, "problems": []}
    assert PASSWORD not in program.output


def which_camera_is_wrong(page: Page) -> None:
    page.shows(lambda: len(page.visible_tiles()) == 4)
    page.shows(lambda: "1 of 4 cameras need attention" in page.text("#verdict"), 30)
    assert page.visible_tiles()[0] == "broken"  # trouble comes first
    assert page.text(".word", "broken") == "failed, waiting"
    assert page.text("strong.why", "broken") == "connection refused"
    assert "Connection refused" in page.text(".evidence", "broken")
    assert page.text(".since", "broken").startswith("for ")
    assert "tries it again in" in page.text(".doing", "broken")
    first_s = page.countdown_s("broken")
    page.shows(lambda: page.countdown_s("broken") <= first_s - 2)
    page.shows(lambda: "Breaker opened: connection refused" in page.text("#timeline-entries"))
    assert "CONNECTED" in page.text("#publisher")
    page.shows(lambda: "FFmpeg (3)" in page.text("#machine"))


def pictures_are_live_and_states_have_shapes(page: Page) -> None:
    page.shows(
        lambda: {"Newest picture of pattern", "Newest picture of bars"} <= set(page.pictures())
    )
    before = page.pictures()["Newest picture of pattern"]
    page.shows(lambda: page.pictures()["Newest picture of pattern"] != before)
    assert "Newest picture of broken" not in page.pictures()
    page.shows(lambda: re.fullmatch(r"1[0-9]\.\d of 15 fps", page.text(".fps", "pattern")), 30)
    for camera, word in (("broken", "CB_OPEN"), ("pattern", "OK")):
        use = page.tile(camera).find_element(By.CSS_SELECTOR, ".badge use")
        assert use.get_attribute("href") == f"#shape-{word}"
    points = page.tile("pattern").find_element(By.CSS_SELECTOR, ".spark polyline")
    page.shows(lambda: len(str(points.get_attribute("points")).split()) >= 2)


def retry_needs_the_token(page: Page, url: str) -> None:
    def attempts() -> int:
        count: int = httpx.get(f"{url}api/cameras/broken", trust_env=False).json()["attempts"]
        return count

    before = attempts()
    page.click('[data-action="retry"]', "broken")
    page.shows(lambda: page.driver.find_element(By.ID, "login-dialog").is_displayed())
    token = page.driver.find_element(By.ID, "token")
    token.send_keys("not-the-token", Keys.ENTER)
    page.shows(lambda: page.text("#token-wrong") == "This is not the token.")
    assert attempts() == before
    token.clear()
    token.send_keys(TOKEN, Keys.ENTER)
    page.shows(lambda: "broken: Retry now: done" in page.text("#toast"))
    page.shows(lambda: attempts() == before + 1)
    page.shows(lambda: "Still failing: connection refused" in page.text("#timeline-entries"))
    page.shows(lambda: page.countdown_s("broken") > 60)  # the wait grew
    assert page.text("#login") == "Log out"


def stopping_asks_first(page: Page) -> None:
    page.click("summary", "life")
    assert "lavfi:life" in page.text(".more", "life")
    page.click('[data-action="stop"]', "life")
    page.shows(lambda: page.driver.find_element(By.ID, "sure-dialog").is_displayed())
    page.click("#sure-no")
    assert page.text(".word", "life") == "streaming"
    page.click('[data-action="stop"]', "life")
    page.click("#sure-yes")
    page.shows(lambda: page.text(".word", "life") == "stopped")
    page.click('[data-action="start"]', "life")
    page.shows(lambda: page.text(".word", "life") == "streaming")


def filters_and_sorts(page: Page) -> None:
    page.click("#only-trouble")
    page.shows(lambda: page.visible_tiles() == ["broken"])
    page.click("#only-trouble")
    box = page.driver.find_element(By.ID, "filter")
    box.send_keys("BAR")
    page.shows(lambda: page.visible_tiles() == ["bars"])
    box.send_keys("x")
    page.shows(lambda: page.driver.find_element(By.ID, "nothing").is_displayed())
    box.send_keys(Keys.BACKSPACE * 4)
    Select(page.driver.find_element(By.ID, "sort")).select_by_value("name")
    page.shows(lambda: page.visible_tiles() == ["bars", "broken", "life", "pattern"])
    Select(page.driver.find_element(By.ID, "sort")).select_by_value("trouble")
    page.shows(lambda: page.visible_tiles()[0] == "broken")


def both_languages(page: Page) -> None:
    Select(page.driver.find_element(By.ID, "language")).select_by_value("pt-BR")
    page.shows(lambda: "1 de 4 câmeras precisam de atenção" in page.text("#verdict"))
    assert page.text("strong.why", "broken") == "conexão recusada"
    page.driver.refresh()
    page.shows(lambda: "1 de 4 câmeras precisam de atenção" in page.text("#verdict"))
    page.keep("pt-BR", 1280, 800)
    Select(page.driver.find_element(By.ID, "language")).select_by_value("en")
    page.shows(lambda: "1 of 4 cameras need attention" in page.text("#verdict"))


def the_keyboard_reaches_everything(page: Page) -> None:
    page.driver.execute_script("document.activeElement.blur(); window.focus()")
    reached = set()
    for _ in range(50):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        element = page.driver.switch_to.active_element
        if element.tag_name == "body":
            continue  # once around: the next one is the first
        name = element.accessible_name
        assert name, element.get_attribute("outerHTML")
        reached.add(name)
    assert {"Skip to the cameras", "Filter by name", "Retry now: broken"} <= reached


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
        page.shows(lambda: len(page.visible_tiles()) == 60, 40)
        page.shows(lambda: "4 of 60 cameras need attention" in page.text("#verdict"), 40)
        page.shows(
            lambda: (
                set(page.visible_tiles()[:4])
                == {"broken-gate", "locked-office", "gone-yard", "broken-till"}
            )
        )
        page.shows(lambda: len(page.pictures()) >= 4, 40)
        page.keep("sixty", 1500, 900)
        assert len(page.pictures()) < 45
        assert 0 < painted.outbox.pictures.forget_unwatched() < 45
        page.keep("sixty-phone", 390, 844)
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
        page.shows(lambda: driver.find_element(By.ID, "login-dialog").is_displayed())
        assert page.visible_tiles() == []
        assert page.text("#login-title") == "Entrar"  # the browser's own language
        token = driver.find_element(By.ID, "token")
        token.send_keys("not-the-token", Keys.ENTER)
        page.shows(lambda: page.text("#token-wrong") == "Este não é o token.")
        assert hubs[0].viewers == 0
        token.clear()
        token.send_keys(TOKEN, Keys.ENTER)
        # A stream that runs and gives nothing is trouble, too, after five seconds.
        page.shows(lambda: page.visible_tiles() == ["gone-yard", "silent1", "cam1"])
        page.shows(lambda: page.text("strong.why", "silent1").startswith("nenhum frame há "))
        assert page.text(".word", "silent1") == "sem frames"
        page.shows(lambda: "Imagem mais recente de cam1" in page.pictures())
        driver.refresh()
        page.shows(
            lambda: page.visible_tiles() == ["gone-yard", "silent1", "cam1"]
        )  # the cookie opens
        page.click("#login")
        page.shows(lambda: driver.find_element(By.ID, "login-dialog").is_displayed())
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
            lambda: page.text("#verdict") == "Frames are not delivered · All 2 cameras stream"
        )
        assert "the broker did not answer in time" in page.text("#publisher")
        colour = driver.find_element(By.ID, "publisher").get_attribute("data-state")
        assert colour == "bad"


def recorded_hubs(monkeypatch: pytest.MonkeyPatch) -> list[Hub]:
    """The hubs that are made from now on; each knows how many tabs get updates."""
    made: list[Hub] = []

    class RecordedHub(Hub):
        def __init__(self, render: Callable[[], bytes], max_viewers: int) -> None:
            super().__init__(render, max_viewers)
            made.append(self)

    monkeypatch.setattr(page_module, "Hub", RecordedHub)
    return made
