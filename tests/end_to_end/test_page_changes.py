"""The page where the configuration or the view of a camera changes, and what becomes of that."""

from __future__ import annotations

import io
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.support.browser import browser, look_like
from tests.support.page import Page
from tests.support.scripted_page import ScriptedPage, camera

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD = {
    "ok": True,
    "codec": "hevc",
    "width": 2560,
    "height": 1440,
    "fps": 12.5,
    "first_frame_s": 1.2,
    "key_frame_interval_s": 4.0,
    "key_frame_interval_is_at_least": False,
    "cause": None,
    "detail": None,
    "picture": None,
}
DIFFERS = {"file_differs": True, "refused": None}


@pytest.fixture(scope="module")
def opened() -> Iterator[tuple[ScriptedPage, Page]]:
    with ScriptedPage() as server, browser() as driver:
        yield server, Page(driver)


@pytest.fixture
def server(opened: tuple[ScriptedPage, Page]) -> ScriptedPage:
    server, _ = opened
    server.session = {"read": True, "act": True, "actions": True}
    server.answers, server.asked, server.changes = {}, [], []
    server.gate.set()
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
    expected = ("status of 422", "status of 501")
    assert [each for each in page.complaints() if not any(map(each.count, expected))] == []


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


# --- cameras ----------------------------------------------------------------------------------


def fill(page: Page, **values: str) -> None:
    for field, value in values.items():
        page.find(f"#edit-{field}").clear()
        page.find(f"#edit-{field}").send_keys(value)


def test_a_camera_is_tested_added_and_then_on_the_wall(page: Page, server: ScriptedPage) -> None:
    grey = io.BytesIO()
    Image.new("L", (64, 36), 90).save(grey, "JPEG")
    server.answers["probe"] = {**GOOD, "picture": b64encode(grey.getvalue()).decode()}
    page.click("#add-camera")
    page.shows(lambda: page.sees("#edit-dialog"))
    assert page.run("return document.activeElement.id") == "edit-url"
    fill(page, url="rtsp://10.0.0.9/s", username="viewer", password="pw canary ")
    assert page.find("#edit-id").get_attribute("value") == "camera-10-0-0-9"
    page.click("#edit-test")
    page.shows(lambda: page.sees("#edit-answer img"))
    expected = "The camera answers: hevc · 2560×1440 · 12.5 fps · a key frame every 4.0 s"
    assert expected in page.text("#edit-answer")
    assert "substream" in page.text("#edit-answer")
    page.shows(lambda: page.run("return document.querySelector('#edit-answer img').naturalWidth"))
    assert page.accessibility_problems() == []
    given = {"url": "rtsp://10.0.0.9/s", "username": "viewer", "password": "pw canary "}
    assert server.changes == [("POST probe", given)]
    fill(page, id="gate", fps="5")
    page.find("#edit-fps").send_keys(Keys.ENTER)
    page.shows(lambda: page.text("#toast") == "gate: added")
    assert server.changes[1:] == [("PUT cameras/gate", {**given, "fps": 5})]
    assert not page.sees("#edit-dialog")
    server.show(camera("door"), camera("till"), camera("gate", "STARTING"))
    page.shows(lambda: "gate" in page.tiles())
    page.click("#add-camera")
    assert page.find("#edit-password").get_attribute("value") == ""


def test_a_still_picture_is_asked_for_as_one_and_added_as_such(
    page: Page, server: ScriptedPage
) -> None:
    still = {**GOOD, "ok": False, "cause": "still_picture", "detail": "one JPEG image, and the end"}
    server.answers["probe"] = still
    page.click("#add-camera")
    fill(page, url="http://10.0.0.9/snap.jpg")
    page.click("#edit-test")
    page.shows(lambda: "mode: snapshot" in page.text("#edit-answer"))
    given = {"url": "http://10.0.0.9/snap.jpg"}
    as_still = {**given, "mode": "snapshot"}
    assert server.changes == [("POST probe", given), ("POST probe", as_still)]
    server.answers["probe"] = {**GOOD, "codec": "mjpeg", "fps": None, "key_frame_interval_s": None}
    page.click("#edit-test")
    page.shows(lambda: "still pictures, fetched one after the other" in page.text("#edit-answer"))
    page.click("#edit-save")
    page.shows(lambda: "added" in page.text("#toast"))
    assert server.changes[-1] == ("PUT cameras/camera-10-0-0-9", as_still)
    page.click("#add-camera")
    fill(page, url="rtsp://10.0.0.9/s")
    page.click("#edit-test")
    page.shows(lambda: server.changes[-1] == ("POST probe", {"url": "rtsp://10.0.0.9/s"}))


def stream(name: str, url: str, width: int = 640, fps: float = 15.0) -> dict[str, Any]:
    """A stream as a camera tells it; the one of 640 pixels is proposed."""
    size = {"width": width, "height": width * 9 // 16, "fps": fps, "proposed": width == 640}
    return {"profile": name, "name": name, "codec": "H264", "url": url, **size}


def test_the_streams_of_a_camera_are_shown_and_the_chosen_one_is_tested(
    page: Page, server: ScriptedPage
) -> None:
    server.answers["probe"] = {**GOOD, "width": 640, "height": 360}
    device = {"address": "10.0.0.9", "name": "Acme Dome", "problem": None, "detail": None}
    streams = [
        stream("main", "rtsp://10.0.0.9/main", 2560, 25.0),
        stream("sub", "rtsp://10.0.0.9/sub"),
        stream("old", "rtsp://10.0.0.9/user=viewer_password=***", 352, 12.5),
    ]
    server.answers["streams"] = {**device, "streams": streams}
    page.click("#add-camera")
    fill(page, url="10.0.0.9:8000", username="viewer", password="pw canary")
    assert page.find("#edit-id").get_attribute("value") == "camera-10-0-0-9"
    page.find("#edit-url").send_keys(Keys.ENTER)  # an address alone cannot be added
    page.shows(lambda: len(page.all("#edit-streams li")) == 3)
    login = {"username": "viewer", "password": "pw canary"}
    assert server.changes == [("POST onvif/streams", {"host": "10.0.0.9:8000", **login})]
    assert [each.text.replace("\n", " ") for each in page.all("#edit-streams li")] == [
        "main · H264 · 2560×1440 · 25 fps",
        "sub · H264 · 640×360 · 15 fps recommended: costs the least CPU",
        "old · H264 · 352×198 · 12.5 fps",
    ]
    assert "Acme Dome has 3 streams:" in page.text("#edit-streams")
    assert page.accessibility_problems() == []
    server.gate.clear()
    page.press(Keys.ENTER)  # the focus is on the one that is proposed
    page.shows(lambda: len(server.changes) == 2)
    page.click('#edit-streams [data-profile="main"] button')  # not while another one is tested
    assert page.find("#edit-url").get_attribute("value") == "rtsp://10.0.0.9/sub"
    pressed = '#edit-streams [aria-pressed="true"]'
    assert [each.text for each in page.all(pressed)] == ["sub · H264 · 640×360 · 15 fps"]
    server.gate.set()
    page.shows(lambda: "The camera answers" in page.text("#edit-answer"))
    assert server.changes[1:] == [("POST probe", {"url": "rtsp://10.0.0.9/sub", **login})]
    assert page.find("#edit-id").get_attribute("value") == "camera-10-0-0-9"
    page.click('#edit-streams [data-profile="old"] button')
    assert "Write it there" in page.text("#edit-url-wrong")
    assert len(server.changes) == 2  # a camera is not asked with a password that is none
    page.press(Keys.ESCAPE)
    page.shows(lambda: not page.sees("#edit-dialog"))
    page.click("#add-camera")
    assert page.all("#edit-streams *") == []


@pytest.fixture
def portuguese_form(page: Page) -> Iterator[Page]:
    """The form of a new camera, in Portuguese, on a phone."""
    look_like(page.driver, 320, 700)
    Select(page.find("#language")).select_by_value("pt-BR")
    page.shows(lambda: page.text("#add-camera") == "Adicionar câmera")
    page.click("#add-camera")
    yield page
    page.press(Keys.ESCAPE)
    page.shows(lambda: not page.sees("#edit-dialog"))
    Select(page.find("#language")).select_by_value("en")
    page.run("localStorage.clear()")


def test_why_there_are_no_streams_is_said_in_the_operators_language(
    portuguese_form: Page, server: ScriptedPage
) -> None:
    page = portuguese_form
    page.click("#edit-ask")
    assert page.text("#edit-url-wrong").startswith("Informe o endereço da câmera")
    fill(page, url="rtsp://10.0.0.9:554/s", fps="61")  # a wrong rate is no reason not to ask
    server.answers["streams"] = {"error": "not installed", "status": 501}
    page.click("#edit-ask")
    page.shows(lambda: "pip install 'edge-video[onvif]'" in page.text("#edit-streams"))
    assert server.changes == [("POST onvif/streams", {"host": "10.0.0.9"})]
    wrong = {"address": "10.0.0.9", "name": None, "problem": "wrong_login", "detail": None}
    server.answers["streams"] = {**wrong, "streams": []}
    page.click("#edit-ask")
    page.shows(lambda: page.text("#edit-streams").startswith("Ela recusa este usuário"))
    assert page.accessibility_problems() == []
    assert page.run("return document.querySelector('#edit-form').scrollWidth") <= 320


def test_errors_stand_at_their_fields_and_a_failed_test_says_what_to_do(
    portuguese_form: Page, server: ScriptedPage
) -> None:
    page = portuguese_form
    page.click("#edit-save")
    assert page.text("#edit-url-wrong") == "Campo obrigatório."
    fill(page, url="rtsp://10.0.0.9/s", id="door")
    page.click("#edit-save")
    assert page.text("#edit-id-wrong") == "Já existe a câmera door."
    fill(page, id="gate")
    lines = [
        "cameras.d/gate.json:1: cameras[2].fps: 900 não está entre 1 e 60",
        "url: não informa o host",
    ]
    server.answers["change"] = {"result": "refused", "reason": "invalid", "details": lines}
    page.click("#edit-save")
    page.shows(lambda: page.text("#edit-fps-wrong") == "900 não está entre 1 e 60")
    assert page.text("#edit-url-wrong") == "não informa o host"
    assert page.run("return document.activeElement.id") == "edit-fps"
    assert page.find("#edit-fps").get_attribute("aria-invalid") is not None
    server.answers["change"] = {"result": "refused", "reason": "not_kept"}
    page.click("#edit-save")
    page.shows(lambda: "defina state.dir" in page.text("#edit-wrong"))
    failed = {**GOOD, "ok": False, "cause": "wrong_password", "detail": "401 Unauthorized"}
    server.answers["probe"] = failed
    page.click("#edit-test")
    page.shows(lambda: "401 Unauthorized" in page.text("#edit-answer"))
    assert page.accessibility_problems() == []
    assert page.run("return document.querySelector('#edit-form').scrollWidth") <= 320


def test_a_camera_is_changed_disabled_and_removed_after_a_question(
    page: Page, server: ScriptedPage
) -> None:
    page.run("location.hash = '#camera=door'")
    page.shows(lambda: page.sees("#camera-manage"))
    page.click("#camera-change")
    page.shows(lambda: "rtsp://viewer:***@" in page.text("#edit-now"))
    assert not page.sees("#edit-id")
    page.click("#edit-save")
    assert page.text("#edit-wrong") == "Nothing was entered."
    fill(page, fps="3")
    page.click("#edit-save")
    page.shows(lambda: page.text("#toast") == "door: changed")
    page.click("#camera-switch")
    page.click("#sure-yes")
    page.shows(lambda: page.text("#toast") == "door: disabled")
    server.show(camera("door", "DISABLED"), camera("till"))
    page.shows(lambda: page.text("#camera-switch") == "Enable")
    page.click("#camera-remove")
    assert page.text("#sure-title") == "Remove: door"
    page.click("#sure-no")
    page.click("#camera-remove")
    page.click("#sure-yes")
    page.shows(lambda: page.text("#toast") == "door: removed")
    assert not page.sees("#camera-dialog")
    assert [what for what, _ in server.changes] == [
        "PATCH cameras/door",
        "DELETE cameras/door",
    ]
    assert "cameras/door/disable" in server.asked


def test_where_nothing_can_be_kept_that_is_said_before_anything_is_typed(
    page: Page, server: ScriptedPage
) -> None:
    server.show(camera("door"), camera("till"), can_keep=False)
    page.shows(lambda: page.run("return document.querySelectorAll('.tile').length") == 2)
    page.run("location.hash = '#camera=door'")
    page.shows(lambda: page.sees("#camera-details"))
    page.shows(lambda: not page.sees("#camera-manage"))
    page.press(Keys.ESCAPE)
    page.shows(lambda: not page.sees("#camera-dialog"))
    page.click("#add-camera")
    assert "Set state.dir" in page.text("#edit-kept")
    assert not page.sees("#edit-save")
    assert page.sees("#edit-test")


def test_without_a_token_nothing_can_be_added(page: Page, server: ScriptedPage) -> None:
    server.session = {"read": True, "act": False, "actions": False}
    server.show(camera("door"), camera("till"), actions=False)
    page.shows(lambda: not page.sees("#add-camera"))


def test_a_profile_is_chosen_beside_the_verdict_and_says_what_it_keeps_off(
    page: Page, server: ScriptedPage
) -> None:
    server.show(camera("door", "OFF_SCHEDULE", off_by_profile="closed"), camera("till"))
    assert not page.sees("#profile")
    config = server.view["config"] | {"profile": "closed", "profiles": ["open", "closed"]}
    server.show(*server.view["cameras"], config=config)
    page.shows(lambda: page.sees("#profile"))
    assert page.text(f"{page.tile('door')} .line") == "off by profile closed"
    Select(page.driver.find_element("id", "profile")).select_by_value("open")
    page.shows(lambda: "profile" in server.asked)


def test_a_picture_that_is_wrong_is_in_verdict_and_tile_and_its_view_can_be_accepted(
    page: Page, server: ScriptedPage
) -> None:
    wrong: dict[str, Any] = {
        "picture": "moved",
        "picture_since_ms": int(time.time() * 1000) - 60_000,
    }
    server.show(camera("door", **wrong), camera("till"))
    page.shows(lambda: page.text("h1") == "2 of 2 stream · 1 picture wrong")
    assert page.driver.title.startswith("⚠")
    assert page.text(f"{page.tile('door')} .line") == "⚠ camera moved"
    assert page.text(f"{page.tile('till')} .line").endswith("fps")
    page.click(f"{page.tile('door')} .open")
    page.shows(lambda: page.text("#camera-why").startswith("camera moved since "))
    assert page.text("#camera-can") == "Turn the camera back, or accept what it shows now."
    page.click("#camera-buttons [data-action=accept-picture]")
    page.shows(lambda: "cameras/door/accept-picture" in server.asked)


def test_a_camera_that_becomes_one_of_still_pictures_says_so_and_how_often(
    page: Page, server: ScriptedPage
) -> None:
    page.click(f"{page.tile('door')} .open")
    page.shows(lambda: "a stream" in page.text("#camera-details"))
    rare: dict[str, Any] = {"mode": "snapshot", "interval_s": 10.0, "fps": 0.1, "target_fps": 0.1}
    server.show(camera("door", **rare), camera("till"))
    page.shows(lambda: "still pictures, one every 10s" in page.text("#camera-details"))
    assert page.text("#camera-fps") == "a picture every 10s"
    often: dict[str, Any] = {"mode": "snapshot", "fps": 4.9, "target_fps": 5.0}
    server.show(camera("door", **often), camera("till"))
    page.shows(lambda: "still pictures, up to 5 a second" in page.text("#camera-details"))
    page.shows(lambda: page.text("#camera-fps") == "4.9 of 5 fps")
