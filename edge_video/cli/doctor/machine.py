"""Gathers what the checks ask of this machine, so that a test can say otherwise."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edge_video.capture.limits import LimitKeeper, LimitWay
from edge_video.runtime.allowance import cpu_quota
from edge_video.runtime.clock_sync import clock_is_synchronized
from edge_video.runtime.descriptors import hard_limit
from edge_video.runtime.disk import DiskSpace, disk_space
from edge_video.runtime.tasks import task_room

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from edge_video.config import CameraConfig, Config
    from edge_video.text.catalog import Language


@dataclass(frozen=True, slots=True)
class Machine:
    """The questions; each field is a function, or what it would return.

    Attributes:
        disk_space: of the file system that a path is on.
        descriptor_limit: how many descriptors a process may have.
        task_room: how many more processes and threads there may be; None: no limit.
        cpu_quota: cores that the control groups allow; None: no limit.
        limit_way: how limits of FFmpegs are kept by a program that is started like this one.
        clock_is_synchronized: None where nobody knows.
        now: Unix time in seconds.
        environ: the environment.
        limit_s: how long one check of this machine may take, in seconds.
    """

    disk_space: Callable[[Path], DiskSpace] = disk_space
    descriptor_limit: Callable[[], int] = hard_limit
    task_room: Callable[[], int | None] = task_room
    cpu_quota: Callable[[], float | None] = cpu_quota
    limit_way: Callable[[], LimitWay] = lambda: LimitKeeper().way()
    clock_is_synchronized: Callable[[], bool | None] = clock_is_synchronized
    now: Callable[[], float] = time.time
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    limit_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Subject:
    """What is examined.

    Attributes:
        config: the whole configuration.
        path: its main file.
        files: all files that it was read from, those of secrets included.
        exposed: files of these that hold secrets, and that every user may read.
        cameras: those that are asked.
        language: the operator's.
        timeout_s: for each step with the broker and each camera, in seconds.
        machine: this one.
    """

    config: Config
    path: Path
    files: tuple[Path, ...]
    exposed: tuple[Path, ...]
    cameras: tuple[CameraConfig, ...]
    language: Language
    timeout_s: float
    machine: Machine
