"""Renders what `probe --measure` prints: a row a camera, advice, how many this machine takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge_video.capture.hardware import SOFTWARE
from edge_video.metrics.capacity import CPU_SHARE, MEMORY_SHARE, UPLINK_SHARE, Resource
from edge_video.text.catalog import Language, count_text, lookup
from edge_video.text.escaping import one_line
from edge_video.text.formatting import (
    format_failure,
    format_number,
    format_percent,
    format_rounded_duration,
    format_short_number,
)
from edge_video.text.phrases import translated

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edge_video.capture.measurement import CameraMeasure, Figures
    from edge_video.capture.probe import ProbeResult
    from edge_video.capture.substream import SubstreamHint
    from edge_video.metrics.capacity import Capacity, Room

_MB: Final = 1_000_000
_MIB: Final = 2**20
_COLUMNS: Final = ("cpu", "fps", "in", "out", "memory")
_LARGER: Final = 1.9
"""From so many times the pixels on, a smaller stream is worth its mention: 1080p has 2.25 times
the pixels of 720p."""
_FASTER: Final = 4.0
_SHORT_SHARE: Final = 0.9
_NOTICED_CORES: Final = 0.05
_MEASURED: Final = (Resource.CPU, Resource.MEMORY)
"""What is told as not known where it is: of the uplink nobody need have said anything."""
_SHARES: Final = {
    Resource.CPU: CPU_SHARE,
    Resource.MEMORY: MEMORY_SHARE,
    Resource.UPLINK: UPLINK_SHARE,
}


@dataclass(frozen=True, slots=True)
class MeasuredCamera:
    """A camera's measurement, beside what it was found to send.

    Attributes:
        measure: what it cost.
        sent: what the probe found.
        hint: what its substream's address may be.
        is_device: whether it is behind a network, and no file of this machine.
        part: of the picture's width and of its height, how much `crop` leaves.
    """

    measure: CameraMeasure
    sent: ProbeResult
    hint: SubstreamHint | None = None
    is_device: bool = True
    part: tuple[float, float] = (1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Measurement:
    """Everything that was measured.

    Attributes:
        cameras: in the order of the configuration.
        together: whether they ran side by side.
        room: what there is for cameras.
        capacity: how many such cameras that is enough for.
    """

    cameras: Sequence[MeasuredCamera]
    together: bool
    room: Room
    capacity: Capacity

    @property
    def ok(self) -> bool:
        """Whether each was measured for as long as was asked."""
        return all(each.measure.ok for each in self.cameras)


class MeasureTable:
    """Renders rows whose columns line up though each is printed when it is known.

    Args:
        camera_ids: of all cameras that will be shown.
        language: the operator's.
    """

    def __init__(self, camera_ids: Iterable[str], language: Language) -> None:
        self._language = language
        name = lookup("probe.camera", language)
        self._header = (name, *(lookup(f"measure.{column}", language) for column in _COLUMNS))
        self._widths = (max([len(name), *map(len, camera_ids)]), *map(len, self._header[1:]))

    def header(self) -> str:
        """The names of the columns."""
        return self._line(self._header)

    def row(self, camera: MeasuredCamera) -> str:
        """A camera's row; what can be done stands in lines of their own below."""
        measure, language = camera.measure, self._language
        decoder = decoder_text(camera.measure, language)
        told = [*([decoder] if decoder else []), *measure_advice(camera, language)]
        advice = [f"  → {each}" for each in told]
        if measure.figures is not None:
            cells = self._cells(measure.figures)
        elif measure.failure is not None:
            cells = (format_failure(measure.failure, language),)
        else:
            cells = (lookup("not_available", language),)
        return "\n".join([self._line((measure.camera_id, *cells)), *advice])

    def summary(self, measurement: Measurement) -> str:
        """How many such cameras the machine takes, and by what that is reckoned."""
        language = self._language
        lines = []
        if measurement.together:
            used = [each.measure.figures for each in measurement.cameras]
            cpu = sum(each.cpu_percent or 0 for each in used if each is not None)
            cores = _cores(measurement.room.cores, language)
            text = lookup("measure.together", language)
            lines.append(text.format(cpu=format_percent(cpu, language), cores=cores))
        lines.append(_takes(measurement.capacity, language))
        return "\n".join([*lines, *_by_resource(measurement, language)])

    def _cells(self, figures: Figures) -> tuple[str, ...]:
        language = self._language
        pss = figures.pss_bytes
        return (
            format_percent(figures.cpu_percent, language),
            format_number(figures.fps, language),
            _megabytes(figures.in_per_s, language),
            _megabytes(figures.out_per_s, language),
            lookup("not_available", language) if pss is None else str(round(pss / _MIB)),
        )

    def _line(self, cells: Sequence[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, self._widths, strict=False))
        return "  ".join(padded).rstrip()


def decoder_text(measure: CameraMeasure, language: Language) -> str:
    """Say what decoded its pictures; empty where no hardware is configured, or nothing came."""
    decoding = measure.decoding
    if decoding is None or measure.figures is None:
        return ""
    if decoding.used != SOFTWARE:
        return lookup("measure.decoder", language).format(name=decoding.used)
    if not decoding.has_fallen_back:
        return lookup("measure.decoder.none", language)
    text = lookup("measure.decoder.cpu", language)
    reason = translated(one_line(decoding.reason), language)
    return text.format(name=decoding.wanted, reason=reason)


def measure_advice(camera: MeasuredCamera, language: Language) -> list[str]:
    """What can be done about what a camera costs, or about what it did."""
    figures, failure = camera.measure.figures, camera.measure.failure
    if figures is None:
        return [] if failure is None else [lookup(f"advice.{failure.cause.value}", language)]
    advice = []
    if failure is not None:
        reason = format_failure(failure, language)
        measured = format_rounded_duration(figures.measured_s, language)
        advice.append(lookup("measure.ended", language).format(measured=measured, reason=reason))
    return [*advice, *_smaller(camera, figures, language), *_short(camera, figures, language)]


def _smaller(camera: MeasuredCamera, figures: Figures, language: Language) -> list[str]:
    """Say that a smaller or a slower stream would do, and where it often is.

    Not of pixels that are cut away: those that are left would be fewer in a substream, too.
    """
    sent = camera.sent
    sent_pixels = (sent.width or 0) * (sent.height or 0)
    pixels = figures.published[0] * figures.published[1]
    wanted = sent.wanted_fps
    if pixels and sent_pixels * math.prod(camera.part) >= _LARGER * pixels:
        text = lookup("measure.larger", language).format(
            sent=f"{sent.width}x{sent.height}",
            published="{}x{}".format(*figures.published),
            times=format_short_number(sent_pixels / pixels, language),
        )
    elif wanted and sent.fps is not None and sent.fps >= _FASTER * wanted:
        text = lookup("measure.faster", language).format(
            sent=format_short_number(sent.fps, language, digits=2), wanted=wanted
        )
    else:
        return []
    hint = camera.hint
    if not camera.is_device:
        return [text]
    if hint is None:
        return [f"{text} {lookup('measure.discover', language)}"]
    where = lookup("measure.hint", language).format(main=hint.main, sub=hint.sub)
    return [f"{text} {where}"]


def _short(camera: MeasuredCamera, figures: Figures, language: Language) -> list[str]:
    """Say that fewer frames came than the camera sends and the configuration wants."""
    wanted = camera.sent.wanted_fps
    if wanted is None:
        return []
    expected = min(float(wanted), camera.sent.fps or wanted)
    if figures.fps >= _SHORT_SHARE * expected:
        return []
    return [
        lookup("measure.short", language).format(
            fps=format_number(figures.fps, language),
            wanted=format_short_number(expected, language, digits=2),
        )
    ]


def _takes(capacity: Capacity, language: Language) -> str:
    cameras, scarcest = capacity.cameras, capacity.scarcest
    if cameras is None or scarcest is None:
        return lookup("measure.unknown", language)
    resource = _resource(scarcest, language)
    if not cameras:
        return lookup("measure.takes.none", language).format(resource=resource)
    return count_text("measure.takes", cameras, language, cameras=cameras, resource=resource)


def _by_resource(measurement: Measurement, language: Language) -> list[str]:
    """Say how far each resource goes, and of which that is not known though others are."""
    by = measurement.capacity.by
    shown = [each for each in Resource if each in by or (by and each in _MEASURED)]
    names = {each: _resource(each, language) for each in shown}
    width = max(map(len, names.values()), default=0)
    lines = []
    for resource, name in names.items():
        enough = lookup("measure.not_known", language)
        if resource in by:
            enough = lookup("measure.by", language).format(cameras=by[resource])
            enough += f" ({_of(resource, measurement.room, language)})"
        lines.append(f"  {name.ljust(width)}  {enough}")
    return lines


def _resource(resource: Resource, language: Language) -> str:
    return lookup(f"measure.resource.{resource}", language)


def _of(resource: Resource, room: Room, language: Language) -> str:
    """Of how much of a resource it was reckoned."""
    is_alone = resource is Resource.CPU and room.others_cores < _NOTICED_CORES
    key = f"measure.of.{resource}.alone" if is_alone else f"measure.of.{resource}"
    return lookup(key, language).format(
        share=format_percent(100 * _SHARES[resource], language, digits=0),
        cores=_cores(room.cores, language),
        others=format_number(room.others_cores, language),
        free=round((room.free_bytes or 0) / _MIB),
        uplink=_megabytes(room.uplink_bytes_per_s, language),
    )


def _cores(cores: float, language: Language) -> str:
    return format_short_number(cores, language)


def _megabytes(bytes_per_s: float | None, language: Language) -> str:
    if bytes_per_s is None:
        return lookup("not_available", language)
    return format_number(bytes_per_s / _MB, language, digits=2)
