"""Runs the soak's command line and its loop."""

from __future__ import annotations

import argparse
import functools
import logging
import shutil
import signal
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pykka
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from edge_video.faults import SlowFrames
from edge_video.status.model import CameraPhase
from edge_video.testing.leaks import LeakError, no_leaks
from edge_video.testing.ledger import ledger_differences
from edge_video.testing.rabbit import missing_programs
from edge_video.testing.rtsp import has_gstreamer
from edge_video.testing.soak.devices import KINDS, NEVER_ARRIVE, TOO_LARGE, kind_of
from edge_video.testing.soak.health import Health
from edge_video.testing.soak.plot import save_plot
from edge_video.testing.soak.recovery import Cause, Watch
from edge_video.testing.soak.schedule import (
    Blow,
    Message,
    affected_cameras,
    affects_publishing,
    draw_schedule,
)
from edge_video.testing.soak.stage import FPS, SERVERS, Stage, camera_names
from edge_video.testing.soak.summary import (
    CONFIRMED,
    SoakPlan,
    SoakResult,
    SoakTotals,
    SoakVitals,
    as_json,
    as_markdown,
)

if TYPE_CHECKING:
    from edge_video.delivery.ledger import FrameCounts
    from edge_video.status.model import SystemStatus
    from edge_video.testing.soak.schedule import Planned

_LOOK_S: Final = 0.1
_CHECK_S: Final = 1.0
_MAX_WAIT_S: Final = 5.0
"""The longest wait of the soak's own breakers, and the longest stall they need to notice."""
_HEADROOM: Final = 1.1
_HEAD_START: Final = 50
"""Frames beyond the limit that no clock explains: each start may begin with some at once."""
_ABSURD_S: Final = 60.0
"""Beyond the waits: the machine may be shared, so only what no neighbour explains is a failure."""


class Soak:
    """One run: brings the faults when they are due, looks at everything in between."""

    def __init__(
        self,
        result: SoakResult,
        schedule: list[Planned],
        console: Console,
        *,
        with_strangers: bool = False,
        uplink_bytes_per_s: float | None = None,
    ) -> None:
        self.result = result
        self._with_strangers = with_strangers
        self._uplink_bytes_per_s = uplink_bytes_per_s
        self.ending = threading.Event()
        self._console = console
        self._schedule = list(reversed(schedule))
        self._health = Health(len(result.plan.cameras))
        self._watches = {name: Watch(name) for name in (*result.plan.cameras, "confirms")}
        self._frames_before = dict.fromkeys(result.plan.cameras, 0)
        self._confirmed_before = 0

    def run(self) -> None:
        """From the start of everything to its end; the result says what was found."""
        result = self.result
        with Stage(result.plan.cameras, self._with_strangers, self._uplink_bytes_per_s) as stage:
            self._began_s = time.monotonic()
            self._health.http_port = stage.http_port
            try:
                self._loop(stage)
            finally:
                result.interrupted = self.ending.is_set()
                result.ran_s = self._now_s()
                self._stop(stage)

    def _now_s(self) -> float:
        return time.monotonic() - self._began_s

    # --- the loop ---

    def _loop(self, stage: Stage) -> None:
        until_s = self.result.plan.minutes * 60
        check_at_s = _CHECK_S
        with _progress(self._console) as progress:
            task = progress.add_task("soak", total=until_s, faults=0, violations=0, cameras="")
            while (now_s := self._now_s()) < until_s and not self.ending.wait(_LOOK_S):
                self._bring_what_is_due(stage, now_s)
                try:
                    status = stage.system.status(timeout_s=20)
                except (pykka.Timeout, pykka.ActorDeadError) as error:
                    self._violation(f"the supervisor does not answer: {type(error).__name__}")
                    return
                self._look(status, now_s)
                if now_s >= check_at_s:
                    check_at_s = max(check_at_s + _CHECK_S, now_s)
                    self._check(stage, status, now_s)
                    streaming = sum(c.phase is CameraPhase.STREAMING for c in status.cameras)
                    progress.update(
                        task,
                        completed=now_s,
                        faults=self.result.faults.total(),
                        violations=len(self.result.violations),
                        cameras=f"{streaming}/{len(status.cameras)} cameras stream",
                    )

    def _bring_what_is_due(self, stage: Stage, now_s: float) -> None:
        while self._schedule and self._schedule[-1].at_s <= now_s:
            blow = self._schedule.pop().blow
            if isinstance(blow, Message):
                if stage.inject(blow, seed=self.result.plan.seed):
                    self._brought(blow, now_s, now_s + blow.lasts_s)
            else:
                causes = self._brought(blow, now_s, None)
                stage.strike(blow, functools.partial(self._over, causes))

    def _brought(self, blow: Blow, now_s: float, over_at_s: float | None) -> list[Cause]:
        result = self.result
        result.faults[blow.kind] += 1
        affected = affected_cameras(blow, result.plan.cameras, SERVERS)
        watched = [*affected, *(["confirms"] if affects_publishing(blow) else [])]
        causes = []
        for name in watched:
            slows = isinstance(blow, Message) and isinstance(blow.fault, SlowFrames)
            cause = Cause(blow.kind, now_s, over_at_s, slows)
            self._watches[name].causes.append(cause)
            causes.append(cause)
        marked = affected or ([] if blow.target.startswith("cam") else [CONFIRMED])
        result.marks.append((now_s, blow.kind, marked))
        return causes

    def _over(self, causes: list[Cause]) -> None:
        """A hand's thread: the part is as it was."""
        for cause in causes:
            cause.over_at_s = self._now_s()

    # --- looking ---

    def _look(self, status: SystemStatus, now_s: float) -> None:
        for camera in status.cameras:
            self._watches[camera.camera_id].see(camera.frames.received, now_s)
        self._watches["confirms"].see(status.totals.confirmed, now_s)
        for name, watch in self._watches.items():
            if watch.standing_still_s(now_s) > _ABSURD_S + _MAX_WAIT_S:
                self._violation(f"{name} does not recover", now_s)

    def _check(self, stage: Stage, status: SystemStatus, now_s: float) -> None:
        result = self.result
        for problem in self._health.check(status, now_s):
            self._violation(problem, now_s)
        complaints, stage.consumer.complaints = stage.consumer.complaints, []
        for complaint in complaints:
            self._violation(f"the consumer: {complaint}", now_s)
        if not stage.consumer.is_running:
            self._violation("the consumer has ended", now_s)
        for camera in status.cameras:
            received = camera.frames.received
            before = self._frames_before.get(camera.camera_id, 0)
            result.series[camera.camera_id].append(received - before)
            self._frames_before[camera.camera_id] = received
        confirmed = status.totals.confirmed
        result.series[CONFIRMED].append(confirmed - self._confirmed_before)
        self._confirmed_before = confirmed

    def _violation(self, what: str, now_s: float | None = None) -> None:
        if self.result.note(what):
            at_s = self._now_s() if now_s is None else now_s
            self._console.print(f"[bold red]VIOLATION[/] at {at_s:.1f} s: {escape(what)}")

    # --- the end ---

    def _stop(self, stage: Stage) -> None:
        self._ask_the_strangers(stage)
        try:
            status = stage.stop_system().status
        except pykka.Timeout as error:
            self._violation(f"the end: {error}")
            return
        self._sum_up(stage, status)
        problems = [
            *(f"after the stop: {problem}" for problem in ledger_differences(status)),
            *(problem for hand in stage.hands.values() for problem in hand.problems),
            *self._of_all_frames(status),
            *self._of_each_camera(stage, status),
            *(
                f"{outage.what} took {outage.recovery_s:.0f} s after {outage.kind}"
                for outage in self.result.outages
                if outage.recovery_s > _ABSURD_S + _MAX_WAIT_S
            ),
        ]
        for problem in problems:
            self._violation(problem)

    def _sum_up(self, stage: Stage, status: SystemStatus) -> None:
        """Keep what was counted."""
        result, health = self.result, self._health
        result.totals = SoakTotals(
            frames=_counts(status.totals),
            arrived=stage.consumer.counts.total(),
            attempts=sum(camera.attempts for camera in status.cameras),
            restarts=dict(status.restarts),
            connections=status.publisher.connections,
            probes=result.totals.probes,
        )
        result.refused = stage.refused
        result.outages = sorted(
            (outage for watch in self._watches.values() for outage in watch.outages),
            key=lambda outage: outage.began_s,
        )
        result.vitals = SoakVitals(health.baseline, health.peak, health.last)

    def _of_all_frames(self, status: SystemStatus) -> list[str]:
        problems = []
        if status.totals.held or status.totals.in_flight:
            problems.append("after the stop frames are held or in flight")
        arrived = self.result.totals.arrived
        if arrived > status.totals.published:
            problems.append(f"{arrived} frames arrived, {status.totals.published} published")
        if not arrived:
            problems.append("no frame arrived")
        return problems

    def _ask_the_strangers(self, stage: Stage) -> None:
        """Before the stop: afterwards nobody answers."""
        if stage.strangers is None:
            return
        probes = self.result.totals.probes = stage.strangers.probes
        if not probes.get("asked"):
            self._violation("nobody asked for the health of the system")
        elif probes["unanswered"]:
            self._violation(f"{probes['unanswered']} of {probes['asked']} probes had no answer")

    def _of_each_camera(self, stage: Stage, status: SystemStatus) -> list[str]:
        """Every camera got through, and none got past its limit; whatever its clock says."""
        most = FPS * _HEADROOM * self.result.ran_s + _HEAD_START
        silent = [
            f"no frame of {each.camera_id} arrived"
            for each in status.cameras
            if kind_of(each.camera_id) not in NEVER_ARRIVE
            and not stage.consumer.counts[each.camera_id]
        ]
        refused = [
            f"{each.camera_id}: {each.frames.dropped_too_large} frames were too large"
            for each in status.cameras
            if (kind_of(each.camera_id) == TOO_LARGE) != (each.frames.dropped_too_large > 0)
        ]
        return [*silent, *refused] + [
            f"{each.camera_id} sent {each.frames.received} frames in {self.result.ran_s:.0f} s"
            for each in status.cameras
            if each.frames.received > most
        ]


def _counts(counts: FrameCounts) -> dict[str, int]:
    skipped = {"received_bytes", "published_bytes", "confirm_ns"}
    return {name: value for name, value in asdict(counts).items() if name not in skipped}


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[cameras]}"),
        TextColumn("{task.fields[faults]} faults"),
        TextColumn("{task.fields[violations]} violations"),
        console=console,
    )


def _arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m edge_video.testing.soak",
        description="Random faults against the whole system, with real parts.",
    )
    parser.add_argument("--minutes", type=float, default=2.0, help="how long (2)")
    parser.add_argument("--cameras", type=int, default=4, help="how many, 1 to 100 (4)")
    parser.add_argument(
        "--devices",
        choices=["all", "none", *KINDS],
        nargs="+",
        default=["all"],
        help="odd cameras beside them: one of each kind, or of those named (all)",
    )
    parser.add_argument(
        "--strangers", action="store_true", help="a page, crowds at its port, and probes"
    )
    parser.add_argument(
        "--uplink",
        type=float,
        metavar="MBIT",
        help="megabits a second that the way to the broker carries (as many as come)",
    )
    parser.add_argument("--seed", type=int, default=1, help="same seed, same faults (1)")
    parser.add_argument("--summary", type=Path, help="write the summary here: .md or .json")
    parser.add_argument("--plot", type=Path, help="write the plot here, a PNG")
    parser.add_argument("--log", type=Path, help="write the system's log here")
    given = parser.parse_args(arguments)
    if reason := _out_of_range(given):
        parser.error(reason)
    return given


def _out_of_range(given: argparse.Namespace) -> str | None:
    """What cannot be run, and what can."""
    if not 0.5 <= given.minutes <= 7 * 24 * 60:
        return "--minutes must be from 0.5 to 10080"
    if given.uplink is not None and not 0.1 <= given.uplink <= 10_000:
        return "--uplink must be from 0.1 to 10000"
    if not 1 <= given.cameras <= 100:
        return "--cameras must be from 1 to 100"
    if given.summary is not None and given.summary.suffix not in (".md", ".json"):
        return "--summary must end in .md or .json"
    return None


def _kinds(named: list[str]) -> list[str]:
    if "all" in named:
        return list(KINDS)
    return [kind for kind in KINDS if kind in named]


def _missing() -> list[str]:
    missing = missing_programs()
    if shutil.which("ffmpeg") is None:
        missing.append("ffmpeg")
    if not has_gstreamer():
        missing.append("GStreamer's RTSP server (gir1.2-gst-rtsp-server-1.0)")
    return missing


def run(arguments: list[str]) -> int:
    """Run a soak. 0: nothing was wrong; 1: something was; 2: it cannot be run here."""
    given = _arguments(arguments)
    console = Console(stderr=True)
    if missing := _missing():
        console.print(f"The soak test needs {', '.join(missing)}", style="bold red")
        return 2
    _log_to(given.log)
    cameras = camera_names(given.cameras, _kinds(given.devices))
    result = SoakResult(SoakPlan(given.seed, given.minutes, cameras, FPS))
    result.series = {name: [] for name in (*cameras, CONFIRMED)}
    soak = Soak(
        result,
        draw_schedule(given.seed, given.minutes, cameras, SERVERS),
        console,
        with_strangers=given.strangers,
        uplink_bytes_per_s=None if given.uplink is None else given.uplink * 125_000,
    )
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, lambda *_: soak.ending.set())
    try:
        with no_leaks(patience_s=10.0):
            soak.run()
    except LeakError as leak:
        result.note(str(leak))
        console.print(escape(str(leak)), style="bold red")
    _publish(result, given)
    return 1 if result.violations else 0


def _publish(result: SoakResult, given: argparse.Namespace) -> None:
    command = (
        f"python -m edge_video.testing.soak --minutes {given.minutes:g}"
        f" --cameras {given.cameras} --devices {' '.join(given.devices)} --seed {given.seed}"
        f"{' --strangers' if given.strangers else ''}"
        f"{'' if given.uplink is None else f' --uplink {given.uplink:g}'}"
    )
    text = as_markdown(result, command)
    print(text)
    if given.summary is not None:
        file: Any = given.summary
        file.write_text(as_json(result) if file.suffix == ".json" else text, encoding="utf-8")
    if given.plot is not None:
        save_plot(result, given.plot)


def _log_to(file: Path | None) -> None:
    root = logging.getLogger()
    handler: logging.Handler = logging.NullHandler()
    if file is not None:
        handler = logging.FileHandler(file, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        root.setLevel(logging.INFO)
        logging.getLogger("pika").setLevel(logging.CRITICAL)
    root.addHandler(handler)
