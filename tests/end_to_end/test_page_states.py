"""The page in every state that an operator may meet; one browser and a status that tests write."""

from __future__ import annotations

import itertools
import re
import time
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from edge_video.runtime.version import version
from tests.support.browser import browser, look_like
from tests.support.page import Page
from tests.support.scripted_page import (
    REFUSED,
    TOKEN,
    ScriptedPage,
    camera,
    entry,
    many,
    outage,
    publisher,
    visit,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SIX = ("door", "till", "aisle", "stock", "parking", "yard")


@pytest.fixture(scope="module")
def opened() -> Iterator[tuple[ScriptedPage, Page]]:
    with ScriptedPage() as server, browser() as driver:
        yield server, Page(driver)


@pytest.fixture
def server(opened: tuple[ScriptedPage, Page]) -> ScriptedPage:
    server, _ = opened
    server.begin_anew()
    return server


@pytest.fixture
def page(opened: tuple[ScriptedPage, Page], server: ScriptedPage) -> Iterator[Page]:
    """Afterwards the browser must not have complained: of a refused style or script, say."""
    _, page = opened
    look_like(page.driver, 1280, 800)
    yield page
    page.driver.get("about:blank")
    server.hang_up()
    assert page.complaints() == []
    assert server.frozen is False


# --- the verdict ------------------------------------------------------------------------------


def test_a_lost_connection_turns_verdict_title_and_icon_and_stops_countdowns(
    page: Page, server: ScriptedPage
) -> None:
    server.show(*map(camera, SIX[1:]), camera("door", "CB_OPEN", **REFUSED, retry_in_s=50))
    visit(page, server)
    assert page.driver.title == "✗ 5 of 6 stream · 1 in trouble · shop-7"
    server.show(*map(camera, SIX))
    page.shows(lambda: page.driver.title == "✓ All 6 cameras stream · shop-7")
    assert page.find("#icon").get_attribute("data-name") == "ok"
    server.show(*map(camera, SIX[1:]), camera("door", "CB_OPEN", **REFUSED, retry_in_s=50))
    page.shows(lambda: page.text(f"{page.row('door')} .next") == "tries in 50s")
    server.frozen = True
    page.shows(lambda: page.driver.title == "✗ No connection to edge-video · shop-7", 12)
    assert page.text("h1") == "No connection to edge-video"
    assert page.find("body").get_attribute("data-tone") == "unknown"
    assert page.find("#icon").get_attribute("data-name") == "unknown"
    assert page.text("#verdict-detail").startswith("What you see is from ")
    signs = page.run(
        "return [...document.querySelectorAll('.tile use, #delivery use')]"
        ".map((each) => each.getAttribute('href'))"
    )
    assert set(signs) == {"#shape-UNKNOWN"}  # nothing says that it is well
    assert page.accessibility_problems() == []
    before = page.text("#main")
    time.sleep(1.1)  # a countdown would show it
    assert page.text("#main") == before
    server.frozen = False
    page.shows(lambda: page.driver.title.startswith("✗ 5 of 6 stream"))


def test_stopped_and_paused_cameras_are_in_the_verdict_and_start_is_in_view(
    page: Page, server: ScriptedPage
) -> None:
    resting = camera("aisle", "CB_OPEN", paused=True), camera("stock", "DISABLED")
    server.show(camera("door"), camera("till", "STOPPED"), *resting)
    visit(page, server)
    assert page.text("h1") == "1 of 4 streams · 1 paused · 1 stopped · 1 disabled"
    assert not page.driver.title.startswith("✓")
    assert page.text(f"{page.tile('aisle')} .line").startswith("paused · for ")
    assert page.rows() == []  # nobody needs to do anything about them
    page.click(f"{page.tile('till')} [data-action=start]")
    page.click(f"{page.tile('aisle')} [data-action=resume]")
    page.shows(lambda: {"cameras/till/start", "cameras/aisle/resume"} <= set(server.asked))


def test_a_camera_that_its_schedule_closes_is_no_trouble_and_says_when_it_opens(
    page: Page, server: ScriptedPage
) -> None:
    server.show(camera("door", "OFF_SCHEDULE"), camera("till"), camera("van", "OFF_EXPECTED"))
    visit(page, server)
    assert page.text("h1") == "1 of 3 streams · 1 closed by schedule or profile · 1 off (expected)"
    assert page.text(f"{page.tile('van')} .line").startswith("off (expected) since ")
    assert page.driver.title.startswith("✓")
    assert page.text(f"{page.tile('door')} .line") == "closed until Fri 07:00"
    assert page.rows() == []
    page.click(f"{page.tile('door')} .open")
    page.shows(lambda: page.text("#camera-word") == "closed")
    assert page.text("#camera-doing") == "Rests by its schedule until Fri 07:00."
    visit(page, server, "#camera=van")
    page.shows(lambda: page.text("#camera-word") == "off (expected)")


def test_the_word_of_a_state_has_its_own_since(page: Page, server: ScriptedPage) -> None:
    now_ms = int(time.time() * 1000)
    stalled = camera("door", "WARN", last_frame_ago_s=7.0, for_s=327, word_since_ms=now_ms - 2000)
    failed = camera("till", "CB_OPEN", **REFUSED, for_s=7200, word_since_ms=now_ms - 3000)
    server.show(stalled, failed, camera("yard"))
    visit(page, server)
    assert page.text(f"{page.row('door')} .why").startswith("no frame for ")
    assert page.text(f"{page.row('door')} .since") in ("for 2s", "for 3s", "for 4s")
    assert page.text(f"{page.row('till')} .since") == "for 2h"  # not since the latest of its tries


def test_numbers_and_plurals_are_those_of_the_language(page: Page, server: ScriptedPage) -> None:
    server.show(
        camera("a.door", fps=12.5), camera("b.door", "STOPPED"), camera("c", health="slow", fps=4.2)
    )
    visit(page, server)
    Select(page.find("#language")).select_by_value("pt-BR")
    page.shows(lambda: page.text("h1") == "2 de 3 transmitem · 1 lenta · 1 parada")
    assert "12,5 de 15 fps" in page.text(page.tile("a.door"))
    assert page.text("#trouble-title") == "1 câmera precisa de atenção"
    assert "1.482.113 frames entregues" in page.text("#delivery")
    server.show(camera("door"), camera("till"))
    page.shows(lambda: page.text("h1") == "Todas as 2 câmeras transmitem")
    server.show(camera("door"))
    page.shows(lambda: page.text("h1") == "A câmera transmite")
    Select(page.find("#language")).select_by_value("en")
    page.shows(lambda: page.text("h1") == "The camera streams")


# --- delivery ---------------------------------------------------------------------------------


def test_a_lost_broker_is_said_first_with_its_cost_and_can_be_retried(
    page: Page, server: ScriptedPage
) -> None:
    lost = publisher(
        state="waiting", reason="connection refused", down_for_s=134, retry_in_s=42,
        can_retry=True, outages=[outage(134, dropped=856)],
    )  # fmt: skip
    server.show(*map(camera, SIX), delivery="lost", publisher=lost)
    visit(page, server)
    assert page.text("h1") == "Nothing reaches RabbitMQ · All 6 cameras stream"
    assert page.driver.title.startswith("✗")
    assert "For 2m1" in page.text("#delivery-trouble")
    assert "856 frames lost" in page.text("#delivery-trouble")
    server.answers["retry"] = {
        "result": "done",
        "outcome": "failed",
        "detail": "connection refused",
        "retry_in_s": 16,
    }
    page.click("#delivery-retry")
    page.shows(lambda: page.text("#toast") == "RabbitMQ: still connection refused, next try in 16s")
    assert server.asked.count("publisher/retry") == 1
    folder = publisher(target="frames", is_broker=False)
    server.show(*map(camera, SIX), publisher=folder)
    page.shows(lambda: page.text("#delivery").startswith("Storing in a folder frames"))
    assert "in flight" not in page.text("#main")


def test_the_end_of_trouble_tells_how_long_it_was_and_what_it_cost(
    page: Page, server: ScriptedPage
) -> None:
    server.entries = [
        entry("publisher_connected", "publisher", ago_s=60, lasted_s=44, dropped=856),
        entry("breaker_closed", "door", ago_s=100, lasted_s=72),
    ]
    over = outage(104, 44, dropped=856)
    over["ended_at_ms"] -= 3_600_000  # the clock was set back meanwhile
    server.show(*map(camera, SIX), publisher=publisher(outages=[over]))
    visit(page, server)
    page.shows(lambda: len(page.all("#timeline-entries li")) == 2)
    first, second = (each.text for each in page.all("#timeline-entries li"))
    assert "after 44s, 856 frames lost" in first
    assert "after 1m12s" in second
    assert "44s, 856 frames lost" in page.text("#delivery-numbers")


# --- actions ----------------------------------------------------------------------------------


def test_the_answer_to_a_retry_is_what_came_of_it(page: Page, server: ScriptedPage) -> None:
    server.show(camera("door", "CB_OPEN", **REFUSED, retry_in_s=6), *map(camera, SIX[1:]))
    visit(page, server)
    server.gate.clear()
    failed = {"result": "done", "outcome": "failed", "cause": "refused", "retry_in_s": 67.0}
    server.answers["retry"] = failed
    page.click(f"{page.row('door')} [data-action=retry]")
    page.shows(lambda: page.text("#toast") == "door: trying …")
    page.shows(lambda: page.text(f"{page.row('door')} .next") == "trying now …")
    server.gate.set()
    page.shows(lambda: page.text("#toast") == "door: still connection refused, next try in 1m7s")
    server.answers["retry"] = {"result": "done", "outcome": "streaming"}
    page.click(f"{page.row('door')} [data-action=retry]")
    page.shows(lambda: page.text("#toast") == "door: it streams again")
    page.run("window.fetch = () => Promise.reject(new TypeError('Failed to fetch'))")
    page.click(f"{page.row('door')} [data-action=retry]")
    page.shows(lambda: page.text("#toast").startswith("edge-video did not answer"))


def test_a_camera_is_paused_only_after_a_question(page: Page, server: ScriptedPage) -> None:
    server.show(*map(camera, SIX))
    visit(page, server, "#camera=door")
    page.shows(lambda: page.sees("#camera-dialog"))
    page.click("#camera-buttons [data-action=pause]")
    page.click("#sure-no")
    page.click("#camera-buttons [data-action=pause]")
    assert page.text("#sure-title") == "Pause: door"
    page.click("#sure-yes")
    page.shows(lambda: "cameras/door/pause" in server.asked)
    assert server.asked.count("cameras/door/pause") == 1
    page.shows(lambda: page.text("#toast") == "door: paused")


# --- one camera, large --------------------------------------------------------------------------


def test_a_click_on_a_picture_opens_it_large_and_live(page: Page, server: ScriptedPage) -> None:
    server.entries = [
        entry("camera_stopped", "door", by="10.0.0.7"),
        entry("camera_streaming", "till"),
    ]
    server.show(*map(camera, SIX))
    visit(page, server)
    page.click(f"{page.tile('door')} .open")
    page.shows(lambda: page.sees("#camera-dialog"))
    assert urlsplit(page.driver.current_url).fragment == "camera=door"
    page.shows(lambda: page.sees("#camera-screen img"))
    page.shows(lambda: page.sees("#camera-day"))
    assert server.asked.count("history door") == 1
    server.asked.clear()
    time.sleep(1.2)
    assert 2 <= server.asked.count("picture door") <= 6
    assert set(server.asked) == {"picture door"}  # nothing else is fetched meanwhile
    assert page.run("return document.querySelector('#camera-screen img').naturalWidth") == 640
    page.shows(lambda: "Stopped" in page.text("#camera-entries"))
    assert "by 10.0.0.7" in page.text("#camera-entries")
    assert "till" not in page.text("#camera-entries")
    assert "99.8 % of 24 h · 93.1 % of 7 days" in page.text("#camera-details")
    assert f"edge-video {version()}" in page.text("#camera-details")
    day = page.find("#camera-day-curve")
    assert "12m of them known, expected 15: 10.2 on average, 3.5 at" in str(day.accessible_name)
    curve = page.run("return document.querySelector('#camera-day-curve path').getAttribute('d')")
    assert re.findall("[A-Za-z]", curve) == ["M", "L", "M", "h"]  # a gap where nobody counted
    page.run("const now = performance.now.bind(performance); performance.now = () => now() + 3e5")
    page.shows(lambda: server.asked.count("history door") == 1)  # another one
    page.press(Keys.ARROW_RIGHT)
    page.shows(lambda: page.text("#camera-title") == "till")
    page.shows(lambda: "history till" in server.asked)
    page.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    page.shows(lambda: page.text("#camera-title") == "yard")  # around the corner
    page.press(Keys.ESCAPE)
    page.shows(lambda: not page.sees("#camera-dialog"))
    page.shows(lambda: urlsplit(page.driver.current_url).fragment == "")
    assert "yard" in str(page.driver.switch_to.active_element.get_attribute("href"))
    server.asked.clear()
    time.sleep(0.4)
    assert server.asked.count("picture yard") <= 1


def test_a_link_leads_to_one_camera_or_says_that_there_is_none(
    page: Page, server: ScriptedPage
) -> None:
    server.show(camera("centro.door"), camera("till"))
    visit(page, server, "#camera=centro.door")
    page.shows(lambda: page.text("#camera-title") == "centro.door")
    page.run("location.hash = '#camera=nobody'")
    page.shows(
        lambda: page.text("#camera-unknown") == "There is no camera nobody in the configuration."
    )


def test_the_last_picture_of_a_failed_camera_stays_with_its_age(
    page: Page, server: ScriptedPage
) -> None:
    image = server.pictures("door")
    assert image is not None
    hours_ago_ms = int((time.time() - 7200) * 1000)
    server.pictures = lambda _: (image[0], hours_ago_ms)
    server.show(camera("door", "CB_OPEN", **REFUSED, for_s=7200), camera("till"))
    visit(page, server)
    page.shows(lambda: page.text(f"{page.tile('door')} .age") == "2 h")
    page.click(f"{page.row('door')} .name")
    page.shows(lambda: page.text("#camera-screen .age").endswith("2h ago"))


# --- who may see it -----------------------------------------------------------------------------


def says(page: Page, text: str) -> bool:
    """Whether this is what is wrong with the token."""
    return page.text("#welcome-wrong") == text


def test_who_is_not_logged_in_is_asked_to_and_a_wrong_token_is_red(
    page: Page, server: ScriptedPage
) -> None:
    server.session = {"read": False, "act": False, "actions": True}
    server.show(*map(camera, SIX))
    visit(page, server)
    assert page.text("h1") == "Log in to see the cameras"
    assert "Connecting" not in page.text("body")
    assert not page.sees("#main")
    page.find("#welcome-token").send_keys("not-the-token", Keys.ENTER)
    page.shows(lambda: page.text("#welcome-wrong") == "Wrong token.")
    red, green, blue = page.run(
        "return getComputedStyle(document.querySelector('#welcome-wrong')).color.match(/\\d+/g)"
    )[:3]
    assert int(red) > 2 * max(int(green), int(blue))
    assert page.find("#welcome-token").get_attribute("aria-invalid") is not None
    assert page.accessibility_problems() == []
    refusals = {
        (429, "7"): "Too many wrong tokens. Try again in 7s.",
        (429, "1"): "Too many requests. Wait a moment.",
        (503, "1"): "edge-video is busy or shutting down. Try again in a moment.",
    }
    for server.refusal, answer in refusals.items():
        page.find("#welcome-token").send_keys(TOKEN, Keys.ENTER)
        page.shows(partial(says, page, answer))
    assert all("status of 503" in each for each in page.complaints())
    server.refusal = None
    page.find("#welcome-token").send_keys(TOKEN, Keys.ENTER)
    page.shows(lambda: page.tiles() == list(SIX))


def test_nothing_of_the_cameras_stays_when_the_session_ends(
    page: Page, server: ScriptedPage
) -> None:
    server.show(*map(camera, SIX))
    for path, shown in (("#camera=door", "#camera-dialog"), ("#wall", "#office")):
        server.session = {"read": True, "act": True, "actions": True}
        visit(page, server, path)
        page.shows(partial(page.sees, shown))
        if shown == "#camera-dialog":
            page.click("#camera-buttons [data-action=pause]")
            page.shows(lambda: page.sees("#sure-dialog"))
        server.session = {"read": False, "act": False, "actions": True}
        page.run("document.querySelector('#login').click()")
        page.shows(lambda: page.sees("#welcome"))
        assert page.all("dialog[open]") == []
        assert not page.sees("#office")
    assert "cameras/door/pause" not in server.asked


def test_a_tab_that_nobody_sees_keeps_no_connection_and_yet_a_true_title(
    page: Page, server: ScriptedPage
) -> None:
    server.show(*map(camera, SIX))
    visit(page, server)
    page.run(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.shows(lambda: server.viewers == 0)
    server.show(*map(camera, SIX[1:]), camera("door", "CB_OPEN", **REFUSED, retry_in_s=50))
    page.run("const now = performance.now.bind(performance); performance.now = () => now() + 20000")
    page.shows(lambda: page.driver.title == "✗ 5 of 6 stream · 1 in trouble · shop-7")
    page.shows(lambda: server.viewers == 0)
    page.run("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    page.shows(lambda: server.viewers == 1)


def test_a_stream_that_is_refused_is_asked_for_at_pauses_that_grow(
    page: Page, server: ScriptedPage
) -> None:
    server.show(*map(camera, SIX))
    visit(page, server)
    asked = page.driver.execute_async_script(
        """
        const done = arguments[0];
        import("/connection.js").then(async ({ watch, connect }) => {
          let now = performance.now();
          const asked = [];
          performance.now = () => now;
          window.EventSource = class {
            static CLOSED = 2;
            readyState = 2;
            constructor() { asked.push(Math.round(now)); }
            close() {}
          };
          connect();
          for (let second = 0; second < 60; second += 1) { now += 1000; await watch(); }
          done(asked);
        });
        """
    )
    pauses = [after - before for before, after in itertools.pairwise(asked)]
    assert pauses == sorted(pauses)
    assert pauses[0] <= 2000
    assert pauses[-1] == 10000


@pytest.mark.parametrize("path", [f"#token={TOKEN}", f"#/token={TOKEN}"])
def test_a_link_with_the_token_logs_in_and_forgets_it(
    page: Page, server: ScriptedPage, path: str
) -> None:
    server.session = {"read": False, "act": False, "actions": True}
    server.show(*map(camera, SIX))
    visit(page, server, path)
    page.shows(lambda: page.tiles() == list(SIX))
    assert server.tokens == [TOKEN]
    assert page.driver.current_url == server.url
    assert page.text("#login") == "Log out"


# --- layout -------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [320, 1280])
def test_the_wall_has_equal_tiles_without_holes_and_nothing_is_wider_than_the_screen(
    page: Page, server: ScriptedPage, width: int
) -> None:
    look_like(page.driver, width, 800)
    for cameras in (many(1), many(7, 3), many(60, 40)):
        server.show(*cameras, camera("stopped-with-a-very-long-name-of-one-word-only", "STOPPED"))
        visit(page, server)
        page.shows(lambda: len(page.tiles()) == len(server.view["cameras"]))
        for grid in page.grids():
            assert len({(tile[2], tile[3]) for tile in grid}) == 1  # all of one size
            columns = sorted({tile[0] for tile in grid})
            gaps = {after - before for before, after in itertools.pairwise(columns)}
            assert len(gaps) <= 1 or max(gaps) - min(gaps) <= 1
            full_rows = [tile[0] for tile in grid]
            expected = [columns[at % len(columns)] for at in range(len(grid))]
            assert full_rows == expected  # row by row, none left out
        too_wide = page.run("return document.documentElement.scrollWidth") - width
        assert too_wide <= 0
        assert len(page.rows()) <= 8  # forty of them are a click away
    assert "39" not in page.text("#trouble-title")
    heights = page.run("return [...document.querySelectorAll('.row')].map((r) => r.offsetHeight)")
    assert max(heights) < (140 if width == 320 else 70)
    page.click("#trouble-more")
    page.shows(lambda: len(page.rows()) == 40)


def test_all_that_wait_are_tried_at_once_but_none_whose_account_may_be_locked(
    page: Page, server: ScriptedPage
) -> None:
    locked = camera("safe", "CB_OPEN", cause="wrong_password", retry_in_s=40)
    server.show(*many(6, 2), locked)
    visit(page, server)
    assert page.text("#trouble-retry") == "Retry all 2 now"
    first, second = (each for each in page.rows() if each != "safe")
    server.answers[f"cameras/{first}/retry"] = {"result": "rejected"}
    page.click("#trouble-retry")
    page.shows(lambda: sum("retry" in each for each in server.asked) == 2)
    assert "cameras/safe/retry" not in server.asked
    expected = f"1 of 2 cameras was not tried · {first}: not now"
    page.shows(lambda: page.text("#toast") == expected)
    server.answers[f"cameras/{second}/retry"] = {"result": ""}  # an error, and no command's answer
    page.click("#trouble-retry")
    page.shows(lambda: page.text("#toast").startswith("2 of 2 cameras were not tried"))
    assert f"{second}: That did not work." in page.text("#toast")


def test_cameras_are_grouped_counted_and_found(page: Page, server: ScriptedPage) -> None:
    server.show(*many(12, 2), camera("lonely"))
    visit(page, server)
    titles = [each.text for each in page.all(".group h3")]
    assert titles == ["centro", "norte", "sul", "Others"]
    assert "4 cameras · 2 in trouble" in page.text('.group[data-group="centro"] summary')
    page.click('[data-health="trouble"].chip')
    page.shows(lambda: len(page.tiles()) == 2)
    page.click('[data-health="all"].chip')
    page.find("#filter").send_keys("NORTE.PLACE-0")
    page.shows(lambda: len(page.tiles()) == 4)
    page.find("#filter").send_keys("x")
    page.shows(lambda: page.sees("#nothing"))


def test_the_wall_mode_fills_the_screen_with_trouble_first(
    page: Page, server: ScriptedPage
) -> None:
    server.show(*many(60, 3))
    visit(page, server, "#wall")
    page.shows(lambda: page.sees("#office"))
    page.shows(lambda: len(page.all(".place")) > 8)
    assert not page.sees("#main")
    states = [each.get_attribute("data-state") for each in page.all(".place")]
    assert states[:4] == ["CB_OPEN", "CB_OPEN", "CB_OPEN", "OK"]
    lowest, overflow = page.run(
        "return [Math.max(...[...document.querySelectorAll('.place')].map("
        "(each) => each.getBoundingClientRect().bottom)), document.documentElement.scrollHeight]"
    )
    assert lowest <= 801
    assert overflow <= 801
    assert "57 of 60 stream" in page.text("#office-verdict")
    page.shows(lambda: page.sees(".place img"))
    assert page.accessibility_problems() == []
    page.press(Keys.ESCAPE)
    page.shows(lambda: page.sees("#main"))
    assert urlsplit(page.driver.current_url).fragment == ""


# --- for everybody --------------------------------------------------------------------------------


def test_the_keyboard_reaches_everything_by_name(page: Page, server: ScriptedPage) -> None:
    server.show(
        camera("door", "CB_OPEN", **REFUSED, retry_in_s=60),
        camera("till"),
        camera("yard", "STOPPED"),
    )
    visit(page, server)
    names = page.names_by_tab(22)
    assert names[0] == "Skip to the cameras"
    wanted = {
        "Wall",
        "door",
        "Retry now: door",
        "Find a camera",
        "till, streaming",
        "Start: yard",
        "What the signs mean",
    }
    assert wanted <= set(names)
    page.find(f"{page.tile('till')} .open").send_keys(Keys.ENTER)
    page.shows(lambda: page.text("#camera-title") == "till")


def test_a_screen_reader_hears_changes_and_nothing_each_second(
    page: Page, server: ScriptedPage
) -> None:
    server.show(camera("door", "CB_OPEN", **REFUSED, retry_in_s=60), camera("till"))
    visit(page, server)
    page.run(
        "window.spoken = [];"
        "const all = {childList: true, characterData: true, subtree: true};"
        "for (const each of document.querySelectorAll('[role=status], [role=alert], [aria-live]'))"
        " new MutationObserver(() => spoken.push(each.textContent)).observe(each, all)"
    )
    time.sleep(1.3)
    assert page.run("return spoken") == []
    assert page.find("h1").aria_role == "heading"
    server.show(camera("door"), camera("till"))
    page.shows(lambda: page.run("return spoken") == ["All 2 cameras stream"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_in_any_state(
    page: Page, server: ScriptedPage, scheme: str
) -> None:
    look_like(page.driver, 1280, 800, scheme)
    server.entries = [
        entry("breaker_opened", "door", cause="refused", detail="Connection refused", count=3),
        entry("publisher_connected", "publisher"),
    ]
    server.show(
        camera("door", "CB_OPEN", **REFUSED, retry_in_s=60),
        camera("till", "WARN", last_frame_ago_s=6.0),
        camera("aisle", "KEY_WAIT", key_frame_wait_s=3.0),
        camera("stock", "HALF_OPEN", **REFUSED),
        camera("parking", "CB_OPEN", paused=True),
        camera("yard", "STOPPED"),
        camera("gate", "DISABLED"),
        camera("dock", "STARTING"),
        camera("shop.a", health="slow", fps=4.0),
        camera("shop.b"),
    )
    visit(page, server)
    page.run("document.querySelector('#legend').open = true")
    assert page.accessibility_problems() == []
    lost = publisher(state="waiting", reason="refused", down_for_s=3, retry_in_s=42, can_retry=True)
    server.show(*map(camera, SIX), delivery="lost", publisher=lost)
    page.shows(lambda: page.sees("#delivery-retry"))
    assert page.accessibility_problems() == []
    server.show(camera("door", "CB_OPEN", **REFUSED, retry_in_s=60), *map(camera, SIX[1:]))
    page.run("location.hash = '#camera=door'")
    page.shows(lambda: page.sees("#camera-dialog"))
    page.shows(lambda: page.sees("#camera-entries li"))
    assert page.accessibility_problems() == []
