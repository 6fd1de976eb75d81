"""Holds what `doctor` finds: one thing that was looked at, and what there is to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from edge_video.text.catalog import TEXTS, Language, lookup
from edge_video.text.phrases import translated


class Check(StrEnum):
    """What is looked at, in the order in which it is shown."""

    FFMPEG = "ffmpeg"
    HARDWARE = "hardware"
    BROKER = "broker"
    CAMERA = "camera"
    CLOCK = "clock"
    DISK = "disk"
    STATE = "state"
    LIMITS = "limits"
    FILES = "files"
    PORT = "port"
    CONFIG = "config"


class Grade(StrEnum):
    """How a thing was found."""

    OK = "ok"
    HINT = "hint"
    """The system runs as it is; something could be better."""
    PROBLEM = "problem"
    SKIPPED = "skipped"
    """It could not be looked at, because of something else that is said."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: what kind of thing it is.
        grade: how it was found.
        code: names what was found, for programs: `broker.login`, `disk.full`.
        subject: which one: a camera, a path, an exchange; may be empty.
        text: what was found, in the operator's language, secrets masked.
        advice: what to do, a sentence or more each; empty when there is nothing to do.
    """

    check: Check
    grade: Grade
    code: str
    subject: str
    text: str
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingWriter:
    """Writes findings of one check in the operator's language.

    A finding's text is the catalog's `doctor.<code>`, its advice `doctor.<code>.do`, both with the
    same facts.
    """

    check: Check
    language: Language

    def ok(self, code: str, subject: str = "", **facts: object) -> Finding:
        """Nothing is to do."""
        return self._written(Grade.OK, code, subject, facts)

    def hint(self, code: str, subject: str = "", **facts: object) -> Finding:
        """Something could be better."""
        return self._written(Grade.HINT, code, subject, facts)

    def problem(self, code: str, subject: str = "", **facts: object) -> Finding:
        """Something is to do."""
        return self._written(Grade.PROBLEM, code, subject, facts)

    def skipped(self, code: str, subject: str = "", **facts: object) -> Finding:
        """It could not be looked at."""
        return self._written(Grade.SKIPPED, code, subject, facts)

    def _written(self, grade: Grade, code: str, subject: str, facts: dict[str, object]) -> Finding:
        facts = {name: translated(str(fact), self.language) for name, fact in facts.items()}
        text = lookup(f"doctor.{code}", self.language).format(**facts)
        key = f"doctor.{code}.do"
        advice = (lookup(key, self.language).format(**facts),) if key in TEXTS else ()
        return Finding(self.check, grade, code, subject, text, advice)
