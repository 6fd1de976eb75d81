"""The page where the configuration changes: what a reload would do, and what became of one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.support.ui import Select

from tests.support.browser import browser, look_like
from tests.support.page import Page
from tests.support.scripted_page import ScriptedPage, camera

if TYPE_CHECKING:
    from collections.abc import Iterator

DIFFERS = {"file_differs": True, "refused": None}


@pytest.fixture(scope="module")
def opened() -> Iterator[tuple[ScriptedPage, Page]]:
    with ScriptedPage() as server, browser() as driver:
        yield server, Page(driver)


@pytest.fixture
def server(opened: tuple[ScriptedPage, Page]) -> ScriptedPage:
    server, _ = opened
    server.session = {"read": True, "act": True, "actions": True}
    server.answers, server.asked = {}, []
    server.show(camera("door"), camera("till"))
    return server


@pytest.fixture
def page(opened: tuple[ScriptedPage, Page], server: ScriptedPage) -> Iterator[Page]:
    """Afterwards the browser must not have complained: of a refused style or script, say."""
    _, page = opened
    look_like(page.driver, 1280, 800)
    page.driver.get(server.url)
    page.shows(lambda: len(page.tiles()) == 2)
    yield page
    page.driver.get("about:blank")
    server.hang_up()
    assert [each for each in page.complaints() if "status of 422" not in each] == []


def test_files_that_differ_are_said_with_their_plan_and_are_reloaded(
    page: Page, server: ScriptedPage
) -> None:
    assert not page.sees("#reload")
    server.show(camera("door"), camera("till"), config=DIFFERS)
    page.shows(lambda: page.sees("#reload"))
    assert page.text("#reload-what") == "The configuration on disk differs from what runs."
    plan = {"add": ["gate", "yard"], "restart": ["door"], "live": ["buffer"], "keys": ["buffer"]}
    server.answers["plan"] = {"result": "planned", "plan": plan}
    page.click("#reload-plan")
    page.shows(lambda: "Cameras added" in page.text("#reload-answer"))
    assert "gate, yard" in page.text("#reload-answer")
    assert "Cameras that start anew\ndoor" in page.text("#reload-answer")
    assert "Cameras removed" not in page.text("#reload-answer")
    assert page.accessibility_problems() == []
    assert server.asked.count("reload") == 0  # a plan changes nothing
    server.answers["reload"] = {"result": "done", "plan": plan}
    page.click("#reload-do")
    page.shows(lambda: page.text("#toast") == "The configuration on disk runs now")
    server.show(camera("door"), camera("till"))
    page.shows(lambda: not page.sees("#reload"))


def test_a_refused_reload_shows_all_of_its_errors_until_it_is_hidden(
    page: Page, server: ScriptedPage
) -> None:
    errors = [f"config.yaml:{line}: cameras[{line}].url: it is missing" for line in range(3)]
    at_ms = int(time.time() * 1000) - 60_000
    refused = {"at_ms": at_ms, "reason": "invalid", "details": errors, "origin": "SIGHUP"}
    server.show(camera("door"), camera("till"), config={"file_differs": False, "refused": refused})
    page.shows(lambda: page.sees("#reload"))
    assert page.text("#reload-refused").startswith("The last reload was refused")
    assert [each.text for each in page.all("#reload-answer li")] == errors
    assert ", by SIGHUP: it has errors" in page.text("#reload-answer p")
    assert not page.sees("#reload-do")
    Select(page.find("#language")).select_by_value("pt-BR")
    page.shows(lambda: page.text("#reload-refused").startswith("A última recarga foi recusada"))
    look_like(page.driver, 320, 700)
    assert page.run("return document.documentElement.scrollWidth") <= 320
    assert page.accessibility_problems() == []
    page.run("localStorage.clear()")
    page.click("#reload-hide")
    page.shows(lambda: not page.sees("#reload"))
    server.answers["reload"] = {"result": "refused", "reason": "needs_restart", "details": ["node"]}
    server.show(camera("door"), camera("till"), config=DIFFERS)
    page.shows(lambda: page.sees("#reload-do"))
    page.click("#reload-do")
    page.shows(lambda: page.text("#toast").startswith("A recarga foi recusada: é preciso"))
    assert [each.text for each in page.all("#reload-answer li")] == ["node"]
