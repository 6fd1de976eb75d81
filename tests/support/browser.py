"""Debian's Chromium, driven by Selenium: the page as an operator's browser shows it."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from selenium.webdriver import Chrome, ChromeOptions, ChromeService

from tests.support.rtsp import require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)


def required(*programs: str) -> None:
    """Skip the test with a loud reason, or fail it in CI, where a program is missing."""
    for program in programs:
        require(shutil.which(program), f"{program} (scripts/install-system-packages.sh)")


@contextmanager
def browser(language: str = "en", width: int = 1280, height: int = 800) -> Iterator[Chrome]:
    """A fresh Chromium with a profile of its own; it and its driver are gone afterwards."""
    required("chromium", "chromedriver")
    with tempfile.TemporaryDirectory(prefix="edge-video-chromium-") as profile:
        options = ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for flag in (*_FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
            options.add_argument(flag)
        options.add_experimental_option("prefs", {"intl.accept_languages": language})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = Chrome(options=options, service=ChromeService(str(shutil.which("chromedriver"))))
        try:
            driver.set_page_load_timeout(30)
            driver.set_script_timeout(30)
            yield driver
        finally:
            driver.quit()


def look_like(driver: Chrome, width: int, height: int, scheme: str = "light") -> None:
    """The size of the window and the colour scheme."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )


def screenshot(driver: Chrome, folder: Path, name: str) -> Path:
    """What is seen, as a PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    assert driver.save_screenshot(str(path))
    return path
