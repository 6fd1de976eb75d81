"""The final report as one page of HTML: the figures of the text report, and how they came about.

Self-contained and without a script: it can be mailed, archived, and opened in ten years. Pure.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final

from edge_video.report import svg
from edge_video.report.final import (
    Row,
    books_lines,
    camera_rows,
    header_rows,
    is_healthy,
    profile_lines,
    program_line,
    publisher_rows,
    totals_rows,
)
from edge_video.report.latency import add_latencies, format_class, format_percentile
from edge_video.resilience.breaker import BreakerState
from edge_video.status.model import CameraPhase
from edge_video.text.catalog import Language, lookup
from edge_video.text.duration import format_duration
from edge_video.text.formatting import MB, format_rounded_duration, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import tzinfo

    from edge_video.report.history import History, Load, Sample, Stretch
    from edge_video.status.model import CameraStatus, SystemStatus

_STYLE: Final = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2430;--dim:#5c6876;--line:#dfe3e8;
--s0:#1769c2;--s1:#c2571a;--good:#2e8b57;--half:#d6a012;--bad:#c8372d;--guide:#8894a3}
@media (prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1b212a;--ink:#e6eaf0;--dim:#9aa6b4;
--line:#303945;--s0:#6cb0ff;--s1:#ff9d5c;--good:#4cc38a;--half:#e8bd4a;--bad:#ff6f66;--guide:#76828f}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
main{max-width:1180px;margin:0 auto;padding:20px 16px 48px}
h1{font-size:1.5rem;margin:0 0 2px}h2{font-size:1.05rem;margin:0 0 8px}
h3{font-size:1rem;margin:0 0 6px;overflow-wrap:anywhere}
p{margin:4px 0}.dim{color:var(--dim)}
.verdict{display:flex;flex-wrap:wrap;gap:8px;margin:12px 0 20px}
.pill{border:1px solid var(--line);border-radius:999px;padding:3px 12px;background:var(--card)}
.ok{border-color:var(--good)}.warn{border-color:var(--bad)}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px;
margin:0 0 14px}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:14px}
.two>*{margin:0;min-width:0}.two{margin-bottom:14px}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));gap:14px}
.card{border:1px solid var(--line);border-radius:8px;padding:10px 12px;min-width:0}
.card.warn{border-color:var(--bad);border-width:2px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 14px;margin:0;font-size:.92em}
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
svg{display:block;width:100%;height:auto;font:11px system-ui,sans-serif}
.wide{overflow-x:auto}.wide svg{min-width:640px}
svg text{fill:var(--dim)}.grid{stroke:var(--line);stroke-width:1}
.guide{stroke:var(--guide);stroke-width:1.2;stroke-dasharray:5 4}
.curve{fill:none;stroke-width:1.6;stroke-linejoin:round}
.s0{stroke:var(--s0)}.s1{stroke:var(--s1)}.area{stroke:none;fill:var(--s0)}
.CLOSED{fill:var(--good);opacity:.55}.HALF_OPEN{fill:var(--half)}.OPEN{fill:var(--bad)}
.key{display:inline-block;width:12px;height:12px;border-radius:3px;margin:0 5px 0 14px;
vertical-align:-1px}.key:first-child{margin-left:0}
.key.CLOSED{background:var(--good);opacity:.55}.key.HALF_OPEN{background:var(--half)}
.key.OPEN{background:var(--bad)}.key.s0{background:var(--s0)}.key.s1{background:var(--s1)}
.drop{display:grid;grid-template-columns:minmax(90px,max-content) 1fr max-content;gap:6px 10px;
align-items:center}.track{background:var(--line);border-radius:4px;height:12px}
.fill{background:var(--s1);border-radius:4px;height:12px;min-width:2px}
pre{margin:8px 0 0;white-space:pre-wrap;font-size:.88em;color:var(--dim)}
@media print{body{background:#fff}section,.card{break-inside:avoid}}
"""

_DROPS: Final = ("overflow", "stale", "shutdown", "memory", "refused", "too_large")


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
    return _Page(status, history, language, clean=clean, zone=zone).render()


class _Page:
    def __init__(
        self,
        status: SystemStatus,
        history: History,
        language: Language,
        *,
        clean: Callable[[str], str],
        zone: tzinfo | None,
    ) -> None:
        self._status = status
        self._history = history
        self._language = language
        self._clean = clean
        self._zone = zone
        self._time = svg.Axis(max(status.uptime_s, 1e-9), _spell_instant, most_ticks=7)
        self._short_time = svg.Axis(self._time.end, _spell_instant, most_ticks=4)
        self._shown = [each for each in status.cameras if each.phase is not CameraPhase.DISABLED]

    def render(self) -> str:
        title = self._words("page.title", node=self._status.node)
        sections = [
            self._header(),
            self._pair(self._publisher(), self._totals()),
            self._breakers(),
            self._pair(self._latencies(), self._drops()),
            self._pair(self._cpu(), self._memory()),
            self._cameras(),
            self._profile(),
        ]
        return (
            f'<!doctype html>\n<html lang="{self._language.value}">\n<head>\n'
            '<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
            '<meta http-equiv="Content-Security-Policy"'
            " content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
            + "\n".join(sections)
            + "\n</main>\n</body>\n</html>\n"
        )

    # --- words ---

    def _safe(self, text: object) -> str:
        """Masked, on one line, and without any meaning to a browser."""
        return escape(one_line(self._clean(str(text))))

    def _words(self, key: str, **facts: object) -> str:
        return self._safe(lookup(key, self._language).format(**facts))

    def _list(self, rows: Iterable[Row]) -> str:
        items = "".join(
            f"<dt>{self._words(key)}</dt><dd>{self._safe(value)}</dd>" for key, value in rows
        )
        return f"<dl>{items}</dl>"

    def _section(self, key: str, body: str) -> str:
        heading = re.sub(r"^\W+", "", self._words(key))  # without the text report's pictograms
        return f"<section><h2>{heading}</h2>{body}</section>"

    def _pair(self, *sections: str) -> str:
        return f'<div class="two">{"".join(sections)}</div>'

    # --- sections ---

    def _header(self) -> str:
        status = self._status
        healthy = sum(is_healthy(each, status.uptime_s) for each in self._shown)
        all_well = healthy == len(self._shown)
        books = totals_rows(status, self._language)[-1][1]
        balanced = "✓" in str(books)
        mark = "✓" if all_well else "⚠"
        cameras = self._words("page.healthy", healthy=healthy, cameras=len(self._shown))
        return (
            f"<header><h1>{self._words('final.title')}</h1>"
            f'<p class="dim">{self._safe(program_line(status, self._language))}</p>'
            f"{self._list(header_rows(status, self._zone))}"
            '<div class="verdict">'
            f'<span class="pill {_tone(good=all_well)}">{mark} {cameras}</span>'
            f'<span class="pill {_tone(good=balanced)}">{self._words("final.books")}:'
            f" {self._safe(books)}</span></div></header>"
        )

    def _publisher(self) -> str:
        return self._section(
            "final.publisher", self._list(publisher_rows(self._status, self._language))
        )

    def _totals(self) -> str:
        books = "\n".join(map(self._safe, books_lines(self._status, self._language)))
        rows = self._list(totals_rows(self._status, self._language))
        return self._section("final.totals", f"{rows}<pre>{books}</pre>")

    def _breakers(self) -> str:
        rows = [
            (
                one_line(self._clean(camera.camera_id)),
                [self._bar(each) for each in self._history.breakers.get(camera.camera_id, ())],
            )
            for camera in self._shown
        ]
        keys = "".join(
            f'<span class="key {state.value}"></span>{state.value}' for state in BreakerState
        )
        title = lookup("page.breakers", self._language)
        plot = svg.lanes(rows, self._time, width=1100, title=title)
        return self._section(
            "page.breakers", f'<p class="dim">{keys}</p><div class="wide">{plot}</div>'
        )

    def _bar(self, stretch: Stretch) -> svg.Bar:
        shares = ", ".join(
            f"{state.value} {format_rounded_duration(seconds)}"
            for state, seconds in stretch.seconds.items()
            if seconds > 0
        )
        start, end = _spell_instant(stretch.start_s), _spell_instant(stretch.end_s)
        tip = f"{start} – {end}: {shares or stretch.state.value}"
        return svg.Bar(stretch.start_s, stretch.end_s, stretch.state.value, tip)

    def _latencies(self) -> str:
        latency = add_latencies(camera.latency for camera in self._status.cameras)
        if not latency.count:
            return self._section("page.latency", f"<p>{self._words('page.latency_none')}</p>")
        used = [number for number, count in enumerate(latency.counts) if count]
        bars = [
            (
                format_class(number).removeprefix("≤ "),
                float(latency.counts[number]),
                f"{format_class(number)}: "
                + lookup("page.latency_frames", self._language).format(
                    count=latency.counts[number]
                ),
            )
            for number in range(max(0, used[0] - 1), min(len(latency.counts), used[-1] + 2))
        ]
        words = self._words(
            "page.latency_percentiles",
            half=format_percentile(latency, 50),
            most=format_percentile(latency, 95),
            nearly=format_percentile(latency, 99),
            mean=format_rounded_duration(latency.sum_s / latency.count),
        )
        plot = svg.columns(bars, title=lookup("page.latency", self._language), width=520)
        return self._section("page.latency", f'<p class="dim">{words}</p>{plot}')

    def _drops(self) -> str:
        totals = self._status.totals
        counts = {reason: getattr(totals, f"dropped_{reason}") for reason in _DROPS}
        if not totals.dropped:
            return self._section("page.drops", f"<p>{self._words('page.drops_none')}</p>")
        rows = "".join(
            f"<span>{self._words(f'page.drop.{reason}')}</span>"
            f'<span class="track"><div class="fill"'
            f' style="width:{100 * count / totals.dropped:.1f}%"></div></span><span>{count}</span>'
            for reason, count in counts.items()
            if count
        )
        return self._section("page.drops", f'<div class="drop">{rows}</div>')

    def _cpu(self) -> str:
        return self._load(
            "page.cpu", lambda load: load.cpu_percent, lambda load: load.ffmpeg_cpu_percent
        )

    def _memory(self) -> str:
        return self._load(
            "page.memory", lambda load: load.rss_bytes / MB, lambda load: load.ffmpeg_rss_bytes / MB
        )

    def _load(
        self, key: str, process: Callable[[Load], float], ffmpeg: Callable[[Load], float]
    ) -> str:
        loads = [(each.at_s, each.process) for each in self._history.samples if each.process]
        lines = [
            svg.Line("page.process", "s0", [(at_s, process(load)) for at_s, load in loads]),
            svg.Line("page.ffmpeg", "s1", [(at_s, ffmpeg(load)) for at_s, load in loads]),
        ]
        highest = max((value for line in lines for _, value in line.points), default=0.0)
        if not highest:
            return self._section(key, f"<p>{self._words('page.unmeasured')}</p>")
        keys = "".join(
            f'<span class="key {line.css}"></span>{self._words(line.label)}' for line in lines
        )
        title = lookup(key, self._language)
        plot = svg.line_chart(
            lines,
            self._short_time,
            svg.Axis(highest * 1.08, _spell_number, 4),
            width=520,
            title=title,
        )
        return self._section(key, f'<p class="dim">{keys}</p>{plot}')

    def _cameras(self) -> str:
        note = self._words("page.fps_note")
        interval = ""
        if len(self._history.samples) > 1:
            span_s = self._status.uptime_s / len(self._history.samples)
            interval = " " + self._words("page.interval", interval=format_rounded_duration(span_s))
        order = {camera.camera_id: number for number, camera in enumerate(self._status.cameras)}
        ranked = sorted(self._shown, key=lambda each: is_healthy(each, self._status.uptime_s))
        cards = "".join(self._card(camera, order[camera.camera_id]) for camera in ranked)
        cards += "".join(
            f'<div class="card"><h3>– {self._safe(camera.camera_id)}</h3>'
            f"<p>{self._words('final.disabled')}</p></div>"
            for camera in self._status.cameras
            if camera.phase is CameraPhase.DISABLED
        )
        return self._section(
            "final.cameras",
            f'<p class="dim">{self._words("page.fps")}: {note}.{interval}</p>'
            f'<div class="cards">{cards}</div>',
        )

    def _card(self, camera: CameraStatus, number: int) -> str:
        good = is_healthy(camera, self._status.uptime_s)
        rates = list(_rates(self._history.samples, number))
        highest = max([camera.expected_fps * 1.25, *(rate for _, rate in rates)])
        title = f"{lookup('page.fps', self._language)}: {one_line(self._clean(camera.camera_id))}"
        plot = svg.line_chart(
            [svg.Line(title, "s0", rates)],
            self._short_time,
            svg.Axis(highest, _spell_number, 3),
            width=340,
            height=120,
            guide=camera.expected_fps,
            title=title,
        )
        rows = camera_rows(camera, self._status.uptime_s, self._language)
        return (
            f'<div class="card {_tone(good=good)}"><h3>{"✓" if good else "⚠"}'
            f" {self._safe(camera.camera_id)}</h3>{plot}{self._list(rows)}</div>"
        )

    def _profile(self) -> str:
        lines = "\n".join(map(self._safe, profile_lines(self._status, self._language)))
        return self._section("final.profile", f"<pre>{lines}</pre>")


def _tone(*, good: bool) -> str:
    return "ok" if good else "warn"


def _spell_instant(seconds: float) -> str:
    """Since the start, as short as it can be said: 90s is 1m30s, 7200s is 2h."""
    return format_duration(float(round(seconds)))


def _spell_number(value: float) -> str:
    return f"{value:g}"


def _rates(samples: Sequence[Sample], number: int) -> Iterable[tuple[float, float]]:
    """Frames per second of one camera between each two samples, at the middle of the interval.

    The last sample comes whenever the run ends: too soon after the one before it says nothing.
    """
    shortest_s = samples[-1].at_s / len(samples) / 2 if samples else 0.0
    before_s, before = 0.0, 0
    for sample in samples:
        elapsed_s = sample.at_s - before_s
        is_known = number < len(sample.received)  # not yet, in a reporter that was just restarted
        if is_known and elapsed_s > 0 and elapsed_s >= shortest_s:
            rate = (sample.received[number] - before) / elapsed_s
            yield (before_s + sample.at_s) / 2, rate
            before_s, before = sample.at_s, sample.received[number]
