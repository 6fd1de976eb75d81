"""Checks the time: this machine's zone and clock, and what the cameras' clocks say of it."""

from __future__ import annotations

import os
import re
import time
import zoneinfo
from concurrent.futures import wait
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge_video.capture.camera_clock import clock_address, clock_offset
from edge_video.report.finding import Check, Finding, FindingWriter
from edge_video.runtime.threads import on_thread
from edge_video.text.formatting import format_rounded_duration

if TYPE_CHECKING:
    from edge_video.cli.doctor.machine import Subject

_TOLERATED_S: Final = 60.0
_AT_ONCE: Final = 64
_MAX_TIMEOUT_S: Final = 5.0
_ALL_S: Final = 10.0
"""No more hosts are asked after that: the first hundreds tell enough."""
_POSIX_ZONE: Final = re.compile(r"(<[^>]+>|[A-Za-z]{3,})[-+]?\d.*|UTC\d*|GMT\d*")


def check_zone(subject: Subject) -> list[Finding]:
    """Whether the time zone is one that the system knows; it takes any other one for UTC."""
    write = FindingWriter(Check.CLOCK, subject.language)
    name = subject.machine.environ.get("TZ", "").removeprefix(":")
    if name and not _POSIX_ZONE.fullmatch(name) and not _zone_exists(name):
        return [write.problem("clock.zone_unknown", name=name)]
    zone = name or _local_zone()
    return [write.ok("clock.zone", zone=zone, offset=time.strftime("%z"))]


def check_clocks(subject: Subject) -> list[Finding]:
    """Whether the cameras that tell their time have this machine's, and NTP keeps it."""
    write = FindingWriter(Check.CLOCK, subject.language)
    offsets = _offsets(subject)
    wrong = {camera: each for camera, each in offsets.items() if abs(each) > _TOLERATED_S}
    found = []
    synchronized = subject.machine.clock_is_synchronized()
    if synchronized is False:
        found.append(write.hint("clock.not_synchronized"))
    agreeing = _agreeing(list(wrong.values()))
    if not synchronized and len(agreeing) > 1 and len(agreeing) * 2 > len(offsets):
        return [*found, _of_machine(write, agreeing, len(offsets))]
    found += [
        write.hint(f"clock.camera_{_direction(each)}", camera, by=_shown(each))
        for camera, each in wrong.items()
    ]
    if offsets and not wrong:
        kind = "one" if len(offsets) == 1 else "many"
        found.append(write.ok(f"clock.agree.{kind}", count=len(offsets)))
    return found


def _agreeing(offsets: list[float]) -> list[float]:
    """Those that are within the tolerance of the middle one: they tell the same time."""
    middle = sorted(offsets)[len(offsets) // 2] if offsets else 0.0
    return [each for each in offsets if abs(each - middle) <= _TOLERATED_S]


def _of_machine(write: FindingWriter, wrong: list[float], asked: int) -> Finding:
    """What to say when most of those who tell their time agree on another one."""
    code = f"clock.machine_{_direction(-wrong[0])}"
    return write.problem(code, by=_shown(wrong[0]), wrong=len(wrong), asked=asked)


def _direction(offset_s: float) -> str:
    return "ahead" if offset_s > 0 else "behind"


def _shown(offset_s: float) -> str:
    return format_rounded_duration(float(round(abs(offset_s))))


def _offsets(subject: Subject) -> dict[str, float]:
    """How far each host's clock is ahead, by the first camera of it."""
    hosts: dict[str, tuple[str, tuple[str, str, int]]] = {}
    for camera in subject.cameras:
        address = clock_address(camera)
        if address is not None:
            hosts.setdefault(address[1], (camera.id, address))
    found: dict[str, float] = {}
    waiting = list(hosts.values())
    ends_at_s = time.monotonic() + _ALL_S
    while waiting and time.monotonic() < ends_at_s:
        found |= _asked(subject, waiting[:_AT_ONCE])
        waiting = waiting[_AT_ONCE:]
    return found


def _asked(subject: Subject, hosts: list[tuple[str, tuple[str, str, int]]]) -> dict[str, float]:
    """Ask some at once; who does not answer in time, or has no clock, is left out."""
    limit_s = min(subject.timeout_s, _MAX_TIMEOUT_S)
    asked = {
        on_thread(
            "doctor-clock", partial(clock_offset, address, limit_s, subject.machine.now)
        ): camera
        for camera, address in hosts
    }
    answered, _ = wait(asked, timeout=limit_s)
    offsets = {camera: each.result() for each, camera in asked.items() if each in answered}
    return {camera: offset_s for camera, offset_s in offsets.items() if offset_s is not None}


def _zone_exists(name: str) -> bool:
    return any((Path(folder) / name).is_file() for folder in ("/", *zoneinfo.TZPATH))


def _local_zone() -> str:
    target = os.path.realpath("/etc/localtime")
    return target.partition("zoneinfo/")[2] or "/".join(dict.fromkeys(time.tzname))
