"""`--report-html` of a real run: the figures of the printed report, and no secret."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.ffmpeg

CANARY = "canary-7391"


@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_the_page_of_a_run_has_the_figures_of_its_report(tmp_path: Path, language: str) -> None:
    page_file = tmp_path / "report.html"
    config = {
        "sink": {"type": "directory", "path": str(tmp_path / "frames"), "keep": 5},
        "language": language,
        "circuit_breaker": {"max_failures": 1},
        "cameras": [
            {"id": "good", "url": "lavfi:testsrc2=size=160x120:rate=15"},
            {"id": "gone", "url": f"rtsp://viewer:{CANARY}@127.0.0.1:9/s"},
        ],
    }
    words = ("--report-html", str(page_file), "--report-file", str(tmp_path / "final.json"))
    with Program(tmp_path, config, *words) as program:
        program.wait_for_log("OPEN")
        program.wait_for_log("[good]", "160x120")
        assert program.stop() == 0
    page = page_file.read_text(encoding="utf-8")
    assert CANARY not in page
    shown = " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())
    report = json.loads((tmp_path / "final.json").read_text())
    totals = report["totals"]
    assert totals["received"] > 0
    assert f"= publicados {totals['published']} +" in shown or (
        f"= published {totals['published']} +" in shown
    )
    end = max(at for at, line in enumerate(program.printed) if line.startswith("🔴"))
    titles = ("FINAL REPORT", "RELATÓRIO FINAL")
    start = max(at for at, line in enumerate(program.printed) if line in titles)
    rows = [line.split(":", 1)[1] for line in program.printed[start:end] if ":" in line]
    values = [" ".join(row.split()) for row in rows if row.strip()]
    assert len(values) > 25
    assert [value for value in values if value not in shown] == []
    assert '<rect class="OPEN"' in page


def test_a_page_that_cannot_be_written_is_found_out_before_the_run(tmp_path: Path) -> None:
    config = {"sink": "directory", "cameras": [{"id": "a", "url": "lavfi:testsrc2"}]}
    with Program(tmp_path, config, "--report-html", str(tmp_path)) as program:
        assert program.wait() == 2
    assert f"--report-html: {tmp_path} is a directory" in program.log[-1]
