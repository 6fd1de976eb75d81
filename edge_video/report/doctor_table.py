"""Renders what `doctor` prints: a line for each thing looked at, what to do below it, the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from edge_video.report.finding import Check, Finding, Grade
from edge_video.text.catalog import Language, lookup

if TYPE_CHECKING:
    from collections.abc import Sequence

_SYMBOLS: Final = {Grade.OK: "✓", Grade.HINT: "!", Grade.PROBLEM: "✗", Grade.SKIPPED: "–"}


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Findings in the order of `Check`, those of one check as they came."""
    order = list(Check)
    return sorted(findings, key=lambda each: order.index(each.check))


def render_doctor(head: str, findings: Sequence[Finding], language: Language) -> str:
    """The whole text; its last line is the sum.

    Args:
        head: the first line: what was looked at, and by whom.
        findings: in the order in which they are shown.
        language: the operator's.
    """
    titles = {check: lookup(f"doctor.check.{check}", language) for check in Check}
    width = max(map(len, titles.values()))
    lines = [head]
    for each in findings:
        subject = f"{each.subject}: " if each.subject else ""
        lines.append(
            f"{_SYMBOLS[each.grade]} {titles[each.check].ljust(width)}  {subject}{each.text}"
        )
        lines += [f"    → {advice}" for advice in each.advice]
    return "\n".join([*lines, "", render_sum(findings, language)])


def render_sum(findings: Sequence[Finding], language: Language) -> str:
    """The line that says how many problems and hints there are."""
    problems = sum(each.grade is Grade.PROBLEM for each in findings)
    hints = sum(each.grade is Grade.HINT for each in findings)
    parts = [_counted("problem", problems, language)]
    if hints:
        parts.append(_counted("hint", hints, language))
    return ", ".join(parts)


def doctor_as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Everything that was found, ready for `json.dumps`; words are in the operator's language."""
    return {
        "ok": is_good(findings),
        "findings": [
            {
                "check": each.check.value,
                "grade": each.grade.value,
                "code": each.code,
                "subject": each.subject,
                "text": each.text,
                "advice": list(each.advice),
            }
            for each in findings
        ],
    }


def is_good(findings: Sequence[Finding]) -> bool:
    """Whether nothing has to be done."""
    return all(each.grade is not Grade.PROBLEM for each in findings)


def _counted(what: str, count: int, language: Language) -> str:
    kind = {0: "none", 1: "one"}.get(count, "many")
    return lookup(f"doctor.sum.{what}.{kind}", language).format(count=count)
