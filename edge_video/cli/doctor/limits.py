"""Checks what this machine grants a process, and how it limits what FFmpegs use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge_video.capture.limits import FfmpegLimits
from edge_video.report.finding import Check, Finding, FindingWriter
from edge_video.runtime.descriptors import needed
from edge_video.runtime.tasks import needed_tasks
from edge_video.text.formatting import format_short_number

if TYPE_CHECKING:
    from edge_video.cli.doctor.machine import Subject


def check_limits(subject: Subject) -> list[Finding]:
    """Whether the limits are enough for the configured cameras."""
    write = FindingWriter(Check.LIMITS, subject.language)
    cameras = len(subject.config.cameras)
    limit, wanted = subject.machine.descriptor_limit(), needed(cameras)
    room, tasks = subject.machine.task_room(), needed_tasks(cameras)
    found = []
    if limit < wanted:
        found.append(write.problem("limits.descriptors", needed=wanted, limit=limit))
    if room is not None and room < tasks:
        found.append(write.problem("limits.tasks", needed=tasks, room=room))
    found = found or [write.ok("limits.ok", needed=wanted, limit=limit)]
    quota = subject.machine.cpu_quota()
    if quota is not None:
        cores = format_short_number(quota, subject.language)
        found.append(write.hint("limits.quota", cores=cores))
    if any(map(FfmpegLimits.of, subject.cameras)):
        found.append(write.ok(f"limits.{subject.machine.limit_way()}"))
    return found
