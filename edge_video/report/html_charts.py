"""Draws the charts of the report's page: what happened over the run. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.delivery.ledger import NO_LOSS, DropReason
from edge_video.report import svg
from edge_video.report.latency import add_latencies, format_class, format_percentile
from edge_video.resilience.breaker import BreakerState
from edge_video.status.health import Delivery
from edge_video.text.catalog import count_text, lookup
from edge_video.text.duration import format_duration
from edge_video.text.formatting import MB, format_rounded_duration, localized

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from enum import StrEnum

    from edge_video.report.history import History, Load, Stretch
    from edge_video.report.markup import Markup
    from edge_video.status.model import CameraStatus, SystemStatus


class Charts:
    """Draws the sections of a run's charts.

    Args:
        status: the run's end.
        history: its course.
        cameras: those that are shown.
        markup: makes HTML of texts.
    """

    def __init__(
        self,
        status: SystemStatus,
        history: History,
        cameras: Sequence[CameraStatus],
        markup: Markup,
    ) -> None:
        self._status = status
        self._history = history
        self._cameras = cameras
        self._html = markup
        end_s = max(status.uptime_s, 1e-9)
        self._time = svg.Axis(end_s, format_instant, most_ticks=7)
        self.short_time = svg.Axis(end_s, format_instant, most_ticks=4)
        """The time axis of a narrow chart."""

    def course(self) -> str:
        """What happened over the run: the delivery, and below it every breaker."""
        delivery = [self._bar(each, self._delivery_word) for each in self._history.delivery]
        rows = [(lookup("page.delivery", self._html.language), delivery)] if delivery else []
        rows += [
            (
                self._html.plain(camera.camera_id),
                [self._bar(each, str) for each in self._history.breakers.get(camera.camera_id, ())],
            )
            for camera in self._cameras
        ]
        title = lookup("page.course", self._html.language)
        plot = svg.lanes(rows, self._time, width=1100, title=title)
        return self._html.section("page.course", f'{self._keys()}<div class="wide">{plot}</div>')

    def _keys(self) -> str:
        breakers = "".join(
            f'<span class="key {state.value}"></span>{state.value}' for state in BreakerState
        )
        was = {state for stretch in self._history.delivery for state in stretch.seconds}
        delivery = "".join(
            f'<span class="key {state.value}"></span>{self._html.safe(self._delivery_word(state))}'
            for state in Delivery
            if state in was
        )
        name = self._html.text("page.delivery")
        lines = [f"{name}: {delivery}"] if delivery else []
        return "".join(f'<p class="dim">{line}</p>' for line in (*lines, breakers))

    def _delivery_word(self, state: StrEnum) -> str:
        return lookup(f"delivery.{state.value}", self._html.language)

    def _bar(self, stretch: Stretch, word: Callable[[StrEnum], str]) -> svg.Bar:
        shares = ", ".join(
            f"{word(state)} {self._duration(seconds)}"
            for state, seconds in stretch.seconds.items()
            if seconds > 0
        )
        start, end = format_instant(stretch.start_s), format_instant(stretch.end_s)
        tip = f"{start} – {end}: {shares or word(stretch.state)}"
        return svg.Bar(stretch.start_s, stretch.end_s, stretch.state.value, tip)

    def _duration(self, seconds: float) -> str:
        return format_rounded_duration(seconds, self._html.language)

    def format_number(self, value: float) -> str:
        """A number of an axis, as short as it can be."""
        return localized(f"{value:g}", self._html.language)

    def latencies(self) -> str:
        """A histogram of latencies, and their percentiles."""
        language = self._html.language
        latency = add_latencies(camera.latency for camera in self._status.cameras)
        if not latency.count:
            return self._html.section(
                "page.latency", f"<p>{self._html.text('page.latency_none')}</p>"
            )
        used = [number for number, count in enumerate(latency.counts) if count]
        bars = [
            (
                format_class(number, language).removeprefix("≤ "),
                float(latency.counts[number]),
                f"{format_class(number, language)}: "
                + count_text("page.latency_frames", latency.counts[number], language),
            )
            for number in range(max(0, used[0] - 1), min(len(latency.counts), used[-1] + 2))
        ]
        percentiles = self._html.text(
            "page.latency_percentiles",
            half=format_percentile(latency, 50, language),
            most=format_percentile(latency, 95, language),
            nearly=format_percentile(latency, 99, language),
            mean=self._duration(latency.sum_s / latency.count),
        )
        plot = svg.columns(bars, title=lookup("page.latency", self._html.language), width=520)
        return self._html.section("page.latency", f'<p class="dim">{percentiles}</p>{plot}')

    def drops(self) -> str:
        """Dropped frames by reason."""
        totals = self._status.totals
        counts = {reason.value: totals.dropped_for(reason) for reason in DropReason}
        note = ""
        for reason in NO_LOSS:
            if count := counts.pop(reason.value):
                text = count_text(f"page.{reason.value}", count, self._html.language)
                note += f'<p class="dim">{self._html.plain(text)}</p>'
        if not totals.lost:
            none = f"<p>{self._html.text('page.drops_none')}</p>"
            return self._html.section("page.drops", none + note)
        rows = "".join(
            f"<span>{self._html.text(f'page.drop.{reason}')}</span>"
            f'<span class="track"><div class="fill"'
            f' style="width:{100 * count / totals.lost:.1f}%"></div></span><span>{count}</span>'
            for reason, count in counts.items()
            if count
        )
        return self._html.section("page.drops", f'<div class="drop">{rows}</div>{note}')

    def cpu(self) -> str:
        """CPU over the run."""
        return self._load(
            "page.cpu", lambda load: load.cpu_percent, lambda load: load.ffmpeg_cpu_percent
        )

    def memory(self) -> str:
        """Memory over the run."""
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
            return self._html.section(key, f"<p>{self._html.text('page.unmeasured')}</p>")
        keys = "".join(
            f'<span class="key {line.css}"></span>{self._html.text(line.label)}' for line in lines
        )
        title = lookup(key, self._html.language)
        plot = svg.line_chart(
            lines,
            self.short_time,
            svg.Axis(highest * 1.08, self.format_number, 4),
            width=520,
            title=title,
        )
        return self._html.section(key, f'<p class="dim">{keys}</p>{plot}')


def format_instant(seconds: float) -> str:
    """An instant of the run as the duration since its start, whole seconds."""
    return format_duration(float(round(seconds)))
