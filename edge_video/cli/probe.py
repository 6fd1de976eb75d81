"""Runs the command `probe`: do the cameras and the broker answer, and what do they say?"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from edge_video.capture.binary import find_binary
from edge_video.capture.hardware.acceleration import NONE
from edge_video.capture.hardware.survey import HardwareSurvey, survey_hardware
from edge_video.capture.probe import CameraProbes, ProbeResult
from edge_video.cli.broker_questions import ask_brokers
from edge_video.cli.common import EXIT_FAILURE, EXIT_OK, load_configured, refuse
from edge_video.cli.measure import measure, refuse_impossible
from edge_video.cli.standard_streams import print_out
from edge_video.cli.waiting import as_they_come
from edge_video.config import AmqpSinkConfig
from edge_video.delivery.amqp.inquiry import BrokerResult
from edge_video.report.hardware_table import hardware_as_json, render_hardware
from edge_video.report.measure_json import measurement_as_json
from edge_video.report.probe_json import probe_as_json
from edge_video.report.probe_table import ProbeTable
from edge_video.runtime.threads import on_thread
from edge_video.text.catalog import Language, lookup
from edge_video.text.duration import format_duration
from edge_video.wiring.settings import configured_language

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from edge_video.config import CameraConfig, Config
    from edge_video.report.measure_table import Measurement

_BROKER = "broker"
_HARDWARE = "hardware"


def probe(args: argparse.Namespace) -> int:
    """Connect to the broker and to each camera once, and print what they say as it comes."""
    path, config = load_configured(args)
    cameras = _chosen(config, path, args.camera)
    language = configured_language(config)
    refuse_impossible(args, len(cameras), language)
    binary = find_binary(config.ffmpeg)
    asked: dict[Future[Any], str] = {}
    with CameraProbes(binary, config.secrets(), args.timeout) as probes:
        has_broker = args.broker and isinstance(config.sink, AmqpSinkConfig)
        if has_broker:
            brokers = ask_brokers(config, cameras, args.timeout)
            asked |= brokers if len(brokers) > 1 else dict.fromkeys(brokers, _BROKER)
        if any(camera.hwaccel != NONE for camera in cameras):
            survey = partial(survey_hardware, binary, cameras)
            asked[on_thread("probe-hardware", survey)] = _HARDWARE
        asked |= {probes.begin(camera): camera.id for camera in cameras}
        screen = _JsonScreen() if args.json else _TableScreen(cameras, language)
        screen.begin(cameras, args.timeout, has_broker=has_broker)
        for answer in as_they_come(asked, language, quiet=args.json):
            screen.take(answer)
    ids = [camera.id for camera in cameras]
    screen.finish(ids)
    measured = measure(args, config, binary, screen.results) if args.measure else None
    screen.close(ids, language, measured)
    is_good = screen.is_good and (measured is None or measured.ok)
    return EXIT_OK if is_good else EXIT_FAILURE


def _chosen(config: Config, path: Path, ids: Sequence[str]) -> list[CameraConfig]:
    known = [camera.id for camera in config.cameras]
    unknown = [each for each in ids if each not in known]
    if unknown:
        text = lookup("probe.unknown", configured_language(config))
        facts = {"unknown": ", ".join(unknown), "path": path, "known": ", ".join(known)}
        refuse(f"edge-video: {text.format(**facts)}")
    return [camera for camera in config.cameras if (camera.id in ids if ids else camera.enabled)]


_Answer: TypeAlias = ProbeResult | BrokerResult | HardwareSurvey


class _Answers:
    """What has been answered so far."""

    def __init__(self) -> None:
        self.brokers: list[BrokerResult] = []
        self.hardware = HardwareSurvey()
        self.results: dict[str, ProbeResult] = {}

    @property
    def is_good(self) -> bool:
        """Whether everybody answered well; where hardware does not, the CPU decodes."""
        return all(each.ok for each in self.results.values()) and all(
            each.ok for each in self.brokers
        )

    def take(self, answer: _Answer) -> None:
        """Keep an answer."""
        if isinstance(answer, BrokerResult):
            self.brokers.append(answer)
        elif isinstance(answer, HardwareSurvey):
            self.hardware = answer
        else:
            self.results[answer.camera_id] = answer

    def in_order(self, camera_ids: Sequence[str]) -> list[ProbeResult]:
        """The cameras' answers in this order."""
        return [self.results[each] for each in camera_ids]


class _JsonScreen(_Answers):
    """One object at the end."""

    def begin(self, *_: object, **__: object) -> None:
        """Nothing is printed before the end."""

    def finish(self, *_: object) -> None:
        """Nothing is printed before everything is known."""

    def close(
        self, camera_ids: Sequence[str], language: Language, measured: Measurement | None
    ) -> None:
        """Print everything."""
        shown = probe_as_json(self.in_order(camera_ids), self.brokers, language)
        shown["hardware"] = hardware_as_json(self.hardware)
        if measured is not None:
            shown["measured"] = measurement_as_json(measured, language)
            shown["ok"] = shown["ok"] and measured.ok
        print_out(json.dumps(shown, ensure_ascii=False, indent=2))


class _TableScreen(_Answers):
    """A row for each camera when it answers; the broker's steps stand before or after them."""

    def __init__(self, cameras: Sequence[CameraConfig], language: Language) -> None:
        super().__init__()
        self._table = ProbeTable([camera.id for camera in cameras], language)
        self._language = language
        self._owed: list[BrokerResult] = []
        """What brokers answered in the middle of the table."""

    def begin(self, cameras: Sequence[CameraConfig], timeout_s: float, *, has_broker: bool) -> None:
        """Say at once what is asked."""
        language = self._language
        key = "probe.begin.camera" if len(cameras) == 1 else "probe.begin.cameras"
        what = lookup(key, language).format(count=len(cameras))
        if has_broker:
            what = lookup("probe.begin.broker", language).format(cameras=what)
        limit = format_duration(timeout_s)
        print_out(lookup("probe.begin", language).format(what=what, timeout=limit))

    def take(self, answer: _Answer) -> None:
        """Print an answer, unless it is a broker's in the middle of the table."""
        if isinstance(answer, BrokerResult):
            if self.results:
                self._owed.append(answer)
            else:
                print_out(self._table.broker(answer))
        elif isinstance(answer, ProbeResult):
            if not self.results:
                print_out(self._table.header())
            print_out(self._table.row(answer))
        super().take(answer)

    def finish(self, camera_ids: Sequence[str]) -> None:
        """Print what is left of the answers, and the sum."""
        for broker in self._owed:
            print_out(self._table.broker(broker))
        if hardware := render_hardware(self.hardware, self._language):
            print_out(hardware)
        print_out(self._table.summary(self.in_order(camera_ids), self.brokers))

    def close(self, *_: object) -> None:
        """Everything is printed."""
