"""Dashboard and alerts are true to the program's metrics, and promtool tests each alert."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from edge_video.http.metrics import render_metrics
from edge_video.testing.rabbit import free_port
from tests.edge_video.http.test_metrics import shared
from tests.support.program import Program
from tests.support.rtsp import require

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
RULES = ROOT / "config/prometheus/edge-video.rules.yml"
TESTS = ROOT / "config/prometheus/edge-video.test.yml"
DASHBOARD = ROOT / "config/grafana/edge-video.json"
METRIC = re.compile(r"\b(?:edge_video|process|python)_[a-z_]+\b")
ALERTS: list[dict[str, Any]] = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    require(shutil.which("promtool"), "promtool (Debian's package prometheus)")
    return subprocess.run(
        ["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )


def expressions() -> Iterator[str]:
    """Every query of dashboard and rules."""
    for alert in ALERTS:
        yield alert["expr"]
    document = json.loads(DASHBOARD.read_text())
    for panel in document["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]
    for variable in document["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]


def test_the_rules_are_rules_and_behave_as_their_tests_say() -> None:
    checked = promtool("check", "rules", RULES)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tested = promtool("test", "rules", TESTS)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_alerts_that_never_fire_are_noticed_each_of_them(tmp_path: Path) -> None:
    document = yaml.safe_load(RULES.read_text())
    for rule in document["groups"][0]["rules"]:
        rule["expr"] = "vector(0) > 1"
    (tmp_path / RULES.name).write_text(yaml.safe_dump(document))
    shutil.copy(TESTS, tmp_path)
    tested = promtool("test", "rules", tmp_path / TESTS.name)
    assert tested.returncode == 1
    printed = tested.stdout + tested.stderr
    names = [each["alert"].removeprefix("EdgeVideo") for each in ALERTS]
    assert [name for name in names if name not in printed] == []


def test_every_alert_says_what_and_how_urgent() -> None:
    for alert in ALERTS:
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert set(alert["annotations"]) == {"summary", "description"}


def test_the_dashboard_is_what_its_script_writes() -> None:
    script = runpy.run_path(str(ROOT / "scripts/write_dashboard.py"))
    assert json.loads(DASHBOARD.read_text()) == script["dashboard"]()


def test_every_query_of_the_dashboard_is_promql(tmp_path: Path) -> None:
    """Prometheus's own parser reads them, with Grafana's variables filled in."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    filled = [
        re.sub(r"\$(instance|camera)", ".*", each.replace("$__rate_interval", "1m"))
        for each in queries
    ]
    rules = [{"record": f"query:{at}", "expr": expr} for at, expr in enumerate(filled)]
    rule_file = tmp_path / "queries.yml"
    rule_file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    checked = promtool("check", "rules", rule_file)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert len(filled) > 20


def test_no_panel_overlaps_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def scraped(url: str) -> str:
    """The metrics, as soon as there is a measurement of machine, process and FFmpegs."""
    deadline = time.monotonic() + 40
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                text = str(answer.read(), "utf-8")
        except urllib.error.URLError:
            text = ""
        measured = "edge_video_machine_cpu_used_ratio ", "edge_video_ffmpeg_resident_memory_bytes{"
        if all(each in text for each in (*measured, 'to="OPEN"')):
            return text
        assert time.monotonic() < deadline, text
        time.sleep(0.2)


@pytest.mark.ffmpeg
def test_every_metric_and_label_that_is_asked_for_is_in_a_real_scrape(tmp_path: Path) -> None:
    port = free_port()
    config = {
        "sink": {"type": "directory", "path": str(tmp_path / "frames")},
        "http": {"listen": f"127.0.0.1:{port}"},
        "circuit_breaker": {"max_failures": 1},
        "cameras": [
            {"id": "good", "url": "lavfi:testsrc2=size=160x120:rate=5", "fps": 5},
            {"id": "gone", "url": "rtsp://127.0.0.1:9/s"},
        ],
    }
    with Program(tmp_path, config) as program:
        text = scraped(f"http://127.0.0.1:{port}/metrics")
        assert program.stop() == 0
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    text += render_metrics(shared()).decode()  # what a node has that shares its cameras
    # Of a counter by camera there is a sample as soon as there is a camera.
    there = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line[:1] != "#"}
    there |= {line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    asked = {name for each in expressions() for name in METRIC.findall(each)}
    assert len(asked) > 20
    assert asked - there == set()
    for expression in expressions():
        for name, value in re.findall(r'\b(phase|state|to|outcome|level)="([^"]+)"', expression):
            assert f'{name}="{value}"' in text, expression
