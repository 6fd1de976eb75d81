"""Collects what is wrong with a configuration file, and what is probably not meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from edge_video.text.redact import SHORTEST_FREE_SECRET, Redactor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic.fields import FieldInfo

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where a key stands: `("cameras", 2, "fps")`."""

MAX_QUOTE: Final = 60
"""Characters of a value or a key that a message quotes."""
_MAX_PROBLEMS: Final = 200
"""More are counted, not reported: it is the wrong file."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Says what is wrong with one key, fit to be printed: in one line, secrets masked.

    Attributes:
        file: the file as it was named.
        line: counted from 1; None when it concerns the whole file.
        key: like `cameras[2].fps`; empty when it concerns no key.
        message: what is wrong, and what would be right.
    """

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ConfigError(Exception):
    """Raised for a configuration that cannot be used; its text has one line per problem."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


@dataclass(slots=True)
class Origin:
    """Says where the value of a key came from.

    Attributes:
        line: of the key, counted from 1.
        field: what the section says of the key; None for an item of a list.
        written: the value as the file has it (`${FPS}`); None when it is no single value.
        expanded: the value with its variables filled in; empty when it has none.
        is_quoted: whether the value stands in quotes.
        file: the file that it stands in; None for the main one.
    """

    line: int
    field: FieldInfo | None = None
    written: str | None = None
    expanded: str = ""
    is_quoted: bool = False
    file: str | None = None


@dataclass(frozen=True, slots=True)
class _Finding:
    line: int | None
    path: KeyPath
    message: str
    file: str | None = None


class Findings:
    """Collects problems and notes of one file, each at its line, and masks their secrets."""

    def __init__(self) -> None:
        self.origins: dict[KeyPath, Origin] = {}
        """Of every key that was read, () for the whole file."""
        self.secrets: list[str] = []
        """What no message may show."""
        # Dictionaries as sets that keep their order: a wrong file may have a problem in each of
        # 80 000 lines.
        self._problems: dict[_Finding, None] = {}
        self._notes: dict[_Finding, None] = {}
        self._settled: set[KeyPath] = set()

    def __bool__(self) -> bool:
        return bool(self._problems)

    @property
    def is_full(self) -> bool:
        """Whether a further problem would only be counted."""
        return len(self._problems) >= _MAX_PROBLEMS

    def report(self, path: KeyPath, message: str) -> None:
        """Add a problem, at the line of the key or of the nearest key around it."""
        self.report_line(self._line_of(path), path, message)
        self.settle(path)

    def report_line(
        self, line: int | None, path: KeyPath, message: str, file: str | None = None
    ) -> None:
        """Add a problem at a line; what else is wrong with the key is reported too.

        Without a `file` it is the one that the key, or the nearest key around it, stands in.
        """
        self._problems.setdefault(_Finding(line, path, message, file or self._file_of(path)))

    def settle(self, path: KeyPath) -> None:
        """Report nothing more of a key: it would only follow from what was reported."""
        self._settled.add(path)

    def is_settled(self, path: KeyPath) -> bool:
        """Whether the key, or one around it, was already reported."""
        return any(path[:end] in self._settled for end in range(len(path) + 1))

    def note(self, path: KeyPath, message: str | None) -> None:
        """Add what is allowed and probably not meant; None is ignored."""
        if message is not None:
            found = _Finding(self._line_of(path), path, message, self._file_of(path))
            self._notes.setdefault(found)

    def with_variables(self, path: KeyPath, message: str) -> str:
        """Put the value into a message as the file has it: a variable may be a secret."""
        origin = self.origins.get(path)
        if origin is None or len(origin.expanded) < SHORTEST_FREE_SECRET:
            return message
        return message.replace(origin.expanded, origin.written or "")

    def problems(self, file: str) -> tuple[Problem, ...]:
        """Return what is wrong, file by file in the order of the lines, secrets masked."""
        shown = self._shown(self._problems, file)
        more = len(self._problems) - len(shown)
        return (*shown, Problem(file, None, "", f"and {more} more problems")) if more else shown

    def notes(self, file: str) -> tuple[Problem, ...]:
        """Return what is allowed and probably not meant, in the same form and order."""
        return self._shown(self._notes, file)

    def _line_of(self, path: KeyPath) -> int | None:
        origin = self._nearest(path)
        return None if origin is None else origin.line

    def _file_of(self, path: KeyPath) -> str | None:
        origin = self._nearest(path)
        return None if origin is None else origin.file

    def _nearest(self, path: KeyPath) -> Origin | None:
        around = (self.origins.get(path[:end]) for end in range(len(path), -1, -1))
        return next((origin for origin in around if origin is not None), None)

    def _shown(self, findings: Iterable[_Finding], file: str) -> tuple[Problem, ...]:
        redact = Redactor(self.secrets)
        plain = Redactor()
        return tuple(
            Problem(each.file or file, each.line, plain(_dotted(each.path)), redact(each.message))
            for each in sorted(findings, key=_place)[:_MAX_PROBLEMS]
        )


def _place(finding: _Finding) -> tuple[str, int]:
    return finding.file or "", finding.line or 0


def _dotted(path: Iterable[str | int]) -> str:
    """`cameras[2].fps`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            short = part if len(part) <= MAX_QUOTE else f"{part[:MAX_QUOTE]}…"
            text += f".{short}" if text else short
    return text
