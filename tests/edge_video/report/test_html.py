"""The report as a page: the figures of the text, nothing from outside, no text with a meaning."""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_video.delivery.ledger import LATENCY_BOUNDS_S, FrameCounts, LatencyHistogram
from edge_video.report import svg
from edge_video.report.final import render_final
from edge_video.report.history import EVENTS, STRETCHES, History, HistoryRecorder, Sample
from edge_video.report.html import render_page
from edge_video.report.latency import add_latencies, format_class, format_percentile
from edge_video.resilience.breaker import BreakerState
from edge_video.resilience.failures import Cause, Failure
from edge_video.status.health import HEALTHY_PERCENT
from edge_video.status.model import CameraPhase, PublisherState, PublisherStatus, SystemStatus
from edge_video.status.timeline import EntryKind
from edge_video.text.catalog import TEXTS, Language, lookup
from edge_video.text.redact import Redactor
from edge_video.text.report_texts import LEGEND
from tests.edge_video.report.examples import (
    STARTED_AT_NS,
    breaker,
    camera,
    connected,
    good_counts,
    outage,
    record,
    sample,
    system,
)

CANARY = "canary-7391"
HOSTILE = "</title><script>alert(1)</script>\"'&\x1b[2J\u202e"
OPEN_CLASS = len(LATENCY_BOUNDS_S)
LATENCY = LatencyHistogram((10, 80, 6, *(0,) * (OPEN_CLASS - 3), 4), sum_s=0.9)


class Strict(HTMLParser):
    """Every element that is opened is closed, in order; collects texts, tags and attributes."""

    VOID = frozenset({"meta", "line", "rect", "polyline"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(page: str) -> Strict:
    parser = Strict()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


def a_run() -> tuple[SystemStatus, History]:
    frames = replace(good_counts(815), received=830, dropped_overflow=9, dropped_stale=6)
    failed = breaker(BreakerState.OPEN, failures=5, changes=1, retry_in_s=12.0)
    status = system(
        replace(camera("door", frames=frames, last_frame_ago_s=0.03), latency=LATENCY),
        camera(
            "yard",
            CameraPhase.WAITING,
            state=failed,
            failure=Failure(Cause.REFUSED, "rtsp://u:***@h"),
            attempts=6,
        ),
        camera("attic", CameraPhase.DISABLED),
        process=sample(),
    )
    recorder = HistoryRecorder()
    for at_s in range(1, 55):
        cameras = (
            replace(status.cameras[0], frames=FrameCounts(received=at_s * 15)),
            *status.cameras[1:],
        )
        recorder.sample(replace(status, uptime_s=float(at_s), cameras=cameras))
    recorder.camera(record("yard"), 0.0, STARTED_AT_NS)
    recorder.camera(record("yard", BreakerState.OPEN, CameraPhase.WAITING), 3.0, STARTED_AT_NS + 3)
    lost = PublisherStatus(PublisherState.WAITING, "broker", "connection refused by broker:5672")
    recorder.publisher(connected(), 0.0, STARTED_AT_NS)
    recorder.publisher(lost, 10.0, STARTED_AT_NS + 10 * 10**9)
    recorder.publisher(connected(), 54.0, STARTED_AT_NS + 54 * 10**9)
    gone = outage(10, 54, "connection refused by broker:5672", dropped=856)
    publisher = replace(connected(), connections_lost=1, failed_attempts=7, outages=(gone,))
    return replace(status, publisher=publisher), recorder.history(54.4)


def numbers(text: str) -> list[str]:
    return re.findall(r"\d+(?:[.:]\d+)*", text)


@pytest.mark.parametrize("language", Language)
def test_every_line_of_the_text_report_is_on_the_page(language: Language) -> None:
    status, history = a_run()
    page = read(render_page(status, history, language, zone=dt.UTC))
    shown = " ".join(" ".join(page.texts).split())
    for line in render_final(status, language, zone=dt.UTC).splitlines():
        label, _, value = line.strip().partition(":")
        if not re.search(r"\w", line) or not value:
            continue
        assert " ".join(value.split()) in shown, line
        assert label.strip(" ✓⚠📤📹📊⏱️💾🖥🎞🌐🔀🔴🎥🔧") in shown or label in shown, line
    for percent in (50, 95, 99):
        assert format_percentile(LATENCY, percent, language) in shown


@pytest.mark.parametrize("language", Language)
def test_a_page_is_whole_and_asks_for_nothing(language: Language) -> None:
    status, history = a_run()
    text = render_page(status, history, language, zone=dt.UTC)
    page = read(text)
    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "object", "form", "a"})
    assert {name for name, _ in page.attributes}.isdisjoint({"src", "href", "srcset", "action"})
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text
    assert f'<html lang="{language.value}">' in text
    assert "prefers-color-scheme:dark" in text


def test_an_outage_is_a_line_a_band_and_two_events() -> None:
    status, history = a_run()
    text = render_page(status, history, Language.EN, zone=dt.UTC)
    shown = " ".join(" ".join(read(text).texts).split())
    line = "15:00:10 – 15:00:54 (44s): connection refused by broker:5672; 856 frames dropped"
    assert line in shown
    assert re.findall(r'<rect class="(ok|lost)"[^>]*><title>([^<]*)', text) == [
        ("ok", "0s – 10s: delivered 10s"),
        ("lost", "10s – 54s: no connection 44s"),
        ("ok", "54s – 54s: delivered 400ms"),
    ]
    assert "Delivery: connection lost: connection refused by broker:5672" in shown
    assert "2026-01-31 15:00:54 Delivery: connected" in shown


def test_events_name_the_camera_and_the_cause_in_the_operators_language() -> None:
    recorder = HistoryRecorder()
    first = record("yard")
    failed = replace(
        record("yard", BreakerState.OPEN, CameraPhase.WAITING),
        last_failure=Failure(Cause.STALLED, "no frame for 11 s"),
        last_failure_at_s=3.0,
    )
    recorder.camera(first, 0.0, STARTED_AT_NS)
    recorder.camera(failed, 3.0, STARTED_AT_NS + 3 * 10**9)
    page = read(render_page(system(camera("yard")), recorder.history(5.0), Language.PT_BR))
    shown = " ".join(" ".join(page.texts).split())
    assert "yard Tentativas suspensas: travada, sem frames (nenhum frame há 11 s)" in shown


def test_the_events_of_months_are_few_and_those_that_repeat_are_one() -> None:
    recorder = HistoryRecorder()
    states = (PublisherState.CONNECTED, PublisherState.WAITING)
    for number in range(2_000):
        status = replace(connected(), state=states[number % 2], reason=f"reason {number}")
        recorder.publisher(status, float(number), STARTED_AT_NS + number)
    history = recorder.history(2_000.0)
    assert len(history.events) == EVENTS
    assert len(history.delivery) <= STRETCHES
    text = render_page(system(), history, Language.EN)
    assert text.count("<li>") == EVENTS
    assert f"The newest {EVENTS}" in text


def test_every_kind_of_event_has_its_sentence() -> None:
    assert {f"entry.{kind.value}" for kind in EntryKind} <= TEXTS.keys()


@pytest.mark.parametrize("language", Language)
def test_the_legend_explains_every_mark_and_term(language: Language) -> None:
    status, history = a_run()
    page = read(render_page(status, history, language))
    shown = " ".join(page.texts)
    for name in LEGEND:
        assert lookup(f"legend.{name}", language) in shown
    assert f"{HEALTHY_PERCENT:g} %" in shown


def test_hostile_words_have_no_meaning_and_secrets_are_masked() -> None:
    failure = Failure(Cause.UNKNOWN, f"{HOSTILE} password {CANARY}")
    hostile = camera(HOSTILE, CameraPhase.WAITING, failure=failure)
    status = replace(system(hostile), node=HOSTILE, version=HOSTILE)
    recorder = HistoryRecorder()
    recorder.camera(record(HOSTILE, BreakerState.OPEN), 0.0, STARTED_AT_NS)
    text = render_page(status, recorder.history(5.0), Language.EN, clean=Redactor([CANARY]))
    page = read(text)
    assert page.tags.isdisjoint({"script"})
    assert CANARY not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "alert(1)" in unescape(" ".join(page.texts))


def test_a_system_that_never_ran_has_a_page() -> None:
    text = render_page(system(uptime_s=0.0), History(), Language.EN)
    read(text)
    assert "too short to measure" in text


def test_cameras_that_come_and_go_have_the_rates_of_their_own_time() -> None:
    status = system(camera("door"), camera("yard"), uptime_s=4.0)
    door, yard = (each.camera_id for each in status.cameras)
    samples = (
        Sample(1.0, {door: 15}, None),
        Sample(2.0, {}, None),  # of a reporter that was just restarted
        Sample(3.0, {yard: 12, door: 45}, None),
        Sample(4.0, {yard: 24, door: 60}, None),
    )
    page = render_page(status, History(samples), Language.EN)
    read(page)
    curves = re.findall(r'<polyline class="curve s0" points="([^"]*)"', page)
    assert [len(points.split()) for points in curves] == [3, 2]
    heights = {point.split(",")[1] for points in curves for point in points.split()}
    assert len(heights) == 2, "15 fps and 12 fps throughout"


def test_a_hundred_cameras_have_a_card_and_a_lane_each() -> None:
    cameras = [camera(f"cam{number}") for number in range(100)]
    page = read(render_page(system(*cameras), History(), Language.EN))
    assert [text.strip() for text in page.texts].count("cam7") >= 1
    cards = [value for name, value in page.attributes if name == "class" and value == "card warn"]
    assert len(cards) == 100


def test_percentiles_are_those_of_the_classes() -> None:
    assert [format_percentile(LATENCY, each, Language.EN) for each in (10, 50, 90, 96, 97)] == [
        "≤ 5ms",
        "≤ 10ms",
        "≤ 10ms",
        "≤ 20ms",
        "> 10s",
    ]
    assert LatencyHistogram().percentile_bound_s(50) == 0.0
    assert (format_class(0, Language.EN), format_class(OPEN_CLASS, Language.EN)) == (
        "≤ 5ms",
        "> 10s",
    )


def test_cameras_are_added_class_by_class() -> None:
    assert add_latencies([]) == LatencyHistogram()
    assert add_latencies([LATENCY, LATENCY]).counts[:3] == (20, 160, 12)
    assert add_latencies([LATENCY, LATENCY]).sum_s == 1.8


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 20), min_size=OPEN_CLASS + 1, max_size=OPEN_CLASS + 1),
    st.integers(1, 100),
)
def test_a_percentile_covers_its_share_and_no_smaller_bound_does(
    counts: list[int], share: int
) -> None:
    classes = LatencyHistogram(tuple(counts))
    bound_s = classes.percentile_bound_s(share)
    bounds = [*LATENCY_BOUNDS_S, float("inf")]

    def up_to(limit_s: float) -> int:
        return sum(n for each, n in zip(bounds, counts, strict=True) if each <= limit_s)

    if classes.count:
        assert up_to(bound_s) >= classes.count * share / 100
        smaller = [each for each in bounds if each < bound_s]
        assert not smaller or up_to(smaller[-1]) < classes.count * share / 100


@settings(deadline=None)
@given(st.floats(1e-6, 1e9), st.integers(1, 12))
def test_ticks_are_few_even_and_within_the_axis(end: float, most: int) -> None:
    for marks in (svg.ticks(end, most), svg.time_ticks(end, most)):
        assert marks[0] == 0
        assert 1 <= len(marks) <= most + 2
        assert marks[-1] <= end * 1.000001
    assert svg.ticks(0.0) == [0.0]


curve = st.lists(st.tuples(st.floats(0, 100), st.floats(0, 1e6)), max_size=20)


@settings(deadline=None)
@given(curve, st.floats(0, 100), st.floats(0, 1e6), st.text(max_size=20))
def test_a_chart_is_well_formed_and_inside_its_frame(
    points: list[tuple[float, float]], x_end: float, y_end: float, words: str
) -> None:
    clean = "".join(each for each in words if each.isprintable())
    inside = [(at, value) for at, value in points if at <= x_end]
    axis_x, axis_y = svg.Axis(x_end, str), svg.Axis(y_end, str)
    chart = svg.line_chart([svg.Line(clean, "s0", inside)], axis_x, axis_y, title=clean)
    root = ET.fromstring(chart)
    for line in root.iter("polyline"):
        for pair in line.attrib["points"].split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= 720
            assert 0 <= y <= 180
    bars = [svg.Bar(0.0, x_end, "OPEN", clean)]
    ET.fromstring(svg.lanes([(clean, bars)], axis_x, title=clean))
    ET.fromstring(svg.columns([(clean, y_end, clean)], title=clean))
