"""Turns what `probe` asks of the broker and the cameras into findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from edge_video.delivery.amqp.inquiry import Inquiry, Verdict
from edge_video.report.finding import Check, Finding, FindingWriter, Grade
from edge_video.report.probe_table import broker_advice, camera_advice
from edge_video.text.catalog import lookup
from edge_video.text.formatting import (
    format_failure,
    format_rounded_duration,
    format_short_number,
)
from edge_video.text.phrases import translated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edge_video.capture.probe import ProbeResult
    from edge_video.cli.doctor.machine import Subject
    from edge_video.delivery.amqp.inquiry import BrokerResult, BrokerStep
    from edge_video.text.catalog import Language

_DAY_S: Final = 86_400
_SOON_DAYS: Final = 21
_LEAST_FRAME: Final = 65_536
"""A frame of this size carries most pictures in one or a few pieces."""


def broker_findings(subject: Subject, result: BrokerResult) -> list[Finding]:
    """What the broker's answers amount to: everything that is wrong, else one that is good."""
    write = FindingWriter(Check.BROKER, subject.language)
    found = [_failed(write, step) for step in result.steps if step.verdict is Verdict.FAILED]
    found += [
        write.hint("broker.exchange_missing", step.subject)
        for step in result.steps
        if step.verdict is Verdict.MISSING
    ]
    found += _certificate(write, result, subject.machine.now())
    found += _agreement(write, result)
    if all(each.grade is not Grade.PROBLEM for each in found):
        writable = sum(step.inquiry is Inquiry.WRITE for step in result.steps)
        code = {0: "broker.ok.none", 1: "broker.ok.one"}.get(writable, "broker.ok")
        product = result.agreement.product if result.agreement is not None else ""
        shown = product or lookup("not_available", subject.language)
        found.append(write.ok(code, result.target, product=shown, writable=writable))
    return found


def _failed(write: FindingWriter, step: BrokerStep) -> Finding:
    is_expired = step.inquiry is Inquiry.TLS and "expired" in step.detail
    if is_expired:
        return write.problem("broker.expired", step.subject, detail=step.detail)
    name = lookup(f"probe.broker.{step.inquiry}", write.language)
    text = lookup("doctor.broker.failed", write.language).format(
        step=name, detail=translated(step.detail, write.language)
    )
    advice = tuple(broker_advice(step, write.language))
    code = f"broker.{step.inquiry}"
    return Finding(Check.BROKER, Grade.PROBLEM, code, step.subject, text, advice)


def _certificate(write: FindingWriter, result: BrokerResult, now_s: float) -> list[Finding]:
    if result.certificate_until_s is None:
        return []
    days = int((result.certificate_until_s - now_s) // _DAY_S)
    return [] if days >= _SOON_DAYS else [write.hint("broker.expires", result.target, days=days)]


def _agreement(write: FindingWriter, result: BrokerResult) -> Iterator[Finding]:
    agreed = result.agreement
    if agreed is not None and agreed.frame_max < _LEAST_FRAME:
        yield write.hint("broker.frame_max", result.target, bytes=agreed.frame_max)
    if agreed is not None and agreed.heartbeat_s == 0:
        yield write.hint("broker.heartbeat", result.target)


def camera_finding(language: Language, result: ProbeResult) -> Finding:
    """What one camera's answer amounts to."""
    advice = tuple(camera_advice(result, language))
    camera = str(result.camera_id)
    if result.failure is not None:
        text = format_failure(result.failure, language)
        code = f"camera.{result.failure.cause.value}"
        return Finding(Check.CAMERA, Grade.PROBLEM, code, camera, text, advice)
    grade = Grade.HINT if advice else Grade.OK
    return Finding(Check.CAMERA, grade, "camera.ok", camera, _sent(result, language), advice)


def _sent(result: ProbeResult, language: Language) -> str:
    size = f"{result.width}x{result.height}" if result.width and result.height else None
    fps = (
        None if result.fps is None else f"{format_short_number(result.fps, language, digits=2)} fps"
    )
    first_s = result.first_frame_s
    first = None if first_s is None else format_rounded_duration(first_s)
    what = " ".join(filter(None, (result.codec, size, fps)))
    return lookup("doctor.camera.ok", language).format(what=what, first=first)
