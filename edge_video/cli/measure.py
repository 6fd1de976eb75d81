"""Runs `probe --measure`: what does each camera cost, and how many does this machine take?"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from edge_video.capture.measurement import MAX_TOGETHER, CameraMeasures, MeasuringPlan
from edge_video.capture.substream import substream_hint
from edge_video.cli.common import refuse
from edge_video.cli.standard_streams import print_out
from edge_video.cli.waiting import as_they_come
from edge_video.metrics.capacity import CameraCost, capacity
from edge_video.metrics.machine import RoomMeter
from edge_video.report.measure_table import MeasuredCamera, Measurement, MeasureTable
from edge_video.text.catalog import count_text, lookup
from edge_video.text.formatting import format_rounded_duration
from edge_video.wiring.settings import configured_language

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from edge_video.capture.binary import Binary
    from edge_video.capture.measurement import CameraMeasure
    from edge_video.capture.probe import ProbeResult
    from edge_video.config import CameraConfig, Config
    from edge_video.text.catalog import Language


DEFAULT_SECONDS: Final = 10.0


def refuse_impossible(args: argparse.Namespace, cameras: int, language: Language) -> None:
    """End the command, before anybody is asked, if it cannot measure what its options say.

    Raises:
        SystemExit: options that mean nothing without `--measure`, or too many cameras together.
    """
    if not args.measure and (args.together or args.uplink or args.seconds):
        refuse(f"edge-video: {lookup('measure.needed', language)}")
    if args.together and cameras > MAX_TOGETHER:
        text = lookup("measure.too_many", language).format(most=MAX_TOGETHER, count=cameras)
        refuse(f"edge-video: {text}")


def measure(
    args: argparse.Namespace, config: Config, binary: Binary, results: Mapping[str, ProbeResult]
) -> Measurement:
    """Measure the cameras that answered, print what comes as a table, and return everything."""
    language = configured_language(config)
    cameras = [each for each in config.cameras if each.id in results and results[each.id].ok]
    plan = MeasuringPlan(args.seconds or DEFAULT_SECONDS, args.timeout, together=args.together)
    table = MeasureTable([each.id for each in cameras], language)
    if cameras and not args.json:
        print_out(_beginning(plan, len(cameras), language))
        print_out(table.header())
    meter = RoomMeter(time.monotonic)
    measured: dict[str, MeasuredCamera] = {}
    by_id = {each.id: each for each in cameras}
    with CameraMeasures(binary, config.secrets(), plan, len(cameras)) as measures:
        asked = {measures.begin(each): each.id for each in cameras}
        for each in as_they_come(asked, language, quiet=args.json):
            camera = _beside(each, by_id[each.camera_id], results[each.camera_id])
            measured[each.camera_id] = camera
            if not args.json:
                print_out(table.row(camera))
    ordered = [measured[each.id] for each in cameras]
    room = meter.room(args.uplink)
    reckoned = capacity([cost for each in ordered if (cost := _cost(each)) is not None], room)
    measurement = Measurement(ordered, plan.together, room, reckoned)
    if not args.json:
        print_out(table.summary(measurement))
    return measurement


def _beginning(plan: MeasuringPlan, cameras: int, language: Language) -> str:
    together = plan.together and cameras > 1
    key = "measure.begin.together" if together else "measure.begin"
    seconds = format_rounded_duration(plan.seconds, language)
    return count_text(key, cameras, language, seconds=seconds)


def _beside(measure: CameraMeasure, camera: CameraConfig, sent: ProbeResult) -> MeasuredCamera:
    hint = substream_hint(camera.url.get_secret_value())
    part = (1.0, 1.0) if camera.crop is None else (camera.crop.width, camera.crop.height)
    return MeasuredCamera(measure, sent, hint, is_device=camera.host is not None, part=part)


def _cost(camera: MeasuredCamera) -> CameraCost | None:
    figures = camera.measure.figures
    if figures is None:
        return None
    return CameraCost(
        cpu_percent=figures.cpu_percent,
        private_bytes=figures.private_bytes,
        shared_bytes=figures.shared_bytes,
        frames_per_s=figures.fps,
        bytes_per_s=figures.out_per_s,
    )
