"""Writes docs/screenshots: the page with 1, 6 and 60 cameras, in the states that an operator meets.

`make screenshots` runs it. The page is the real one, its status is written here, and the pictures
are rendered: it takes a minute, needs Chromium and nothing else. Names of screenshots as arguments
write only these.
"""

from __future__ import annotations

import io
import sys
import time
from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from screenshot_scenes import picture  # noqa: E402 - found by the line above

from edge_video.testing import eventually  # noqa: E402 - as above
from tests.support.browser import browser, look_like  # noqa: E402 - as above
from tests.support.scripted_page import ScriptedPage, camera, entry, outage, publisher, view  # noqa: E402 - as above

if TYPE_CHECKING:
    from collections.abc import Callable

    from selenium.webdriver import Chrome

TARGET: Final = ROOT / "docs" / "screenshots"
REFUSED: Final = {
    "cause": "refused",
    "detail": "rtsp://viewer:***@10.0.0.9/stream: Connection refused",
}
GONE: Final = {"cause": "unreachable", "detail": "No route to host"}
LOCKED: Final = {"cause": "wrong_password", "detail": "401 Unauthorized"}
SIX: Final = ("door", "till", "aisle", "stock", "parking", "yard")
PLACES: Final = (
    "entrance", "door", "till-1", "till-2", "aisle-1", "aisle-2", "aisle-3", "stock-room", "office",
    "parking", "street", "yard", "gate", "dock", "counter",
)  # fmt: skip
SHOPS: Final = ("centro", "norte", "praia", "sul")
SIXTY: Final = tuple(f"{shop}.{place}" for shop in SHOPS for place in PLACES)

ADDING: Final[dict[str, dict[str, Any]]] = {
    "": {},
    "-phone": {"size": (390, 844), "scheme": "dark", "language": "pt-BR"},
}
RELOAD_PLAN: Final = {
    "add": ["gate"],
    "restart": ["door", "yard"],
    "reconnect": ["amqp.max_delay"],
    "live": ["buffer", "circuit_breaker.max_backoff"],
}


@dataclass(frozen=True)
class Shot:
    """One screenshot."""

    name: str
    update: Callable[[], dict[str, Any]]
    size: tuple[int, int] = (1280, 800)
    scheme: str = "light"
    language: str = "en"
    path: str = ""
    lost: bool = False
    script: str = ""
    """What is done on the page before it is shown."""
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    session: dict[str, bool] = field(
        default_factory=lambda: {"read": True, "act": True, "actions": True}
    )


def well(names: tuple[str, ...], **given: Any) -> dict[str, Any]:
    """Everything streams."""
    cameras = (camera(name, fps=14.8 + index % 3 / 10) for index, name in enumerate(names))
    return view(*cameras, **{"publisher": _back_again(), **given})


def trouble(names: tuple[str, ...]) -> dict[str, Any]:
    """Some are broken, each in its way."""
    troubles: list[dict[str, Any]] = [
        {"word": "CB_OPEN", **GONE, "retry_in_s": 48.0, "for_s": 25_990},
        {"word": "CB_OPEN", **LOCKED, "retry_in_s": 611.0, "for_s": 4_210},
        {"word": "WARN", "last_frame_ago_s": 7.0, "for_s": 3},
        {"word": "CB_OPEN", **REFUSED, "retry_in_s": 71.0, "for_s": 312},
        {"word": "STOPPED", "for_s": 7_300},
        {"word": "CB_OPEN", "paused": True, "for_s": 900},
        {"word": "OK", "health": "slow", "fps": 4.2},
        {"word": "DISABLED", "for_s": 90_000},
    ]
    places = {1: [3], 6: [0, 2, 4]}.get(len(names), list(range(8)))
    given = {(index * 7 + 2) % len(names): troubles[place] for index, place in enumerate(places)}
    cameras = [camera(name, **given.get(index, {})) for index, name in enumerate(names)]
    return view(*cameras, publisher=_back_again())


def _back_again() -> dict[str, Any]:
    return publisher(connections_lost=1, outages=[outage(9_144, 44, dropped=16)])


def broker_lost(names: tuple[str, ...]) -> dict[str, Any]:
    """The broker is away for two minutes."""
    lost = publisher(
        state="waiting",
        reason="connection refused by broker.local:5672",
        down_for_s=134.0,
        retry_in_s=12.0,
        can_retry=True,
        connections_lost=1,
        failed_attempts=7,
        outages=[outage(134, dropped=1_204 * len(names))],
    )
    dropped = 1_204 * len(names)
    totals = {"confirmed": 1_482_113, "errors": 0, "dropped": dropped}
    return well(names, delivery="lost", publisher=lost, totals=totals)


def entries(names: tuple[str, ...], kind: str) -> list[dict[str, Any]]:
    """What has happened."""
    common = [
        entry("camera_streaming", names[-1], ago_s=3_900),
        entry("breaker_closed", names[-1], ago_s=3_901, lasted_s=72),
        entry("breaker_opened", names[-1], ago_s=3_973, **REFUSED),
        entry("publisher_connected", "publisher", ago_s=9_100, lasted_s=44, dropped=16),
        entry(
            "publisher_lost",
            "publisher",
            ago_s=9_144,
            detail="connection reset by broker.local:5672",
        ),
    ]
    if kind == "trouble" and len(names) == 1:
        return [entry("probe_failed", names[0], ago_s=31, count=6, **REFUSED), *common]
    if kind == "trouble":
        return [
            entry(
                "probe_failed",
                names[2 % len(names)],
                ago_s=31,
                count=41,
                since_s=25_900,
                **(GONE if len(names) > 1 else REFUSED),
            ),
            *common[:3],
            entry("breaker_opened", names[9 % len(names)], ago_s=4_210, **LOCKED),
            *common[3:],
        ]
    if kind == "broker":
        return [
            entry(
                "publisher_lost",
                "publisher",
                ago_s=134,
                detail="connection refused by broker.local:5672",
            ),
            *common,
        ]
    return common


def shots() -> list[Shot]:
    """Every screenshot, in the order of the table in docs/http.md."""
    found = []
    for names, word in ((("door",), "one"), (SIX, "six"), (SIXTY, "sixty")):
        size = (1440, 900) if word == "sixty" else (1280, 800)
        found += [
            Shot(f"{word}-well", lambda names=names: well(names), size),
            Shot(f"{word}-trouble", lambda names=names: trouble(names), size),
            Shot(f"{word}-broker", lambda names=names: broker_lost(names), size),
            Shot(f"{word}-lost", lambda names=names: well(names), size, lost=True),
        ]
    stranger = {"read": False, "act": False, "actions": True}
    return [
        *found,
        Shot("camera", lambda: well(SIX), (1440, 900), path="#camera=till"),
        Shot(
            "camera-trouble-dark", lambda: trouble(SIX), (1280, 800), "dark", path="#camera=aisle"
        ),
        Shot("camera-phone", lambda: trouble(SIX), (390, 844), path="#camera=parking"),
        Shot("wall", lambda: trouble(SIXTY[:15]), (1440, 810), path="#wall"),
        Shot("phone", lambda: trouble(SIXTY), (390, 844)),
        Shot("phone-dark", lambda: well(SIX), (390, 844), "dark"),
        Shot("dark", lambda: trouble(SIX), (1280, 800), "dark"),
        Shot("pt-BR", lambda: trouble(SIX), (1280, 800), language="pt-BR"),
        Shot("pt-BR-broker", lambda: broker_lost(SIX), (390, 844), language="pt-BR"),
        Shot(
            "reload",
            lambda: well(SIX, config={"file_differs": True, "refused": None}),
            script="document.querySelector('#reload-plan').click()",
            answers={"plan": {"result": "planned", "plan": RELOAD_PLAN}},
        ),
        *(_adding(f"add-camera{name}", **given) for name, given in ADDING.items()),
        Shot("login", lambda: well(SIX), (1280, 800), session=stranger),
    ]


def _adding(name: str, **given: Any) -> Shot:
    """A camera whose substream was chosen and has answered, before it is added."""
    shown = b64encode(picture("gate")).decode("ascii")
    sent = {
        "ok": True,
        "codec": "h264",
        "width": 640,
        "height": 360,
        "fps": 15.0,
        "picture": shown,
    }
    rest = {"key_frame_interval_s": 2.0, "key_frame_interval_is_at_least": False, "cause": None}
    device = {"address": "10.0.0.24", "name": "Acme Dome 5", "problem": None, "detail": None}
    streams = [_stream("main", "H265", 2560, 25.0), _stream("sub", "H264", 640, 15.0)]
    answers: dict[str, dict[str, Any]] = {
        "probe": {**sent, **rest},
        "streams": {**device, "streams": streams},
    }
    return Shot(name, lambda: well(SIX), script=_ADD, answers=answers, **given)


def _stream(name: str, codec: str, width: int, fps: float) -> dict[str, Any]:
    """One of a camera's streams; the smaller one is recommended."""
    size = {"width": width, "height": width * 9 // 16, "fps": fps}
    url = f"rtsp://10.0.0.24:554/{name}"
    return {
        "profile": name,
        "name": name,
        "codec": codec,
        **size,
        "url": url,
        "proposed": name == "sub",
    }


_ADD: Final = """
document.querySelector('#add-camera').click();
const given = {url: '10.0.0.24', username: 'viewer', password: 'none', id: 'gate'};
for (const [field, value] of Object.entries(given)) {
  document.querySelector(`#edit-${field}`).value = value;
}
document.querySelector('#edit-ask').click();
setTimeout(() => document.querySelector('#edit-streams button.main').click(), 400);
"""


def main(wanted: list[str]) -> None:
    """Write the screenshots with these names, or all."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with ScriptedPage(1.0) as page, browser() as driver:
        began_ms = int(time.time() * 1000)
        for shot in shots():
            if not wanted or shot.name in wanted:
                take(page, driver, shot, began_ms)


def take(page: ScriptedPage, driver: Chrome, shot: Shot, began_ms: int) -> None:
    """Let the page come to rest in this state, and keep what is seen."""
    page.frozen = False
    page.session = dict(shot.session)
    page.answers = shot.answers
    page.view = shot.update()
    names = tuple(each["id"] for each in page.view["cameras"])
    for name in names:
        picture(name)  # rendered now: while it is, the page is not served
    kind = shot.name.partition("-")[2] or shot.name
    page.entries = entries(
        names,
        "broker" if "broker" in kind else "trouble" if page.view["verdict"]["trouble"] else "well",
    )
    page.pictures = lambda name: _picture(page, name, began_ms)
    driver.get("about:blank")
    look_like(driver, *shot.size, shot.scheme)
    driver.get(f"{page.url}favicon.svg")
    driver.execute_script(
        "localStorage.setItem('edge-video.language', arguments[0])", shot.language
    )
    driver.get(f"{page.url}{shot.path}")
    if shot.session["read"]:
        eventually(lambda: driver.execute_script(_SETTLED), 30)
    time.sleep(1.2)
    if shot.script:
        driver.execute_script(shot.script)
        time.sleep(1.2)
    if shot.lost:
        page.frozen = True
        eventually(lambda: "No connection" in driver.title, 15)
        time.sleep(0.3)
    image = Image.open(io.BytesIO(driver.get_screenshot_as_png())).convert("RGB")
    path = TARGET / f"{shot.name}.webp"
    image.save(path, "WEBP", quality=80, method=6)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KB")


_SETTLED: Final = """
const place = document.querySelector('dialog[open]') ?? document;
const shown = [...place.querySelectorAll('.screen')].filter((each) => {
  const box = each.getBoundingClientRect();
  return each.checkVisibility() && box.top < innerHeight && box.bottom > 0;
});
return place.querySelector('.screen') && shown.every((each) => !each.querySelector('img').hidden);
"""


def _picture(page: ScriptedPage, name: str, began_ms: int) -> tuple[bytes, int] | None:
    """What the camera shows now; of one that failed, the last that it showed."""
    now_ms = int(time.time() * 1000)
    shown = next((each for each in page.view["cameras"] if each["id"] == name), None)
    if shown is None or not page.view["cameras"]:
        return None
    captured_at_ms = (
        now_ms - 100 if shown["word"] == "OK" else max(shown["since_ms"], began_ms - 26_000_000)
    )
    return picture(name), captured_at_ms


if __name__ == "__main__":
    main(sys.argv[1:])
