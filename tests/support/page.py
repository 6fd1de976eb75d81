"""The operator's page as she reads it, in a browser that Selenium drives."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING, Any

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from edge_video.testing import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

# The browser reports each refusal that a test provokes, and each attempt to reconnect.
_EXPECTED = re.compile(r"status of (401|429)|ERR_CONNECTION|ERR_INCOMPLETE_CHUNKED|/api/updates")


class Page:
    """What is on the page, and what she does with it."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        return self.find(selector).text

    def sees(self, selector: str) -> bool:
        return any(each.is_displayed() for each in self.all(selector))

    def click(self, selector: str) -> None:
        element = self.find(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def press(self, *keys: str) -> None:
        """The keys, wherever the focus is."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def shows(self, condition: Callable[[], object], timeout_s: float = 20.0) -> None:
        """Wait until it is so; an element that comes or is drawn anew is no answer yet."""

        def so() -> object:
            try:
                return condition()
            except (NoSuchElementException, StaleElementReferenceException):
                return False

        eventually(so, timeout_s)

    def tile(self, camera_id: str) -> str:
        return f'.tile[data-camera="{camera_id}"]'

    def row(self, camera_id: str) -> str:
        return f'.row[data-camera="{camera_id}"]'

    def tiles(self) -> list[str]:
        """The cameras that have a tile, in the order of the page."""
        names: list[str] = self.run(
            "return [...document.querySelectorAll('.tile')].map((each) => each.dataset.camera)"
        )
        return names

    def grids(self) -> list[list[list[int]]]:
        """Left, top, width and height of each tile, by groups."""
        boxes: list[list[list[int]]] = self.run(
            """
            return [...document.querySelectorAll('.grid')].map((grid) =>
              [...grid.children].map((tile) => {
                const box = tile.getBoundingClientRect();
                return [box.left, box.top, box.width, box.height].map(Math.round);
              }));
            """
        )
        return boxes

    def rows(self) -> list[str]:
        """The cameras that need attention, in the order of the page."""
        names: list[str] = self.run(
            "return [...document.querySelectorAll('.row')].map((each) => each.dataset.camera)"
        )
        return names

    def pictures(self) -> dict[str, str]:
        """Camera → where its picture is, for those that show one."""
        found: dict[str, str] = self.run(
            "return Object.fromEntries([...document.querySelectorAll('.tile')]"
            ".map((tile) => [tile.dataset.camera, tile.querySelector('img')])"
            ".filter(([_, image]) => !image.hidden).map(([name, image]) => [name, image.src]))"
        )
        return found

    def names_by_tab(self, presses: int) -> list[str]:
        """The names of what the Tab key reaches, in order; nothing that it reaches is nameless."""
        names = []
        for _ in range(presses):
            self.press(Keys.TAB)
            element = self.driver.switch_to.active_element
            if element.tag_name == "body":
                continue  # once around: the next one is the first
            name = element.accessible_name
            assert name, element.get_attribute("outerHTML")
            names.append(name)
        return names

    def run(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def complaints(self) -> list[str]:
        """What the browser found wrong with the page itself."""
        log: list[dict[str, str]] = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        severe = [line["message"] for line in log if line["level"] == "SEVERE"]
        return [message for message in severe if not _EXPECTED.search(message)]

    def accessibility_problems(self) -> list[str]:
        """What axe finds wrong with what is on the page now, by WCAG 2.1 AA and good practice."""
        if not self.run("return 'axe' in window"):
            self.run((resources.files("axe_core_python") / "axe.min.js").read_text("utf-8"))
        found = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {resultTypes: ['violations']}).then((result) => done("
            "result.violations.flatMap((each) => each.nodes.map("
            "(node) => `${each.id}: ${node.html} ${node.failureSummary}`))))"
        )
        return [str(each) for each in found]
