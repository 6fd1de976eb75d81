"""Renders the final report as one page of HTML, with the course of the run.

Self-contained and without a script: it can be mailed, archived, and opened in ten years. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.report import svg
from edge_video.report.final import (
    accounting_lines,
    camera_rows,
    header_rows,
    is_healthy,
    profile_lines,
    program_line,
    publisher_rows,
    totals_rows,
)
from edge_video.report.html_charts import Charts
from edge_video.report.html_events import event_list, legend, outage_list
from edge_video.report.html_style import STYLE
from edge_video.report.markup import Markup
from edge_video.status.model import CameraPhase
from edge_video.text.catalog import Language, lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import format_rounded_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import tzinfo

    from edge_video.frames import CameraId
    from edge_video.report.history import History, Sample
    from edge_video.status.model import CameraStatus, SystemStatus


def render_page(
    status: SystemStatus,
    history: History,
    language: Language,
    *,
    clean: Callable[[str], str] = one_line,
    zone: tzinfo | None = None,
) -> str:
    """The whole page. Every figure is that of `render_final` for the same snapshot.

    `clean` masks secrets in every text; `zone` None is the machine's own time zone.
    """
    return _Page(status, history, Markup(language, clean), zone).render()


class _Page:
    """One page; its sections are its methods."""

    def __init__(
        self, status: SystemStatus, history: History, markup: Markup, zone: tzinfo | None
    ) -> None:
        self._status = status
        self._history = history
        self._html = markup
        self._zone = zone
        self._shown = [each for each in status.cameras if each.phase is not CameraPhase.DISABLED]
        self._charts = Charts(status, history, self._shown, markup)

    def render(self) -> str:
        title = self._html.text("page.title", node=self._status.node)
        sections = [
            self._header(),
            _pair(self._publisher(), self._totals()),
            self._charts.course(),
            _pair(self._charts.latencies(), self._charts.drops()),
            _pair(self._charts.cpu(), self._charts.memory()),
            self._cameras(),
            event_list(self._history.events, self._html, self._zone),
            self._profile(),
            legend(self._html),
        ]
        return (
            f'<!doctype html>\n<html lang="{self._html.language.value}">\n<head>\n'
            '<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
            '<meta http-equiv="Content-Security-Policy"'
            " content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
            + "\n".join(sections)
            + "\n</main>\n</body>\n</html>\n"
        )

    def _header(self) -> str:
        status = self._status
        healthy = sum(is_healthy(each, status.uptime_s) for each in self._shown)
        all_well = healthy == len(self._shown)
        verdict = totals_rows(status, self._html.language)[-1][1]
        balanced = "✓" in str(verdict)
        mark = "✓" if all_well else "⚠"
        cameras = self._html.counted("page.healthy", len(self._shown), healthy=healthy)
        return (
            f"<header><h1>{self._html.text('final.title')}</h1>"
            f'<p class="dim">{self._html.safe(program_line(status, self._html.language))}</p>'
            f"{self._html.rows(header_rows(status, self._html.language, self._zone))}"
            '<div class="verdict">'
            f'<span class="pill {_tone(good=all_well)}">{mark} {cameras}</span>'
            f'<span class="pill {_tone(good=balanced)}">{self._html.text("final.accounting")}:'
            f" {self._html.safe(verdict)}</span></div></header>"
        )

    def _publisher(self) -> str:
        return self._html.section(
            "final.publisher",
            self._html.rows(publisher_rows(self._status, self._html.language))
            + outage_list(self._status, self._html, self._zone),
        )

    def _totals(self) -> str:
        sums = "\n".join(map(self._html.safe, accounting_lines(self._status, self._html.language)))
        rows = self._html.rows(totals_rows(self._status, self._html.language))
        return self._html.section("final.totals", f"{rows}<pre>{sums}</pre>")

    def _cameras(self) -> str:
        note = self._html.text("page.fps_note")
        interval = ""
        if len(self._history.samples) > 1:
            span_s = self._status.uptime_s / len(self._history.samples)
            interval = " " + self._html.text(
                "page.interval", interval=format_rounded_duration(span_s, self._html.language)
            )
        ranked = sorted(self._shown, key=lambda each: is_healthy(each, self._status.uptime_s))
        cards = "".join(self._card(camera) for camera in ranked)
        cards += "".join(
            f'<div class="card"><h3>– {self._html.safe(camera.camera_id)}</h3>'
            f"<p>{self._html.text('final.disabled')}</p></div>"
            for camera in self._status.cameras
            if camera.phase is CameraPhase.DISABLED
        )
        return self._html.section(
            "final.cameras",
            f'<p class="dim">{self._html.text("page.fps")}: {note}.{interval}</p>'
            f'<div class="cards">{cards}</div>',
        )

    def _card(self, camera: CameraStatus) -> str:
        good = is_healthy(camera, self._status.uptime_s)
        rates = list(_rates(self._history.samples, camera.camera_id))
        highest = max([camera.expected_fps * 1.25, *(rate for _, rate in rates)])
        title = f"{lookup('page.fps', self._html.language)}: {self._html.plain(camera.camera_id)}"
        plot = svg.line_chart(
            [svg.Line(title, "s0", rates)],
            self._charts.short_time,
            svg.Axis(highest, self._charts.format_number, 3),
            width=340,
            height=120,
            guide=camera.expected_fps,
            title=title,
        )
        rows = camera_rows(camera, self._status.uptime_s, self._html.language)
        return (
            f'<div class="card {_tone(good=good)}"><h3>{"✓" if good else "⚠"}'
            f" {self._html.safe(camera.camera_id)}</h3>{plot}{self._html.rows(rows)}</div>"
        )

    def _profile(self) -> str:
        lines = "\n".join(map(self._html.safe, profile_lines(self._status, self._html.language)))
        return self._html.section("final.profile", f"<pre>{lines}</pre>")


def _pair(*sections: str) -> str:
    return f'<div class="two">{"".join(sections)}</div>'


def _tone(*, good: bool) -> str:
    return "ok" if good else "warn"


def _rates(samples: Sequence[Sample], camera_id: CameraId) -> Iterable[tuple[float, float]]:
    """Frames per second of one camera between each two samples, at the middle of the interval.

    The last sample comes whenever the run ends: too soon after the one before it says nothing.
    """
    shortest_s = samples[-1].at_s / len(samples) / 2 if samples else 0.0
    before_s, before = 0.0, 0
    for sample in samples:
        elapsed_s = sample.at_s - before_s
        received = sample.received.get(camera_id)
        if received is None:
            if not before:  # it was added later, by a reload
                before_s = sample.at_s
        elif elapsed_s > 0 and elapsed_s >= shortest_s:
            yield (before_s + sample.at_s) / 2, (received - before) / elapsed_s
            before_s, before = sample.at_s, received
