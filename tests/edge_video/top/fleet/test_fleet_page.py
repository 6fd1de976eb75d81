"""The fleet in a browser: who is let in, what is served, and the page itself in Chromium."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from edge_video.http.page import page_shapes
from edge_video.text.catalog import Language
from edge_video.top.fleet.page_settings import page_settings
from edge_video.top.fleet.server import FleetServer
from edge_video.watch.subscription import BadInput
from tests.edge_video.top.fleet.test_fleet_screen import Site, now
from tests.support.browser import browser

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "long-enough-token"


@contextmanager
def served(site: Site, listen: str = "127.0.0.1:0", token: str | None = None) -> Iterator[str]:
    server = FleetServer(page_settings(listen, token, [], Language.EN), site.session)
    url = server.start().replace("0.0.0.0", "127.0.0.1")
    try:
        yield url
    finally:
        server.stop()


def get(url: str, **headers: str) -> tuple[int, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_this_machine_reads_freely_and_strangers_names_and_pages_do_not() -> None:
    site = Site()
    site.hear(now("shop/1", troubled=frozenset({0})).status())
    with served(site) as url:
        code, body = get(f"{url}api/fleet")
        [row] = json.loads(body)["nodes"]
        assert (code, row["name"], row["state"]) == (200, "shop/1", "trouble")
        assert len(row["camera_ids"]) == 20
        code, body = get(f"{url}api/nodes/shop%2F1")
        assert (code, len(json.loads(body)["camera_list"])) == (200, 20)
        assert get(f"{url}api/nodes/none")[0] == 404
        assert get(f"{url}api/fleet", Host="evil.example") == (
            400,
            b'{"error":"this host name is not one of ours; add it to --host"}',
        )
        assert get(f"{url}api/fleet", Sec_Fetch_Site="cross-site")[0] == 403
        page = get(url)[1].decode()
        assert page.count("<symbol") == page_shapes().count("<symbol") > 10
        for path in ("fleet.js", "node.js", "fleet.css", "style.css", "texts/pt-BR.json"):
            assert get(url + path)[0] == 200


def test_for_one_node_the_others_are_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site()
    site.hear(now("shop", troubled=frozenset({0})).status(), now("other").status())
    with served(site) as url:
        monkeypatch.delattr("edge_video.top.fleet.session.judge")
        code, body = get(f"{url}api/nodes/shop")
    assert (code, json.loads(body)["state"]) == (200, "trouble")


def test_others_need_the_token() -> None:
    with served(Site(), "0.0.0.0:0", TOKEN) as url:
        assert get(f"{url}api/fleet")[0] == 401
        assert get(f"{url}api/fleet", Authorization="Bearer wrong")[0] == 401
        assert get(f"{url}api/fleet", Authorization=f"Bearer {TOKEN}")[0] == 200
        assert get(url)[0] == 200  # the form for the token


@pytest.mark.parametrize(
    ("listen", "token", "host", "complaint"),
    [
        ("0.0.0.0:8090", None, "a", "--http 0.0.0.0:8090: other machines reach this address"),
        ("127.0.0.1:8090", "short", "a", "--token: a token has 8 to 200 characters"),
        ("nowhere", None, "a", "--http: it must be an address and a port"),
        ("127.0.0.1:1", None, "http://a", "--host: it must be a host name"),
    ],
)
def test_an_option_that_is_wrong_is_named(
    listen: str, token: str | None, host: str, complaint: str
) -> None:
    with pytest.raises(BadInput) as raised:
        page_settings(listen, token, [host], Language.EN)
    assert str(raised.value).startswith(complaint)


def test_the_page_shows_the_worst_first_opens_a_node_and_filters() -> None:
    site = Site()
    site.hear(now("well").status(), now("bad", troubled=frozenset({0})).status())
    with served(site) as url, browser() as page:
        wait = WebDriverWait(page, 20, 0.1)

        def texts(selector: str) -> list[str]:
            # In one step: the page may replace what it shows between two.
            script = "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)"
            found: list[str] = page.execute_script(script, selector)
            return [each.replace("\N{NO-BREAK SPACE}", " ") for each in found]

        page.get(url)
        wait.until(lambda _: texts("#rows .name") == ["bad", "well"])
        assert texts("#verdict") == ["1 of 2 nodes well · 1 in trouble"]
        assert texts("#rows .why")[0] == "cameras in trouble: 1 (entrance-1)"
        page.find_element(By.ID, "filter").send_keys("wel")
        wait.until(lambda _: texts("#rows .name") == ["well"])
        page.get(f"{url}#node=bad")
        wait.until(lambda _: len(texts("#node-cameras li")) == 20)
        assert "connection refused" in texts("#node-cameras .why")[0]
        site.listener.on_lost("connection refused", 1.0)
        wait.until(lambda _: texts("#verdict")[0].startswith("No connection to the broker"))
        assert "lost" in str(page.find_element(By.TAG_NAME, "body").get_attribute("class"))
        log: list[dict[str, str]] = page.get_log("browser")  # type: ignore[no-untyped-call]
        assert [each for each in log if each["level"] == "SEVERE"] == []
