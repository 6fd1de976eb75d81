"""Renders what `discover` found: a block for each camera, its streams, what is odd, the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edge_video.capture.onvif.choice import Wish, propose
from edge_video.capture.onvif.model import CLOCK_TOLERANCE_S, Problem
from edge_video.text.catalog import Language, lookup
from edge_video.text.duration import format_duration
from edge_video.text.formatting import format_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge_video.capture.onvif.model import Device, Stream


def render_devices(devices: Sequence[Device], wish: Wish, language: Language) -> str:
    """Everything that was found; the last line counts."""
    blocks = [_block(each, wish, language) for each in devices]
    return "\n".join([*blocks, _summary(devices, wish, language)])


def devices_as_json(devices: Sequence[Device], wish: Wish, language: Language) -> dict[str, Any]:
    """The same for programs; words are in the operator's language, keys are not."""
    return {"cameras": [_as_json(each, wish, language) for each in devices]}


def remarks(device: Device, language: Language) -> list[str]:
    """What an operator should know of a device: what went wrong, and what is odd."""
    found = []
    if device.problem is not None:
        was_asked = device.problem is Problem.NO_ANSWER and not device.answer.announced
        key = f"discover.problem.{device.problem.value}{'.asked' if was_asked else ''}"
        detail = (
            f" ({device.detail})" if device.problem is Problem.REFUSED and device.detail else ""
        )
        found.append(lookup(key, language) + detail)
    offset_s = device.clock_offset_s
    if offset_s is not None and abs(offset_s) > CLOCK_TOLERANCE_S:
        key = "discover.clock.ahead" if offset_s > 0 else "discover.clock.behind"
        offset = format_duration(float(round(abs(offset_s))))
        found.append(lookup(key, language).format(offset=offset))
    if device.foreign_addresses:
        addresses = ", ".join(device.foreign_addresses)
        text = lookup("discover.foreign", language)
        found.append(text.format(addresses=addresses, address=device.answer.address))
    if any(each.url != each.shown_url for each in device.streams):
        found.append(lookup("discover.secret_in_url", language))
    return found


def _block(device: Device, wish: Wish, language: Language) -> str:
    title = device.title or lookup("discover.unnamed", language)
    endpoint = f"  {device.answer.endpoint}" if device.answer.endpoint else ""
    proposed = propose(device.streams, wish)
    rows = [(_cells(each, language), each) for each in device.streams]
    widths = [max(map(len, column)) for column in zip(*(cells for cells, _ in rows), strict=True)]
    lines = [f"{device.answer.address}  {title}{endpoint}"]
    for cells, stream in rows:
        padded = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        lines.append(f"  {'→' if stream is proposed else ' '} {padded}  {stream.shown_url}")
    return "\n".join([*lines, *(f"  ! {each}" for each in remarks(device, language))])


def _cells(stream: Stream, language: Language) -> tuple[str, ...]:
    size, fps = lookup("discover.size_unknown", language), lookup("discover.fps_unknown", language)
    if stream.width is not None and stream.height is not None:
        size = f"{stream.width}x{stream.height}"
    if stream.fps is not None:
        digits = 0 if stream.fps.is_integer() else 1
        number = format_number(stream.fps, language, digits=digits)
        fps = lookup("discover.fps", language).format(fps=number)
    return stream.name, stream.codec or "?", size, fps


def _summary(devices: Sequence[Device], wish: Wish, language: Language) -> str:
    if not devices:
        return lookup("discover.summary.none", language)
    key = "discover.summary.one" if len(devices) == 1 else "discover.summary"
    text = lookup(key, language).format(count=len(devices))
    if not any(each.streams for each in devices):
        return text
    proposed = lookup("discover.proposed", language).format(width=wish.width, fps=wish.fps)
    return f"{text}; {proposed}"


def _as_json(device: Device, wish: Wish, language: Language) -> dict[str, Any]:
    proposed = propose(device.streams, wish)
    return {
        "address": device.answer.address,
        "endpoint": device.answer.endpoint or None,
        "name": device.title or None,
        "service": device.service,
        "clock_offset_s": None
        if device.clock_offset_s is None
        else round(device.clock_offset_s, 1),
        "problem": None if device.problem is None else device.problem.value,
        "remarks": remarks(device, language),
        "streams": [
            {
                "profile": each.token,
                "name": each.name,
                "codec": each.codec or None,
                "width": each.width,
                "height": each.height,
                "fps": each.fps,
                "url": each.shown_url,
                "proposed": each is proposed,
            }
            for each in device.streams
        ],
    }
